"""An app as a process of this machine: the command, folder and variables of its image, as far as they hold here."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from devenv.engines import Command
from devenv.engines.native.find import MissingError
from devenv.engines.native.place import Place
from devenv.engines.native.program import Program, Seen
from devenv.engines.native.providers.base import Run
from devenv.layout.read import Layout
from devenv.layout.ruling import Change
from devenv.layouts import layout_of

_EVERYWHERE = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])|\[::\]")
_LOOKED_AT = 500
"""Files of the context that are looked at to find the folder that is the image's working folder."""
_ENVIRONMENTS = (".venv/bin", "venv/bin", "node_modules/.bin", "vendor/bin", "bin")
"""Where a project's own programs are, relative to a folder: all that are there come first on the PATH."""
_NOT_HERE = {"PATH", "HOME", "HOSTNAME", "USER"}
"""Variables of an image that say something about the image only."""


@dataclass(frozen=True)
class App:
    """One app on this machine."""

    place: Place

    @cached_property
    def layout(self) -> Layout | None:
        """What its Dockerfile says; None for an app that has none."""
        if self.place.service.build is None:
            return None
        return layout_of(self.place.project, self.place.service, self.place.bindings)

    @cached_property
    def folder(self) -> Path:
        """The folder here that the image's working folder is made from."""
        if self.layout is None or self.place.service.build is None:
            return self.place.project.root
        context = self.place.project.root / self.place.service.build.context
        return context / self._origin(self.layout)

    @property
    def shown(self) -> str:
        """Where it runs, for a table."""
        return "on this machine"

    @property
    def differs(self) -> tuple[str, ...]:
        """There is one table of that for all apps: docs/native.md."""
        return ()

    @property
    def digest(self) -> str:
        """Changes with its settings, and with what its image says of its process."""
        target = self.layout.target if self.layout else None
        words = [target.entrypoint, target.command, dict(target.env)] if target else []
        return self.place.digest(repr([words, str(self.folder)]))

    def prepare(self, run: Run) -> Program:
        """Its program. Raises `MissingError` where there is none here."""
        return self.program()

    def opened(self, seen: Seen, run: Run) -> None:
        """Nothing is to be done before its first client."""

    def program(self, command: Sequence[str] | None = None, name: str = "") -> Program:
        """Its program, or another command in its place. Raises `MissingError` where there is none here."""
        words = self.words(command) if command else self.own_words()
        env = self.environment
        found = shutil.which(words[0], path=env["PATH"])
        if found is None and not (self.folder / words[0]).is_file():
            raise MissingError(f"`{words[0]}` of `{self.place.service.name}` is not here", hint=self._hint())
        program = self.place.program(found or str(self.folder / words[0]), *words[1:], name=name, own=env)
        return replace(program, folder=str(self.folder))

    def own_words(self) -> list[str]:
        """What the manifest says to run, or the image. Raises `MissingError` for an image that only an engine knows."""
        service = self.place.service
        if service.command:
            return self.words([self.place.text(word) for word in service.command])
        target = self.layout.target if self.layout else None
        if target and (words := (*target.entrypoint, *target.command)):
            return self.words(words)
        where = f"`{service.image}`" if service.image else "its image"
        hint = f'say what it runs: command = ["…"] in [{service.name}]'
        raise MissingError(f"what `{service.name}` runs is known to {where} only", hint=hint)

    def words(self, words: Sequence[str]) -> list[str]:
        """A command as it works here: its paths and ports are this machine's, and nobody else's machine reaches it."""
        changed = [self._word(word) for word in words]
        first = changed[0]
        if first.startswith("/") and not Path(first).exists():
            changed[0] = first.rpartition("/")[2]
        return changed

    @cached_property
    def environment(self) -> dict[str, str]:
        """The image's variables as far as they mean something here, the service's own, and the way to its programs."""
        image = self.layout.target.env if self.layout else {}
        own = {name: value for name, value in image.items() if name not in _NOT_HERE and self._holds(value)}
        shell = self.place.environment()
        folders = [self.folder, self.place.project.root]
        paths = [str(folder / each) for folder in folders for each in _ENVIRONMENTS if (folder / each).is_dir()]
        first = {"PATH": os.pathsep.join([*dict.fromkeys(paths), shell.get("PATH", os.defpath)])}
        if venv := next((Path(path).parent for path in paths if (Path(path).parent / "pyvenv.cfg").exists()), None):
            first["VIRTUAL_ENV"] = str(venv)
        ports = self.place.service.ports
        port = {"PORT": str(self.place.port(ports[0].container))} if ports else {}
        service = {name: self.place.text(text) for name, text in self.place.service.env}
        return {**shell, "PYTHONUNBUFFERED": "1", **port, **own, **service, **first}

    def command(self, words: Sequence[str]) -> Command:
        """What runs a command beside the app."""
        return Command(tuple(self.words(words)), self.environment, self.folder)

    def _word(self, word: str) -> str:
        word = _EVERYWHERE.sub("127.0.0.1", word)
        for port in self.place.service.ports:
            if (here := self.place.port(port.container)) != port.container:
                word = re.sub(rf"(?<![\w.]){port.container}(?![\w.])", str(here), word)
        workdir = self.layout.target.workdir.rstrip("/") if self.layout else ""
        if workdir and (word == workdir or word.startswith(f"{workdir}/")):
            return str(self.folder) + word[len(workdir) :]
        return word

    def _holds(self, value: str) -> bool:
        """Whether a variable's value says nothing about files that only the image has."""
        return not any(part.startswith("/") and not Path(part).exists() for part in re.split(r"[:=,;\s]", value))

    def _origin(self, layout: Layout) -> str:
        """The context's folder whose files most often end right below the image's working folder."""
        workdir = layout.target.workdir.rstrip("/") + "/"
        votes: dict[str, int] = {}
        for path in self._first(layout):
            for landing in layout.rule(path, Change.EDIT).landings:
                inside = landing.path.removeprefix(workdir)
                if landing.path.startswith(workdir) and (path == inside or path.endswith(f"/{inside}")):
                    origin = path[: -len(inside)].rstrip("/")
                    votes[origin] = votes.get(origin, 0) + 1
        return max(votes, key=lambda origin: (votes[origin], -len(origin)), default="")

    @staticmethod
    def _first(layout: Layout) -> Iterator[str]:
        paths = (f"{folder}/{name}".lstrip("/") for folder, names in layout.tree.walk("") for name in names)
        return itertools.islice(paths, _LOOKED_AT)

    def _hint(self) -> str:
        for file, command in _installs().items():
            if (self.folder / file).exists() or (self.place.project.root / file).exists():
                return f"install what it needs: {command}"
        return "install it, or put it on the PATH"


def _installs() -> Mapping[str, str]:
    text = (Path(__file__).parent / "installs.toml").read_text(encoding="utf-8")
    found: dict[str, str] = tomllib.loads(text)["install"]
    return found
