"""Changed files as one plain tar, with the owners and modes that the image gives them; reads the host, changes nothing.

Never compressed: the engine unpacks a compressed archive with the container's own tools, as root (CVE-2026-41567).
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from devenv.engines.compose.owners import Owners
from devenv.layout.fingerprint import LINK, new_hash
from devenv.layout.ruling import Landing
from devenv.reload.difference import Content
from devenv.reload.plan import Ruled

_MEMORY = 16 * 1024 * 1024
"""Bytes of an archive that stay in memory."""
_CHUNK = 1 << 20
_BLOCK = 512
_TRIES = 3


@dataclass
class Parcel:
    """An archive, what it holds by context path, and what could not be taken in, with the reason."""

    body: IO[bytes]
    sent: dict[str, Content | None] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)  # files and links, by path in the container
    remove_folders: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    entries: int = 0

    def close(self) -> None:
        """Give its memory or its file back."""
        self.body.close()


def pack(context: Path, changes: Iterable[Ruled], owners: Owners, kept: Sequence[str] = ()) -> Parcel:
    """Take in all that is there, note all that is gone; not what lands in the volumes `kept`, which hide the image.

    Raises `EngineError` for an owner that the image lacks.
    """
    parcel = Parcel(cast(IO[bytes], SpooledTemporaryFile(_MEMORY)))  # noqa: SIM115 - the parcel closes it
    solid = set()
    hidden = tuple(f"{path.rstrip('/')}/" for path in kept)
    for each in changes:
        change = each.change
        landings = [landing for landing in each.ruling.landings if not f"{landing.path}/".startswith(hidden)]
        if not landings:
            parcel.sent[change.path] = change.after
        elif change.removed:
            gone = parcel.remove_folders if change.folder else parcel.remove
            gone += [landing.path for landing in landings]
            parcel.sent[change.path] = None
        elif (content := _take(parcel, context, change.path, landings, owners)) is not None:
            parcel.sent[change.path] = content
            solid |= {(landing.path, change.folder) for landing in landings}
    _spare(parcel, solid)
    parcel.body.write(b"\0" * 2 * _BLOCK)
    parcel.body.seek(0)
    return parcel


def _spare(parcel: Parcel, solid: set[tuple[str, bool]]) -> None:
    """Remove nothing where something of this very archive is now: the engine has replaced it, with all below it."""
    files = {path for path, folder in solid if not folder}
    every = files | {path for path, _ in solid}
    below = tuple(f"{path}/" for path in files)
    for paths in (parcel.remove, parcel.remove_folders):
        paths[:] = [path for path in paths if path not in every and not path.startswith(below)]
    parcel.remove_folders.sort(key=lambda path: -path.count("/"))


def _take(parcel: Parcel, context: Path, name: str, landings: Iterable[Landing], owners: Owners) -> Content | None:
    """Add one path at all of its places; gives what was added, None where it is left for another time."""
    content: Content | None = None
    path = context / name
    try:
        for landing in landings:
            owner = owners.of(landing.owner)
            real = _followed(path, context) if landing.follows and path.is_symlink() else path
            content = _add(parcel, real, landing, owner)
            if real != path:  # the context holds a link, and that is what will be compared
                content = Content(stat.S_IFLNK | 0o777, LINK + os.readlink(path))  # noqa: PTH115
    except FileNotFoundError:
        return None  # gone by now: the next look sees that
    except OSError as error:
        parcel.left[name] = error.strerror or str(error)
        return None
    if content is None:
        parcel.left[name] = "it changes while it is read"
    return content


def _followed(path: Path, context: Path) -> Path:
    """Where a link leads, within the context: the builder sees nothing else."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(context)):
        raise OSError("it is a link that leads out of the build context")
    return real


def _add(parcel: Parcel, path: Path, landing: Landing, owner: tuple[int, int]) -> Content | None:
    seen = path.lstat()
    info = tarfile.TarInfo(landing.path.lstrip("/"))
    info.uid, info.gid = owner
    info.mtime = seen.st_mtime_ns / 1e9
    info.mode = landing.mode_for(stat.S_IMODE(seen.st_mode), folder=stat.S_ISDIR(seen.st_mode))
    parcel.entries += 1
    if stat.S_ISDIR(seen.st_mode):
        info.type = tarfile.DIRTYPE
        parcel.body.write(_head(info))
        return Content(seen.st_mode, "")
    if stat.S_ISLNK(seen.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(path), 0o777  # noqa: PTH115
        parcel.body.write(_head(info))
        return Content(stat.S_IFLNK | 0o777, LINK + info.linkname)
    if not stat.S_ISREG(seen.st_mode):
        raise OSError("it is no file, no link and no folder")
    return _add_file(parcel, path, info)


def _add_file(parcel: Parcel, path: Path, info: tarfile.TarInfo) -> Content | None:
    """Add a file's content as it was at one moment; None where it never stands still."""
    begin = parcel.body.tell()
    for _ in range(_TRIES):
        with FileIO(path) as file:
            before = os.fstat(file.fileno())
            info.size, info.mtime = before.st_size, before.st_mtime_ns / 1e9
            parcel.body.write(_head(info))
            digest = _copy(file, parcel.body, info.size)
            after = os.fstat(file.fileno())
        if digest and (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return Content(before.st_mode, digest)
        parcel.body.seek(begin)
        parcel.body.truncate()
    parcel.entries -= 1
    return None


def _copy(file: FileIO, body: IO[bytes], size: int) -> str:
    """Copy exactly `size` bytes and what fills the last block; gives their digest, empty where there are fewer."""
    state, left = new_hash(), size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            return ""
        state.update(chunk)
        body.write(chunk)
        left -= len(chunk)
    body.write(b"\0" * (-size % _BLOCK))
    return state.hexdigest()


def _head(info: tarfile.TarInfo) -> bytes:
    """An entry's header. PAX keeps times to the nanosecond, as two saves within a second must not look alike inside."""
    name = info.name + ("/" if info.type == tarfile.DIRTYPE else "")
    plain = name.isascii() and len(name) <= 100 and not info.linkname and info.size < 8**11
    if not plain or max(info.uid, info.gid) >= 8**7:
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    # The usual case by hand, POSIX.1-2001 pax(1), in a tenth of tarfile's time: it counts where thousands are sent.
    record = f" mtime={info.mtime:.9f}\n"
    record = f"{len(record) + 2}{record}"
    extended = _ustar("././@PaxHeader", 0, 0, 0, len(record), 0, b"x") + record.encode().ljust(_BLOCK, b"\0")
    return extended + _ustar(name, info.mode, info.uid, info.gid, info.size, int(info.mtime), info.type)


def _ustar(name: str, mode: int, uid: int, gid: int, size: int, mtime: int, kind: bytes) -> bytes:
    begin = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0" % (name.encode().ljust(100, b"\0"), mode, uid, gid, size, mtime)
    end = (kind + bytes(100) + b"ustar\x0000").ljust(_BLOCK - 156, b"\0")
    checksum = sum(begin) + sum(end) + 8 * 0x20
    return b"%b%06o\0 %b" % (begin, checksum, end)
