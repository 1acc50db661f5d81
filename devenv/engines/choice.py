"""Which engine serves a project: the one that was asked for; else where it runs already; else what this machine has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devenv.errors import EngineUnavailableError, InputError
from devenv.project import Project

if TYPE_CHECKING:
    from devenv.engines import Engine

ENGINES = ("auto", "compose", "native")
VARIABLE = "DEVENV_ENGINE"
_RECORD = "engine"


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why it is that one; `why` is empty where nobody will wonder."""

    engine: Engine
    why: str = ""


def choose(project: Project, wanted: str | None = None) -> Choice:
    """The engine for a project. Raises `InputError` for a name that is none."""
    wanted = wanted or os.environ.get(VARIABLE) or "auto"
    if wanted not in ENGINES:
        raise InputError(f"no engine is called `{wanted}`", hint=f"one of {', '.join(ENGINES)}")
    if wanted == "native":
        return Choice(_native(project))
    if wanted == "compose":
        return Choice(_compose(project))
    if _runs_natively(project):
        return Choice(_native(project), "it runs there already")
    try:
        engine = _compose(project)
        engine.check()
    except EngineUnavailableError as error:
        return Choice(_native(project), error.message)
    return Choice(engine)


def _compose(project: Project) -> Engine:
    from devenv.engines.compose.engine import ComposeEngine

    return ComposeEngine.of(project)


def _native(project: Project) -> Engine:
    from devenv.engines.native.engine import NativeEngine

    return NativeEngine(project)


def remember(project: Project, choice: Choice) -> None:
    """Keep which engine the project was brought up on."""
    if project.state.load(_RECORD) != choice.engine.name:
        project.state.save(_RECORD, choice.engine.name)


def _runs_natively(project: Project) -> bool:
    """Whether the whole project was brought up as processes, and some are there, or their supervisor was killed."""
    if project.state.load(_RECORD) != "native":
        return False
    from devenv.engines.native.client import Supervision

    return any(seen.alive for seen in Supervision(project).seen().values())
