"""Says what is in a build context and whether it changed since the last build; must not run Docker or follow links.

In it is what the ignore file leaves (see `devenv.layout.ignore`), empty folders included, but no sockets, pipes and
devices; and without what changes all the time and is not meant for an image, though Docker would copy it:

- folders named `.devenv`: we write them ourselves;
- `.git`, file or folder: every git command changes it. A `!` pattern with `.git` as a part of its path keeps it in;
- Python's bytecode: folders named `__pycache__`, and `*.pyc`;
- editors' passing files: `.*.swp`, `*~`, `.#*`, and probes (see `devenv.layout.probe`).

The Dockerfile and the ignore file are always in it, as the builder reads them, ignored or not and wherever they are.

Only files whose size, times, inode or mode differ from the last index are read. A file that changed less than two
seconds before it was indexed can change again without its times moving on, because file systems round them (git calls
such files racily clean), so it is read once more the next time.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping
from io import FileIO
from pathlib import Path

from devenv.errors import DevenvError
from devenv.layout.fingerprint import BUILDER, LINK, Entry, Index, changed, digest, digest_bytes, new_hash
from devenv.layout.ignore import Folder, Ignore, ignore_file, parse_ignore, read_bytes
from devenv.layout.probe import is_probe

__all__ = ["BUILDER", "Entry", "Index", "changed", "digest", "entry_of", "index"]

_RACY_NS = 2_000_000_000
_CHUNK = 1 << 20
_OWN_FOLDERS = frozenset({".devenv", "__pycache__"})


def index(context: Path, dockerfile: Path, previous: Index | None = None) -> Index:
    """See what is in a context, reading only files whose stat data differs from `previous`.

    Both paths are as the process sees them; either may lie outside the project. Gives `previous` itself if nothing at
    all differs. Raises DevenvError that names what can't be read, InputError for an ignore file that Docker refuses.
    """
    ignore, rules = Ignore(), ""
    entries = {_builder_key(context, dockerfile): _builder_entry(read_bytes(dockerfile))}
    if found := ignore_file(context, dockerfile):
        content = read_bytes(found)
        ignore = parse_ignore(found, content)
        seen = _builder_entry(content)
        rules = seen.digest
        entries[_builder_key(context, found)] = seen
    walk = _Walk(context, ignore, previous or Index({}), same_rules=previous is not None and previous.rules == rules)
    walk.run()
    result = Index(entries | walk.entries, rules, frozenset(walk.unsure))
    return previous if previous is not None and previous == result else result


def entry_of(path: str) -> Entry | None:
    """What one path that is known to be in a context is by now; None where it is no file and no link."""
    try:
        return _entry(path, os.lstat(path))
    except OSError:
        return None


def _builder_key(context: Path, path: Path) -> str:
    return BUILDER + os.path.relpath(path, context)


def _builder_entry(content: bytes) -> Entry:
    return Entry(0, 0, 0, 0, stat.S_IFREG, digest_bytes(content))


def is_passing(name: str, *, keeps_git: bool) -> bool:
    """Whether a file of that name changes all the time and is not meant for an image."""
    return (
        name.endswith((".pyc", "~"))
        or name.startswith(".#")
        or (name.startswith(".") and name.endswith(".swp"))
        or (name == ".git" and not keeps_git)
    )


class _Walk:
    """One walk through a context: fills `entries`, and `unsure` with the paths that changed a moment ago."""

    def __init__(self, context: Path, ignore: Ignore, previous: Index, *, same_rules: bool) -> None:
        self.entries: dict[str, Entry] = {}
        self.unsure: set[str] = set()
        self._top = f"{context}/"
        self._ignore = ignore
        self._keeps_git = ignore.includes_by_name(".git")
        self._racy = time.time_ns() - _RACY_NS
        sure = previous.entries
        if previous.unsure:
            sure = {path: entry for path, entry in sure.items() if path not in previous.unsure}
        self._old = sure
        # What the same rules let in before they let in again: there only stat data is left to compare.
        self._known: Mapping[str, Entry] = sure if same_rules else {}

    def run(self) -> None:
        """Go through all folders that can hold something, without recursion, as the depth is the user's."""
        folders = [Folder()]
        while folders:
            folder = folders.pop()
            count = len(self.entries)
            try:
                folders += self._scan(folder)
                if len(self.entries) > count:
                    self._add_folders(folder.prefix)
            except OSError as error:
                if not _is_harmless(error, folder):
                    raise self._failure(folder.prefix, error) from error

    def _scan(self, folder: Folder) -> list[Folder]:
        """Take in what lies directly in a folder; gives the folders in it that are to be scanned."""
        # By descriptor, so that the kernel needn't walk the whole path for each file: a sixth of all the time.
        descriptor = os.open(self._top + folder.prefix, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with os.scandir(descriptor) as items:
                return self._sort(folder, items)
        finally:
            os.close(descriptor)

    def _sort(self, folder: Folder, items: Iterable[os.DirEntry[str]]) -> list[Folder]:
        prefix, entries, known = folder.prefix, self.entries, self._known.get
        inner = []
        for item in items:
            path = prefix + item.name
            entry = known(path)
            try:
                if entry is not None and _is_same(entry, item.stat(follow_symlinks=False)):
                    entries[path] = entry
                elif item.is_dir(follow_symlinks=False):
                    inner += self._folder(path, item, folder)
                elif not (is_passing(item.name, keeps_git=self._keeps_git) or self._ignore.hides(path, folder)):
                    self._file(path, item)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._failure(path, error) from error
        return inner

    def _folder(self, path: str, item: os.DirEntry[str], parent: Folder) -> list[Folder]:
        if item.name in _OWN_FOLDERS or (item.name == ".git" and not self._keeps_git):
            return []
        folder = self._ignore.enter(path, parent)
        if not folder.ignored:
            self._add(folder.prefix, item.stat(follow_symlinks=False).st_mode)
        return [folder] if self._ignore.may_hold_included(folder) else []

    def _add(self, prefix: str, mode: int) -> None:
        entry = Entry(0, 0, 0, 0, mode, "")
        old = self._old.get(prefix)
        self.entries[prefix] = old if old == entry and old is not None else entry

    def _add_folders(self, prefix: str) -> None:
        """Add the folders above an included path: Docker sends them although they are ignored."""
        while prefix and prefix not in self.entries:
            self._add(prefix, os.lstat(self._top + prefix[:-1]).st_mode)
            prefix = prefix[: prefix.rfind("/", 0, -1) + 1]

    def _file(self, path: str, item: os.DirEntry[str]) -> None:
        """Take in a file or a link, read only if it isn't as it was; nothing else can be copied to an image."""
        # The stat data is older than the content, so that a change in between shows the next time.
        seen = item.stat(follow_symlinks=False)
        entry = self._old.get(path)
        if entry is None or not _is_same(entry, seen):
            if is_probe(item.name, seen):
                return
            entry = _entry(self._top + path, seen)
            if entry is None:
                return
            if max(entry.mtime_ns, entry.ctime_ns) > self._racy:
                self.unsure.add(path)
        self.entries[path] = entry

    def _failure(self, path: str, error: OSError) -> DevenvError:
        shown = os.fsencode(self._top + path).decode(errors="backslashreplace")
        hint = "the build would fail as well: make it readable, or list it in .dockerignore"
        return DevenvError(f"can't read the build context: {error.strerror}", where=shown, hint=hint)


def _entry(path: str, seen: os.stat_result) -> Entry | None:
    """Read a file or a link; None for what can't be copied to an image. Raises OSError."""
    mode = seen.st_mode
    if stat.S_ISREG(mode):
        content = _digest_file(path, seen.st_size)
    elif stat.S_ISLNK(mode):
        # Path.readlink() would tidy the target up, and macOS gives links permissions, which mean nothing.
        content, mode = LINK + os.readlink(path), stat.S_IFLNK | 0o777  # noqa: PTH115
    else:
        return None
    return Entry(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, mode, content)


def _is_same(entry: Entry, seen: os.stat_result) -> bool:
    return (
        seen.st_ctime_ns == entry.ctime_ns
        and seen.st_mtime_ns == entry.mtime_ns
        and seen.st_size == entry.size
        and seen.st_ino == entry.inode
        and seen.st_mode == entry.mode
    )


def _is_harmless(error: OSError, folder: Folder) -> bool:
    """Whether a folder that can't be listed is none of the context: just gone, or ignored; Docker judges alike."""
    if isinstance(error, PermissionError):
        return folder.ignored
    return bool(folder.prefix) and isinstance(error, FileNotFoundError | NotADirectoryError)


def _digest_file(path: str, size: int) -> str:
    state = new_hash()
    with FileIO(path) as file:
        while chunk := file.read(min(size, _CHUNK) + 1):
            state.update(chunk)
    return state.hexdigest()
