"""Commands that write files: generate, and the shells' completion scripts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, json_option
from devenv.generate import KINDS, Kind

if TYPE_CHECKING:
    from devenv.workflow import Session


@click.group(invoke_without_command=True)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 4 with the diffs where generated files are not up to date."
)
@json_option
@click.pass_context
def generate(context: click.Context, check: bool, as_json: bool) -> None:
    """Write files from the manifest, to commit for the team. With --check alone compare all that is there."""
    if context.invoked_subcommand is not None:
        return
    if not check:
        click.echo(context.get_help())
        return
    from devenv.generate import compare_all

    session = context.obj.quiet_session()
    _answer(session, [], as_json, f"up to date: {_names(session, compare_all(session)) or 'nothing is generated here'}")


def _answer(session: Session, written: list[Path], as_json: bool, otherwise: str, notes: Iterable[str] = ()) -> None:
    if as_json:
        from devenv.cli.answers import print_json

        answer = {"written": [str(path) for path in written], "up_to_date": True, "notes": list(notes)}
        print_json(answer)
        return
    click.echo(f"wrote {_names(session, written)}" if written else otherwise)
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _names(session: Session, files: list[Path]) -> str:
    """The files as seen from the project's folder; CI's may be above it."""
    return ", ".join(Path(os.path.relpath(path, session.project.root)).as_posix() for path in files)


def _command(kind: Kind) -> click.Command:
    """`generate NAME` of one kind."""

    @click.pass_obj
    def make(settings: Settings, check: bool, force: bool, as_json: bool, services: bool = False) -> None:
        from devenv.generate import compare, write

        session = settings.quiet_session()
        form = replace(kind, services=services)
        written = []
        if check:
            compare(session, form)
        else:
            written = write(session, form, force=force)
        notes = form.notes(session) if written else []
        _answer(session, written, as_json, f"{kind.shown} is up to date", notes)

    check = "Write nothing; exit 4 with a diff where the files are not up to date."
    force = f"Also write over {kind.force} that devenv did not generate."
    options: list[click.Parameter] = [
        *([click.Option(["--services"], is_flag=True, help=kind.forms)] if kind.forms else []),
        click.Option(["--check"], is_flag=True, help=check),
        click.Option(["--force"], is_flag=True, help=force),
    ]
    return json_option(click.Command(kind.name, callback=make, help=kind.help, params=options))


for each in KINDS:
    generate.add_command(_command(each))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL: eval "$(devenv completion bash)"."""
    from click.shell_completion import get_completion_class

    from devenv.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "devenv", "_DEVENV_COMPLETE").source())
