"""Which server of this machine serves a sidecar: by the table providers.toml, and by asking each for its version."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError, InputError
from devenv.process import output
from devenv.state import State, state_home

WHEEL = "wheel"
_NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)?")
_TAG = re.compile(r"v?(\d+(?:\.\d+)*)")
_RECORD = "providers"


class MissingError(DevenvError):
    """Nothing here serves this sidecar; the hint says what to install."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    name: str
    programs: tuple[str, ...]
    version: tuple[str, ...]
    called: str
    install: str
    others: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    wheel: Mapping[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What its first program is called: as a rule, and elsewhere."""
        return (*self.programs[:1], *self.others)


@dataclass(frozen=True, slots=True)
class Found:
    """A server of this machine: its first program, where that comes from in a word, and what it says it is.

    `differs` says what is not as in the image that was asked for; `lacks` is what keeps it from serving at all.
    """

    program: Path
    source: str
    version: str = ""
    called: str = ""
    differs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    page: Path | None = None  # what the program runs, where it is an interpreter

    @property
    def shown(self) -> str:
        """In a few words, for a table."""
        return f"{self.called} {self.version} ({self.source})".replace("  ", " ")

    def beside(self, name: str) -> Path:
        """Another of its programs."""
        return self.program.parent / name


@cache
def table() -> dict[str, Row]:
    """The rows by name."""
    text = (Path(__file__).parent / "providers.toml").read_text(encoding="utf-8")
    return {name: _row(name, value) for name, value in tomllib.loads(text).items()}


def candidates(row: Row, chosen: str | None) -> Iterator[Found]:
    """The servers that there are, in their order; only the one that the user has `chosen`, where he has.

    Raises `InputError` where that is none.
    """
    if chosen and chosen != WHEEL:
        yield _described(row, _own(row, Path(chosen).expanduser()), "as the manifest says")
        return
    known: set[Path] = set()
    places = () if chosen else (*_on_path(row), *_in_folders(row))
    for program, source in (*places, *_in_wheel(row)):
        if (whole := _whole(row, program)) and program.resolve() not in known:
            known.add(program.resolve())
            yield _described(row, whole, source)


def difference(image: str, found: Found) -> tuple[str, ...]:
    """What is another product or version than the image, in words; nothing where it is as asked for."""
    name, _, tag = image.rpartition("/")[2].partition("@")[0].partition(":")
    asked, wanted = _TAG.match(tag), f"{name}:{tag}" if tag else name
    if not found.called.lower().startswith(name):
        return (f"{wanted} asked, {found.called} {found.version} here",)
    if asked and found.version and not f"{found.version}.".startswith(f"{asked[1]}."):
        return (f"{wanted} asked, {found.version} here",)
    return ()


def _own(row: Row, path: Path) -> Path:
    for name in ("", *row.names):
        program = (path / name if name else path).absolute()
        if program.is_file() and (whole := _whole(row, program)):
            return whole
    raise InputError(
        f"`native` names no `{row.programs[0]}`", where=str(path), hint="the program itself, or its folder"
    )


def _whole(row: Row, program: Path) -> Path | None:
    """The program by its own name, as one file may be several programs; else where its link leads.

    None where not all that is needed is beside it.
    """
    for each in (program, program.resolve()):
        if all((each.parent / other).exists() for other in row.programs[1:]):
            return each
    return None


def _on_path(row: Row) -> Iterator[tuple[Path, str]]:
    own = Path(sysconfig.get_path("scripts"))
    for name in row.names:
        found = shutil.which(name)
        if found and Path(found).parent not in (own, Path(sys.executable).parent):
            yield Path(found), "on the PATH"


def _in_folders(row: Row) -> Iterator[tuple[Path, str]]:
    for pattern in row.folders:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), key=_numbers, reverse=True):
            for name in row.names:
                if (folder / name).is_file():
                    yield folder / name, "of this system"


def _in_wheel(row: Row) -> Iterator[tuple[Path, str]]:
    from importlib.util import find_spec

    if row.wheel is None:
        return
    source = f"package {row.wheel['distribution']}"
    if script := row.wheel.get("script"):
        schemes = (None, sysconfig.get_preferred_scheme("user"))
        for scheme in schemes:
            folder = Path(sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts"))
            if (folder / script).is_file():
                yield folder / script, source
    elif spec := find_spec(row.wheel["package"]):
        for base in spec.submodule_search_locations or ():
            for name in row.names:
                if (program := Path(base) / row.wheel["folder"] / name).is_file():
                    yield program, source


def _described(row: Row, program: Path, source: str) -> Found:
    """With its version, asked once for each state of the file: some take a tenth of a second to tell."""
    found = program.stat()
    key, stamp = str(program), [found.st_size, found.st_mtime_ns]
    machine = State(state_home())
    record = machine.load(_RECORD) or {}
    known = record.get(key)
    if not known or known[:2] != stamp:
        said = output([key, *row.version], timeout=20.0)[1]
        number = _NUMBER.search(said)
        known = [*stamp, number[0] if number else "", "Valkey" if "valkey" in said.lower() else row.called]
        if number:
            machine.save(_RECORD, {**record, key: known})
    return replace(Found(program, source), version=known[2], called=known[3])


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _row(name: str, value: dict[str, Any]) -> Row:
    fields: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
    return Row(name, **fields)
