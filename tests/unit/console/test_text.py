"""What reaches a terminal of foreign text, and how wide it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.console.text import cells, clean, duration, fit, pad, paint, render


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("héllo ✓ 数据", "héllo ✓ 数据"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H\x1b[?25lhidden", "hidden"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPqsixel\x1b\\after", "after"),
        ("\x1b(B\x1b7\x1bcreset", "reset"),
        ("\x9b31mC1\x9d0;title\x9c", "C1"),
        ("\x1b]52;c;never ends", "52;c;never ends"),
        ("\x1b\x1b[0m[31mtwo in one", "[31mtwo in one"),
        ("bell\x07 null\x00 delete\x7f back\x08", "bell null delete back"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("windows\r\n", "windows"),
        ("two\nlines", "two lines"),
        ("a\tb", "a       b"),
        ("right\u202eto left\u2066", "rightto left"),
        ("line\u2028end", "lineend"),
        ("broken \udcff byte", "broken ? byte"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(st.sampled_from("\x1b\x9b[]0;mAP\\\x07\x08\r\n\t(7c\u202e\udc80é世x ")))
def test_nothing_that_steers_a_terminal_survives(text: str) -> None:
    cleaned = clean(text)
    assert all(character.isprintable() for character in cleaned)
    assert clean(cleaned) == cleaned


def test_cleaning_takes_linear_time() -> None:
    for nasty in ("\x1b]", "\x1b[0", "\x1bP\x9d", "\x1b[ "):
        assert len(clean(nasty * 200_000)) <= 400_000


def test_cells_counts_columns() -> None:
    assert [cells(text) for text in ("abc", "世界", "e\u0301", "✓ ok", "")] == [3, 4, 1, 4, 0]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("postgres", 8, "postgres"),
        ("postgres", 7, "postgr…"),
        ("postgres", 1, "…"),
        ("postgres", 0, ""),
        ("postgres", -3, ""),
        ("世界世界", 5, "世界…"),
        ("世界世界", 4, "世…"),
    ],
)
def test_fit(text: str, width: int, expected: str) -> None:
    assert fit(text, width) == expected


@given(st.text(), st.integers(0, 20))
def test_what_is_fit_fits(text: str, width: int) -> None:
    assert cells(fit(text, width)) <= width


def test_pad_counts_columns() -> None:
    assert [pad("ab", 4), pad("世", 4), pad("abcde", 4)] == ["ab  ", "世  ", "abcde"]


def test_paint() -> None:
    assert paint("error:", "bold red", True) == "\x1b[1;31merror:\x1b[0m"
    assert [paint("a", "red", False), paint("a", "", True), paint("", "red", True)] == ["a", "a", ""]


def test_render_ends_without_spaces() -> None:
    assert render((("a", "red"), ("  ", ""), ("", "dim")), True) == "\x1b[31ma\x1b[0m"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.04, "0.0 s"),
        (1.25, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (72.4, "1 min 12 s"),
        (3599.8, "60 min 0 s"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
