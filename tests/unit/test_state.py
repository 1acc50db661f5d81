"""A project's private state: kept whole, kept private, one command at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.errors import DevenvError, ProjectBusyError
from devenv.stack import Bindings
from devenv.state import State, complete_secrets, state_home
from tests.command_line import ROOT
from tests.unit.stacks import stack_of

HOLDER = """
import sys
from pathlib import Path
from devenv.state import State
with State(Path(sys.argv[1])).lock("devenv up", timeout=5, waiting=print):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNTER = """
import sys
from pathlib import Path
from devenv.state import State
folder = Path(sys.argv[1])
for _ in range(20):
    with State(folder).lock("count", timeout=60, waiting=lambda holder: None):
        counter = folder / "counter"
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def python(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "devenv" / "shop-0123abcd")


@pytest.fixture
def holder(state: State) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its stdin is closed."""
    with python(HOLDER, state.folder) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def fail(holder: str) -> None:
    raise AssertionError(f"nobody holds the lock, but {holder} was waited for")


def test_what_was_saved_is_loaded(state: State) -> None:
    state.save("record", {"a": [1, None, "ü\udcff"]})
    assert state.load("record") == {"a": [1, None, "ü\udcff"]}
    assert state.load("another") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": '])
def test_a_record_that_was_cut_off_counts_as_none(state: State, content: bytes) -> None:
    state.write_bytes("record.json", content)
    assert state.load("record") is None


def test_bindings_come_back_as_they_were(state: State) -> None:
    ports = {("a-b", 5432): 5433, ("a", 80): 8080}
    bindings = Bindings(ports, {("a-b", "TOKEN"): 'x "$" \n ü', ("a", "x y"): ""}, {("a", 80): 80})
    state.bind(bindings)
    assert state.bindings() == bindings


def test_there_are_no_bindings_before_the_first(state: State) -> None:
    assert state.bindings() == Bindings()


def test_everything_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        state = State(tmp_path / "state" / "devenv" / "shop-0123abcd")
        state.bind(Bindings({}, {("a", "b"): "secret"}))
        with state.lock("x", timeout=1, waiting=fail):
            pass
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state.folder, *state.folder.iterdir()]}
    assert modes == {"shop-0123abcd": 0o700, "bindings.json": 0o600, "lock": 0o600}
    assert stat.S_IMODE(state.folder.parent.stat().st_mode) == 0o700


def test_a_record_is_replaced_as_a_whole(state: State) -> None:
    """A reader that opened the old one reads it to its end; nothing half-written is ever there under the name."""
    state.save("record", "old" * 10000)
    with (state.folder / "record.json").open() as reader:
        state.save("record", "new")
        assert reader.read() == f'"{"old" * 10000}"'
    assert state.load("record") == "new"
    assert [path.name for path in state.folder.iterdir()] == ["record.json"]


def test_a_disk_that_refuses_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = State(tmp_path / "file" / "shop")
    with pytest.raises(DevenvError, match="can't write state: ") as caught:
        state.save("record", 1)
    assert str(tmp_path / "file" / "shop") in (caught.value.where or "")
    with pytest.raises(DevenvError, match="can't write state"), state.lock("x", timeout=1, waiting=fail):
        pass


def test_a_free_lock_is_taken_at_once_and_given_back(state: State) -> None:
    for _ in range(2):
        with state.lock("devenv up", timeout=0, waiting=fail):
            pass


def test_whoever_waits_is_told_for_whom_and_gives_up_in_time(state: State, holder: subprocess.Popen[str]) -> None:
    told: list[str] = []
    with (
        pytest.raises(ProjectBusyError, match=r"`devenv up \(process \d+\)` still works on this project after 0 s"),
        state.lock("devenv down", timeout=0.15, waiting=told.append),
    ):
        pass
    assert told == [f"devenv up (process {holder.pid})"]


def test_the_lock_is_free_when_the_other_ends(state: State, holder: subprocess.Popen[str]) -> None:
    def waiting(name: str) -> None:
        assert holder.stdin
        holder.stdin.close()

    with state.lock("devenv down", timeout=30, waiting=waiting):
        assert holder.wait(30) == 0


def test_the_lock_is_free_when_the_other_is_killed(state: State, holder: subprocess.Popen[str]) -> None:
    with state.lock("devenv down", timeout=30, waiting=lambda name: holder.kill()):
        assert holder.wait(30) == -9


def test_the_lock_lets_one_in_at_a_time(state: State) -> None:
    state.write("counter", "0")
    processes = [python(COUNTER, state.folder) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    for process in processes:
        process.communicate()
    assert (state.folder / "counter").read_text() == "80"


def test_two_projects_do_not_wait_for_each_other(state: State, holder: subprocess.Popen[str]) -> None:
    with State(state.folder.with_name("other")).lock("x", timeout=0, waiting=fail):
        pass


def test_a_secret_is_random_long_and_stays() -> None:
    stack = stack_of("[sidecars]\nredis = {}\npostgres = {}")
    first, second = complete_secrets(stack, Bindings()), complete_secrets(stack, Bindings())
    values = [*first.secrets.values(), *second.secrets.values()]
    assert len(set(values)) == 4
    assert all(len(bytes.fromhex(value)) * 8 >= 128 for value in values)
    assert complete_secrets(stack, first) == first


def test_a_secret_of_the_users_own_wins_over_the_random_one_and_is_gone_with_the_line() -> None:
    own = stack_of('[sidecars]\nredis = { password = "mine" }')
    bound = complete_secrets(own, Bindings({}, {("redis", "password"): "random", ("gone", "x"): "kept"}))
    assert bound.secrets == {("redis", "password"): "mine", ("gone", "x"): "kept"}


def test_secrets_are_not_in_what_python_prints() -> None:
    assert "hidden" not in repr(Bindings({}, {("a", "b"): "hidden"}))


@pytest.mark.parametrize(
    ("variables", "home"),
    [
        ({"DEVENV_STATE_HOME": "/a"}, "/a"),
        ({"XDG_STATE_HOME": "/b"}, "/b/devenv"),
        ({"XDG_STATE_HOME": "", "HOME": "/home/me"}, "/home/me/.local/state/devenv"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/devenv"),
    ],
)
def test_where_state_is_kept(variables: dict[str, str], home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEVENV_STATE_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert state_home() == Path(home)


SHARER = """
import sys
from pathlib import Path
from devenv.state import State
with State(Path(sys.argv[1])).share("holders"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_shared_lock_is_inherited_when_the_last_who_holds_it_has_ended(state: State) -> None:
    with python(SHARER, state.folder) as one, python(SHARER, state.folder) as other:
        for process in (one, other):
            assert process.stdout
            assert process.stdout.readline() == "held\n"
        for process in (one, other):
            with state.inherit("holders", wait=False) as ours:
                assert not ours
            process.kill()
            process.wait(10)
        with state.inherit("holders", wait=True) as ours:
            assert ours


def test_a_lock_that_is_not_there_is_not_inherited_and_not_made(state: State) -> None:
    with state.inherit("holders", wait=True) as ours:
        assert not ours
    assert not state.folder.exists()
