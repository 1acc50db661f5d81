"""What every table of a manifest is made of: the base of the models, and strings; knows no table of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a NUL character can't be passed to a process")
    return value


String = Annotated[str, Field(strict=True), AfterValidator(_text)]


class Part(BaseModel):
    """What all tables have in common: no unknown key, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
