"""The same values for dotenv readers, GitHub and shells, whatever they hold; how Compose reads is elsewhere."""

from __future__ import annotations

import subprocess
from io import StringIO

from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.artifacts.dotenv import BLOCK, block, dotenv, github, masks, shell
from tests.unit.strings import NASTY, texts

many = st.lists(texts, min_size=20, max_size=60)


def named(values: list[str]) -> dict[str, str]:
    return {f"V{index}": value for index, value in enumerate(values)}


def readable(value: str) -> bool:
    r"""Whether Python's dotenv can be told: a `$` beside a quote or a backslash it takes otherwise than Compose."""
    return "$" not in value or not set(value) & set("'\\\n\r")


@given(st.lists(texts.filter(readable), max_size=20))
def test_pythons_dotenv_reads_what_is_written(values: list[str]) -> None:
    text = dotenv(named(values))
    assert dotenv_values(stream=StringIO(text, newline=""), interpolate=False) == named(values)


@settings(max_examples=settings().max_examples // 3)
@given(many)
def test_a_shell_evaluates_to_the_same_values(values: list[str]) -> None:
    words = " ".join(f'"$V{index}"' for index in range(len(values)))
    script = f"{shell(named(values))}printf '%s\\0' {words}"
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stderr == b""
    assert done.stdout.decode().split("\0")[:-1] == values


def test_what_is_exported_reaches_a_process() -> None:
    done = subprocess.run(["sh", "-c", f"{shell({'A': 'x $ y'})}env"], capture_output=True, text=True)
    assert "A=x $ y\n" in done.stdout


def test_a_name_that_no_shell_takes_does_not_stop_it() -> None:
    script = shell({"a.b": "1", "MY-KEY": "2", "1st": "3", "_ok": "4"}) + 'printf %s "$_ok"'
    done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4", "")
    assert "# no shell can export `a.b`\n" in script


def test_a_line_is_readable_where_it_can_be() -> None:
    assert dotenv({"A": "plain", "B": "", "C": 'a "b"', "D": "5 $", "E": "it's $1"}) == (
        'A="plain"\nB=""\nC="a \\"b\\""\nD=\'5 $\'\nE="it\'s \\$1"\n'
    )


@given(st.lists(texts, max_size=5), st.sampled_from(["", "A=1\n", "A=1\r\n"]), st.sampled_from(["", "B=2\n"]))
def test_our_part_of_a_file_is_found_whatever_is_in_it(values: list[str], before: str, after: str) -> None:
    assert BLOCK.sub("", f"{before}{block(named(values))}{after}") == before + after


def test_our_part_is_found_after_an_editor_changed_the_line_ends_or_cut_the_last() -> None:
    ours = block(named(list(NASTY)))
    assert BLOCK.sub("", ours.replace("\n", "\r\n")) == ""
    assert BLOCK.sub("", ours.rstrip("\n")) == ""


def read_by_github(text: str) -> dict[str, str]:
    """As actions/runner reads it, FileCommandManager.cs: `NAME<<MARK`, lines up to one that is the mark."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, _, mark = line.partition("<<")
        value = []
        while (part := next(lines)) != mark:
            value.append(part)
        found[name] = "\n".join(value)
    return found


@given(many)
def test_github_reads_what_is_written(values: list[str]) -> None:
    assert read_by_github(github(named(values))) == named(values)


def test_a_value_can_not_end_itself_for_github() -> None:
    values = {"A": "x\ndevenv_end\nB<<y\n1\ny", "C": "devenv_end\ndevenv_end1"}
    assert read_by_github(github(values)) == values


def test_what_github_hides_is_told_line_by_line_and_once() -> None:
    assert masks(["a", "two\nlines", "", "a", "50%"]) == "".join(
        f"::add-mask::{each}\n" for each in ("a", "two", "lines", "50%25")
    )
