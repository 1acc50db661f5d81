"""Tells open websockets what happened in the mailbox, over wsproto; hears nothing of what they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from .exchange import Request

if TYPE_CHECKING:
    from wsproto import WSConnection

WAITING = 256
"""A client that is this many events behind is let go."""

PING_SECONDS = 54
STATS_SECONDS = 0.25
READ_SIZE = 4096


class Client:
    """One websocket and what is to be sent to it."""

    def __init__(self, socket: WSConnection, writer: asyncio.StreamWriter) -> None:
        self.socket = socket
        self.writer = writer
        self.waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)


class Hub:
    """All open websockets; to be used in the loop's thread only, but for `tell`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, counts: Callable[[], asyncio.Future[dict[str, object]]]
    ) -> None:
        self._loop = loop
        self._counts = counts
        self._clients: set[Client] = set()
        self._pending: asyncio.Task[None] | None = None

    def tell(self, kind: str, data: object) -> None:
        """Send an event to all; of `stats` only that they are other ones. For any thread."""
        if self._clients and kind == "stats":
            self._loop.call_soon_threadsafe(self.tell_counts)
        elif self._clients:
            self._loop.call_soon_threadsafe(self._broadcast, kind, data)

    def _broadcast(self, kind: str, data: object) -> None:
        words = json.dumps({"Type": kind, "Data": data}, ensure_ascii=False)
        for client in list(self._clients):
            try:
                client.waiting.put_nowait(words)
            except asyncio.QueueFull:
                client.writer.close()

    def tell_counts(self) -> None:
        """Once for all that happens within a quarter of a second."""
        if self._clients and (self._pending is None or self._pending.done()):
            self._pending = self._loop.create_task(self._tell_counts())

    async def _tell_counts(self) -> None:
        await asyncio.sleep(STATS_SECONDS)
        self._broadcast("stats", await self._counts())

    async def serve(
        self, request: Request, ahead: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Shake hands and send events until either side ends."""
        from wsproto import ConnectionType, WSConnection  # not before there is a websocket
        from wsproto.events import AcceptConnection, Ping
        from wsproto.extensions import PerMessageDeflate

        socket = WSConnection(ConnectionType.SERVER)
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        socket.initiate_upgrade_connection(headers, request.path)
        next(socket.events())
        writer.write(socket.send(AcceptConnection(extensions=[PerMessageDeflate()])))
        client = Client(socket, writer)
        self._clients.add(client)
        self.tell_counts()
        sending = asyncio.create_task(self._send(client, Ping()))
        try:
            await self._hear(client, ahead, reader)
        finally:
            self._clients.discard(client)
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending

    async def _send(self, client: Client, ping: object) -> None:
        from wsproto.events import Ping, TextMessage

        while True:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    words = await client.waiting.get()
            except TimeoutError:
                client.writer.write(client.socket.send(Ping()))
            else:
                client.writer.write(client.socket.send(TextMessage(data=words)))
            await client.writer.drain()

    async def _hear(self, client: Client, ahead: bytes, reader: asyncio.StreamReader) -> None:
        """Answer pings and the end; anything else is passed over."""
        from wsproto.events import CloseConnection, Ping
        from wsproto.utilities import RemoteProtocolError

        data: bytes = ahead or await reader.read(READ_SIZE)
        while data:
            try:
                client.socket.receive_data(data)
                for event in client.socket.events():
                    if isinstance(event, Ping | CloseConnection):
                        client.writer.write(client.socket.send(event.response()))
                    if isinstance(event, CloseConnection):
                        return
            except RemoteProtocolError:
                return
            data = await reader.read(READ_SIZE)

    async def close(self) -> None:
        """Say goodbye to all."""
        if self._pending:
            self._pending.cancel()
        if self._clients:
            from wsproto.events import CloseConnection

            for client in list(self._clients):
                with suppress(Exception):
                    client.writer.write(client.socket.send(CloseConnection(code=1001, reason="shutting down")))
                client.writer.close()
