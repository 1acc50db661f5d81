"""The test bed's command line; does what is asked for and leaves no process behind but the engine."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from . import engine, lookalikes
from .layout import Layout, current_layout
from .shell import TestBedError, run


def _environment(layout: Layout) -> int:
    if engine.own_engine(layout):
        print(layout.exports())
        return 0
    if engine.engine_answers():
        print("# the engine that this environment already points at is the one to use")
        return 0
    raise TestBedError("no engine answers: run `python3 -m tests.testbed up` first")


def _require_engine(layout: Layout) -> dict[str, str]:
    env = engine.client_environment(layout)
    if env is None:
        raise TestBedError("no engine answers: run `python3 -m tests.testbed up` first")
    return env


def _status(layout: Layout) -> int:
    own = engine.own_engine(layout)
    env = engine.client_environment(layout)
    if env is None:
        print("engine: none")
        return 1
    facts = run(["docker", "info", "--format", "{{.ServerVersion}}, {{.Driver}}, {{.OperatingSystem}}"], env=env)
    origin = f"process {own.pid}, {layout.socket}" if own else "not started by this test bed"
    print(f"engine: {facts.strip()} ({origin})")
    compose = engine.compose_version(env)
    print(f"compose: {'.'.join(map(str, compose)) if compose else 'none'}")
    for line in lookalikes.describe(env):
        print(line)
    return 0


def _run(layout: Layout, command: list[str]) -> int:
    """The command with an engine and images around it; an engine that was started for it ends with it.

    Where none is to be had the command runs all the same: the tests say themselves what they leave out.
    """
    ours = False
    environment = dict(os.environ)
    try:
        ours = engine.own_engine(layout) is None and not engine.usable_engine_is_there()
        engine.bring_up(layout)
        found = _require_engine(layout)
        lookalikes.make([], layout, found)
        environment |= found
    except TestBedError as error:
        print(f"testbed: {error}", file=sys.stderr)
    try:
        return subprocess.call(command, env=environment)
    finally:
        if ours and not os.environ.get("DEVENV_TESTBED_KEEP"):
            engine.take_down(layout)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="use the engine that answers, or start one")
    commands.add_parser("down", help="stop the engine that `up` started")
    commands.add_parser("env", help="print lines for a shell's eval")
    commands.add_parser("status", help="tell what is there")
    images = commands.add_parser("images", help="pull the images, or build look-alikes where no registry answers")
    images.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(lookalikes.names())}")
    around = commands.add_parser(
        "run", help="run a command with an engine, which ends with it (DEVENV_TESTBED_KEEP=1: stays)"
    )
    around.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    chosen = parser.parse_args(arguments)
    layout = current_layout()
    try:
        match chosen.command:
            case "up":
                engine.bring_up(layout)
            case "down":
                engine.take_down(layout)
            case "env":
                return _environment(layout)
            case "status":
                return _status(layout)
            case "run":
                return _run(layout, [word for word in chosen.words if word != "--"])
            case "images":
                lookalikes.make(chosen.names, layout, _require_engine(layout))
    except TestBedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
