"""What the tests of the images share; starts no engine."""

from __future__ import annotations

import pytest

from .containers import Docker
from .engine import client_environment
from .layout import current_layout


@pytest.fixture(scope="session")
def docker() -> Docker:
    env = client_environment(current_layout())
    if env is None:
        pytest.skip("no Docker engine answers: `python3 -m tests.testbed up` starts one")
    return Docker(env)
