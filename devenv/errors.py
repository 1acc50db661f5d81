"""Every failure a user can see, with its place, hint and exit code; it must import nothing of devenv.

DevenvError                      exit
├─ InputError                    2   what the user wrote or typed
│  ├─ ManifestError              2   all problems of a manifest at once, each with file:line:column
│  ├─ RecipeError                2   a recipe file that can't be used
│  └─ UnknownServiceError        2   a service name that the stack does not have
├─ EngineUnavailableError        3   no engine, no permission, too old
├─ EngineError                   1   a call or a command of the engine failed
│  ├─ ImageUnavailableError      1   an image is not to be had
│  ├─ BuildError                 1   the Dockerfile does not build
│  ├─ ConflictError              1   something else changes the same containers right now
│  └─ ServiceNotReadyError       1   a service did not answer, or ended
├─ NotRunnableError            126   a command that `run` was given can't be started
│  └─ CommandNotFoundError      127   it is not there
├─ ProjectBusyError              1   another devenv works on this project and did not end in time
└─ ArtifactConflictError         4   a file is not ours, or differs under --check
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: `path` is the way of keys to it, `line` and `column` count from 1."""

    message: str
    path: tuple[str | int, ...] = ()
    hint: str | None = None
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def where(self) -> str:
        """`file:line:column`, as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


class DevenvError(Exception):
    """A failure to show: a message in lower case without a period, where it is, and what may help."""

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint


class InputError(DevenvError):
    """What the user wrote or typed can't be used."""

    exit_code = 2


class ManifestError(InputError):
    """All problems of a manifest at once."""

    def __init__(self, problems: list[Problem]) -> None:
        count = len(problems)
        super().__init__(problems[0].message if count == 1 else f"{count} problems in the manifest")
        self.problems = tuple(problems)


class RecipeError(InputError):
    """A recipe file can't be used."""


class UnknownServiceError(InputError):
    """The stack has no service of that name."""


class EngineUnavailableError(DevenvError):
    """No engine answers, or it may not be used, or it is too old."""

    exit_code = 3


class EngineError(DevenvError):
    """A call to the engine, or one of its commands, failed."""


class ImageUnavailableError(EngineError):
    """An image is not to be had: unknown, private, rate-limited, or no network."""


class BuildError(EngineError):
    """The builder refused; `output` holds its last lines as it printed them."""

    def __init__(self, message: str, *, output: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.output = output


class ConflictError(EngineError):
    """Someone else makes or removes the same containers at this moment: what a killed command left running."""


class ServiceNotReadyError(EngineError):
    """A service ended, or did not answer in time; with its last log lines and the last probe's result."""

    def __init__(self, service: str, reason: str, *, logs: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(f"service `{service}` is not ready: {reason}", hint=hint)
        self.service = service
        self.reason = reason
        self.logs = logs


class NotRunnableError(DevenvError):
    """A command can't be started; with the exit code that a shell gives it."""

    exit_code = 126


class CommandNotFoundError(NotRunnableError):
    """There is no such command; with the exit code that a shell gives it."""

    exit_code = 127


class ProjectBusyError(DevenvError):
    """Another devenv command holds this project's lock and did not end in time."""


class ArtifactConflictError(DevenvError):
    """A file on disk is not ours to write, or differs from what we would write."""

    exit_code = 4

    def __init__(self, message: str, *, diff: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.diff = diff
