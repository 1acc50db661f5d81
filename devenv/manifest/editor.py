"""The tables `[editor]` and `[apps.NAME.editor]`: what an editor is given that works inside of a container."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from devenv.manifest.part import Part, String


class EditorModel(Part):
    """For `devenv generate devcontainer`: where an editor works, and what it is given besides what is detected."""

    target: String | None = Field(None, description="the stage to work in; by default the app's own image")
    extensions: list[String] = Field(default_factory=list, description="VS Code's extensions, by their ids")
    settings: dict[str, Any] = Field(default_factory=dict, description="VS Code's settings, over the detected ones")
