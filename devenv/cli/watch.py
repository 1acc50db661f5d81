"""Commands that bring saved files to where they run: watch and sync."""

from __future__ import annotations

import click

from devenv.cli.settings import Settings, json_option, timeout_option


@click.command()
@timeout_option
@json_option
@click.pass_obj
def watch(settings: Settings, timeout: float, as_json: bool) -> None:
    """Bring every saved file into the running containers, until Ctrl-C; what runs goes on running.

    With --json one object a line for each thing that happens.
    """
    from devenv.watch import Watch
    from devenv.watchers import only_one
    from devenv.workflow import UpOptions

    with settings.session(json=as_json, watching=True) as session, only_one(session.project.state):
        Watch(session, UpOptions(timeout=timeout)).run()
