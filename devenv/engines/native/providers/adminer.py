"""Adminer under PHP's own web server, where both are installed; there is no Python package of either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devenv.engines.native.find import Found
from devenv.engines.native.place import Place
from devenv.engines.native.program import Program
from devenv.engines.native.providers.base import Run, Server
from devenv.process import output

_PORT = 8080
_PAGES = ("/usr/share/adminer/adminer.php", "/usr/share/adminer/adminer/index.php", "/usr/share/adminer/index.php")
"""Where Debian's and Fedora's packages put Adminer."""
_PLUGIN = "/var/www/html/plugins-enabled/devenv.php"
_ROUTER = """<?php
function adminer_object()
{{
    $ours = {plugin};
    class_exists('Adminer\\\\Adminer') || true;
    $base = class_exists('Adminer\\\\Plugins') ? 'Adminer\\\\Plugins' : null;
    return $base ? new $base([$ours]) : new Adminer\\\\Adminer();
}}
require {page};
"""


class Adminer(Server):
    """See `Server`."""

    row = "adminer"

    @classmethod
    def choose(cls, place: Place) -> Found:
        """PHP with what it needs for PostgreSQL, and Adminer's page."""
        found = super().choose(place)
        page = next((Path(each) for each in _PAGES if Path(each).is_file()), None)
        modules = output([str(found.program), "-m"], timeout=20.0)[1].split()
        if page is None or "pgsql" not in modules:
            raise cls.missing(place)
        return replace(found, called="Adminer, PHP")

    def prepare(self, run: Run) -> Program:
        """One page that loads Adminer."""
        page = next(each for each in _PAGES if Path(each).is_file())
        folder = self.place.files / "page"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.php").write_text(f"<?php require {page!r};\n")
        return self.place.program(self.found.program, "-S", f"127.0.0.1:{self.place.port(_PORT)}", "-t", folder)
