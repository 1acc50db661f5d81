"""Where the manifest is, and how messages name it; must not read it, nor pay for the models that reading needs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from devenv.errors import InputError

MANIFEST = "devenv.toml"


def find_manifest(start: Path, file: Path | None = None) -> Path:
    """The manifest: `file` (relative to `start`) if it is given, else `devenv.toml` in `start` or the nearest parent.

    Raises `InputError` where there is none, or where it is no file.
    """
    folder = _folder(start)
    candidates = [folder / file] if file else [parent / MANIFEST for parent in (folder, *folder.parents)]
    found = next((path for path in candidates if os.path.lexists(path)), None)
    if found is None:
        raise _nothing_found(folder, file)
    if _is_folder(found):
        hint = f"name the file in it: -f {display(found / MANIFEST)}" if os.path.lexists(found / MANIFEST) else None
        raise InputError(f"`{display(found)}` is a folder, not a manifest", hint=hint)
    return found


def display(path: Path) -> str:
    """A path as messages show it: relative where it is inside the working directory, and printable."""
    with contextlib.suppress(OSError, ValueError):  # OSError: the working directory is gone
        path = path.relative_to(Path.cwd())
    from devenv.manifest.messages import printable

    return printable(os.fsencode(path).decode(errors="backslashreplace"))


def _folder(start: Path) -> Path:
    try:
        folder = start.resolve()
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a loop of links, before Python 3.13
        folder = start
    if not _is_folder(folder):
        raise InputError(f"`{display(start)}` is not a folder")
    return folder


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no permission to look, a NUL in the path
        return False


def _nothing_found(folder: Path, file: Path | None) -> InputError:
    if file:
        return InputError(f"there is no file `{display(folder / file)}`")
    example = folder / f"{MANIFEST}.example"
    hint = "write one (the README shows how), or name a file with -f FILE"
    if os.path.lexists(example):
        hint = f"begin with a copy: cp {example.name} {MANIFEST}"
    return InputError(f"no {MANIFEST} in `{display(folder)}` or any parent folder", hint=hint)
