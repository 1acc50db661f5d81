"""Every devenv command that a document shows exists, with the options that are shown; none is run here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from devenv import __version__
from devenv.cli import cli
from tests.command_line import ROOT
from tests.docs.markdown import DOCUMENTS, blocks, inline_code

_INSIDE = re.compile(r"\$\((devenv [^)]*)\)")
_ENDS = re.compile(r"\s+(?:\||>>?|&&|;|#)\s.*")


def shown() -> Iterator[tuple[str, str]]:
    """Each command with its place: behind `$ ` in a console block, inside of `$(…)`, or in the prose."""
    for block in blocks("console"):
        for number, line in enumerate(block.text.splitlines(), block.line + 1):
            if line.startswith("$ "):
                for command in commands(line.removeprefix("$ ")):
                    yield f"{block.document.relative_to(ROOT)}:{number}", command
    for document in DOCUMENTS:
        for number, code in inline_code(document):
            for command in commands(code):
                yield f"{document.relative_to(ROOT)}:{number}", command


def commands(line: str) -> list[str]:
    """The devenv commands of a line of shell."""
    whole = [line] if line.startswith("devenv ") else []
    return [_ENDS.sub("", command) for command in [*whole, *_INSIDE.findall(line)]]


def test_every_command_that_is_shown_can_be_parsed() -> None:
    wrong = []
    for place, command in shown():
        try:
            parse(cli, shlex.split(command)[1:], "devenv")
        except (click.UsageError, ValueError) as error:
            wrong.append(f"{place}: {command}: {error}")
    assert wrong == []


def test_commands_are_found() -> None:
    assert len(list(shown())) > 50


def parse(command: click.Command, words: list[str], name: str, parent: click.Context | None = None) -> None:
    """Have click read the words as it does before it runs a command. Raises `click.UsageError`.

    Arguments may be missing: prose says `devenv connect`, of whatever service.
    """
    try:
        context = command.make_context(name, list(words), parent=parent)
    except (click.exceptions.Exit, click.MissingParameter):  # --help and --version end here
        return
    if isinstance(command, click.Group):
        inner = words[len(words) - remaining(command, words) :]
        if not inner and command.invoke_without_command:
            return
        found, below, rest = command.resolve_command(context, inner)
        assert found is not None
        assert below is not None
        parse(below, rest, found, context)


def remaining(group: click.Group, words: list[str]) -> int:
    """How many of the words belong to the group's command."""
    parser = group.make_parser(click.Context(group))
    return len(parser.parse_args(list(words))[1])


def test_a_wrong_command_is_found() -> None:
    for line in ("devenv upp", "devenv up --quickly", "devenv env --for mars", "devenv generate nothing"):
        with pytest.raises(click.UsageError):
            parse(cli, shlex.split(line)[1:], "devenv")


def test_the_version_that_is_shown_is_this_one() -> None:
    shown = [lines for block in blocks("console") for words, lines in block.commands if words == "devenv --version"]
    assert shown == [[f"devenv {__version__}"]]
