"""What stands on a terminal while services work, and how it is left."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time

import pytest

from devenv.console.live import LiveConsole
from devenv.errors import BuildError
from devenv.events import LogLine, Notice, Phase, ServicePhase
from tests.command_line import ROOT

from .screen import Clock, Hose, Terminal

NEVER = 3600.0
"""A pace at which no frame comes by itself: these tests draw."""


@pytest.fixture(autouse=True)
def able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def live(terminal: Terminal, *, clock: Clock | None = None, color: bool = False, height: int = 24) -> LiveConsole:
    size = (terminal.width, height)
    return LiveConsole(terminal, color=color, clock=clock or Clock(), size=size, pace=NEVER)


def test_a_start_frame_by_frame() -> None:
    terminal, clock = Terminal(), Clock()
    with live(terminal, clock=clock) as console:
        console.emit(ServicePhase("postgres", Phase.STARTING))
        console.emit(ServicePhase("web", Phase.BUILDING))
        for number in range(7):
            console.emit(LogLine("web", f"\x1b[32m#{number}\x1b[0m step"))
        assert console.draw()
        assert not terminal.cursor_visible()
        assert terminal.lines() == [
            "⠋ postgres  starting",
            "⠋ web       building",
            "  │ #2 step",
            "  │ #3 step",
            "  │ #4 step",
            "  │ #5 step",
            "  │ #6 step",
        ]
        clock.wait(1.25)
        console.emit(ServicePhase("postgres", Phase.WAITING, "the database system is starting up"))
        console.emit(ServicePhase("web", Phase.STARTING))
        assert console.draw()
        assert terminal.lines() == [
            "⠹ postgres  waiting: the database system is starting up  1.2 s",
            "⠹ web       starting  1.2 s",
            *[""] * 5,
        ]
        console.emit(ServicePhase("postgres", Phase.READY))
        console.emit(ServicePhase("web", Phase.READY))
        assert not console.draw()
    assert terminal.lines()[:3] == ["✓ postgres  ready  1.2 s", "✓ web       ready  1.2 s", ""]
    assert terminal.cursor_visible()
    assert console.builder_lines("web")[-1] == "\x1b[32m#6\x1b[0m step"


def test_notices_and_logs_stand_above_the_list() -> None:
    terminal = Terminal()
    with live(terminal) as console:
        console.emit(Notice("before the first frame"))
        console.emit(ServicePhase("postgres", Phase.STARTING))
        console.draw()
        console.emit(Notice("port 5432 is in use", "warning"))
        console.emit(LogLine("postgres", "ready to [bold]accept[/bold] :tada:"))
        assert terminal.lines() == [
            "note: before the first frame",
            "warning: port 5432 is in use",
            "postgres | ready to [bold]accept[/bold] :tada:",
            "⠋ postgres  starting",
        ]
        console.emit(ServicePhase("postgres", Phase.READY))
    assert terminal.lines()[3:] == ["✓ postgres  ready", ""]
    console.emit(Notice("after the end"))
    assert terminal.lines()[4:] == ["note: after the end", ""]


def test_what_is_ready_at_once_is_listed_calmly() -> None:
    terminal = Terminal()
    with live(terminal, color=True) as console:
        for name in ("postgres", "web"):
            console.emit(ServicePhase(name, Phase.READY))
    assert terminal.getvalue() == "\x1b[32m✓\x1b[0m postgres  ready\n\x1b[32m✓\x1b[0m web       ready\n"


def failing(console: LiveConsole, clock: Clock, *, drawn: bool) -> None:
    with console:
        console.emit(ServicePhase("web", Phase.BUILDING))
        console.emit(LogLine("web", "#1 step"))
        console.emit(ServicePhase("db", Phase.WAITING, "connection refused"))
        clock.wait(3.0)
        if drawn:
            console.draw()
        console.emit(ServicePhase("web", Phase.FAILED, "it does not build"))
        raise BuildError("the image of `web` does not build")


@pytest.mark.parametrize("drawn", [True, False])
def test_an_error_leaves_the_list_without_a_spinner_and_the_cursor_back(drawn: bool) -> None:
    terminal, clock = Terminal(), Clock()
    with pytest.raises(BuildError):
        failing(live(terminal, clock=clock), clock, drawn=drawn)
    first, second, *rest = terminal.lines()
    assert first == "✗ web  failed: it does not build  3.0 s"
    assert second == "· db   waiting: connection refused  3.0 s"
    assert not any(rest)
    assert terminal.cursor_visible()


def test_colours_and_none() -> None:
    for color in (True, False):
        terminal = Terminal()
        with live(terminal, color=color) as console:
            console.emit(ServicePhase("web", Phase.BUILDING))
            console.emit(LogLine("web", "#1 step"))
            console.draw()
            console.emit(Notice("moved", "warning"))
            console.emit(ServicePhase("web", Phase.READY))
        styles = ["\x1b[36m⠋", "\x1b[1;33mwarning:", "\x1b[33mmoved", "\x1b[2m  │", "\x1b[32m✓"]
        assert [style in terminal.getvalue() for style in styles] == [color] * 5
        assert bool(re.search(r"\x1b\[[0-9;]*m", terminal.getvalue())) is color


@pytest.mark.parametrize("width", [20, 40, 60, 120])
def test_nothing_wraps(width: int) -> None:
    terminal = Terminal(width)
    with live(terminal) as console:
        console.emit(ServicePhase("a-service-with-a-long-name", Phase.BUILDING, "the Dockerfile changed " * 9))
        console.emit(ServicePhase("db", Phase.WAITING, "connection refused " * 9))
        console.emit(LogLine("a-service-with-a-long-name", "#1 step " * 40))
        console.draw()
        lines = terminal.lines()  # the terminal itself asserts that nothing is beyond its last column
    assert [len(line) for line in lines if line.endswith("…")] == [width - 2] * 3


def test_a_small_terminal_keeps_the_services() -> None:
    terminal = Terminal()
    with live(terminal, height=6) as console:
        for name in ("db", "web"):
            console.emit(ServicePhase(name, Phase.BUILDING if name == "web" else Phase.STARTING))
        for number in range(9):
            console.emit(LogLine("web", f"#{number}"))
        console.draw()
        assert terminal.lines() == ["⠋ db   starting", "⠋ web  building", "  │ #6", "  │ #7", "  │ #8"]


def test_it_can_be_used_again() -> None:
    terminal = Terminal()
    console = live(terminal)
    for name in ("first", "second"):
        with console:
            console.emit(ServicePhase(name, Phase.STARTING))
            console.draw()
            console.emit(ServicePhase(name, Phase.READY))
    assert terminal.lines() == ["✓ first  ready", "✓ second  ready", ""]


def frames(terminal: Terminal) -> int:
    return terminal.getvalue().count("\x1b[2K")


def until(terminal: Terminal, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in terminal.getvalue():
        assert time.monotonic() < deadline, f"never saw {text!r}"
        time.sleep(0.01)


def test_frames_come_by_themselves_while_something_changes() -> None:
    terminal = Terminal()
    with LiveConsole(terminal, color=False, size=(80, 24), pace=0.01) as console:
        console.emit(ServicePhase("web", Phase.STARTING))
        for frame in "⠹⠸":
            until(terminal, frame)
        console.emit(ServicePhase("web", Phase.READY))
        until(terminal, "✓ web  ready")
        time.sleep(0.05)
        drawn = frames(terminal)
        time.sleep(0.2)
        assert frames(terminal) == drawn, "nothing changes, and yet it draws"
        console.emit(ServicePhase("web", Phase.WAITING, "restarted"))
        until(terminal, "restarted")
    assert terminal.lines() == [terminal.lines()[0], ""]
    assert terminal.lines()[0].startswith("· web  waiting: restarted")


def test_closing_is_never_missed() -> None:
    """It was, where it fell between two steps of the thread that draws: the command then never ended."""

    def rounds() -> None:
        for number in range(300):
            with LiveConsole(Terminal(), color=False, size=(80, 24), pace=0.0001) as console:
                console.emit(ServicePhase("web", Phase.READY))
                time.sleep(0.0001 * (number % 7))

    thread = threading.Thread(target=rounds, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def test_many_threads() -> None:
    terminal = Terminal()
    with LiveConsole(terminal, color=True, size=(80, 40), pace=0.001) as console:

        def work(name: str) -> None:
            for number in range(50):
                console.emit(ServicePhase(name, Phase.BUILDING))
                console.emit(LogLine(name, f"#{number}"))
                console.emit(ServicePhase(name, Phase.WAITING, str(number)))
                console.emit(Notice(f"{name} {number}"))
            console.emit(ServicePhase(name, Phase.STOPPED))

        threads = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [line for line in terminal.lines() if line]
    assert sorted(lines[:-6]) == sorted(f"note: s{name} {number}" for name in range(6) for number in range(50))
    assert sorted(line[:13] for line in lines[-6:]) == [f"– s{number}  stopped" for number in range(6)]


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "the terminal is gone"), ValueError("closed")])
def test_a_terminal_that_goes_away_fails_nobody(error: Exception) -> None:
    with LiveConsole(Hose(error), color=True, size=(80, 24), pace=NEVER) as console:
        console.emit(ServicePhase("web", Phase.STARTING))
        console.draw()
        console.emit(Notice("nobody hears this"))
    console.emit(Notice("nor this"))


def test_its_own_stderr_stays_in_order_and_stdout_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, data = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", data)
    with live(terminal) as console:
        console.emit(ServicePhase("web", Phase.STARTING))
        console.draw()
        print("a library's warning", file=sys.stderr)
        print("data")
    assert terminal.lines() == ["a library's warning", "· web  starting", ""]
    assert data.getvalue() == "data\n"
    assert sys.stderr is terminal


LOADS = """
import io, sys
from devenv.console import reporter
from devenv.events import Notice, Phase, ServicePhase
class Terminal(io.StringIO):
    encoding = "utf-8"
    def isatty(self): return True
with reporter(stream=Terminal(), environ={"TERM": "xterm"}) as console:
    console.emit(Notice("all is well"))
    console.emit(ServicePhase("web", Phase.READY))
    WORK
print("rich" in sys.modules)
"""


@pytest.mark.parametrize(
    ("work", "loaded"), [("", "False"), ("console.emit(ServicePhase('db', Phase.STARTING)); console.draw()", "True")]
)
def test_only_a_frame_pays_for_rich(work: str, loaded: str) -> None:
    code = LOADS.replace("WORK", work)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert (done.stdout, done.stderr) == (f"{loaded}\n", "")
