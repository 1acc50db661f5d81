"""Adminer under PHP's own web server, where both are installed; there is no Python package of either.

One page of ours loads Adminer with the plugins that the recipe writes for the image. It knows the databases' servers by
the names that they have between containers, so that one address opens the database on either engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from devenv.engines.native.find import Found, candidates, table
from devenv.engines.native.program import Program
from devenv.engines.native.providers.base import Run, Server
from devenv.errors import InputError

_PORT, _DATABASE = 8080, 5432
_PAGES = ("/usr/share/adminer/adminer.php", "/usr/share/adminer/adminer/index.php", "/usr/share/adminer/index.php")
"""Where Debian's and Fedora's packages put Adminer."""
_PLUGINS = "/var/www/html/plugins-enabled/"
"""The image's folder whose files each give a plugin."""
_HEAD = 1000
_PAGE = Path(__file__).with_name("adminer.php")


class Adminer(Server):
    """See `Server`."""

    row = "adminer"

    @classmethod
    def available(cls, chosen: str | None = None) -> Iterator[Found]:
        """PHP that can speak to PostgreSQL, with Adminer's page; `chosen` is either of them."""
        page = _page(chosen)
        for found in candidates(table()[cls.row], None if _is_page(chosen) else chosen):
            if page and found.version:  # of a PHP without the module it is empty, see the table
                source = f"PHP {found.version} {found.source}"
                yield replace(found, called="Adminer", version=_version(page), source=source, page=page)

    def prepare(self, run: Run) -> Program:
        """A page that loads Adminer's."""
        ports = self.place.bindings.ports.items()
        servers = {name: f"127.0.0.1:{port}" for (name, inside), port in ports if inside == _DATABASE}
        plugins = [str(self.place.files / file.path[1:]) for file in self.place.service.files if _PLUGINS in file.path]
        folder = self.place.files / "page"
        private = self.place.files / "sessions"  # they hold passwords, and the system's folder may be anyone's
        for each in (folder, private):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = {"page": self.found.page, "plugins": plugins, "servers": servers}
        (folder / "index.php").write_text(_PAGE.read_text())
        (folder / "settings.json").write_text(json.dumps(told, default=str))
        settings = {"session.save_path": private, "upload_tmp_dir": private, "display_errors": 0, "log_errors": 1}
        words = [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]
        listening = f"127.0.0.1:{self.place.port(_PORT)}"
        return self.place.program(self.found.program, *words, "-S", listening, folder / "index.php")


def _is_page(chosen: str | None) -> bool:
    return (chosen or "").endswith(".php")


def _page(chosen: str | None) -> Path | None:
    """Adminer's own page. Raises `InputError` where the user has chosen one that is not there."""
    if chosen and _is_page(chosen):
        page = Path(chosen).expanduser()
        if not page.is_file():
            raise InputError("`native` names no page", where=str(page), hint="the path of adminer.php, or of PHP")
        return page.resolve()
    return next((Path(each) for each in _PAGES if Path(each).is_file()), None)


def _version(page: Path) -> str:
    found = re.search(r"@version (\d[\w.]*)", page.read_text(errors="replace")[:_HEAD])
    return found[1] if found else ""
