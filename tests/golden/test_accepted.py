"""Compose accepts every golden file, with nothing but what `generate compose` writes beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from devenv.artifacts.dotenv import dotenv
from devenv.artifacts.names import variables
from tests.compose_plugin import understood
from tests.golden.test_golden import BOUND, CASES, HERE, PORTABLE, bindings_of, stack_of

pytestmark = pytest.mark.engine  # asks no engine, but where there is none there may be no Compose either


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("file", [PORTABLE, BOUND])
def test_compose_accepts_it(case: str, file: str, tmp_path: Path) -> None:
    stack = stack_of(case, tmp_path)
    private = tmp_path / "private.env"
    private.write_text(dotenv(variables(stack, bindings_of(stack))))
    everything = tuple({service.profile for service in stack if service.profile})
    assert understood(HERE / case / file, variables=private)["services"]
    project = understood(HERE / case / file, variables=private, profiles=everything)
    setups = {name for name in project["services"] if ".setup" in name}
    assert project["services"].keys() - setups == set(stack.names)
    published = [port["published"] for service in project["services"].values() for port in service.get("ports", ())]
    assert file == BOUND or [port for port, times in Counter(published).items() if times > 1] == []
