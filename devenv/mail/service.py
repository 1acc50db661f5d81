"""Runs the mail catcher's servers side by side until a signal ends them."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from . import smtp
from .api import VERSION, Api
from .desk import Desk, listening_socket
from .events import Hub
from .exchange import Request, Response
from .intake import Intake
from .settings import Address, Settings
from .store import Store
from .web import Server

PRUNE_SECONDS = 60
T = TypeVar("T")


def serve(settings: Settings) -> int:
    """Serve until a signal comes, and return the exit code; what can't begin is said in one line."""
    try:
        store = Store(settings.database, wal="disable-wal" not in settings.on)
    except (sqlite3.Error, OSError) as error:
        print(f"[db] cannot write {settings.database}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    try:
        return asyncio.run(Service(store, settings).run())
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        store.close()


class Service:
    """Both servers, and the one thread that everything about mail is done in."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._worker = ThreadPoolExecutor(1, "mail")
        self._intake = Intake(store, settings)
        self._api = Api(store, settings, self._intake)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        hub = Hub(loop, lambda: asyncio.ensure_future(self._in_worker(self._counts)))
        self._store.tell = hub.tell
        desk = Desk(self._settings, self._take, hub.tell)
        web = Server(self._answer, self._api.limit, hub)
        ended = _signal(loop)
        mail_socket = _listen("smtpd", self._settings.smtp)
        web_socket = _listen("http", self._settings.http)
        servers = [await smtp.serve(desk, mail_socket), await web.serve(web_socket)]
        self._say_where()
        pruning = asyncio.create_task(self._prune())
        name = await ended
        self._say(f"[db] got {name} signal, shutting down")
        pruning.cancel()
        for server in servers:
            server.close()
        desk.close()
        await web.close()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        return 0

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _take(self, raw: bytes, sender: str, recipients: list[str], user: str) -> str:
        return await self._in_worker(lambda: self._intake.accept(raw, sender, recipients, user))

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._in_worker(lambda: self._api.answer(request))
        except Exception as error:  # a mail or a request that nobody thought of must not take the server down
            print(f"[http] {request.method} {request.path}: {error!r}", file=sys.stderr)  # noqa: T201
            return Response(500, b"Internal Server Error\n", (("Content-Type", "text/plain; charset=utf-8"),))

    def _counts(self) -> dict[str, object]:
        total, unread = self._store.count()
        return {"Total": total, "Unread": unread, "Version": VERSION}

    async def _prune(self) -> None:
        settings = self._settings
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            with suppress(sqlite3.Error):
                await self._in_worker(lambda: self._store.prune(settings.max_messages, settings.max_age_hours))

    def _say_where(self) -> None:
        http = self._settings.http
        host = f"localhost:{http.port}" if http.everywhere else str(http)
        self._say(f"[smtpd] starting on {self._settings.smtp} (no encryption)")
        self._say(f"[http] starting on {http}")
        self._say(f"[http] accessible via http://{host}{self._settings.webroot}")

    def _say(self, text: str) -> None:
        if "quiet" not in self._settings.on:
            line = f'time="{datetime.now():%Y/%m/%d %H:%M:%S}" level=info msg="{text}"'
            print(line, flush=True)  # noqa: T201


def _listen(name: str, address: Address) -> socket.socket:
    try:
        return listening_socket(address)
    except (OSError, UnicodeError) as error:
        raise OSError(f"[{name}] cannot listen on {address}: {getattr(error, 'strerror', None) or error}") from error


def _signal(loop: asyncio.AbstractEventLoop) -> asyncio.Future[str]:
    """Comes true with the name of the first signal that ends the service."""
    came: asyncio.Future[str] = loop.create_future()

    def end(name: str) -> None:
        if not came.done():
            came.set_result(name)

    loop.add_signal_handler(signal.SIGTERM, end, "terminated")
    loop.add_signal_handler(signal.SIGINT, end, "interrupt")
    return came
