"""Commands that go into a container: exec and connect."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, service_argument

if TYPE_CHECKING:
    from devenv.stack import Text


@click.command("exec", context_settings={"ignore_unknown_options": True})
@service_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def execute(settings: Settings, service: str, command: tuple[str, ...]) -> int:
    """Run COMMAND inside SERVICE's container; its exit code is passed through. Write `--` before it."""
    from devenv.workflow import known

    session = settings.quiet_session()
    known(session.stack(), [service])
    return _inside(settings, service, [(word,) for word in command])


@click.command()
@service_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def connect(settings: Settings, service: str, arguments: tuple[str, ...]) -> int:
    """Open SERVICE's own client (psql, redis-cli, …) with the right credentials; ARGUMENTS go to it after `--`."""
    from devenv.errors import InputError
    from devenv.workflow import known

    session = settings.quiet_session()
    stack = session.stack()
    known(stack, [service])
    if not stack[service].connect:
        able = [each.name for each in stack if each.connect]
        hint = f"these have one: {', '.join(able)}" if able else "its addresses: devenv status"
        raise InputError(f"`{service}` has no client to connect with", hint=hint)
    return _inside(settings, service, [*stack[service].connect, *((word,) for word in arguments)])


def _inside(settings: Settings, service: str, command: Sequence[Text]) -> int:
    """Run it on our terminal, or on pipes where there is none."""
    from devenv.process import hand_over

    session = settings.quiet_session()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    found = session.engine.inside(session.stack()[service], command, terminal=terminal)
    return hand_over(found.words, found.env, found.folder)
