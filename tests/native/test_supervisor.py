"""The supervisor and real processes: how they end, what they leave behind, when they are started again."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from devenv.engines.native import identity
from devenv.engines.native.child import FIRST_PAUSE, Child
from devenv.engines.native.client import runtime_folder
from devenv.engines.native.processes import how
from devenv.engines.native.record import Record
from devenv.errors import EngineError
from tests.native.conftest import PYTHON, Keeper
from tests.native.machine import keeper_of, processes, until

WAIT = "while :; do sleep 100 & wait $!; done"
TELLS = "import signal, time; {}; print('here', flush=True); time.sleep(100)"
NOTES = """
import os, signal, time
def end(number, frame):
    with open({file!r}, "a") as file: file.write({name!r} + " ")
    os._exit(0)
signal.signal(signal.SIGTERM, end); print("here", flush=True); time.sleep(100)
"""


def alive(pid: int) -> bool:
    return identity.identity(pid) is not None


def test_programs_end_after_those_that_need_them(keeper: Keeper) -> None:
    file = str(keeper.folder / "order")
    for name, needs in (("data", ()), ("server", ("data",)), ("app", ("server", "data"))):
        keeper.start(name, *PYTHON, NOTES.format(file=file, name=name), needs=needs)
    for name in ("data", "server", "app"):
        keeper.says(name, "here")
    keeper.stop("data", "app", "server")
    assert Path(file).read_text().split() == ["app", "server", "data"]


def test_a_program_ends_by_its_own_signal_and_that_reaches_its_group(keeper: Keeper) -> None:
    keeper.start("one", "sh", "-c", f"trap 'echo int; exit 7' INT; {WAIT}", stop=int(signal.SIGINT))
    inner = f"trap 'echo term; exit' TERM; echo here; {WAIT}"
    keeper.start("other", "sh", "-c", f'trap : TERM; sh -c "{inner}" & wait; wait')
    keeper.says("other", "here")
    keeper.stop("one", "other")
    assert "int" in keeper.said("one")
    assert "term" in keeper.said("other")


def test_what_ignores_its_signal_is_ended_by_force_after_its_grace(keeper: Keeper) -> None:
    deaf = TELLS.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    pid = keeper.start("deaf", *PYTHON, deaf, grace=0.2).pid
    keeper.says("deaf", "here")
    begun = time.monotonic()
    keeper.stop("deaf")
    assert 0.2 <= time.monotonic() - begun < 2
    assert not alive(pid)


DAEMON = """
import os, signal, sys, time
if os.fork(): {then}
os.setsid()
if os.fork(): os._exit(0)
{more}
open({file!r}, "w").write(str(os.getpid()))
time.sleep(100)
"""


@pytest.mark.servers
@pytest.mark.parametrize(
    "more", ["", "os.close(1); os.close(2)", "os.chdir('/'); signal.signal(signal.SIGTERM, signal.SIG_IGN)"]
)
def test_a_program_that_goes_into_the_background_is_ended_and_that_is_told(keeper: Keeper, more: str) -> None:
    file = keeper.folder / "pid"
    script = DAEMON.format(then="time.sleep(0.05); sys.exit(0)", more=more, file=str(file))
    keeper.start("daemon", *PYTHON, script)
    until(lambda: not keeper.seen("daemon").alive)
    assert not alive(int(file.read_text()))
    assert how(keeper.seen("daemon")) == (
        "it ended with exit code 0, and left 1 processes behind: it has to stay in the foreground"
    )


def test_what_a_program_sent_to_the_background_ends_with_it(keeper: Keeper) -> None:
    file = keeper.folder / "pid"
    keeper.start("server", *PYTHON, DAEMON.format(then="time.sleep(100)", more="", file=str(file)))
    until(lambda: file.exists() and file.read_text())
    keeper.stop("server")
    assert not alive(int(file.read_text()))
    assert processes(keeper.project) == [keeper_of(keeper.project)]


def test_the_end_of_one_program_leaves_the_others_alone(keeper: Keeper) -> None:
    """Also one without an environment, as redis has none, in the same folder."""
    keeper.start("titled", "env", "-i", "/bin/sleep", "100")
    keeper.start("other", "sh", "-c", "exit 3")
    until(lambda: not keeper.seen("other").alive)
    assert keeper.seen("other").left == 0
    keeper.stop("other")
    assert keeper.seen("titled").state == "running"


@pytest.mark.servers
def test_nothing_hides_without_an_environment(keeper: Keeper) -> None:
    """It has left its session, its parent and its mark: the supervisor is its parent, and takes it along."""
    file = keeper.folder / "pid"
    hidden = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); os.chdir('/'); time.sleep(100)"
    script = f'setsid env -i {PYTHON[0]} -S -E -c "{hidden}" & sleep 100'
    keeper.start("server", "sh", "-c", script)
    until(lambda: file.exists() and file.read_text())
    keeper.stop("server")
    until(lambda: not alive(int(file.read_text())))


def test_the_last_words_of_a_program_are_there_when_it_has_ended(keeper: Keeper) -> None:
    """Whoever hears of its end reads its log next, and nobody has been asked to read its output until then."""
    child = Child(keeper.program("talker", "sh", "-c", "head -c 60000 /dev/zero | tr '\\0' x; echo last words; exit 3"))
    child.start()
    until(child.reap)
    child.close()
    assert child.code == 3
    assert keeper.said("talker").endswith("last words\n")
    assert len(keeper.said("talker")) > 60000


def test_a_program_that_is_not_there_is_told(keeper: Keeper) -> None:
    with pytest.raises(EngineError, match="`server` can't be started: /nowhere/server: No such file or directory"):
        keeper.start("server", "/nowhere/server")


@pytest.mark.servers
def test_what_fails_after_it_was_ready_is_started_again_with_growing_pauses(keeper: Keeper) -> None:
    keeper.start("server", "sh", "-c", "date +%s.%N; sleep 0.02; exit 1", keep=True)
    until(lambda: not keeper.seen("server").alive)  # it was not ready yet
    keeper.start("server", "sh", "-c", "date +%s.%N; sleep 0.02; exit 1", keep=True)
    keeper.supervision.arm(["server"])
    until(lambda: keeper.seen("server").restarts == 4)
    starts = [float(line) for line in keeper.said("server").split()][1:]
    pauses = [later - sooner for sooner, later in itertools.pairwise(starts)]
    assert len(pauses) == 3
    for number, pause in enumerate(pauses):
        assert FIRST_PAUSE * 2**number <= pause < FIRST_PAUSE * 2**number + 0.2


def test_pauses_begin_anew_when_it_has_run_well_for_a_while(keeper: Keeper) -> None:
    child = Child(keeper.program("server", "sh", "-c", "sleep 0.05; exit 1", keep=True), armed=True, calm=0.03)
    try:
        for _ in range(3):
            child.start()
            until(child.reap)
            assert child.pause == FIRST_PAUSE
    finally:
        child.close()


@pytest.mark.parametrize(("code", "keep"), [(0, True), (1, False)])
def test_what_ends_well_or_need_not_be_kept_is_not_started_again(keeper: Keeper, code: int, keep: bool) -> None:
    keeper.start("server", "sh", "-c", f"sleep 0.05; exit {code}", keep=keep)
    keeper.supervision.arm(["server"])
    until(lambda: not keeper.seen("server").alive)
    assert (keeper.seen("server").restarts, keeper.seen("server").code) == (0, code)


def test_what_waits_to_be_started_again_ends_at_once_when_it_is_told_to(keeper: Keeper) -> None:
    keeper.start("server", "sh", "-c", "exit 1", keep=True)
    keeper.supervision.arm(["server"])
    keeper.start("other", "sleep", "100")
    keeper.stop("server")
    assert "server" not in keeper.supervision.seen()


@pytest.mark.servers
def test_a_supervisor_with_nothing_to_keep_ends_and_leaves_nothing(keeper: Keeper) -> None:
    keeper.start("server", "sleep", "100")
    pid, socket = keeper_of(keeper.project), keeper.supervision.socket
    keeper.stop("server")
    until(lambda: not alive(pid))
    assert not socket.parent.exists()
    assert Record(keeper.project.state.folder).load().pid == 0


@pytest.mark.servers
def test_a_new_supervisor_is_not_disturbed_by_the_end_of_the_one_before(keeper: Keeper) -> None:
    """At every moment of its end: none of them takes the socket from under the next one."""
    for step in range(8):
        keeper.start("server", "sleep", "100")
        os.kill(keeper_of(keeper.project), signal.SIGTERM)
        time.sleep(step * 0.002)  # not waiting for something, but choosing another moment each time
        until(lambda: _starts(keeper, "other"))
        pid = keeper.seen("other").pid
        keeper.stop("server", "other")
        assert not alive(pid)
        assert len(processes(keeper.project)) <= 1


def _starts(keeper: Keeper, name: str) -> bool:
    try:
        return keeper.start(name, "sleep", "100").alive
    except EngineError as error:
        if "told to end" not in error.message:
            raise
        return False


@pytest.mark.servers
def test_everything_ends_soon_after_the_project_folder_is_gone(keeper: Keeper) -> None:
    pid = keeper.start("server", "sleep", "100").pid
    shutil.rmtree(keeper.project.root)
    until(lambda: not alive(pid), 4)
    until(lambda: not processes(keeper.project), 4)
    keeper.project.root.mkdir()
    (keeper.project.root / "devenv.toml").touch()


def test_a_supervisor_does_not_leave_what_it_keeps(keeper: Keeper) -> None:
    pid = keeper.start("server", "sleep", "100").pid
    keeper.supervision.leave()
    assert keeper.start("other", "sleep", "100").alive
    assert keeper.seen("server").pid == pid


@pytest.mark.servers
@pytest.mark.parametrize("then", ["stop", "start"])
def test_a_supervisor_whose_socket_somebody_removed_is_ended_with_all_it_keeps(keeper: Keeper, then: str) -> None:
    pid, before = keeper.start("server", "sleep", "100").pid, keeper.seen("server").pid
    lost = keeper_of(keeper.project)
    keeper.supervision.socket.unlink()
    if then == "stop":
        keeper.stop("server")
        assert "server" not in keeper.supervision.seen()
    else:
        assert keeper.start("server", "sleep", "100").pid != before
    assert not alive(pid)
    until(lambda: not alive(lost))


def test_no_file_of_the_project_is_taken_for_a_module(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("selectors.py", "json.py", "signal.py"):
        (keeper.folder / name).write_text("raise SystemExit('taken')")
    monkeypatch.chdir(keeper.folder)
    assert keeper.start("server", "sleep", "100").alive


def test_the_note_and_the_socket_are_for_their_owner_only(keeper: Keeper) -> None:
    keeper.start("server", "sleep", "100")
    note = keeper.project.state.folder / "processes.json"
    assert note.stat().st_mode & 0o077 == 0
    assert keeper.supervision.socket.stat().st_mode & 0o077 == 0
    assert runtime_folder(keeper.project).stat().st_mode & 0o077 == 0
    assert json.loads(note.read_text())["programs"][0]["name"] == "server"
