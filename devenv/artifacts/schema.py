"""The manifest's JSON Schema, generated from the models and the bundled recipes, so that editors complete both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devenv.manifest.model import Manifest
from devenv.recipe import Option, Recipe, catalog

_SHORT = {"type": "string", "description": "the version"}


def manifest_schema() -> dict[str, Any]:
    """A schema of JSON Schema 2020-12. A sidecar named like a recipe may have the recipe's options."""
    schema = Manifest.model_json_schema()
    sidecar = schema["$defs"]["Sidecar"]
    recipes = catalog(Path("/nonexistent"))
    known = [recipes.recipe(name) for name in recipes.names]
    options = {key: _option(option) for recipe in known for key, option in recipe.options.items()}
    options |= {key: {"type": "string", "description": s.help} for r in known for key, s in r.secrets.items()}
    named = {recipe.name: _sidecar(sidecar, recipe) for recipe in known}
    free = {**sidecar, "properties": {**options, **sidecar["properties"]}, "additionalProperties": False}
    schema["$defs"]["Sidecar"] = free
    schema["properties"]["sidecars"] = {
        "type": "object",
        "description": schema["properties"]["sidecars"]["description"],
        "properties": named,
        "additionalProperties": {"anyOf": [_SHORT, {"$ref": "#/$defs/Sidecar"}]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "devenv.toml",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _sidecar(base: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    options = {key: _option(option) for key, option in recipe.options.items()}
    options |= {key: {"type": "string", "description": secret.help} for key, secret in recipe.secrets.items()}
    table = {
        "type": "object",
        "properties": {**base["properties"], **options},
        "additionalProperties": False,
    }
    versions = {**_SHORT, "examples": recipe.versions}
    return {"description": recipe.summary, "anyOf": [versions, table]}


def _option(option: Option) -> dict[str, Any]:
    if option.type == "choice":
        return {"enum": list(option.choices), "default": option.default, "description": option.help}
    text: dict[str, Any] = {"type": "string"}
    if option.pattern:
        text["pattern"] = f"^(?:{option.pattern})$"
    if option.type == "string":
        return {**text, "description": option.help}
    return {"anyOf": [text, {"type": "array", "items": text}], "description": option.help}
