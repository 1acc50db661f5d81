"""The command line: turns flags into one call of a workflow, and failures into messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

from devenv import __version__
from devenv.cli.change import destroy, down, restart, up
from devenv.cli.doctor import doctor
from devenv.cli.editor import editor
from devenv.cli.inside import connect, execute
from devenv.cli.look import config, env, logs, recipes, schema, status, validate
from devenv.cli.make import completion, generate
from devenv.cli.parity import parity
from devenv.cli.run import run
from devenv.cli.settings import JSON, Settings
from devenv.cli.watch import sync, watch
from devenv.cli.why import why
from devenv.errors import DevenvError

INTERRUPTED = 130
TERMINATED = 143


class Root(click.Group):
    """All commands; a failure of one is shown here, as text or, where JSON was asked for, as JSON."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Ends with the failure's exit code."""
        try:
            return super().invoke(ctx)
        except DevenvError as error:
            if ctx.meta.get(JSON):
                from devenv.cli.answers import error_object, print_json

                print_json({"error": error_object(error)})
            else:
                from devenv.console import show_error

                show_error(error, color=ctx.obj.color)
            ctx.exit(error.exit_code)


@click.group(
    cls=Root, context_settings={"help_option_names": ["-h", "--help"]}, epilog="Documentation: docs/commands.md"
)
@click.version_option(__version__, prog_name="devenv", message="%(prog)s %(version)s")
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Use this manifest instead of devenv.toml.")
@click.option(
    "-C",
    "--directory",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Work in this folder.",
    show_default=False,
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
@click.option("--color/--no-color", default=None, help="Use colours, or none; the terminal and NO_COLOR decide.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "compose", "native"]),
    help="What runs it: containers, or processes of this machine; containers where a Docker engine answers.",
)
@click.pass_context
def cli(
    context: click.Context, file: Path | None, directory: Path, quiet: bool, color: bool | None, engine: str | None
) -> None:
    """Your app and everything it talks to, from one manifest: devenv.toml."""
    context.obj = Settings(file=file, directory=directory, quiet=quiet, color=color, engine=engine)


for command in (
    up,
    down,
    destroy,
    restart,
    run,
    watch,
    parity,
    sync,
    status,
    logs,
    execute,
    connect,
    env,
    config,
    validate,
    doctor,
    why,
    generate,
    editor,
    recipes,
    schema,
    completion,
):
    cli.add_command(command)


def _terminated(number: int, frame: object) -> None:
    """End as an exception does, so that the terminal is put back and locks are released."""
    sys.exit(TERMINATED)


def main() -> None:
    """The entry point of the script `devenv`."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = cli(standalone_mode=False, prog_name="devenv")
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away (`devenv logs | head`); what Python would flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
