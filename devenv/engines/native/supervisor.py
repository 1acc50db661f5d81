"""The supervisor of one project: keeps its programs and tells of them, over a socket; decides nothing by itself but
to end what nobody needs any more. Run as a process of its own; imports next to nothing, as it is waited for.

A request is one JSON object a connection: `{"do": "start", "program": …}`, `{"do": "stop", "names": …, "remove": …}`,
which is answered once all have ended, `{"do": "arm", "names": …}`, `{"do": "list"}`, or
`{"do": "leave"}`, after which it ends as soon as it keeps nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from devenv.engines.native import identity
from devenv.engines.native.child import Child
from devenv.engines.native.program import Program
from devenv.engines.native.record import Record

LISTENER = 3
"""The descriptor of the socket that it listens on, opened by whoever started it."""
IDLE = 0.5
"""Seconds after which it ends when it keeps nothing and nobody asks."""
LOOK = 2.0
"""Seconds between two looks whether the project is still there."""
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@dataclass
class _Request:
    connection: socket.socket
    read: bytes = b""
    waits_for: set[str] = field(default_factory=set)


class Supervisor:
    """One event loop over requests, outputs, ends and times."""

    def __init__(self, listener: socket.socket, path: Path, record: Record, roots: list[Path]) -> None:
        self._listener, self._path, self._record, self._roots = listener, path, record, roots
        self._children: dict[str, Child] = {}
        self._requests: list[_Request] = []
        self._selector = selectors.DefaultSelector()
        self._idle_since = time.monotonic()
        self._looked = time.monotonic()
        self._ending = False

    def run(self) -> None:
        """Serve until there is nothing left to keep."""
        self._save()  # from now on whoever finds us gone knows that something of ours may be left
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        waker, woken = socket.socketpair()
        for end in (waker, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(woken, selectors.EVENT_READ, lambda: self._drain(woken))
        while not self._is_done():
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._turn()
        identity.kill(self._orphans())  # what hid in the background, with neither session nor mark of a program
        self._leave()
        self._save(last=True)  # whoever reads this may have the socket's path for another one

    def _leave(self) -> None:
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
            self._path.parent.rmdir()

    def _turn(self) -> None:
        now = time.monotonic()
        if now - self._looked > LOOK:
            self._looked = now
            if not all(os.path.exists(root) for root in self._roots):  # noqa: PTH110 - that of Path raises
                self._end()
        changed = False
        for child in self._children.values():
            changed = child.reap() or changed
            if child.tick(now):
                self._again(child)
                changed = True
        self._bury()
        self._advance()
        self._reply()
        if changed:
            self._save()

    def _again(self, child: Child) -> None:
        self._deafen(child)
        try:
            child.start()
        except OSError as error:
            child.failed(error)
        else:
            self._listen(child)

    def _own(self) -> set[int]:
        return {child.pid for child in self._children.values() if child.runs}

    def _orphans(self) -> list[int]:
        """What programs left to us, also those that run on (we are its parent: `prctl` below)."""
        own = self._own()
        return [pid for pid in identity.children() if pid not in own]

    def _bury(self) -> None:
        """Take leave of orphans that have ended."""
        own = self._own()
        if not hasattr(os, "waitid"):
            return
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
                os.waitpid(ended.si_pid, os.WNOHANG)

    def _advance(self) -> None:
        """Ask those to end that have to, each when nothing that needs it is there any more."""
        stopping = [child for child in self._children.values() if child.stopping and child.alive]
        for child in stopping:
            if not any(child.program.name in other.program.needs for other in stopping):
                child.ask_to_end()

    def _reply(self) -> None:
        for request in list(self._requests):
            request.waits_for = {name for name in request.waits_for if self._is_stopping(name)}
            if not request.waits_for:
                self._requests.remove(request)
                self._answer(request.connection, {})
        for name, child in list(self._children.items()):
            if child.remove and not child.alive:
                self._deafen(child)
                child.close()
                del self._children[name]
                self._save()

    def _is_stopping(self, name: str) -> bool:
        return name in self._children and self._children[name].stopping and self._children[name].alive

    def _patience(self) -> float:
        moments = [due for child in self._children.values() if (due := child.due()) is not None]
        moments.append(self._looked + LOOK)
        if not self._busy():
            moments.append(self._idle_since + IDLE)
        return max(0.0, min(moments) - time.monotonic())

    def _busy(self) -> bool:
        busy = bool(self._requests) or any(child.alive for child in self._children.values())
        if busy:
            self._idle_since = time.monotonic()
        return busy

    def _is_done(self) -> bool:
        return not self._busy() and (self._ending or time.monotonic() - self._idle_since >= IDLE)

    def _end(self) -> None:
        self._ending = True
        for child in self._children.values():
            child.stopping, child.again_at = True, None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            request = _Request(connection)
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._read(request))
            self._idle_since = time.monotonic()

    def _read(self, request: _Request) -> None:
        try:
            data = request.connection.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        request.read += data
        if data and not request.read.endswith(b"\n"):
            return
        self._selector.unregister(request.connection)
        if not data:
            request.connection.close()
            return
        try:
            self._do(request, json.loads(request.read))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(request.connection, {"error": f"not understood: {error!r}"})

    def _do(self, request: _Request, asked: dict[str, Any]) -> None:
        verb = asked["do"]
        if verb == "start":
            self._answer(request.connection, self._start(Program.from_json(asked["program"])))
        elif verb == "list":
            self._answer(request.connection, {"programs": [asdict(child.seen()) for child in self._children.values()]})
        elif verb == "arm":
            for name in asked["names"]:
                if name in self._children:
                    self._children[name].armed = True
            self._answer(request.connection, {})
        elif verb == "leave":
            self._ending = self._ending or not any(child.alive for child in self._children.values())
            self._answer(request.connection, {})
        elif verb == "stop":
            request.waits_for = {name for name in asked["names"] if name in self._children}
            for name in request.waits_for:
                child = self._children[name]
                child.stopping, child.again_at, child.remove = True, None, asked["remove"]
            self._requests.append(request)
        else:
            raise KeyError(verb)

    def _start(self, program: Program) -> dict[str, Any]:
        before = self._children.get(program.name)
        if self._ending:
            return {"error": "its supervisor was told to end"}
        if before and before.alive:
            return {"error": f"`{program.name}` runs already"}
        if before:
            self._deafen(before)
            before.close()
        child = Child(program, self._orphans)
        try:
            child.start()
        except (OSError, ValueError) as error:
            child.close()
            reason = getattr(error, "strerror", None) or str(error)
            return {"error": f"{program.argv[0]}: {reason}"}
        self._children.pop(program.name, None)
        self._children[program.name] = child
        self._listen(child)
        self._save()
        return {"program": asdict(child.seen())}

    def _listen(self, child: Child) -> None:
        output = child.output
        if output is None:
            return

        def pump() -> None:
            if child.output == output and not child.pump():  # by now its number may be that of another one
                self._selector.unregister(output)

        self._selector.register(output, selectors.EVENT_READ, pump)

    def _deafen(self, child: Child) -> None:
        """Listen no more to what an earlier run may have left open."""
        if child.output is not None:
            self._selector.unregister(child.output)
            child.close_output()

    def _save(self, *, last: bool = False) -> None:
        self._record.save([child.seen() for child in self._children.values()], keeper=0 if last else os.getpid())

    @staticmethod
    def _answer(connection: socket.socket, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            connection.setblocking(True)
            connection.settimeout(5.0)
            connection.sendall(json.dumps(value).encode() + b"\n")
        connection.close()

    @staticmethod
    def _drain(woken: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            woken.recv(4096)


def main() -> None:
    """Keep a project's programs. Arguments: its socket, its folder of state, and folders that it is nothing without."""
    path, folder, *roots = (Path(argument) for argument in sys.argv[1:])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with socket.socket(fileno=LISTENER) as listener:
        os.set_inheritable(LISTENER, False)
        Supervisor(listener, path, Record(folder), [folder, *roots]).run()


if __name__ == "__main__":
    main()
