"""Every command explains itself, and the list of commands is the one that is promised."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from devenv import __version__
from devenv.cli import cli
from tests.command_line import Cli
from tests.unit.cli.conftest import Run

CHANGING = {"up", "down", "destroy", "restart", "generate"}
LOOKING = {"status", "logs", "env", "config", "validate", "recipes", "schema", "completion"}
INSIDE = {"exec", "connect"}
TELLING = (CHANGING | LOOKING | {"compose"}) - {"generate", "schema", "completion"}

Words = tuple[str, ...]


def commands(command: click.Command = cli, words: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    """Every command with the words that lead to it."""
    yield words, command
    for name, child in command.commands.items() if isinstance(command, click.Group) else ():
        yield from commands(child, (*words, name))


EVERY = list(commands())


def test_the_commands_are_the_promised_ones() -> None:
    assert cli.commands.keys() >= CHANGING | LOOKING | INSIDE


@pytest.mark.parametrize(("words", "command"), EVERY, ids=[" ".join(words) or "devenv" for words, _ in EVERY])
def test_help_says_what_a_command_does(words: Words, command: click.Command, run: Run) -> None:
    shown = run(*words, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: {' '.join(('devenv', *words))}")
    assert command.help
    assert all(len(line) <= 80 for line in shown.out.splitlines())


@pytest.mark.parametrize(("words", "command"), EVERY, ids=[" ".join(words) or "devenv" for words, _ in EVERY])
def test_every_option_says_what_it_is_for(words: Words, command: click.Command) -> None:
    options = [each for each in command.params if isinstance(each, click.Option)]
    silent = [each.name for each in options if not each.help and not isinstance(each.type, click.Choice)]
    assert silent == []


@pytest.mark.parametrize("words", [words for words, _ in EVERY if words and set(words) & TELLING])
def test_what_shows_something_has_json(words: Words) -> None:
    command = dict(EVERY)[words]
    assert "--json" in [word for param in command.params for word in param.opts]


@pytest.mark.parametrize("words", [(), ("up",), ("generate", "compose")], ids=" ".join)
def test_the_short_option_says_the_same(words: Words, cli: Cli) -> None:
    assert cli(*words, "-h") == cli(*words, "--help")


def test_the_version(cli: Cli) -> None:
    result = cli("--version")
    assert (result.code, result.out, result.err) == (0, f"devenv {__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shells_completion_script(shell: str, run: Run) -> None:
    result = run("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert "_DEVENV_COMPLETE" in result.out


@pytest.mark.parametrize(
    "words",
    [("bogus",), ("up", "--bogus"), ("up", "--timeout", "0"), ("exec",), ("completion", "tcsh"), ("generate", "x")],
)
def test_a_command_line_that_is_none_is_refused_with_2(words: Words, run: Run) -> None:
    result = run(*words)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("Usage: devenv")
    assert "\nError: " in result.err
