"""The table `[ci]` of a manifest: what continuous integration runs; fills in and reads nothing."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from devenv.manifest.part import Part, String
from devenv.manifest.words import Command, Commands


def _python(value: str) -> str:
    if not re.fullmatch(r"3\.[0-9]{1,2}", value):
        raise ValueError('`python` is a version such as "3.13"')
    return value


class CIModel(Part):
    """What CI runs. What is left out is told by the project's own files: `pytest` where there is a pyproject.toml."""

    test: Command | None = Field(None, description="the command that tests the project")
    install: Commands | None = Field(None, description="what has to be installed for it; run before it")
    inside: String | None = Field(None, description="the app in whose image `test` runs, instead of on the runner")
    python: Annotated[String, AfterValidator(_python)] = Field(
        "3.13", description="the version of Python that runs devenv, and the project where it is written in it"
    )
