"""The command `doctor`: whether `up` would work here, and what to do where it would not."""

from __future__ import annotations

import sys

import click

from devenv.cli.settings import Settings, json_option


@click.command()
@json_option
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> int:
    """Look at all that `up` depends on, and say what is missing. The exit code is 1 where `up` would not work.

    Outside of a project it looks at this machine only. It starts and changes nothing.
    """
    from devenv.doctor import examine
    from devenv.errors import InputError

    try:
        session = settings.quiet_session()
    except InputError:
        if settings.file:
            raise
        session = None
    report = examine(session, settings.engine)
    if as_json:
        from devenv.cli.answers import doctor_object, print_json

        print_json(doctor_object(report))
    else:
        from devenv.console import wants_color
        from devenv.console.doctor import doctor_text

        color = wants_color(sys.stdout, settings.color)
        click.echo(doctor_text(report.checks, color=color), color=color)
    return 0 if report.well else 1
