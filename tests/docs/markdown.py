"""The documents as the tests see them: fenced blocks, headings, links, inline code; renders nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.command_line import ROOT

DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "devenv" / "README.md",
    ROOT / "recipes" / "README.md",
    ROOT / "tests" / "README.md",
)

_FENCE = re.compile(r"(`{3,})(.*)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_HEADING = re.compile(r"#{1,6} (.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `words` follow the language on the line that opens it."""

    document: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """`docs/manifest.md:12`."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """What a console block shows: each `$ command`, with the lines that it prints."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
        return found


def blocks(*languages: str, documents: tuple[Path, ...] = DOCUMENTS) -> list[Block]:
    """Every block in one of these languages."""
    return [block for document in documents for block in _blocks(document) if block.language in languages]


def prose(document: Path) -> list[tuple[int, str]]:
    """The lines outside of blocks, with their numbers."""
    inside = {number for block in _blocks(document) for number in _lines_of(block)}
    lines = document.read_text(encoding="utf-8").splitlines()
    return [(number, line) for number, line in enumerate(lines, 1) if number not in inside]


def links(document: Path) -> list[tuple[int, str]]:
    """Where a document points, with the line."""
    return [(number, target) for number, line in prose(document) for target in _LINK.findall(_INLINE.sub("", line))]


def inline_code(document: Path) -> list[tuple[int, str]]:
    """What stands in single backticks, with the line."""
    return [(number, code) for number, line in prose(document) for code in _INLINE.findall(line)]


def anchors(document: Path) -> set[str]:
    """The names by which headings can be linked to, as the usual hosts make them."""
    titles = [match[1] for _, line in prose(document) if (match := _HEADING.fullmatch(line))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def section(document: Path, title: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    lines = document.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if re.fullmatch(rf"#+ {re.escape(title)}", line))
    level = len(lines[start]) - len(lines[start].lstrip("#"))
    end = next(
        (number for number, line in enumerate(lines[start + 1 :], start + 1) if re.match(rf"#{{1,{level}}} ", line)),
        len(lines),
    )
    return "\n".join(lines[start + 1 : end])


def _blocks(document: Path) -> Iterator[Block]:
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        opening = _FENCE.fullmatch(line)
        if not opening:
            continue
        language, *words = opening[2].split() or [""]
        text = ""
        for _, inside in lines:
            if inside == opening[1]:
                break
            text += inside + "\n"
        yield Block(document, number, language, tuple(words), text)


def _lines_of(block: Block) -> range:
    return range(block.line, block.line + block.text.count("\n") + 2)
