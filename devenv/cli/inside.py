"""Commands that go into a container: exec and connect."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from devenv.cli.settings import Settings, service_argument


@click.command("exec", context_settings={"ignore_unknown_options": True})
@service_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def execute(settings: Settings, service: str, command: tuple[str, ...]) -> int:
    """Run COMMAND inside SERVICE's container; its exit code is passed through. Write `--` before it."""
    from devenv.workflow import known

    session = settings.quiet_session()
    known(session.stack(), [service])
    return _inside(settings, service, command)


@click.command()
@service_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def connect(settings: Settings, service: str, arguments: tuple[str, ...]) -> int:
    """Open SERVICE's own client (psql, redis-cli, …) with the right credentials; ARGUMENTS go to it after `--`."""
    from devenv.errors import InputError
    from devenv.stack import Vantage, bind
    from devenv.workflow import known

    session = settings.quiet_session()
    stack = session.stack()
    known(stack, [service])
    if not stack[service].connect:
        able = [each.name for each in stack if each.connect]
        hint = f"these have one: {', '.join(able)}" if able else "its addresses: devenv status"
        raise InputError(f"`{service}` has no client to connect with", hint=hint)
    value = session.project.state.bindings().resolver(Vantage.NETWORK)
    return _inside(settings, service, [*(bind(word, value) for word in stack[service].connect), *arguments])


def _inside(settings: Settings, service: str, command: Sequence[str]) -> int:
    """`docker exec` on our terminal, or on pipes where there is none."""
    from devenv.engines.compose.driver_command import docker
    from devenv.process import hand_over

    engine = settings.quiet_session().engine
    container = engine.container(service)
    flags = ["-i", "-t"] if sys.stdin.isatty() and sys.stdout.isatty() else ["-i"]
    return hand_over([*docker(engine.api.endpoint), "exec", *flags, container.id, *command])
