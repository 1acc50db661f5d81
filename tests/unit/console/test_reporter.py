"""Which console a stream gets, in which colours, and what the choice costs."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from devenv.console import reporter, show_error, wants_color
from devenv.console.live import LiveConsole
from devenv.console.plain import PlainConsole, QuietConsole
from devenv.errors import DevenvError
from devenv.events import Notice
from tests.command_line import ROOT

from .screen import Terminal


class Latin(Terminal):
    encoding = "iso-8859-1"


class Closed(io.StringIO):
    def isatty(self) -> bool:
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize(
    ("stream", "environ", "plain", "quiet", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, None, False, LiveConsole),
        (Terminal(), {}, None, False, LiveConsole),
        (Terminal(), {"TERM": "xterm", "CI": "false"}, None, False, LiveConsole),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, None, False, LiveConsole),
        (Terminal(), {"TERM": "dumb"}, None, False, PlainConsole),
        (Terminal(), {"TERM": "xterm", "CI": "true"}, None, False, PlainConsole),
        (Latin(), {"TERM": "xterm"}, None, False, PlainConsole),
        (Terminal(), {"TERM": "xterm"}, True, False, PlainConsole),
        (Terminal(), {"TERM": "xterm"}, None, True, QuietConsole),
        (io.StringIO(), {"TERM": "xterm", "FORCE_COLOR": "1"}, None, False, PlainConsole),
        (io.StringIO(), {"TERM": "xterm"}, False, False, LiveConsole),
        (Closed(), {"TERM": "xterm"}, None, False, PlainConsole),
    ],
)
def test_the_console_for_a_stream(
    stream: io.StringIO, environ: dict[str, str], plain: bool | None, quiet: bool, expected: type
) -> None:
    assert type(reporter(stream=stream, environ=environ, plain=plain, quiet=quiet)) is expected


@pytest.mark.parametrize(
    ("stream", "environ", "color", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, None, True),
        (Terminal(), {"TERM": "dumb"}, None, False),
        (io.StringIO(), {"TERM": "xterm"}, None, False),
        (Closed(), {"TERM": "xterm"}, None, False),
        (Terminal(), {"NO_COLOR": "1"}, None, False),
        (Terminal(), {"NO_COLOR": ""}, None, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, None, True),
        (io.StringIO(), {"FORCE_COLOR": "0"}, None, False),
        (io.StringIO(), {"FORCE_COLOR": ""}, None, False),
        (Terminal(), {"NO_COLOR": "1"}, True, True),
        (Terminal(), {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours(stream: io.StringIO, environ: dict[str, str], color: bool | None, expected: bool) -> None:
    assert wants_color(stream, color, environ) is expected


def test_the_reporters_colour() -> None:
    for color in (True, False):
        stream = io.StringIO()
        with reporter(stream=stream, color=color, environ={}) as console:
            console.emit(Notice("a"))
        assert ("\x1b" in stream.getvalue()) is color


def test_stderr_is_the_default_also_when_it_was_exchanged(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter(environ={}) as console:
        console.emit(Notice("a"))
    show_error(DevenvError("b"))
    assert capsys.readouterr() == ("", "note: a\nerror: b\n")


def test_importing_the_console_loads_little() -> None:
    code = """
import json, sys
import devenv.errors, devenv.events
before = set(sys.modules)
import devenv.console
devenv.console.reporter(stream=sys.stdout)
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded - sys.stdlib_module_names == {"devenv"}
    assert not loaded & {"asyncio", "unicodedata", "datetime", "typing_extensions", "logging"}
    assert "devenv.console.live" not in json.loads(done.stdout)
