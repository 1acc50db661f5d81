"""The command that runs another one in an isolated copy of the project: run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, complete_services, timeout_option

if TYPE_CHECKING:
    from devenv.run import Prepared


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_services,
    help="Only this sidecar, and what it needs; may be given again.",
)
@click.option("--with", "profiles", multiple=True, metavar="NAME", help="Also start this optional part.")
@click.option("--with-app", is_flag=True, help="Start the apps too.")
@click.option("--in", "inside", metavar="APP", help="Run COMMAND in APP's image instead of on this machine.")
@click.option("--no-setup", is_flag=True, help="Leave out the apps' `setup`.")
@click.option("--keep", is_flag=True, help="Leave the copy there afterwards, for a look; `devenv down` removes it.")
@click.option("--reuse", is_flag=True, help="Use one copy again and again; `devenv down` removes it.")
@timeout_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(
    settings: Settings,
    services: tuple[str, ...],
    profiles: tuple[str, ...],
    with_app: bool,
    inside: str | None,
    no_setup: bool,
    keep: bool,
    reuse: bool,
    timeout: float,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND with the sidecars it needs, in a copy of the project that is its own and is removed afterwards.

    The copy has ports and secrets of its own and keeps its data in memory, so that any number can run at once, beside
    `devenv up` too. COMMAND gets the apps' environment; its exit code is passed through. Write `--` before it.
    """
    from devenv import copies
    from devenv.process import attend
    from devenv.run import RunOptions, check, prepare

    options = RunOptions(services, profiles, with_app, inside, not no_setup, timeout)
    copies.sweep()
    original = settings.quiet_session()
    check(original.stack(), options)
    name = copies.REUSED if reuse else ""
    original.engine.get_ready(builds=with_app or inside is not None)
    with copies.hold(original.project, original.choice.engine.name, name, keep=keep) as copy:
        try:
            with settings.session() as session:
                here = replace(session, project=copy, wanted=original.choice.engine.name)
                prepared = prepare(here, options)
            found = prepared.command(command)
            code = attend(found.words, found.env, found.folder)
            if code:
                _tell_what_is_lost(settings, prepared)
        finally:
            if keep or reuse:
                click.echo(f"\nkept: {copy.id}; `devenv down` removes it", err=True)
    return code


def _tell_what_is_lost(settings: Settings, prepared: Prepared) -> None:
    """A command may have failed because of a service that answers no more."""
    from devenv.console import show_error
    from devenv.errors import DevenvError, ServiceNotReadyError

    try:
        for name, (reason, lines) in prepared.lost().items():
            error = ServiceNotReadyError(name, f"it was, and then {reason}", logs=tuple(lines))
            show_error(error, color=settings.color)
    except DevenvError as error:
        show_error(error, color=settings.color)
