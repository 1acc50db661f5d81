"""Says what is in a build context and whether it changed since the last build; must not run Docker or follow links.

In it is what the ignore file leaves (see `devenv.layout.ignore`), empty folders included, but no sockets, pipes and
devices; and without what changes all the time and is not meant for an image, though Docker would copy it:

- folders named `.devenv`: we write them ourselves;
- `.git`, file or folder: every git command changes it. A `!` pattern with `.git` as a part of its path keeps it in;
- Python's bytecode: folders named `__pycache__`, and `*.pyc`;
- editors' passing files: `.*.swp`, `*~`, `.#*` and `4913`.

The Dockerfile and the ignore file are always in it, as the builder reads them, ignored or not and wherever they are.

Only files whose size, times, inode or mode differ from the last index are read. A file that changed less than two
seconds before it was indexed can change again without its times moving on, because file systems round them (git calls
such files racily clean), so it is read once more the next time.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from devenv.errors import DevenvError
from devenv.layout.fingerprint import BUILDER, LINK, Entry, Index, changed, digest, digest_bytes, digest_file
from devenv.layout.ignore import Folder, Ignore, ignore_file, parse_ignore, read_bytes

__all__ = ["BUILDER", "Entry", "Index", "changed", "digest", "index"]

_RACY_NS = 2_000_000_000


def index(context: Path, dockerfile: Path, previous: Index | None = None) -> Index:
    """See what is in a context, reading only files whose stat data differs from `previous`.

    Both paths are as the process sees them; either may lie outside the project. Gives `previous` itself if nothing at
    all differs. Raises DevenvError that names what can't be read, and InputError for an ignore file that Docker refuses.
    """
    ignore, rules = Ignore(), ""
    entries = {_builder_key(context, dockerfile): _builder_entry(read_bytes(dockerfile))}
    if found := ignore_file(context, dockerfile):
        content = read_bytes(found)
        ignore = parse_ignore(found, content)
        seen = _builder_entry(content)
        rules = seen.digest
        entries[_builder_key(context, found)] = seen
    walk = _Walk(context, ignore, previous, same_rules=previous is not None and previous.rules == rules)
    walk.run()
    result = Index(entries | walk.entries, rules, frozenset(walk.unsure))
    return previous if previous == result else result


def _builder_key(context: Path, path: Path) -> str:
    return BUILDER + os.path.relpath(path, context)


def _builder_entry(content: bytes) -> Entry:
    return Entry(0, 0, 0, 0, stat.S_IFREG, digest_bytes(content))


class _Walk:
    """One walk through a context: `entries` as for Index, `unsure` the paths that changed a moment ago."""

    def __init__(self, context: Path, ignore: Ignore, previous: Index | None, *, same_rules: bool) -> None:
        self._root = f"{context}/"
        self._ignore = ignore
        self._keep_git = ignore.includes_by_name(".git")
        self._racy = time.time_ns() - _RACY_NS
        self._old = previous.entries if previous else {}
        self._unsure_before = previous.unsure if previous else frozenset[str]()
        # What was in the index under the same rules is in it again: nothing but stat data to compare.
        self._known = {}
        if same_rules:
            self._known = {**self._old} if self._unsure_before else self._old
        self.entries: dict[str, Entry] = {}
        self.unsure: set[str] = set()
        self._folders = [Folder()]

    def run(self) -> None:
        """Go through all folders that can hold something; not by recursion, as depth is the user's."""
        while self._folders:
            folder = self._folders.pop()
            try:
                with os.scandir(self._root + folder.prefix) as items:
                    self._files(folder, items)
            except FileNotFoundError:
                pass
