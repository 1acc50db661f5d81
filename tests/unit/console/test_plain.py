"""The exact lines that logs, pipes and CI get."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time

import pytest

from devenv.console.lines import log_line
from devenv.console.plain import PlainConsole, QuietConsole
from devenv.events import Event, LogLine, Notice, Phase, ServicePhase
from tests.command_line import ROOT

from .screen import Clock, Hose


def shown(*events: Event | float, color: bool = False) -> list[str]:
    """What a plain console writes for the events; a number is a pause."""
    stream, clock = io.StringIO(), Clock()
    with PlainConsole(stream, color=color, clock=clock) as console:
        for event in events:
            if isinstance(event, float):
                clock.wait(event)
            else:
                console.emit(event)
    assert stream.getvalue().endswith("\n") or not stream.getvalue()
    return stream.getvalue().split("\n")[:-1]


def test_one_line_per_phase_and_none_per_detail() -> None:
    assert shown(
        ServicePhase("postgres", Phase.STARTING),
        0.7,
        ServicePhase("postgres", Phase.WAITING, "connection refused"),
        ServicePhase("postgres", Phase.WAITING, "the database system is starting up"),
        1.1,
        ServicePhase("postgres", Phase.READY),
        ServicePhase("postgres", Phase.READY),
    ) == [
        "postgres  starting",
        "postgres  waiting: connection refused",
        "postgres  ready after 1.8 s",
    ]


def test_ready_at_once_tells_no_time() -> None:
    assert shown(ServicePhase("web", Phase.READY), ServicePhase("redis", Phase.WAITING), 0.04) == [
        "web  ready",
        "redis  waiting",
    ]


def test_the_clock_starts_again_after_an_end() -> None:
    assert shown(
        ServicePhase("web", Phase.STARTING),
        1.0,
        ServicePhase("web", Phase.READY, "unchanged"),
        500.0,
        ServicePhase("web", Phase.WAITING, "restarted"),
        2.0,
        ServicePhase("web", Phase.READY),
        500.0,
        ServicePhase("web", Phase.FAILED, "it ended with exit code 1"),
    ) == [
        "web  starting",
        "web  ready after 1.0 s: unchanged",
        "web  waiting: restarted",
        "web  ready after 2.0 s",
        "web  failed: it ended with exit code 1",
    ]


def test_names_are_aligned_with_those_seen_so_far() -> None:
    assert shown(
        ServicePhase("web", Phase.BUILDING),
        ServicePhase("postgres", Phase.CREATING),
        ServicePhase("web", Phase.READY),
        LogLine("web", "#1 done"),
    ) == ["web  building", "postgres  creating", "web       ready", "web      | #1 done"]


def test_notices_and_builder_lines() -> None:
    assert shown(
        Notice("wrote `.devenv/compose.yaml`"),
        Notice("port 5432 is in use; postgres is at 5433", "warning"),
        ServicePhase("web", Phase.BUILDING),
        LogLine("web", "#1 [internal] \x1b[32mload\x1b[0m\r"),
        LogLine("web", ""),
    ) == [
        "note: wrote `.devenv/compose.yaml`",
        "warning: port 5432 is in use; postgres is at 5433",
        "web  building",
        "web | #1 [internal] load",
        "web |",
    ]


def test_nothing_foreign_steers_the_terminal() -> None:
    assert shown(ServicePhase("w\x1b[2Jeb", Phase.WAITING, "a\x1b]0;x\x07\nb"), Notice("c\x07\nd")) == [
        "web  waiting: a b",
        "note: c d",
    ]


def test_colour_marks_what_matters() -> None:
    assert shown(
        Notice("moved", "warning"),
        Notice("wrote"),
        ServicePhase("web", Phase.WAITING),
        ServicePhase("web", Phase.READY),
        ServicePhase("web", Phase.FAILED),
        color=True,
    ) == [
        "\x1b[1;33mwarning:\x1b[0m \x1b[33mmoved\x1b[0m",
        "\x1b[1mnote:\x1b[0m wrote",
        "web  waiting",
        "web  \x1b[32mready\x1b[0m",
        "web  \x1b[31mfailed\x1b[0m",
    ]


def test_quiet_says_only_warnings() -> None:
    stream = io.StringIO()
    with QuietConsole(stream, color=False) as console:
        for event in (ServicePhase("web", Phase.BUILDING), LogLine("web", "#1"), Notice("a"), Notice("b", "warning")):
            console.emit(event)
    assert stream.getvalue() == "warning: b\n"
    assert console.builder_lines("web") == ("#1",)


def test_builder_lines_are_those_of_the_last_build() -> None:
    console = PlainConsole(io.StringIO(), color=False)
    assert console.builder_lines("web") == ()
    for build, count in (("first", 300), ("second", 3)):
        console.emit(ServicePhase("web", Phase.BUILDING))
        for number in range(count):
            console.emit(LogLine("web", f"{build} {number}"))
        if build == "first":
            assert console.builder_lines("web") == tuple(f"first {number}" for number in range(100, 300))
        console.emit(ServicePhase("web", Phase.STARTING))
        console.emit(LogLine("web", "not a builder's"))
    assert console.builder_lines("web") == ("second 0", "second 1", "second 2")


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError("no space"), BlockingIOError(), ValueError("closed")])
def test_a_stream_that_fails_fails_nobody(error: Exception) -> None:
    with PlainConsole(Hose(error), color=False) as console:
        console.emit(Notice("nobody hears this"))
        console.emit(ServicePhase("web", Phase.READY))


def test_an_encoding_that_lacks_a_character() -> None:
    raw = io.BytesIO()
    with PlainConsole(io.TextIOWrapper(raw, "ascii"), color=False) as console:
        console.emit(Notice("3 × é"))
    assert raw.getvalue() == b"note: 3 ? ?\n"


def test_a_closed_pipe_ends_no_process() -> None:
    program = """
import sys
from devenv.console import reporter
from devenv.events import Notice
with reporter(stream=sys.stdout) as console:
    console.emit(Notice("first"))
    sys.stdin.readline()
    for _ in range(3):
        console.emit(Notice("more"))
print("done", file=sys.stderr)
"""
    pipe = subprocess.PIPE
    # Without PYTHONUNBUFFERED: only a stream with a buffer still holds something when the process ends.
    environment = {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    with child, child.stdin, child.stderr:
        assert child.stdout.readline() == "note: first\n"
        child.stdout.close()
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stderr.read() == "done\n"
    assert child.returncode == 0


class Turnstile(io.StringIO):
    """Lets one writer in at a time, and notes whether another one came meanwhile."""

    inside = 0
    crowded = False

    def write(self, text: str) -> int:
        self.inside += 1
        time.sleep(0.00001)
        self.crowded |= self.inside > 1
        self.inside -= 1
        return super().write(text)


def test_lines_of_many_threads_stay_whole() -> None:
    stream = Turnstile()
    console = PlainConsole(stream, color=False)
    console.emit(ServicePhase("0123456789", Phase.BUILDING))

    def write(name: str) -> None:
        for number in range(200):
            console.emit(LogLine(name, str(number)))
            console.emit(ServicePhase(name, (Phase.BUILDING, Phase.STARTING)[number % 2]))

    threads = [threading.Thread(target=write, args=(f"s{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not stream.crowded
    lines = stream.getvalue().splitlines()[1:]
    assert len(lines) == 8 * 400
    for number in range(8):
        name = f"s{number}".ljust(10)
        assert [line for line in lines if line.startswith(f"{name} | ")] == [f"{name} | {n}" for n in range(200)]


def test_log_lines() -> None:
    assert log_line("web", "listening\x1b[0m on :8000", 8, False) == "web      | listening on :8000"
    assert log_line("postgres", "", 3, False) == "postgres |"
    assert log_line("web", "a", 8, True) == "\x1b[93mweb      |\x1b[0m a"
    assert len({log_line(name, "", 8, True).split("m")[0] for name in ("postgres", "redis", "web", "mailpit")}) == 4
