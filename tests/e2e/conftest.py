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
def signals_are_heard() -> None:
    """A shell's background job and `nohup`, as CIs use them, ignore some, and so would all that a test starts."""
    for signum, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, handler)


@pytest.fixture
def up(cli: Cli) -> Up:
    """`devenv up -d` that has to succeed: `up(root, "--with", "x")`."""

    def run(root: Path, *words: str, **options: object) -> Result:
        result = cli("up", "-d", *words, cwd=root, **options)  # type: ignore[arg-type]
        assert result.code == 0, result.err
        return result

    return run
