"""The command `parity`: whether what runs here equals the production image, but for what the manifest declares."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, json_option, services_argument

if TYPE_CHECKING:
    from devenv.parity import Parity

DRIFT = 4
"""The exit code of a comparison that failed, as of a generated file that is not up to date."""


@click.command()
@services_argument
@click.option("--no-cache", is_flag=True, help="Build the production image without the builder's cache.")
@json_option
@click.pass_obj
def parity(settings: Settings, services: tuple[str, ...], no_cache: bool, as_json: bool) -> None:
    """Compare what runs with the production image of SERVICEs (all apps with none), built anew from the files here.

    What the manifest declares (command, env, ports, ready, volumes) is listed. Anything else fails: exit code 4.
    """
    from devenv.parity import parity as compare

    with settings.session(json=as_json) as session:
        found = compare(session, services, cache=not no_cache)
    if as_json:
        from devenv.cli.answers import parity_object, print_json

        print_json(parity_object(session.project.id, found))
    else:
        _show(settings, found)
    if any(each.undeclared for each in found):
        click.get_current_context().exit(DRIFT)


def _show(settings: Settings, found: list[Parity]) -> None:
    from devenv.console import wants_color
    from devenv.console.parity import parity_text

    color = wants_color(sys.stdout, settings.color)
    texts = [parity_text(each.service, each.differences, color=color) for each in found]
    click.echo("\n\n".join(texts), color=color)
