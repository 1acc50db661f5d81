"""The oracle: what a layout says of every file of the corpus is what real builds show, before and after a change."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv.layout.ruling import Verdict

from .builds import make_tools
from .cases import Case, corpus
from .oracle import HOW, Judge, Mutation, mutations

pytestmark = pytest.mark.engine

CASES = corpus()
SOAK = bool(os.environ.get("DEVENV_SOAK"))
MOST_MISSES = 0.10
AT_ONCE = 2
SHARE = 4
"""Without DEVENV_SOAK each case is built with all files replaced, and each fourth with another kind of change too."""

Found = dict[str, list[str]]
Results = Mapping[str, Future[Found]]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    make_tools()


def kinds(case: Case) -> list[str]:
    """Which changes a case gets: all in a long run; else the one that shows most, and maybe another by its name."""
    if SOAK:
        return list(HOW)
    number = zlib.crc32(case.name.encode())
    return ["replace", ("append", "delete", "add")[number % 3]] if number % SHARE == 0 else ["replace"]


def judged(case: Case, folder: Path) -> Found:
    """What is wrong with a case, by the kind of change."""
    judge = Judge(case, folder)
    found = {how: judge.together(mutations(case, [how])) for how in kinds(case)}
    return {how: lines for how, lines in found.items() if lines}


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """What is wrong with each case that was asked for; builds run side by side."""
    folder = tmp_path_factory.mktemp("corpus")
    asked = [item.callspec.params.get("case") for item in request.session.items if hasattr(item, "callspec")]
    wanted = {case.name for case in asked if isinstance(case, Case)}  # other tests call theirs `case` too
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case.name: pool.submit(judged, case, folder) for case in CASES if case.name in wanted}


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_needs_no_build_is_right(case: Case, results: Results) -> None:
    """All changes of one kind at once, but for those that rebuild: a wrong verdict shows as a difference elsewhere."""
    assert results[case.name].result() == {}


@pytest.mark.soak
@pytest.mark.timeout(5400)
@pytest.mark.skipif(not SOAK, reason="a build for each of some hundred changes: make soak")
def test_each_change_alone(tmp_path: Path) -> None:
    """One build for each change: no wrong verdict; a rebuild that could have been a sync is a miss, and few are."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(lambda case: alone(case, tmp_path / case.name), CASES))
    wrong = [line for part in parts for line in part[0]]
    missed = [line for part in parts for line in part[1]]
    total = sum(part[2] for part in parts)
    print(f"\n{total} changes, {len(wrong)} wrong, {len(missed)} misses ({len(missed) / total:.1%})")
    print("\n".join(missed))
    assert wrong == []
    assert len(missed) / total < MOST_MISSES


def alone(case: Case, folder: Path) -> tuple[list[str], list[str], int]:
    """Every change of a case by itself: what is wrong, what is missed, and how many there were."""
    wrong: list[str] = []
    missed: list[str] = []
    judge = Judge(case, folder)
    changes = judge.rulings(mutations(case))
    for ruling, mutation in changes:
        lines, miss = judge.alone(ruling, mutation)
        wrong += [f"{_name(case, mutation)}: {line}" for line in lines]
        missed += [f"{_name(case, mutation)}: {ruling.reason}"] if miss else []
    return wrong, missed, len(changes)


def _name(case: Case, mutation: Mutation) -> str:
    return f"{case.name}: {mutation.how} {mutation.path}"


def test_the_oracle_sees_a_wrong_verdict(tmp_path: Path) -> None:
    """A file that a RUN reads, taken for one that may be synced: the build shows it."""
    case = next(each for each in CASES if each.name == "unknown-script")
    judge = Judge(case, tmp_path)
    ((ruling, mutation),) = judge.rulings([Mutation("replace", "src/a.py")])
    assert ruling.verdict is Verdict.REBUILD
    assert judge.alone(ruling, mutation) == ([], False)
