"""A line about a save: what changed, what was done, how fast, by which rule; and the same for programs."""

from __future__ import annotations

import io
import json

from devenv.console import reporter
from devenv.console.json_lines import JsonLines
from devenv.events import LogLine, Notice, Phase, Reloaded, ServicePhase

SAVE = Reloaded(
    ("web", "worker"), "a.py", ("a.py",), "synced, restarted", "Dockerfile:3 COPY . .", 0.3312, "restarted: worker"
)
FAILED = Reloaded(("web",), "lock", ("lock",), "failed", "Dockerfile:4 RUN x", 2.0, "no", ("the builder", "said no"))


def shown(*events: object, quiet: bool = False) -> str:
    stream = io.StringIO()
    with reporter(stream=stream, watching=True, quiet=quiet, color=False) as console:
        for event in events:
            console.emit(event)  # type: ignore[arg-type]
    return stream.getvalue()


def test_a_save_is_one_line() -> None:
    line = "web, worker: a.py synced, restarted in 331 ms (restarted: worker; Dockerfile:3 COPY . .)\n"
    assert shown(SAVE) == line


def test_a_slow_one_is_told_in_seconds_and_a_manifest_without_services() -> None:
    assert shown(Reloaded((), "the manifest", (), "applied", seconds=2.345)) == "the manifest applied in 2.3 s\n"


def test_what_failed_shows_what_others_printed() -> None:
    assert shown(FAILED) == "web: lock failed (no; Dockerfile:4 RUN x)\n  │ the builder\n  │ said no\n"


def test_a_builders_lines_are_kept_for_a_failure() -> None:
    assert shown(LogLine("web", "#1 DONE")) == ""


def test_quiet_tells_of_failures_only() -> None:
    assert shown(SAVE, quiet=True) == ""
    assert "failed" in shown(FAILED, quiet=True)


def test_nothing_that_steers_a_terminal_gets_through() -> None:
    event = Reloaded(("web",), "a\x1b[31m.py", (), "failed", detail="x\x1b]0;t\x07", lines=("\x1b[2Jgone",))
    assert "\x1b" not in shown(event)


def test_programs_get_an_object_a_line() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream)
    for event in (SAVE, Notice("x", "warning"), LogLine("web", "#1"), ServicePhase("web", Phase.READY)):
        lines.emit(event)
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [each["event"] for each in found] == ["reload", "notice", "build", "phase"]
    assert found[0]["seconds"] == 0.3312
    assert found[0]["paths"] == ["a.py"]
