"""What pip reads to install something: files of requirements with all that they include, folders, archives."""

from __future__ import annotations

import re
import shlex

from devenv.layout.commands import Reader
from devenv.layout.python_project import editable
from devenv.layout.site import below, effect, everything, exactly, shown
from devenv.layout.steps import Effect, Kind
from devenv.layout.words import Command, Word

_FILE = re.compile(r"\.(whl|zip|tar\.gz|tgz|tar\.bz2|sdist)$")


def installed(reader: Reader, command: Command, text: str | None, *, linked: bool) -> list[Effect]:
    """What installing one thing reads: nothing of ours for a name, the whole folder for a copy of it."""
    if text is None:
        return [everything(command, f"may read it, as it isn't clear what `{shown(command)}` installs")]
    _, at, url = text.partition(" @ ")
    text = url if at else text
    if text.startswith("file:"):
        text = text.removeprefix("file:").removeprefix("//")
    elif "://" in text or text.startswith("git+"):
        return []
    path = re.sub(r"\[[^\]]*\]$", "", text)
    if not linked and "/" not in path and not path.startswith(".") and not _FILE.search(path):
        return []
    if command.folder is None:
        return [everything(command)]
    place = reader.site.place(command.folder, path)
    if _FILE.search(path):
        return effect(Kind.READS, command, [exactly(place)])
    return editable(reader, command, place) if linked else whole(command, place)


def requirements(reader: Reader, command: Command, word: Word, seen: frozenset[str] = frozenset()) -> list[Effect]:
    """A file of requirements and all that it includes (pip's docs, "Requirements File Format")."""
    if word.text is None or word.wild or command.folder is None:
        return [everything(command, f"may read it, as it isn't clear what `{shown(command)}` names")]
    if "://" in word.text or word.text == "/dev/stdin":
        return []
    place = reader.site.place(command.folder, word.text)
    if place in seen:
        return []
    if word.text.endswith(("pyproject.toml", "setup.py", "setup.cfg")):
        return reader.names(command, command.folder, word.text)
    text = reader.site.text(place)
    if text is None:
        return [
            everything(command, f"may read it, as nobody knows what is in `{word.text}` when `{shown(command)}` runs")
        ]
    result = effect(Kind.READS, command, [exactly(place)])
    real = reader.site.origin(place)
    leads = reader.site.lookup.tree.real(real) if real else None
    if leads and leads != real:
        result += effect(Kind.READS, command, [f".*/{re.escape(leads)}"])
    for line in re.sub(r"\\\n", " ", text).splitlines():
        result += _requirement(reader, command, line, place, seen | {place})
    return result


def _requirement(reader: Reader, command: Command, line: str, place: str, seen: frozenset[str]) -> list[Effect]:
    line = re.sub(r"(^|\s)#.*$", "", line).strip()
    if not line:
        return []
    found = re.match(r"(-r|--requirement|-c|--constraint|-e|--editable|-f|--find-links)[\s=]*(.+)", line)
    if not found:
        return [] if line.startswith("-") else installed(reader, command, _name(line), linked=False)
    option, value = found[1], found[2].strip("'\" ")
    if "$" in value:
        return [everything(command)]
    if option in ("-e", "--editable"):
        return installed(reader, command, value.split(" ")[0], linked=True)
    if option in ("-f", "--find-links"):
        return [] if "://" in value else whole(command, reader.site.place(command.folder or "/", value))
    path = value if value.startswith("/") or "://" in value else f"{place.rpartition('/')[0]}/{value}"
    return requirements(reader, command, Word(path), seen)


def _name(line: str) -> str:
    """A requirement without its hashes and conditions."""
    text = re.split(r"\s+--|\s*;", line)[0].strip()
    if " @ " in text or "://" in text:
        return text
    try:
        return shlex.split(text)[0] if text else text
    except ValueError:
        return text


def whole(command: Command, place: str | None) -> list[Effect]:
    """A folder that is copied or built: all in it is read."""
    return effect(Kind.READS, command, [below(place)]) if place else [everything(command)]
