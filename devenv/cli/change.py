"""Commands that change what runs: up, down, destroy, restart."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from devenv.cli.settings import Settings, json_option, services_argument, timeout_option
from devenv.cli.watch import watch_in_background, watch_with_logs

if TYPE_CHECKING:
    from devenv.engines import ServiceStatus
    from devenv.workflow import Session, UpOptions


@click.command()
@services_argument
@click.option("-d", "--detach", is_flag=True, help="Return when everything is ready, instead of showing logs.")
@click.option("--with", "profiles", multiple=True, metavar="NAME", help="Also start this optional part.")
@click.option("--build", is_flag=True, help="Build the app's image even if nothing it is made from has changed.")
@click.option(
    "--watch/--no-watch",
    default=None,
    help="Bring saved files into what runs: by default in the foreground, with -d in the background.",
)
@click.option(
    "--allow-missing", is_flag=True, help="Start the rest where a sidecar can't be served without containers."
)
@click.option("--host-app", is_flag=True, help="Run the apps as processes of this machine, beside the containers.")
@click.option("--strict-ports", is_flag=True, help="Fail where a port is in use, instead of taking the next free one.")
@timeout_option
@json_option
@click.pass_obj
def up(
    settings: Settings,
    services: tuple[str, ...],
    detach: bool,
    profiles: tuple[str, ...],
    build: bool,
    watch: bool | None,
    strict_ports: bool,
    host_app: bool,
    allow_missing: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Start the app and its sidecars and wait until each really answers.

    With SERVICEs only these and what they need. In the foreground logs follow and saved files go live, until Ctrl-C,
    which stops what runs.
    """
    from devenv.workflow import UpOptions, select, stop
    from devenv.workflow import up as bring_up

    options = UpOptions(services, profiles, timeout, strict_ports, build, allow_missing, host_app)
    foreground = not (detach or as_json)
    try:
        with settings.session(json=as_json) as session:
            if foreground and session.engine.name == "native":
                _end_with_the_terminal()
            statuses = bring_up(session, options)
        if watch and not foreground:
            watch_in_background(session)
        _show(settings, session, statuses, as_json=as_json)
        if foreground:
            _follow(settings, options, [status.name for status in statuses], watch=watch is not False)
    except (KeyboardInterrupt, _EndedError):
        if foreground:
            with settings.session() as session:
                stop(session, [service.name for service in select(session.stack(), services, profiles)])
        raise


def _show(settings: Settings, session: Session, statuses: list[ServiceStatus], *, as_json: bool) -> None:
    """Print where everything answers."""
    if as_json:
        from devenv.cli.answers import print_json, status_object
        from devenv.workflow import status

        names = {each.name for each in statuses}
        looked = [each for each in status(session) if each.name in names]
        print_json(status_object(session, looked))
        return
    from devenv.console import address_table, wants_color

    if sys.stderr.isatty():  # a line between the list and the table
        click.echo(err=True)
    click.echo(address_table(statuses, color=wants_color(sys.stdout, settings.color)))


def _follow(settings: Settings, options: UpOptions, names: list[str], *, watch: bool) -> None:
    """Show logs until Ctrl-C, or until everything has ended by itself."""
    from devenv.cli.look import print_logs
    from devenv.watchers import who

    other = who(settings.quiet_session().project.state) if watch else None
    files = "saved files go live, " if watch else ""
    click.echo(f"\n{files}logs follow; Ctrl-C stops the services and keeps their data\n", err=True)
    if other:
        click.echo(f"saved files go live by `{other[0]}` (process {other[1]})", err=True)
    try:
        if watch and not other:
            watch_with_logs(settings, options, names)
        else:
            print_logs(settings, names, lines="0", stay=True)
    except (KeyboardInterrupt, _EndedError):
        click.echo(err=True)
        raise


class _EndedError(SystemExit):
    """The terminal was closed, or somebody told this command to end."""


def _end_with_the_terminal() -> None:
    """From now on both are as Ctrl-C: processes that were started here in the foreground do not outlive it."""

    def ended(number: int, frame: object) -> None:
        for each in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # once is enough, and what follows has to come to its end
        if number == signal.SIGHUP:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(nowhere, stream.fileno())
        raise _EndedError(128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, ended)


@click.command()
@json_option
@click.pass_obj
def down(settings: Settings, as_json: bool) -> None:
    """Stop and remove the containers and the network. The data stays."""
    from devenv.workflow import down as take_down

    with settings.session(json=as_json) as session:
        ended = take_down(session)
    if as_json:
        from devenv.cli.answers import print_json

        print_json({"project": session.project.id, "removed": ended})
    elif not ended:
        click.echo("nothing to do: no container of this project is there", err=True)


@click.command()
@services_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--no-dump", is_flag=True, help="Do not save databases before they are removed.")
@json_option
@click.pass_obj
def destroy(settings: Settings, services: tuple[str, ...], yes: bool, no_dump: bool, as_json: bool) -> None:
    """Remove containers AND DATA, of SERVICEs only where some are named. Databases are dumped first."""
    from devenv.destroy import destroy as remove_all
    from devenv.destroy import survey
    from devenv.errors import InputError

    if not yes and not sys.stdin.isatty():
        raise InputError("`destroy` asks before it deletes data, and here is nobody to ask", hint="add --yes")
    session = settings.quiet_session()
    doomed = survey(session, services)
    if not doomed.volumes and not as_json:
        click.echo("there is no data of this project; what containers it has are removed", err=True)
    elif not yes:
        click.echo(f"this removes the containers of: {', '.join(doomed.services)}", err=True)
        click.echo(f"and for good these volumes: {', '.join(doomed.volumes) or 'none'}", err=True)
        if doomed.dumps and not no_dump:
            click.echo(f"after saving the data of: {', '.join(doomed.dumps)}", err=True)
        click.confirm("go on?", abort=True, err=True)
    with settings.session(json=as_json) as session:
        saved = remove_all(session, services, dump=not no_dump)
    if as_json:
        from devenv.cli.answers import print_json

        print_json(
            {
                "project": session.project.id,
                "services": list(doomed.services),
                "volumes": list(doomed.volumes),
                "dumps": [str(path) for path in saved],
            }
        )
    for path in () if as_json else saved:
        click.echo(path)


@click.command()
@services_argument
@timeout_option
@json_option
@click.pass_obj
def restart(settings: Settings, services: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Restart SERVICEs (all with none) and wait until they are ready again."""
    from devenv.console import address_table, wants_color
    from devenv.workflow import restart as start_again

    with settings.session(json=as_json) as session:
        statuses = start_again(session, services, timeout)
    if as_json:
        from devenv.cli.answers import print_json, status_object

        print_json(status_object(session, statuses))
    else:
        click.echo(address_table(statuses, color=wants_color(sys.stdout, settings.color)))
