"""An error as people read it: what, where, what it said last, what may help; must not decide what happens next."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from devenv.console.stream import Out, wants_color
from devenv.console.text import cells, clean, fit, paint
from devenv.errors import ArtifactConflictError, BuildError, DevenvError, ManifestError, Problem, ServiceNotReadyError

_SOURCE_WIDTH = 100
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def show_error(error: DevenvError, stream: TextIO | None = None, color: bool | None = None) -> None:
    """Write the error to the stream, stderr if none is given."""
    stream = sys.stderr if stream is None else stream
    out = Out(stream)
    out.write("".join(line + "\n" for line in error_lines(error, color=wants_color(stream, color, os.environ))))
    out.flush()


def error_lines(error: DevenvError, *, color: bool) -> Iterator[str]:
    """The lines of an error: its message, its place and evidence, a blank line, its hint."""
    yield from _labelled("error:", "bold red", error.message, color)
    if error.where:
        yield f"  {clean(error.where)}"
    if isinstance(error, ManifestError):
        yield from _problems(error.problems, color)
    elif isinstance(error, ServiceNotReadyError):
        yield from _quoted(error.logs, color)
    elif isinstance(error, BuildError):
        yield from _quoted(error.output, color)
    elif isinstance(error, ArtifactConflictError):
        yield from _diff(error.diff, color)
    yield from _hint(error.hint, color)


def _problems(problems: tuple[Problem, ...], color: bool) -> Iterator[str]:
    if len(problems) == 1:  # then its message is the error's own
        if problems[0].where:
            yield f"  {clean(problems[0].where)}"
        yield from _source(problems[0], color)
        yield from _hint(problems[0].hint, color)
        return
    for problem in problems:
        where = f"{clean(problem.where)}: " if problem.where else ""
        yield ""
        yield paint(where, "bold", color) + clean(problem.message)
        yield from _source(problem, color)
        if problem.hint:
            yield from (f"  {line}" for line in _labelled("hint:", "bold cyan", problem.hint, color))


def _source(problem: Problem, color: bool) -> Iterator[str]:
    """The line that the problem is about with a caret below its column, cut to what is near; nothing if unreadable."""
    line = _read_line(problem.file, problem.line)
    if not line.strip():
        return
    split = max(problem.column - 1, 0)
    before, after = clean(line[:split]), clean(line[split:])
    if cells(before) > _SOURCE_WIDTH // 2:
        before = "…" + before[-_SOURCE_WIDTH // 2 :]
    number = str(problem.line)
    yield f"  {paint(number + ' |', 'dim', color)} {before}{fit(after, _SOURCE_WIDTH - cells(before))}"
    if problem.column:
        bar = " " * len(number) + " |"
        yield f"  {paint(bar, 'dim', color)} {' ' * cells(before)}{paint('^', 'bold red', color)}"


def _read_line(file: str, number: int) -> str:
    try:
        with Path(file).open(encoding="utf-8", errors="replace", newline="\n") as lines:
            return next((line for count, line in enumerate(lines, 1) if count == number), "").rstrip("\r\n")
    except (OSError, ValueError):
        return ""


def _quoted(lines: Iterable[str], color: bool) -> Iterator[str]:
    """Foreign lines behind a bar, without the empty ones around them."""
    text = "\n".join(clean(line).rstrip() for line in lines).strip("\n")
    for line in text.split("\n") if text else ():
        yield f"  {paint('│', 'dim', color)} {line}".rstrip()


def _diff(diff: str, color: bool) -> Iterator[str]:
    if not diff:
        return
    yield ""
    for line in diff.removesuffix("\n").split("\n"):
        bold = line.startswith(("+++ ", "--- "))
        yield paint(clean(line), "bold" if bold else _DIFF.get(line[:1], ""), color)


def _hint(hint: str | None, color: bool) -> Iterator[str]:
    if hint:
        yield ""
        yield from _labelled("hint:", "bold cyan", hint, color)


def _labelled(label: str, style: str, text: str, color: bool) -> Iterator[str]:
    """A label and its text; further lines of the text are indented."""
    first, *rest = text.strip().split("\n")
    yield f"{paint(label, style, color)} {clean(first)}"
    yield from (f"  {clean(line)}".rstrip() for line in rest)
