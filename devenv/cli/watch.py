"""Commands that bring saved files to where they run: watch and sync."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import click

from devenv.cli.ending import Ending
from devenv.cli.settings import Settings, json_option, timeout_option

if TYPE_CHECKING:
    from devenv.workflow import Session, UpOptions


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

    with Ending() as ending, settings.session(json=as_json, watching=True) as session:
        project = session.project
        with only_one(project.state, project.root) as still:
            session.engine.check()
            Watch(session, UpOptions(timeout=timeout), still=_both(ending.check, still)).run()


def _both(*checks: Callable[[], None]) -> Callable[[], None]:
    def check() -> None:
        for each in checks:
            each()

    return check


@click.command()
@json_option
@click.pass_obj
def sync(settings: Settings, as_json: bool) -> None:
    """Compare what runs with the files here, bring over what differs, and print that. Builds nothing."""
    from devenv.errors import DevenvError
    from devenv.workflow import sync as compare

    with settings.session(json=as_json) as session:
        reports = compare(session)
    if as_json:
        from devenv.cli.answers import print_json, sync_object

        print_json(sync_object(session.project.id, reports))
    for report in () if as_json else reports:
        for ruled in report.causes:
            kind = "needs a build" if report.needs else ruled.change.kind
            click.echo(f"{', '.join(report.services)}: {ruled.change.name}: {kind}")
        for path, reason in report.left.items():
            click.echo(f"warning: `{path}` could not be read: {reason}", err=True)
    needs = [report for report in reports if report.needs]
    if needs and as_json:
        click.get_current_context().exit(1)
    if needs:
        what = f"{needs[0].changed}: {needs[0].needs}" if needs[0].causes else needs[0].needs
        raise DevenvError(f"`{needs[0].services[0]}` needs a build: {what}", hint="run `devenv up`")
    if not reports and not as_json:
        click.echo("nothing differs", err=True)


def watch_in_background(session: Session) -> None:
    """Start `devenv watch` for the session's project, which goes on when this command has ended."""
    from devenv.watchers import begin

    file = f"--file={session.project.manifest}"
    begin([sys.executable, "-m", "devenv", file, "watch"], session.project.state)


def watch_with_logs(settings: Settings, options: UpOptions, names: Collection[str]) -> None:
    """Watch in the foreground with the services' logs, until Ctrl-C or, with nothing built, the end of all logs."""
    from devenv.console import log_line, wants_color
    from devenv.engines.live import Live
    from devenv.watch import Watch
    from devenv.watchers import only_one

    width = max((len(name) for name in names), default=0)
    color = wants_color(sys.stdout, settings.color)
    mutex = threading.Lock()

    def told(service: str, text: str) -> None:
        with mutex:
            click.echo(log_line(service, text, width=width, color=color), color=color)

    with (
        Ending() as ending,
        settings.session(watching=True) as session,
        only_one(session.project.state, session.project.root) as still,
    ):
        follower = session.engine.follower(told)

        def seen(live: Live) -> None:
            wanted = names if options.services else live.stack.names
            follower.see({name: found for name, found in live.instances.items() if name in wanted})

        watch = Watch(session, options, seen, _both(ending.check, still))
        watch.run(lambda: not follower.busy and not watch.builds)
