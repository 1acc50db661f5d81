"""What containers wrote: the engine's frames in any pieces become whole lines that do not steer a terminal."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.engines.compose.api import Api
from devenv.engines.compose.endpoint import Endpoint
from devenv.engines.compose.http import Response
from devenv.engines.compose.logs import follow, payload, tail
from devenv.engines.escapes import clean
from tests.command_line import ROOT

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

pieces = st.lists(st.integers(1, 40), min_size=1, max_size=20)
frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60)), max_size=12)


class Pieces(Response):
    """A response whose body comes in pieces of the given sizes, as a network may cut it."""

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        self.status = 200
        self._body, self._sizes = body, cycle(sizes)

    def read(self, amount: int = -1, /) -> bytes:
        size = min(next(self._sizes), amount) if amount >= 0 else len(self._body)
        piece, self._body = self._body[:size], self._body[size:]
        return piece

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Engine(Api):
    """An engine with one container, whose log is given."""

    body: bytes
    sizes: list[int]
    tty: bool = False
    asked: dict[str, Any] | None = None
    endpoint: Endpoint = Endpoint("unix:///x", "x")  # noqa: RUF009 - frozen

    def get(self, path: str, /, timeout: float = 30.0, **query: Any) -> Any:
        return {"Config": {"Tty": self.tty}, "State": {"StartedAt": "2026-01-02T03:04:05.678901234Z"}}

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, body: Any = None, /, timeout: float | None = None, **query: Any
    ) -> Iterator[Any]:
        self.asked = query
        yield Pieces(self.body, self.sizes)


def framed(parts: list[tuple[int, bytes]]) -> bytes:
    return b"".join(bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for stream, data in parts)


def lines(body: bytes, sizes: list[int], *, tty: bool = False) -> list[str]:
    return list(follow(Engine(body, sizes, tty), "c", lines="all", stay=False))


@given(frames, pieces)
def test_frames_arrive_whole_however_they_are_cut(parts: list[tuple[int, bytes]], sizes: list[int]) -> None:
    assert list(payload(Pieces(framed(parts), sizes), multiplexed=True)) == parts


@given(st.binary(max_size=300), pieces)
def test_a_terminals_output_has_no_frames(body: bytes, sizes: list[int]) -> None:
    got = list(payload(Pieces(body, sizes), multiplexed=False))
    assert b"".join(data for _, data in got) == body
    assert {stream for stream, _ in got} <= {1}


@given(
    st.lists(st.text("abü日 ", max_size=10), max_size=8), st.lists(st.integers(1, 7), min_size=1), pieces, st.booleans()
)
def test_lines_are_whole_though_frames_cut_them(texts: list[str], cuts: list[int], sizes: list[int], tty: bool) -> None:
    """Also in the middle of a character."""
    body = "".join(f"{text}\n" for text in texts).encode()
    parts: list[tuple[int, bytes]] = []
    for size in cycle(cuts):
        if not body:
            break
        parts.append((1, body[:size]))
        body = body[size:]
    stream = b"".join(data for _, data in parts) if tty else framed(parts)
    assert lines(stream, sizes, tty=tty) == texts


def test_stdout_and_stderr_do_not_mix_inside_a_line() -> None:
    parts = [(1, b"out "), (2, b"err "), (1, b"put\nmo"), (2, b"or\n"), (1, b"re")]
    assert lines(framed(parts), [3]) == ["out put", "err or", "more"]


def test_a_line_end_of_windows_is_no_part_of_the_line() -> None:
    assert lines(framed([(1, b"a\r\nb\r\n")]), [100]) == ["a", "b"]


def test_a_line_without_an_end_is_shown_in_parts_instead_of_kept_for_ever() -> None:
    got = lines(framed([(1, b"x" * 60_000)] * 5), [65_536])
    assert "".join(got) == "x" * 300_000
    assert 1 < len(got) < 6


def test_what_the_engine_did_not_send_to_its_end_is_left_out() -> None:
    whole = framed([(1, b"one\n"), (1, b"two\n")])
    assert lines(whole[:-2], [5]) == ["one"]
    assert lines(whole[:-6], [5]) == ["one"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert lines(framed([(1, b"\xff\xfe ok\n")]), [9]) == ["\ufffd\ufffd ok"]


def test_only_the_present_run_is_asked_for_by_its_start() -> None:
    engine = Engine(framed([(1, b"a\n")]), [9])
    assert tail(engine, "c", lines=5, this_run=True) == ["a"]
    assert engine.asked == {"stdout": 1, "stderr": 1, "tail": "5", "since": "1767323045.678901234"}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;196;1mred\x1b[m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b[2J\x1b[H\x1bcreset", "reset"),
        ("a\x08\x08b\x00c\x7f\x9b", "abc"),
        ("50%\r100%", "50%100%"),
        ("\x1b", ""),
        ("\x1b[31", "31"),
        ("\x1b]0;never ended", "0;never ended"),
        ("\x1b\x1b[31mx", "[31mx"),
        ("ü 日 😀", "ü 日 😀"),
    ],
)
def test_a_line_does_not_steer_the_terminal(line: str, text: str) -> None:
    assert clean(line) == text


@given(st.text(st.sampled_from("\x1b[]P\\\x07\x9b0;mHé\t\x00 \x85"), max_size=40) | st.text(max_size=40))
def test_no_control_character_is_left_and_no_other_is_lost_for_long(line: str) -> None:
    text = clean(line)
    assert not CONTROL.search(text)
    assert clean(text) == text


ENDLESS = """
from devenv.engines.escapes import clean
for sequence in ("\\x1b]", "\\x1b[", "\\x1b[0;", "\\x1bP\\x1b", "\\x1b]x\\x1b", "\\x1b[ "):
    clean(sequence * 500_000)
"""


def test_sequences_that_never_end_take_no_more_time_than_their_length() -> None:
    """Megabytes of them are read in a second; what looks to the end for each would need hours."""
    subprocess.run([sys.executable, "-c", ENDLESS], check=True, timeout=60, env={"PYTHONPATH": str(ROOT)})
