"""The only home of subprocess: other programs run from here, by argument list and never through a shell."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from devenv.errors import CommandNotFoundError, DevenvError, NotRunnableError

Spawned = subprocess.Popen[bytes]
"""A process that was started and is ours to wait for."""


def hand_over(command: Sequence[str], env: Mapping[str, str] | None = None, folder: Path | None = None) -> int:
    """Run a program on our terminal until it ends and give its exit code; Ctrl-C goes to it, not to us.

    Raises `DevenvError` where it is not installed.
    """
    program = _program(command[0])
    try:
        process = subprocess.Popen([program, *command[1:]], env={**os.environ, **(env or {})}, cwd=folder)
    except OSError as error:
        raise DevenvError(f"`{command[0]}` can't be started: {error.strerror}") from error
    while True:
        try:
            return shell_code(process.wait())
        except KeyboardInterrupt:  # the terminal has sent it to the program too: how it ends is its answer
            continue


def attend(command: Sequence[str], env: Mapping[str, str], folder: Path | None = None) -> int:
    """Run a program in this environment on our terminal until it ends; gives its exit code as a shell would.

    What ends us is passed on to it: SIGTERM and SIGHUP, and SIGINT where no terminal has sent it to both.
    """
    try:
        process = subprocess.Popen(list(command), env=dict(env), cwd=folder)
    except OSError as error:
        message = f"`{command[0]}` can't be run: {error.strerror}"
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise CommandNotFoundError(message, hint="install it, or look at the PATH") from error
        raise NotRunnableError(message, hint="look at its rights, and at what it is") from error

    def pass_on(number: int, frame: object) -> None:
        if number != signal.SIGINT or not _at_the_terminal():
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return shell_code(code)


def shell_code(code: int) -> int:
    """A process's exit code as shells tell it: 128 and more for a signal."""
    return 128 - code if code < 0 else code


def _at_the_terminal() -> bool:
    """Whether a terminal's Ctrl-C goes to us, and so to what we run."""
    try:
        handle = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(handle) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(handle)


def detach(
    command: Sequence[str], log: Path, *, handing: int | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Start a program that outlives us and our terminal; what it says goes into a file. Gives its process.

    `handing` is a descriptor that it gets as its number 3, `env` its environment where it is not ours.

    subprocess would wait for it, or complain that nobody does.
    """
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    if handing is not None:
        actions.append((os.POSIX_SPAWN_DUP2, handing, 3))
    program = _program(command[0])
    return os.posix_spawn(program, list(command), os.environ if env is None else env, file_actions=actions, setsid=True)


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    output: int,
    user: int | None = None,
    group: int | None = None,
    inside: Callable[[], None] | None = None,
) -> Spawned:
    """Start a program in a session of its own, with this environment only and nothing to read; raises OSError.

    What it writes goes to the descriptor `output`. `inside` runs in the new process before the program begins.
    """
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=dict(env),
        cwd=folder,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=[] if group is not None else None,
        preexec_fn=inside,
    )


def has_ended(process: int) -> bool:
    """Whether a program that was detached has ended."""
    try:
        return os.waitpid(process, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def save_output(
    command: Sequence[str], target: IO[bytes], *, timeout: float, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a program with its output going into a file; gives its exit code and what it wrote to stderr."""
    program = _program(command[0])
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.PIPE,
            timeout=timeout,
            env={**os.environ, **(env or {})},
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end after {timeout:.0f} s"
    return done.returncode, done.stderr.decode(errors="replace")


def output(command: Sequence[str], *, timeout: float) -> tuple[int, str]:
    """Run a program with nothing to read; gives its exit code and what it wrote to stdout, -1 where it did not end.

    Raises `DevenvError` where it is not installed.
    """
    program = _program(command[0])
    try:
        done = subprocess.run([program, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return -1, ""
    except OSError as error:
        raise DevenvError(f"`{command[0]}` can't be started: {error.strerror}") from error
    return done.returncode, done.stdout.decode(errors="replace")


def told(command: Sequence[str], heard: Callable[[str], None], patience: Callable[[], float | None]) -> int | None:
    """Run a program and hand over each line of its output as it comes; gives its exit code.

    None where nothing came for as many seconds as `patience` says at that moment: the program is ended then.
    Raises `DevenvError` where it is not installed.
    """
    program = _program(command[0])
    process = subprocess.Popen(
        [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    rest = b""
    try:
        while select.select([process.stdout], [], [], patience())[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            *lines, rest = (rest + chunk if chunk else rest + b"\n").split(b"\n")
            for line in lines:
                heard(line.decode(errors="replace").rstrip("\r"))
            if not chunk:
                return process.wait()
        return None
    finally:
        process.stdout.close()
        _end(process)


def _end(process: Spawned) -> None:
    """End what still runs; a program that does not end when told is killed."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def capture(
    command: Sequence[str], *, timeout: float, env: Mapping[str, str], folder: Path | None = None
) -> tuple[int, str]:
    """Run a program in this environment only; gives its exit code, -1 for no end in time, and all that it wrote.

    Raises `DevenvError` where it can't be started.
    """
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            env=dict(env),
            cwd=folder,
        )
    except subprocess.TimeoutExpired as late:
        return -1, (late.stdout or b"").decode(errors="replace")
    except OSError as error:
        raise DevenvError(f"`{command[0]}` can't be started: {error.strerror}") from error
    return done.returncode, done.stdout.decode(errors="replace")


def is_ignored_by_git(folder: str, name: str) -> bool | None:
    """Whether git ignores a file of the folder; None where there is no git or no repository."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", "-C", folder, "check-ignore", "-q", name], capture_output=True, timeout=20)
    return {0: True, 1: False}.get(done.returncode)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DevenvError(f"`{name}` is not installed", hint=f"install `{name}` and make sure that it is on the PATH")
    return found
