"""Prints a file tree as JSON: for each path its kind, mode, owner and what is in it; reads, and writes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from pathlib import Path

LEFT_OUT = {
    *("proc", "sys", "dev", "wheels", "var/lib", "var/cache", "etc/ssl", "etc/alternatives"),
    *(f"usr/{each}" for each in ("bin", "sbin", "lib", "share", "include")),
    *(f"usr/local/{each}" for each in ("bin", "include", "share", "lib/oracle", "lib/pkgconfig")),
}


def main(root: str) -> None:
    found: dict[str, list[object]] = {}
    for folder, folders, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        inner = "" if relative == "." else relative + "/"
        folders[:] = [each for each in folders if wanted(inner + each)]
        if relative == "usr/local/lib/python3.13":
            folders[:], names[:] = ["site-packages"], []
        for name in (*folders, *names):
            if wanted(inner + name):
                found["/" + inner + name] = facts(Path(folder, name))
    users = [line.split(":") for line in lines(Path(root, "etc/passwd"))]
    groups = [line.split(":") for line in lines(Path(root, "etc/group"))]
    print(json.dumps({
        "tree": found,
        "users": {each[0]: [int(each[2]), int(each[3])] for each in users},
        "groups": {each[0]: int(each[2]) for each in groups},
    }))  # fmt: skip


def wanted(path: str) -> bool:
    if path.endswith(".pyc") or path.rpartition("/")[2] in ("__pycache__", "pip"):
        return False
    return path not in LEFT_OUT


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def facts(path: Path) -> list[object]:
    seen = path.lstat()
    kind = "link" if stat.S_ISLNK(seen.st_mode) else "folder" if stat.S_ISDIR(seen.st_mode) else "file"
    content = str(path.readlink()) if kind == "link" else ""
    if kind == "file" and stat.S_ISREG(seen.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return [kind, 0o777 if kind == "link" else stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid, content]


main(sys.argv[1])
