"""Runs the mail catcher's servers side by side until a signal ends them."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import threading
from datetime import datetime

from . import smtp
from .api import Api
from .settings import Settings
from .store import Store
from .web import Server

PRUNE_SECONDS = 60


def serve(settings: Settings) -> int:
    try:
        store = Store(settings.database)
    except sqlite3.Error as error:
        print(f"[db] {settings.database}: {error}", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_run(store, settings))
    except OSError as error:
        print(f"cannot listen: {error}", file=sys.stderr)
        return 1
    finally:
        store.close()


async def _run(store: Store, settings: Settings) -> int:
    handler = smtp.Handler(store, settings)
    web = Server(Api(store, settings, handler), settings)
    mail = await smtp.serve(handler)
    _say(settings, f"[smtpd] starting on {settings.smtp} (no encryption)")
    _say(settings, f"[http] starting on {settings.http}")
    host = "localhost" if settings.http.host in ("", "::", "0.0.0.0") else settings.http.host
    _say(settings, f"[http] accessible via http://{host}:{settings.http.port}{settings.webroot}")
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    pruning = asyncio.create_task(_prune(store, settings.max_messages))
    name = await _signal()
    _say(settings, f"[db] got {name} signal, shutting down")
    pruning.cancel()
    mail.close()
    await asyncio.to_thread(web.shutdown)
    web.server_close()
    return 0


async def _signal() -> str:
    """Wait for one of the signals that end the service."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[str] = loop.create_future()

    def end(name: str) -> None:
        if not came.done():
            came.set_result(name)

    loop.add_signal_handler(signal.SIGTERM, end, "terminated")
    loop.add_signal_handler(signal.SIGINT, end, "interrupt")
    return await came


async def _prune(store: Store, keep: int) -> None:
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        await asyncio.to_thread(store.prune, keep)


def _say(settings: Settings, text: str) -> None:
    if not settings.quiet:
        print(f'time="{datetime.now():%Y/%m/%d %H:%M:%S}" level=info msg="{text}"', flush=True)
