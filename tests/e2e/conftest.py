"""What the end-to-end tests share: all that a test made is removed after it, by label and id, however it ended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import Cli, Result
from tests.e2e.engine import remove_everything_below

Up = Callable[..., Result]


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[None]:
    """Remove what carries the path of this test's folder."""
    yield
    if request.node.get_closest_marker("engine"):
        remove_everything_below(tmp_path)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> None:
    """A shell's background job, such as a CI's, ignores it, and so would every command that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def up(cli: Cli) -> Up:
    """`devenv up -d` that has to succeed: `up(root, "--with", "x")`."""

    def run(root: Path, *words: str, **options: object) -> Result:
        result = cli("up", "-d", *words, cwd=root, **options)  # type: ignore[arg-type]
        assert result.code == 0, result.err
        return result

    return run
