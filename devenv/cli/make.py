"""Commands that write files: generate, and the shells' completion scripts."""

from __future__ import annotations

import click

from devenv.cli.settings import Settings, json_option


@click.group()
def generate() -> None:
    """Write files from the manifest, to commit for the team."""


@generate.command("compose")
@click.option("--check", is_flag=True, help="Write nothing; exit 4 with a diff where the files are not up to date.")
@click.option("--force", is_flag=True, help="Also write over a compose.yaml that devenv did not generate.")
@json_option
@click.pass_obj
def generate_compose(settings: Settings, check: bool, force: bool, as_json: bool) -> None:
    """Write compose.yaml, which works without devenv, and the values it needs into .env, which git ignores."""
    from devenv.cli.answers import print_json
    from devenv.generate import check_compose, write_compose

    session = settings.quiet_session()
    if check:
        check_compose(session)
        written = []
    else:
        written = write_compose(session, force=force)
    if as_json:
        print_json({"written": [str(path) for path in written], "up_to_date": True})
    elif check:
        click.echo("compose.yaml is up to date")
    else:
        names = ", ".join(path.name for path in written)
        click.echo(f"wrote {names}" if names else "compose.yaml is up to date")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL: eval "$(devenv completion bash)"."""
    from click.shell_completion import get_completion_class

    from devenv.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "devenv", "_DEVENV_COMPLETE").source())
