"""What a running service is said to be, by its answer and its age."""

from __future__ import annotations

import pytest

from devenv.engines.readiness import STARTING_FOR, standing
from devenv.probes import Answer


@pytest.mark.parametrize(
    ("ok", "age", "expected"),
    [
        (True, 0.0, ("ready", "")),
        (True, STARTING_FOR, ("ready", "")),
        (False, STARTING_FOR - 1, ("starting", "said")),
        (False, STARTING_FOR, ("unhealthy", "said")),
        (False, 1e9, ("unhealthy", "said")),  # a start that can't be read
    ],
)
def test_what_it_is(ok: bool, age: float, expected: tuple[str, str]) -> None:
    assert standing(Answer(ok, "said"), age) == expected
