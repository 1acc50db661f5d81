"""What the global options say, and what every command makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from devenv.workflow import Session


@dataclass(frozen=True)
class Settings:
    """The global options."""

    file: Path | None
    directory: Path
    quiet: bool
    color: bool | None
    engine: str | None = None

    @contextmanager
    def session(self, *, json: bool = False, watching: bool = False) -> Iterator[Session]:
        """A session whose progress is shown on stderr; not at all with `json`, where only the answer counts.

        Who is `watching` shows what happens line by line, and with `json` as an object a line on stdout.
        """
        from devenv.console import json_lines, reporter
        from devenv.workflow import Session

        if json and watching:
            yield Session.at(self.directory, self.file, json_lines(), engine=self.engine)
            return
        with reporter(quiet=self.quiet or json, watching=watching, color=self.color) as shown:
            yield Session.at(self.directory, self.file, shown, engine=self.engine)

    def quiet_session(self) -> Session:
        """A session of a command that only looks."""
        from devenv.workflow import Session

        return Session.at(self.directory, self.file, engine=self.engine)


def complete_services(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Shell completion of a service's name; silent about everything that is wrong."""
    from devenv.errors import DevenvError

    root = context.find_root().params
    try:
        settings = Settings(root.get("file"), root.get("directory") or Path(), quiet=True, color=False)
        return [name for name in settings.quiet_session().stack().names if name.startswith(incomplete)]
    except (DevenvError, OSError):
        return []


JSON = "devenv.json"
"""In a context's meta: whether the command was asked for JSON, which its errors then are too."""


def _note_json(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    context.meta[JSON] = value
    return value


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_note_json, help="Print one JSON object instead; see docs/json.md."
)
services_argument = click.argument("services", nargs=-1, metavar="[SERVICE]...", shell_complete=complete_services)
service_argument = click.argument("service", shell_complete=complete_services)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=120.0,
    metavar="SECONDS",
    help="How long to wait for readiness.",
    show_default=True,
)
