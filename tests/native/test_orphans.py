"""What a killed supervisor leaves: the next command ends it, and nothing that only looks like it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from devenv.engines.native import identity
from devenv.engines.native.program import Seen
from devenv.engines.native.record import Record
from tests.native.conftest import PYTHON, Keeper
from tests.native.machine import keeper_of, processes, until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(100)"


def alive(pid: int) -> bool:
    return identity.identity(pid) is not None


def kill_keeper(keeper: Keeper) -> None:
    """As the kernel does when memory is short."""
    pid = keeper_of(keeper.project)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))


def test_programs_end_with_a_supervisor_that_is_killed(keeper: Keeper) -> None:
    pid = keeper.start("server", "sleep", "100").pid
    kill_keeper(keeper)
    until(lambda: not alive(pid))


@pytest.mark.servers
def test_what_outlives_a_killed_supervisor_is_ended_by_the_next_command(keeper: Keeper) -> None:
    """A deaf program, one whose parent is gone, and one that has left its session."""
    script = f'{PYTHON[0]} -S -E -c "{DEAF}" & setsid {PYTHON[0]} -S -E -c "{DEAF}" & wait'
    keeper.start("server", "sh", "-c", script)
    keeper.start("deaf", *PYTHON, DEAF)
    until(lambda: keeper.said("server").count("here") == 2)
    keeper.says("deaf", "here")
    before = processes(keeper.project)
    kill_keeper(keeper)
    left = processes(keeper.project)
    assert 3 <= len(left) < len(before)
    assert keeper.supervision.clear() == left
    assert processes(keeper.project) == []
    assert {seen.state for seen in keeper.supervision.seen().values()} == {"ended"}
    assert keeper.supervision.clear() == []


@pytest.mark.servers
def test_everything_at_once_can_be_killed(keeper: Keeper) -> None:
    keeper.start("server", "sh", "-c", f'{PYTHON[0]} -S -E -c "{DEAF}" & wait')
    keeper.says("server", "here")
    pids = [keeper_of(keeper.project), keeper.seen("server").pid]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)))
    assert len(processes(keeper.project)) == 1
    assert keeper.start("server", "sleep", "100").alive
    assert len(processes(keeper.project)) == 2


def stranger(*, env: dict[str, str] | None = None, folder: Path | None = None) -> subprocess.Popen[str]:
    """A process that is none of the project's: it leads a session as ours do, and ends by no gentle signal."""
    process = subprocess.Popen(
        [*PYTHON, DEAF], env=env or {}, cwd=folder, start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    return process


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(keeper: Keeper) -> None:
    """The note names it, and the supervisor too: both numbers were given away anew."""
    with stranger() as innocent, stranger() as other:
        try:
            note = {"pid": other.pid, "identity": "an earlier boot 4711", "programs": []}
            path = keeper.project.state.folder / "processes.json"
            path.write_text(json.dumps(note))
            program = Seen("server", "running", pid=innocent.pid, identity="an earlier boot 4712")
            loaded = Record(keeper.project.state.folder).load()
            path.write_text(json.dumps({**note, "programs": [_fields(program)]}))
            assert loaded.abandoned
            assert keeper.supervision.clear() == []
            assert keeper.supervision.seen()["server"].state == "ended"
            keeper.supervision.stop(["server"], remove=True, timeout=10)
            assert keeper.start("server", "sleep", "100").pid not in (innocent.pid, other.pid)
            assert innocent.poll() is None
            assert other.poll() is None
        finally:
            innocent.kill()
            other.kill()


def _fields(seen: Seen) -> dict[str, object]:
    return {name: getattr(seen, name) for name in Seen.__slots__}


@pytest.mark.servers
def test_what_wrote_its_title_over_its_environment_is_known_by_where_it_works(keeper: Keeper) -> None:
    """As redis and postgres' children do; also where the note was lost. Who works elsewhere is not ours."""
    work = Path(keeper.supervision.folders[0]) / "data"
    work.mkdir(parents=True)
    note = {"pid": 1, "identity": "an earlier boot 4711", "programs": []}
    (keeper.project.state.folder / "processes.json").write_text(json.dumps(note))
    with (
        stranger(folder=work) as titled,
        stranger(folder=keeper.folder) as elsewhere,
        stranger(folder=work, env={"SHELL": "sh"}) as person,
    ):
        try:
            assert keeper.supervision.clear() == [titled.pid]
            assert titled.wait(5) == -signal.SIGKILL
            assert elsewhere.poll() is None
            assert person.poll() is None
        finally:
            for process in (titled, elsewhere, person):
                process.kill()
