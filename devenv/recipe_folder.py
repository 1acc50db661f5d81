"""Where recipes are kept; apart from `recipe`, so that a command that reads none pays for no model."""

from __future__ import annotations

from pathlib import Path

PROJECT_FOLDER = "devenv.recipes"
"""Where a project keeps recipes of its own, beside its manifest."""


def bundled_folder() -> Path:
    """The recipes that come with devenv: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent
    checkout = package.parent / "recipes"
    return checkout if (checkout / "postgres.toml").is_file() else package / "_recipes"
