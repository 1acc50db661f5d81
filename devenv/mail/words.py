"""Makes plain words of HTML: a snippet's, the search's, a text part's where a mail has none; fetches nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SNIPPET_BYTES = 200
QUOTED_WIDTH = 74
SKIPPED = {"script", "title", "head", "style", "noscript"}
BLOCK_END = re.compile(
    r"</(div|p|td|th|h[1-6]|ul|ol|li|address|article|aside|blockquote|dl|dt|footer|header|hr|main|nav|pre|table|thead"
    r"|tfoot|video)><",
    re.IGNORECASE,
)
Attributes = list[tuple[str, str | None]]


def plain(html: str, *, links: bool = False) -> str:
    """What a reader sees, on one line; with `links` also where each web link leads to."""
    html = BLOCK_END.sub(r"</\1> <", html)
    html = re.sub(r"<br( /)?>", " ", html, flags=re.IGNORECASE)
    reader = _Words(links)
    reader.feed(re.sub("<img", " <img", html, flags=re.IGNORECASE))
    reader.close()
    return printable("".join(reader.found))


def printable(text: str) -> str:
    """One line, without what has no shape."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text.replace("\ufeff", " ")).split())


def snippet(text: str, html: str) -> str:
    """The beginning of a mail for a list: at most 200 bytes, never half a character."""
    words = plain(html) if html.strip() else " ".join(text.replace("\ufeff", " ").split())
    whole = words.encode(errors="replace")
    if len(whole) <= SNIPPET_BYTES:
        return words
    end = SNIPPET_BYTES
    while end and whole[end - 1] & 0xC0 == 0x80:
        end -= 1
    if end and whole[end - 1] & 0xC0 == 0xC0:
        end -= 1
    return whole[:end].decode() + "..."


class _Words(HTMLParser):
    """Collects the text outside of what a browser hides."""

    def __init__(self, links: bool) -> None:
        super().__init__()
        self.found: list[str] = []
        self._links = links
        self._hidden: list[str] = []
        self._targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag == "body":
            self._hidden.clear()  # a head may end without saying so
        if tag in SKIPPED:
            self._hidden.append(tag)
        if tag == "a":
            self._targets.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag == "a" and self._targets:
            target = self._targets.pop()
            if self._links and target.lower().startswith("http") and not self._hidden:
                self.found.append(f" {target} ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def as_text(html: str) -> str:
    """The text part that a mail with HTML only is shown with: lines, stars for bold, targets behind links."""
    reader = _Text()
    reader.feed(html.removeprefix("\ufeff"))
    reader.close()
    text = reader.whole().replace("\n ", "\n")
    return re.sub(r"\n\n+", "\n\n", text).strip()


class _Scope:
    """Text that grows by pieces, with a space between two that have none."""

    def __init__(self, *, spaced: bool = False) -> None:
        self.pieces: list[str] = []
        self._spaced = spaced
        self.prefix = ""
        self.length = 0  # of the current line

    def emit(self, text: str, quoted: int = 0) -> None:
        """Add a piece; quoted text gets a mark on each line, and has no long lines."""
        for line in self._broken(text) if quoted else filter(None, [text]):
            if not line[0].isspace() and not self._spaced and not text.startswith("."):
                self._write(" ")
            self._spaced = line[-1].isspace()
            self._write(line)

    def _write(self, text: str) -> None:
        self.pieces.append(text.replace("\n", "\n" + self.prefix))
        end = text.rfind("\n")
        self.length = self.length + len(text) if end < 0 else len(text) - end - 1

    def _broken(self, text: str) -> list[str]:
        lines = ["\n"] if self.length >= QUOTED_WIDTH else []
        room = QUOTED_WIDTH - (0 if lines else self.length)
        while len(text) > room:
            at = next((i for i in range(room, -1, -1) if text[i].isspace()), -1)
            if at < 0:
                at = next((i for i in range(room, len(text)) if text[i].isspace()), len(text))
            lines.append(text[:at] + "\n")
            text, room = text[at:].lstrip(), QUOTED_WIDTH
        return [*lines, *filter(None, [text])]


class _Text(HTMLParser):
    """Emits pieces as elements begin and end; headings and bold are scopes of their own, framed at their end."""

    framed = {"h1": "*", "h2": "-", "h3": "-", "b": "", "strong": ""}  # noqa: RUF012 (read only)
    hidden = ("style", "script", "head", "title")
    before = {"br": "\n", "li": "* ", "p": "\n\n", "ul": "\n\n", "table": "\n\n"}  # noqa: RUF012 (read only)
    after = {"li": "\n", "p": "\n\n", "ul": "\n\n", "table": "\n\n"}  # noqa: RUF012 (read only)

    def __init__(self) -> None:
        super().__init__()
        self._scopes = [_Scope()]
        self._open: list[str] = []
        self._hidden = ""
        self._pre = 0
        self._quoted = 0
        self._links: list[tuple[str, int]] = []
        self._closed_div = False

    def whole(self) -> str:
        while len(self._scopes) > 1:
            self._frame(self._open.pop())
        return "".join(self._scopes[0].pieces)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self._hidden:
            self._hidden = "" if tag == "body" else self._hidden
            return
        self._closed_div = False
        if tag in self.hidden:
            self._hidden = tag
        elif tag in self.before:
            self._emit(self.before[tag])
        elif tag in self.framed:
            self._open.append(tag)
            self._scopes.append(_Scope(spaced=tag in ("b", "strong")))
        elif tag == "blockquote":
            self._quote(1)
        elif tag == "div" and self._scopes[-1].length:
            self._emit("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._scopes[-1].pieces)))
        elif tag == "img" and self._links:
            self._emit(dict(attrs).get("alt") or "")
        self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden = "" if tag == self._hidden else self._hidden
            return
        if tag in self.framed and tag in self._open:
            while self._frame(self._open.pop()) != tag:
                pass
        elif tag in self.after:
            self._emit(self.after[tag])
        elif tag == "div":
            if not self._closed_div:
                self._emit("\n")
            self._closed_div = True
            return
        elif tag == "blockquote" and self._quoted:
            self._quote(-1)
        elif tag == "a" and self._links:
            self._link(*self._links.pop())
        self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._emit(data if self._pre else re.sub(r"[ \r\n\t]+", " ", data).strip())

    def _emit(self, text: str) -> None:
        self._scopes[-1].emit(text, self._quoted if len(self._scopes) == 1 else 0)

    def _quote(self, step: int) -> None:
        self._quoted += step
        self._scopes[0].prefix = f"{'>' * self._quoted} " if self._quoted else ""
        self._emit("\n" if step > 0 else "\n\n")
        if step > 0 and self._quoted == 1:
            self._emit("\n")

    def _link(self, target: str, begin: int) -> None:
        target = target.strip().removeprefix("mailto:")
        if target and "".join(self._scopes[-1].pieces[begin:]).strip() != target:
            self._emit(f"( {target} )")

    def _frame(self, tag: str) -> str:
        text = "".join(self._scopes.pop().pieces)
        sign = self.framed[tag]
        if not sign:
            self._emit(f"*{text}*")
        else:
            line = sign * max(len(each) - 1 for each in text.split("\n"))
            above = "" if tag == "h3" else f"{line}\n"
            self._emit(f"\n\n{above}{text}\n{line}\n\n")
        return tag
