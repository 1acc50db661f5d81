"""The command `why`: which line of the Dockerfile decides what becomes of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, json_option

if TYPE_CHECKING:
    from devenv.why import Answer


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def why(settings: Settings, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what a change of a file does: is it synced, or the image rebuilt, and which line decides.

    For a folder it counts its files by the line that decides. Needs no engine.
    """
    from devenv.why import why as ask

    answers = ask(settings.quiet_session(), paths)
    if as_json:
        from devenv.cli.answers import print_json
        from devenv.cli.why_answer import why_object

        print_json(why_object(answers))
        return
    from devenv.console import wants_color

    color = wants_color(sys.stdout, settings.color)
    several = len({each.apps for each in answers}) > 1
    texts = [_text(each, color, several=several) for each in answers]
    click.echo("\n\n".join(texts), color=color)


def _text(answer: Answer, color: bool, *, several: bool) -> str:
    from devenv.console.why import why_text

    apps = answer.apps if several else ()
    return why_text(answer.found, answer.dockerfile, apps, restart=answer.restart, reloads=answer.reloads, color=color)
