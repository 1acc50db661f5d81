"""Compares what a layout says of changed files with what two real builds show; decides nothing by itself."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devenv.layout.read import Layout, read_layout
from devenv.layout.ruling import Change, Landing, Ruling, Verdict

from .builds import Entry, Tree, build
from .cases import Case

APPENDED = "\n# appended\n"
REPLACED = "replaced = 1\n" + "# another line\n" * 3
ADDED = "added = 1\n"
HOW = ("append", "replace", "delete", "add")


@dataclass(frozen=True)
class Mutation:
    """One change of one file: `path` is what changes, `how` one of HOW."""

    how: str
    path: str

    @property
    def change(self) -> Change:
        """The change in the layout's words."""
        return {"delete": Change.DELETE, "add": Change.ADD}.get(self.how, Change.EDIT)

    def apply(self, context: Path) -> None:
        """Make it."""
        file = context / self.path
        if self.how == "delete":
            file.unlink()
        elif self.how == "add":
            file.write_text(ADDED)
            file.chmod(0o644)
        elif self.how == "replace":
            file.write_text(REPLACED)
        else:
            file.write_text(file.read_text() + APPENDED)


def mutations(case: Case, how: Iterable[str] = HOW) -> Iterator[Mutation]:
    """Every change of every file; not of the Dockerfile and the ignore file, which always rebuild."""
    for path, file in case.files.items():
        if path in ("Dockerfile", ".dockerignore") or path.endswith("/"):
            continue
        for each in how:
            if file.link is None or each in ("delete", "add"):
                yield Mutation(each, beside(path) if each == "add" else path)


def beside(path: str) -> str:
    """The path of a new file beside one."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{stem}_added{dot}{ending}" if stem else f"{folder}{slash}{name}_added"


def layout_of(case: Case, context: Path) -> Layout:
    """The layout of a case."""
    return read_layout(context, context / "Dockerfile", target=case.target)


def expected(context: Path, ruling: Ruling, landing: Landing, change: Change, after: Tree) -> Entry | None:
    """What must be at a landing after the change; None for nothing."""
    if change is Change.DELETE:
        return None
    file = context / ruling.path
    user, group = after.owner(landing.owner)
    if file.is_symlink() and not landing.follows:
        return "link", 0o777, user, group, str(file.readlink())
    mode = landing.mode_for(stat.S_IMODE(file.stat().st_mode))
    return "file", mode, user, group, hashlib.sha256(file.read_bytes()).hexdigest()


def wrong(before: Tree, after: Tree | None, rulings: Iterable[tuple[Ruling, Change]], context: Path) -> list[str]:
    """What rulings of `sync` and `not in the image` said that the second build belies; `context` is the changed one."""
    if after is None:
        return ["the build fails"]
    found = []
    named: set[str] = set()
    for ruling, change in rulings:
        for landing in ruling.landings if ruling.verdict is Verdict.SYNC else ():
            path = real(landing.path, before)
            named.add(path)
            want, got = expected(context, ruling, landing, change, after), after.entries.get(path)
            if want != got:
                found.append(f"{ruling.path}: at {path} is {got}, not {want}")
    others = after.differs(before) - named
    return found + [
        f"{path} differs: {before.entries.get(path)} → {after.entries.get(path)}" for path in sorted(others)
    ]


def real(path: str, tree: Tree) -> str:
    """A path with the image's links on the way to its last part followed, such as `/bin` of the base."""
    done = ""
    *above, name = path.split("/")[1:]
    for part in above:
        done = f"{done}/{part}"
        entry = tree.entries.get(done)
        if entry and entry[0] == "link":
            done = entry[4] if entry[4].startswith("/") else f"{done.rpartition('/')[0]}/{entry[4]}"
    return f"{done}/{name}"


@dataclass
class Judge:
    """One case in a folder of its own: builds it unchanged once, then with changes."""

    case: Case
    folder: Path
    builds: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        self.before = self._build(())
        assert self.before is not None, f"{self.case.name} doesn't build"

    def _fresh(self) -> Path:
        """The context anew, unchanged."""
        self.written += 1
        return self.case.write(self.folder / f"{self.case.name}-{self.written}")

    def _build(self, changes: Iterable[Mutation]) -> Tree | None:
        self.context = self._fresh()
        self.layout = layout_of(self.case, self.context)
        for each in changes:
            each.apply(self.context)
        self.builds += 1
        return build(self.case, self.context)

    def rulings(self, changes: Iterable[Mutation]) -> list[tuple[Ruling, Mutation]]:
        """What is said of each change if it alone is made."""
        found = []
        for each in changes:
            context = self._fresh()
            layout = layout_of(self.case, context)
            each.apply(context)
            found.append((layout.rule(each.path, each.change), each))
        return found

    def together(self, changes: Iterable[Mutation]) -> list[str]:
        """What is wrong if all changes that need no build are made at once.

        A wrong verdict among them can't hide: what it concerns besides its own places shows as a difference.
        """
        chosen = [m for r, m in self.rulings(changes) if r.verdict is not Verdict.REBUILD]
        while chosen:
            after = self._build(chosen)
            rulings = [(self.layout.rule(each.path, each.change), each.change) for each in chosen]
            kept = [m for m, (r, _) in zip(chosen, rulings, strict=True) if r.verdict is not Verdict.REBUILD]
            if len(kept) == len(chosen):
                assert self.before
                return wrong(self.before, after, rulings, self.context)
            chosen = kept
        return []

    def alone(self, ruling: Ruling, mutation: Mutation) -> tuple[list[str], bool]:
        """What is wrong if one change is made alone, and whether a rebuild was not needed."""
        after = self._build([mutation])
        assert self.before
        if ruling.verdict is not Verdict.REBUILD:
            return wrong(self.before, after, [(ruling, mutation.change)], self.context), False
        synced = [Ruling(ruling.path, Verdict.SYNC, ruling.landings, 0, "", "")]
        return [], not wrong(self.before, after, [(each, mutation.change) for each in synced], self.context)
