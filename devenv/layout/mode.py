"""What chmod makes of permission bits, by numbers or letters; touches no file."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_SHIFT = {"u": 6, "g": 3, "o": 0}
_SPECIAL = {"u": 0o4000, "g": 0o2000, "o": 0o1000}
_UMASK = 0o022


def is_symbolic(mode: str) -> bool:
    """Whether a text is a mode of chmod's symbolic kind that `mode_for` can count with."""
    return all(_CLAUSE.fullmatch(clause) for clause in mode.split(","))


def after(mode: int, change: str, *, folder: bool = False) -> int:
    """What chmod's symbolic mode makes of permission bits (POSIX, "chmod", OPERANDS); ValueError for none."""
    for clause in change.split(","):
        found = _CLAUSE.fullmatch(clause)
        if not found:
            raise ValueError(f"`{change}` is no mode")
        for operator, letters in re.findall(r"([-+=])([rwxXstugo]*)", found[2]):
            mode = _one(mode, found[1], operator, letters, folder)
    return mode


def _one(mode: int, who: str, operator: str, letters: str, folder: bool) -> int:
    everyone = not who
    users = "ugo" if everyone or "a" in who else who
    bits = sum(_bits(mode, user, letters, folder) for user in set(users))
    if everyone:
        bits &= ~_UMASK
    mask = sum(0o7 << _SHIFT[user] | _SPECIAL[user] for user in set(users))
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return (mode & ~mask) | bits


def _bits(mode: int, user: str, letters: str, folder: bool) -> int:
    """The bits that letters stand for, for one of user, group and others."""
    if letters and letters in "ugo":
        return ((mode >> _SHIFT[letters]) & 0o7) << _SHIFT[user]
    bits = 0
    for letter in letters:
        if letter in "rwx":
            bits |= {"r": 4, "w": 2, "x": 1}[letter] << _SHIFT[user]
        elif letter == "X" and (folder or mode & 0o111):
            bits |= 1 << _SHIFT[user]
        elif letter == "s" and user in "ug":
            bits |= {"u": 0o4000, "g": 0o2000}[user]
        elif letter == "t" and user == "o":
            bits |= 0o1000
    return bits
