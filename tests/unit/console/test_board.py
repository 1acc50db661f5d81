"""The list of services at each size of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devenv.console.board import board
from devenv.console.progress import Progress
from devenv.console.text import cells, render
from devenv.events import LogLine, Phase, ServicePhase


def progress(*events: tuple[float, ServicePhase | LogLine]) -> Progress:
    result = Progress()
    for when, event in events:
        if isinstance(event, LogLine):
            result.take_line(event)
        else:
            result.take(event, when)
    return result


def text(what: Progress, now: float, size: tuple[int, int] = (80, 24), *, moving: bool = True) -> list[str]:
    return [render(line, False) for line in board(what, now, size, moving=moving)]


def test_a_line_for_each_service() -> None:
    services = progress(
        (0.0, ServicePhase("postgres", Phase.WAITING, "the database system is starting up")),
        (0.0, ServicePhase("redis", Phase.STARTING)),
        (0.4, ServicePhase("redis", Phase.READY)),
        (0.0, ServicePhase("web", Phase.SETUP, "python -m shop.migrate")),
        (0.7, ServicePhase("web", Phase.FAILED, "it exits with 1")),
        (0.0, ServicePhase("search", Phase.STOPPED)),
        (1.0, ServicePhase("adminer", Phase.REMOVED)),
        (1.25, ServicePhase("mail", Phase.CREATING)),
    )
    assert text(services, 1.25) == [
        "⠹ postgres  waiting: the database system is starting up  1.2 s",
        "✓ redis     ready  0.4 s",
        "✗ web       failed: it exits with 1  0.7 s",
        "– search    stopped",
        "– adminer   removed",
        "⠹ mail      creating",
    ]
    assert text(services, 1.25, moving=False)[0] == "· postgres  waiting: the database system is starting up  1.2 s"
    assert text(services, 1.35)[0].startswith("⠸ postgres")


def test_nothing_foreign_steers_the_terminal() -> None:
    services = progress(
        (0.0, ServicePhase("w\x1b[2Jeb", Phase.BUILDING, "why\x1b]0;title\x07\nnot")),
        (0.0, LogLine("w\x1b[2Jeb", "10 %\r\x1b[32m20 %\x1b[0m\r")),
    )
    assert text(services, 0.0) == ["⠋ web  building: why not", "  │ 20 %"]


def test_styles() -> None:
    services = progress(
        (0.0, ServicePhase("a", Phase.READY)),
        (0.0, ServicePhase("b", Phase.FAILED)),
        (0.0, ServicePhase("c", Phase.STOPPED)),
        (0.0, ServicePhase("d", Phase.BUILDING)),
        (0.0, LogLine("d", "#1")),
    )
    lines = board(services, 1.0, (80, 24), moving=True)
    assert [[style for _, style in line] for line in lines] == [
        ["green", "", "", "dim"],
        ["red", "", "red", "dim"],
        ["dim", "", "dim", "dim"],
        ["cyan", "", "", "dim"],
        ["dim"],
    ]


def building(count: int = 1) -> Progress:
    names = [f"web{number}" for number in range(count)]
    lines = [(0.0, LogLine(name, f"#{n} step")) for name in names for n in range(9)]
    return progress(*((0.0, ServicePhase(name, Phase.BUILDING)) for name in names), *lines)


def test_the_end_of_what_a_builder_prints_while_it_builds() -> None:
    services = building()
    expected = ["⠋ web0  building", *(f"  │ #{n} step" for n in range(4, 9))]
    assert text(services, 0.0) == expected
    assert text(services, 0.0, moving=False) == ["· web0  building"]
    services.take(ServicePhase("web0", Phase.STARTING), 0.0)
    assert text(services, 0.0) == ["⠋ web0  starting"]


def test_the_services_come_before_the_builders_lines() -> None:
    assert len(text(building(3), 0.0, (80, 24))) == 3 + 3 * 5
    assert len(text(building(3), 0.0, (80, 10))) == 3 + 3 * 2
    assert len(text(building(3), 0.0, (80, 5))) == 3
    assert len(text(building(3), 0.0, (80, 2))) == 3


def test_what_is_too_long_is_cut_before_the_time() -> None:
    services = progress((0.0, ServicePhase("postgres", Phase.WAITING, "the database system is starting up")))
    assert text(services, 1.0, (40, 24)) == ["⠋ postgres  waiting: the datab…  1.0 s"]
    assert text(services, 1.0, (26, 24)) == ["⠋ postgres  waiting: th…"]
    assert text(services, 1.0, (10, 24)) == ["⠋ pos…"]


@given(
    st.integers(2, 60),
    st.lists(st.tuples(st.text(min_size=1, max_size=30), st.sampled_from(Phase), st.text(max_size=80)), max_size=5),
)
def test_no_line_is_wider_than_the_terminal(width: int, services: list[tuple[str, Phase, str]]) -> None:
    shown = progress(*((0.0, ServicePhase(*service)) for service in services))
    for name, _, detail in services:
        shown.take_line(LogLine(name, detail))
    for moving in (True, False):
        for line in board(shown, 3.0, (width, 24), moving=moving):
            assert cells("".join(text for text, _ in line)) <= max(width - 2, 1)
