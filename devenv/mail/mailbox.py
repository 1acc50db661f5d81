"""Answers about the mails: lists, searches, one mail and its parts, read, tagged, deleted; knows no sockets."""

from __future__ import annotations

import re
from urllib.parse import quote

from .exchange import SNIFFED, RefusedError, Request, Response, as_json, text
from .message import Mail, timestamp
from .routes import NOT_FOUND
from .search import Query, compile_query, milliseconds
from .store import EVERY, Store, Summary
from .tags import TagError

DEFAULT_LIMIT = 50
OK = text("ok")


def gone() -> RefusedError:
    return RefusedError(404, NOT_FOUND)


def none_found() -> RefusedError:
    """The answer to `latest` in an empty mailbox."""
    return RefusedError(404, "Message not found", SNIFFED)


def number(written: str | None, default: int, least: int) -> int:
    found = int(written) if written and re.fullmatch(r"[+-]?\d{1,18}", written) else default
    return found if found >= least else default


def latest(store: Store, request: Request) -> Summary | None:
    """The newest mail, or the newest that the request's query finds."""
    words = request.query.get("query", "").strip()
    found = store.find(compile_query(words, request.query.get("tz", "")) if words else EVERY, limit=1)
    return found[0] if found else None


def chosen(store: Store, request: Request, wanted: str, missing: RefusedError) -> tuple[Summary, bytes]:
    """The mail by its id or by `latest`, with its source."""
    if wanted == "latest":
        newest = latest(store, request)
        if newest is None:
            raise none_found()
        wanted = newest.id
    entry, raw = store.entry(wanted), store.raw(wanted)
    if entry is None or raw is None:
        raise missing
    return entry, raw


class Mailbox:
    """The routes below `api/v1` that are about mails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def messages(self, request: Request) -> Response:
        query = EVERY.created_before(self._before(request))
        start, limit = self._page(request)
        return self._list(start, self._store.find(query, start if limit else 0, limit or -1), self._store.count(), True)

    def search(self, request: Request) -> Response:
        query = self._query(request).created_before(self._before(request))
        start, limit = self._page(request)
        return self._list(start, self._store.find(query, start, limit), self._store.count(query), False)

    def _list(self, start: int, found: list[Summary], matching: tuple[int, int], whole: bool) -> Response:
        """Where an address list is empty a search says null, and the whole list too, but for those to reply to."""
        total, unread = self._store.count()
        tags = self._store.tags.of([one.id for one in found])
        messages = [one.facts(tags[one.id], None) for one in found]
        for message in messages if whole else ():
            message["ReplyTo"] = message["ReplyTo"] or []
        return as_json(
            {
                "total": total,
                "unread": unread,
                "count": len(found),
                "messages_count": matching[0],
                "messages_unread": matching[1],
                "start": start,
                "tags": list(self._store.tags.every()),
                "messages": messages,
            }
        )

    def _page(self, request: Request) -> tuple[int, int]:
        return number(request.query.get("start"), 0, 1), number(request.query.get("limit"), DEFAULT_LIMIT, 0)

    def _before(self, request: Request) -> int:
        return milliseconds(request.query.get("before", "")) or 0

    def _query(self, request: Request) -> Query:
        words = request.query.get("query", "").strip()
        if not words:
            raise RefusedError(400, "Error: no search query")
        return compile_query(words, request.query.get("tz", ""))

    def mark(self, request: Request) -> Response:
        wanted = request.json()
        read, ids, words = wanted.flag("Read"), wanted.texts("IDs"), wanted.text("Search")
        if ids and words:
            raise RefusedError(400, "You may specify either IDs or a search query, not both")
        if words:
            ids = [entry.id for entry in self._store.find(compile_query(words, request.query.get("tz", "")))]
            self._store.mark(read, ids)
        elif ids:
            self._store.mark(read, ids)
        else:
            self._store.mark_all(read)
        return OK

    def delete(self, request: Request) -> Response:
        """Without ids, and where the body can't be read, everything goes: so it does in Mailpit."""
        try:
            ids = request.json().texts("IDs")
        except RefusedError:
            ids = []
        if ids:
            self._store.delete(ids)
        else:
            self._store.delete_all()
        return OK

    def delete_found(self, request: Request) -> Response:
        self._store.delete(entry.id for entry in self._store.find(self._query(request)))
        return OK

    def tag(self, request: Request) -> Response:
        wanted = request.json()
        tags = wanted.texts("Tags")
        for one in wanted.texts("IDs"):
            self._store.tell("update", {"ID": one, "Tags": self._store.tags.set(one, tags)})
        return OK

    def rename_tag(self, request: Request, tag: str) -> Response:
        name = request.json().text("Name")
        try:
            self._store.tags.rename(tag, name)
        except TagError as error:
            raise RefusedError(400, str(error)) from error
        self._store.tell("prune", None)
        return OK

    def delete_tag(self, request: Request, tag: str) -> Response:
        try:
            self._store.tags.delete(tag)
        except TagError as error:
            raise RefusedError(400, str(error)) from error
        self._store.tell("prune", None)
        return OK

    def message(self, request: Request, wanted: str) -> Response:
        entry, raw = chosen(self._store, request, wanted, gone())
        self._store.mark(True, [entry.id])
        mail = Mail(raw)
        tags = self._store.tags.of([entry.id])[entry.id]
        facts = {"Date": timestamp(mail.date or entry.moment), "Tags": tags, "Username": entry.username}
        return as_json({"ID": entry.id, **mail.details(), **facts})

    def raw(self, request: Request, wanted: str) -> Response:
        entry, raw = chosen(self._store, request, wanted, gone())
        response = Response(200, raw, (("Content-Type", SNIFFED),))
        if request.query.get("dl") != "1":
            return response
        return response.adding(("Content-Disposition", f'attachment; filename="{entry.id}.eml"'))

    def headers(self, request: Request, wanted: str) -> Response:
        return as_json(Mail(chosen(self._store, request, wanted, gone())[1]).headers())

    def part(self, request: Request, wanted: str, part: str) -> Response:
        found = Mail(chosen(self._store, request, wanted, gone())[1]).part(part)
        if found is None:
            raise gone()
        name = quote(found.file_name or found.content_id, safe="$&+=:@")
        headers = ("Content-Type", found.kind), ("Content-Disposition", f'inline; filename="{name}"')
        return Response(200, found.content, headers)
