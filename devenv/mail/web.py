"""Carries HTTP and websockets between a socket and the API, over h11 and wsproto; decides nothing about mail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import urlsplit

import h11

from .events import Hub
from .exchange import Request, Response

READ_SIZE = 64 * 1024
IDLE_SECONDS = 30
LARGEST_HEAD = 64 * 1024
Answer = Callable[[Request], Awaitable[Response]]
Limit = Callable[[Request], int]


class Server:
    """Serves every connection to one listening socket."""

    def __init__(self, answer: Answer, limit: Limit, hub: Hub) -> None:
        self._answer = answer
        self._limit = limit
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Begin to accept connections in the running loop."""
        return await asyncio.start_server(self._connected, sock=listening)

    async def close(self) -> None:
        """End all connections at once."""
        await self._hub.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            with suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
                await Connection(reader, writer, self._answer, self._limit, self._hub).serve()
        finally:
            writer.close()


class Connection:
    """One client, one request after the other."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, limit: Limit, hub: Hub
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._limit = limit
        self._hub = hub
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)

    async def serve(self) -> None:
        while True:
            try:
                request = await self._request()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                return
            if request is None:
                return
            response = await self._answer(request)
            if response.is_upgrade:
                await self._hub.serve(request, self._http.trailing_data[0], self._reader, self._writer)
                return
            await self._write(response, request.method)
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _request(self) -> Request | None:
        """The next request with its body; None when the client is gone."""
        event = await self._event()
        if not isinstance(event, h11.Request):
            return None
        path, _, query = _target(event.target.decode("ascii", "replace"))
        headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in event.headers}
        request = Request(event.method.decode(), path, query, headers)
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
        limit = self._limit(request)
        body, cut = bytearray(), False
        while True:
            event = await self._event()
            if isinstance(event, h11.Data):
                cut = cut or bool(limit and len(body) + len(event.data) > limit)
                if not cut:  # what is too long is read all the same, so that the client hears why it is refused
                    body += event.data
            elif isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
                return request.with_body(bytes(body), cut=cut)
            elif not isinstance(event, h11.Request):
                return None

    async def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            async with asyncio.timeout(IDLE_SECONDS):
                data = await self._reader.read(READ_SIZE)
            self._http.receive_data(data)

    async def _write(self, response: Response, method: str) -> None:
        headers = [*response.headers, ("Date", formatdate(usegmt=True)), ("Content-Length", str(len(response.body)))]
        if self._http.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        encoded = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers]
        reason = HTTPStatus(response.status).phrase.encode()
        await self._send(h11.Response(status_code=response.status, headers=encoded, reason=reason))
        if method != "HEAD":
            for piece in _pieces(response.body):
                await self._send(h11.Data(data=piece))
        await self._send(h11.EndOfMessage())

    async def _refuse(self, status: int) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = f"{status} {HTTPStatus(status).phrase}"
            kind = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"))
            await self._write(Response(status, text.encode(), kind), "GET")

    async def _send(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._writer.write(data)
            await self._writer.drain()


def _target(text: str) -> tuple[str, str, str]:
    """Path, question mark and query; a proxy's client sends a whole address."""
    if text.startswith(("http://", "https://")):
        parts = urlsplit(text)
        return parts.path or "/", "?", parts.query
    return text.partition("?")


def _pieces(body: bytes) -> Iterator[bytes]:
    for begin in range(0, len(body), READ_SIZE):
        yield body[begin : begin + READ_SIZE]
