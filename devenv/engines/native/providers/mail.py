"""Mailpit where it is installed, else devenv's own mail catcher, which answers as Mailpit does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from devenv import __version__
from devenv.engines.native.find import WHEEL, Found
from devenv.engines.native.program import Program
from devenv.engines.native.providers.base import Run, Server

_SMTP, _HTTP = 1025, 8025
_OWN = "devenv's mail catcher"


class Mail(Server):
    """See `Server`."""

    row = "mail"

    @classmethod
    def available(cls, chosen: str | None = None) -> Iterator[Found]:
        """Mailpit itself, then ours where its library is there."""
        if chosen != WHEEL:
            yield from super().available(chosen)
        if chosen in (None, WHEEL) and find_spec("aiosmtpd"):
            yield Found(Path(sys.executable), "part of devenv", __version__, _OWN)

    def prepare(self, run: Run) -> Program:
        """Both are told where to listen by the same variables."""
        data = self.place.data("data")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        where = {
            "MP_SMTP_BIND_ADDR": f"127.0.0.1:{self.place.port(_SMTP)}",
            "MP_UI_BIND_ADDR": f"127.0.0.1:{self.place.port(_HTTP)}",
        }
        words: list[str | Path] = [self.found.program]
        if self.found.called == _OWN:
            words += ["-m", "devenv.mail"]
        return self.place.program(*words, *self.arguments(), own=where)
