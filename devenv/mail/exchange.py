"""A request and its answer, as values; knows neither sockets nor mail."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar
from urllib.parse import parse_qsl

TEXT = "text/plain"
SNIFFED = "text/plain; charset=utf-8"
JSON = "application/json"
HTML = "text/html; charset=utf-8"
T = TypeVar("T")
NOSNIFF = (("X-Content-Type-Options", "nosniff"),)


@dataclass(frozen=True)
class Request:
    """What of an HTTP request decides the answer; `cut` says that its body was longer than may be.

    `nonce` is a word that only this answer's own script knows."""

    method: str
    path: str
    raw_query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    nonce: str = ""

    def with_body(self, body: bytes, *, cut: bool = False) -> Request:
        return replace(self, body=body, cut=cut)

    def header(self, name: str) -> str:
        """By its name in title case; empty if there is none."""
        return self.headers.get(name, "")

    @cached_property
    def query(self) -> dict[str, str]:
        """The first value of each name; what is wrongly escaped is left out."""
        found: dict[str, str] = {}
        good = (pair for pair in self.raw_query.split("&") if not re.search("%(?![0-9A-Fa-f]{2})|;", pair))
        for name, value in parse_qsl("&".join(good), keep_blank_values=True):
            found.setdefault(name, value)
        return found

    def json(self) -> Fields:
        """The body as an object; raises RefusedError where it is none."""
        if self.cut:
            raise RefusedError(400, "http: request body too large")
        text = self.body.decode(errors="replace").lstrip()
        if not text:
            raise RefusedError(400, "EOF")
        try:
            found, _ = json.JSONDecoder().raw_decode(text)
        except ValueError as error:
            raise RefusedError(400, f"invalid JSON: {error}") from error
        if found is not None and not isinstance(found, dict):
            raise RefusedError(400, "json: cannot unmarshal the request's body into an object")
        return Fields({name.lower(): value for name, value in (found or {}).items()})


class Fields:
    """An object's fields, in any case, each checked for its type; what isn't there is empty."""

    def __init__(self, found: dict[str, object]) -> None:
        self._found = found

    def text(self, name: str) -> str:
        return self._typed(name, str, "")

    def flag(self, name: str) -> bool:
        return self._typed(name, bool, False)

    def texts(self, name: str) -> list[str]:
        found = self._typed(name, list, [])
        if any(not isinstance(one, str) for one in found if one is not None):
            raise self._wrong(name)
        return [one or "" for one in found]

    def objects(self, name: str) -> list[Fields]:
        found = self._typed(name, list, [])
        if any(not isinstance(one, dict) for one in found if one is not None):
            raise self._wrong(name)
        return [Fields({key.lower(): value for key, value in (one or {}).items()}) for one in found]

    def object(self, name: str) -> Fields:
        found = self._typed(name, dict, {})
        return Fields({key.lower(): value for key, value in found.items()})

    def pairs(self, name: str) -> dict[str, str]:
        found = self._typed(name, dict, {})
        if any(not isinstance(value, str) for value in found.values() if value is not None):
            raise self._wrong(name)
        return {key: value or "" for key, value in found.items()}

    def _typed(self, name: str, kind: type[T], default: T) -> T:
        found = self._found.get(name.lower())
        if found is None:
            return default
        if not isinstance(found, kind):
            raise self._wrong(name)
        return found

    def _wrong(self, name: str) -> RefusedError:
        return RefusedError(400, f"json: cannot unmarshal the field {name}: it has another type")


@dataclass(frozen=True)
class Response:
    """An answer before it is written to a connection."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    is_upgrade: bool = False

    def adding(self, *headers: tuple[str, str]) -> Response:
        return replace(self, headers=(*self.headers, *headers))


class RefusedError(Exception):
    """A request that is answered with plain words and a status."""

    def __init__(self, status: int, text: str, kind: str = TEXT, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.response = Response(status, text.encode(errors="replace"), (("Content-Type", kind), *headers))


def text(content: str, status: int = 200, kind: str = TEXT) -> Response:
    return Response(status, content.encode(errors="replace"), (("Content-Type", kind),))


def as_json(content: object, status: int = 200) -> Response:
    """In the form in which Go writes JSON: no spaces, and nothing that a page could take for markup."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    safe = re.sub("[<>&\u2028\u2029]", lambda sign: f"\\u{ord(sign[0]):04x}", written)
    return Response(status, safe.encode(errors="replace") + b"\n", (("Content-Type", JSON),))


def redirect(place: str, status: int = 302) -> Response:
    phrase = "Found" if status == 302 else "Temporary Redirect"
    return text(f'<a href="{place}">{phrase}</a>.\n\n', status, HTML).adding(("Location", place))
