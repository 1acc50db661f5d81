"""Commands that write files: generate, and the shells' completion scripts."""

from __future__ import annotations

import click

from devenv.cli.settings import Settings, json_option
from devenv.generate import KINDS, Kind


@click.group()
def generate() -> None:
    """Write files from the manifest, to commit for the team."""


def _command(kind: Kind) -> click.Command:
    """`generate NAME` of one kind."""

    @click.pass_obj
    def make(settings: Settings, check: bool, force: bool, as_json: bool) -> None:
        from devenv.cli.answers import print_json
        from devenv.generate import compare, write

        session = settings.quiet_session()
        written = []
        if check:
            compare(session, kind)
        else:
            written = write(session, kind, force=force)
        if as_json:
            print_json({"written": [str(path) for path in written], "up_to_date": True})
            return
        root = session.project.root
        names = ", ".join(path.relative_to(root).as_posix() for path in written)
        click.echo(f"wrote {names}" if names else f"{kind.shown} is up to date")

    check = "Write nothing; exit 4 with a diff where the files are not up to date."
    force = f"Also write over {kind.force} that devenv did not generate."
    options: list[click.Parameter] = [
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
