"""Host ports: the one asked for, else the next; once chosen it stays; who holds it is said."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest

from devenv.engines.ports import allocate, holder, is_free
from devenv.errors import DevenvError
from devenv.events import Event, Notice
from devenv.stack import Bindings, Port, Service


@dataclass
class Notes:
    """A reporter that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)


def service(name: str, *ports: int | tuple[int, int]) -> Service:
    pairs = [port if isinstance(port, tuple) else (port, port) for port in ports]
    return Service(name, "sidecar", ports=tuple(Port(str(inside), inside, host) for inside, host in pairs))


def all_free_but(*taken: int) -> Callable[[int], bool]:
    unavailable = frozenset(taken)
    return lambda port: port not in unavailable


def allocated(
    services: list[Service],
    taken: Collection[int] = (),
    *,
    before: Bindings | None = None,
    held: Collection[tuple[str, int]] = (),
) -> tuple[Bindings, list[str]]:
    notes = Notes()
    bound = allocate(services, before or Bindings(), notes, held=held, free=all_free_but(*taken))
    return bound, [event.message for event in notes.events if isinstance(event, Notice) and event.level == "warning"]


def test_a_free_port_is_taken_as_asked_for_without_a_word() -> None:
    bound, said = allocated([service("db", 5432), service("web", (80, 8080))])
    assert bound.ports == {("db", 5432): 5432, ("web", 80): 8080}
    assert said == []


def test_a_port_in_use_gives_way_to_the_next_free_one_and_that_is_said() -> None:
    bound, said = allocated([service("db", 5432)], [5432, 5433])
    assert bound.ports == {("db", 5432): 5434}
    assert len(said) == 1
    assert said[0].startswith("port 5432 is in use by ")
    assert said[0].endswith("`db` (5432) is on 5434 from now on")


def test_the_next_free_one_is_none_that_another_service_asks_for() -> None:
    bound, _ = allocated([service("a", 5432), service("b", 5433)], [5432])
    assert bound.ports == {("a", 5432): 5434, ("b", 5433): 5433}


def test_two_services_that_ask_for_one_port_get_two() -> None:
    bound, said = allocated([service("a", 6379), service("b", 6379)])
    assert bound.ports == {("a", 6379): 6379, ("b", 6379): 6380}
    assert said == ["port 6379 is in use by another service of this project: `b` (6379) is on 6380 from now on"]


def test_a_port_that_was_chosen_stays_though_the_usual_one_is_free_again() -> None:
    first, _ = allocated([service("db", 5432)], [5432])
    again, said = allocated([service("db", 5432)], before=first)
    assert again.ports == {("db", 5432): 5433}
    assert said == []


def test_a_port_that_was_chosen_and_is_in_use_now_moves_on() -> None:
    first, _ = allocated([service("db", 5432)], [5432])
    again, said = allocated([service("db", 5432)], [5432, 5433], before=first)
    assert again.ports == {("db", 5432): 5434}
    assert said[0].startswith("port 5433 is in use by")


def test_a_container_that_runs_keeps_its_port_though_it_is_in_use_by_itself() -> None:
    first, _ = allocated([service("db", 5432)])
    again, said = allocated([service("db", 5432)], [5432], before=first, held=[("db", 5432)])
    assert again.ports == {("db", 5432): 5432}
    assert said == []


def test_nobody_gets_the_port_of_a_container_that_runs() -> None:
    first, _ = allocated([service("db", 5432)])
    bound, _ = allocated([service("new", 5432), service("db", 5432)], before=first, held=[("db", 5432)])
    assert bound.ports == {("db", 5432): 5432, ("new", 5432): 5433}


def test_another_port_in_the_manifest_is_taken_up() -> None:
    first, _ = allocated([service("db", (5432, 5432))])
    again, said = allocated([service("db", (5432, 15432))], before=first)
    assert again.ports == {("db", 5432): 15432}
    assert said == []


def test_a_port_below_1024_moves_to_where_no_rights_are_needed() -> None:
    bound, _ = allocated([service("web", 80)], [80])
    assert bound.ports == {("web", 80): 8080}


def test_the_search_goes_round_at_the_end() -> None:
    bound, _ = allocated([service("web", 65535)], [65535])
    assert bound.ports == {("web", 65535): 1024}


def test_no_free_port_at_all_is_an_error() -> None:
    with pytest.raises(DevenvError, match=r"no free port on 127\.0\.0\.1"):
        allocated([service("web", 80)], range(65536))


def test_secrets_are_handed_on() -> None:
    bound, _ = allocated([service("db", 1)], before=Bindings({}, {("db", "password"): "x"}))
    assert bound.secrets == {("db", "password"): "x"}


@pytest.mark.parametrize("services", [[service("db", 5432)], [service("first", 5432), service("db", 5432)]])
def test_a_strict_project_does_not_move(services: list[Service]) -> None:
    taken = [] if len(services) > 1 else [5432]
    notes = Notes()
    with pytest.raises(DevenvError, match="port 5432 of `db` is in use by") as caught:
        allocate(services, Bindings(), notes, strict=True, free=all_free_but(*taken))
    assert caught.value.hint == "end it, or leave out --strict-ports to take the next free port"
    assert notes.events == []


def test_a_real_socket_is_seen_and_its_holder_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert f"(process {os.getpid()})" in holder(port)
    assert is_free(port)
    assert holder(port) == "another process"


def test_a_listener_on_every_address_is_seen_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_where_any_port_will_do_a_free_one_is_chosen_and_stays_without_a_word() -> None:
    asked = [service("a", (80, 0), (81, 0)), service("b", (80, 0))]
    notes = Notes()
    first = allocate(asked, Bindings(), notes, free=lambda port: port % 2 == 0)
    assert len(set(first.ports.values())) == 3
    assert all(1024 < port < 65536 and port % 2 == 0 for port in first.ports.values())
    assert allocate(asked, first, notes, free=lambda port: True).ports == first.ports
    moved = allocate(asked, first, notes, free=lambda port: port % 2 == 1)
    assert not set(moved.ports.values()) & set(first.ports.values())
    assert notes.events == []


def test_projects_that_want_any_port_at_once_rarely_want_the_same() -> None:
    chosen = [allocate([service("a", (80, 0))], Bindings(), Notes(), free=lambda port: True) for _ in range(40)]
    assert len({bindings.ports["a", 80] for bindings in chosen}) > 30
