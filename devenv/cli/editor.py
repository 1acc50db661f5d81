"""The command `editor`: what an editor runs before it starts its container; starts no editor."""

from __future__ import annotations

import os

import click

from devenv.cli.settings import Settings, complete_services, timeout_option


@click.command()
@click.argument("app", required=False, shell_complete=complete_services)
@timeout_option
@click.pass_obj
def editor(settings: Settings, app: str | None, timeout: float) -> None:
    """Make ready what the container of an editor in APP needs. The devcontainer.json of `generate` runs it."""
    from devenv.editor import prepare

    with settings.session() as session:
        file = prepare(session, app, timeout)
    click.echo(os.path.relpath(file, session.project.root))
