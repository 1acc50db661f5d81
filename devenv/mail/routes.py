"""Finds who answers a request, as Go's router does: by path, then by method; answers nothing about mail itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from .exchange import NOSNIFF, SNIFFED, RefusedError, Request, Response, redirect

Handler = Callable[..., Response]
NOT_FOUND = "404 page not found"


@dataclass(frozen=True)
class Route:
    """A handler for a method and a path below the web root; `bare` ones are outside of passwords and origins."""

    method: str
    pattern: str
    handler: Handler
    bare: bool = False

    def match(self, path: str) -> dict[str, str] | None:
        found = re.fullmatch(self.pattern, path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def find(routes: list[Route], webroot: str, request: Request) -> tuple[Route, dict[str, str]]:
    """The first that fits; raises RefusedError with the answer where none does."""
    clean = _clean(request.path)
    query = f"?{request.raw_query}" if request.raw_query else ""
    if clean != request.path:
        raise redirected(clean + query)
    if not clean.startswith(webroot):
        raise redirected(webroot, 302) if clean + "/" == webroot else missing()
    path = clean.removeprefix(webroot)
    method = "GET" if request.method == "HEAD" else request.method
    fitting = [(route, values) for route in routes if (values := route.match(path)) is not None]
    if f"{path}/" in ("view/", "dist/", "api/"):
        raise redirected(f"{clean}/{query}")
    for route, values in fitting:
        if route.method == method:
            return route, values
    methods = {"GET", "HEAD", *(route.method for route, _ in fitting)}
    if method != "GET":
        allowed = ("Allow", ", ".join(sorted(methods)))
        raise RefusedError(405, "Method Not Allowed\n", SNIFFED, (allowed, *NOSNIFF))
    raise missing()


def _clean(path: str) -> str:
    """Without doubled slashes and without dots that lead somewhere else."""
    kept = posixpath.normpath(f"/{path.lstrip('/')}")
    return f"{kept}/" if path.endswith(("/", "/.", "/..")) and kept != "/" else kept


def missing() -> RefusedError:
    return RefusedError(404, f"{NOT_FOUND}\n", SNIFFED, NOSNIFF)


def redirected(place: str, status: int = 307) -> RefusedError:
    refused = RefusedError(status, "")
    refused.response = redirect(place, status)
    return refused
