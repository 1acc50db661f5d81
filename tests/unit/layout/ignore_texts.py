"""Ignore files as hypothesis strategies: patterns near the paths of a tree, and near the edges of the rules."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_PIECES = (
    *("*", "**", "?", "/", "a", "b", "ab", ".txt", "..", ".", "**/", "/**", "/*", "é", " ", "$"),
    *("[a-c]", "[^a]", "[*]", "[?]", "[a\\-z]", "[[:alpha:]]", "]", "\\*", "\\[", "\\d", "\\S", "\\b", "\\x61"),
    *("!", "#", "^", "|", "+", "(", "{", "}", "{2}", "{0,1}", "\ufeff", "\x1c", "\x85", "\t"),
)
_SIMPLE = ("*", "**", "*/*", "**/a", "*/a", "a/*", "a/**", "**/*.txt", "*.txt", "**/a/**", "?", "*/*/**")
_FRONTS = ("", "", "", "", "!", "!", "!", "!/", "! ", " ", "/", "./", "#", "\ufeff")
_BACKS = ("", "", "", "", "/", "/**", "/*", "/*/**", "**", "\r", " ")


@st.composite
def _near(draw: st.DrawFn, paths: Sequence[str]) -> str:
    """A path of the tree, shortened, and with a wildcard in the place of some of it."""
    parts = draw(st.sampled_from(paths)).split("/")
    parts = parts[: draw(st.integers(1, len(parts)))]
    place = draw(st.integers(0, len(parts) - 1))
    name = parts[place]
    others = ("*", "**", "?" * len(name), f"{name[:1]}*", f"*{name[-1:]}", f"[{name[:1]}]{name[1:]}", f"x/../{name}")
    parts[place] = draw(st.sampled_from((name, name, *others)))
    return "/".join(parts)


def ignore_texts(paths: Sequence[str]) -> st.SearchStrategy[str]:
    """Texts of one to six lines, most of which mean something to one of `paths`."""
    odd = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=5).map("".join)
    body = _near(paths) | _near(paths) | st.sampled_from(_SIMPLE) | odd
    line = st.tuples(st.sampled_from(_FRONTS), body, st.sampled_from(_BACKS)).map("".join)
    return st.lists(line, min_size=1, max_size=6).map("\n".join)
