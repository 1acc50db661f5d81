"""The answers of `devenv why` as text: for a file where it goes and which line decides, for a folder a summary."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.console.text import Line, cells, clean, pad, render
from devenv.layout.ruling import Landing, Ruling, Verdict
from devenv.layout.summary import FileAnswer, FolderAnswer, Group

_STYLES = {Verdict.SYNC: "green", Verdict.REBUILD: "yellow", Verdict.ABSENT: "dim"}


def why_text(
    found: FileAnswer | FolderAnswer, dockerfile: str, apps: Sequence[str], *, restart: bool, reloads: str, color: bool
) -> str:
    """One answer, several lines, without a line end; `apps` are named where there is more than one image."""
    if isinstance(found, FolderAnswer):
        lines = _folder(found, dockerfile)
    else:
        lines = _file(found, dockerfile, restart, reloads)
    if apps:
        first, *others = lines
        lines = [(*first, (f"  (for {', '.join(apps)})", "dim")), *others]
    return "\n".join(render(tuple((clean(text), style) for text, style in line), color) for line in lines)


def _file(found: FileAnswer, dockerfile: str, restart: bool, reloads: str) -> list[Line]:
    ruling = found.ruling
    lines: list[Line] = [((ruling.path, "bold"), _note(found.there))]
    lines.append(
        (("  ", ""), (ruling.verdict.value, _STYLES[ruling.verdict]), (_after(ruling, restart, reloads), "dim"))
    )
    if ruling.verdict is Verdict.SYNC:
        lines += [(("  → ", "dim"), (landing.path, ""), (_details(landing), "dim")) for landing in ruling.landings]
    if ruling.line:
        lines.append((("  ", ""), (f"{dockerfile}:{ruling.line}", "cyan"), (f"  {ruling.instruction}", "")))
    lines.append(((f"  {ruling.reason}", ""),))
    if ruling.hint:
        lines.append(((f"  hint: {ruling.hint}", "dim"),))
    return lines


def _note(there: bool) -> tuple[str, str]:
    return ("", "") if there else ("  (there is no such file; this is for a new one)", "dim")


def _after(ruling: Ruling, restart: bool, reloads: str) -> str:
    if ruling.verdict is not Verdict.SYNC:
        return ""
    if restart:
        return ", then the process restarts"
    return f"; `{reloads}` takes it up by itself" if reloads else "; the process takes it up by itself"


def _details(landing: Landing) -> str:
    mode = "" if landing.mode is None else f", mode {landing.mode:o}"
    changes = "".join(f", chmod {change}" for change in landing.changes)
    return f"  (owner {landing.owner.removesuffix(':')}{mode}{changes})"


def _folder(found: FolderAnswer, dockerfile: str) -> list[Line]:
    count = sum(group.count for group in found.groups)
    noun = "file" if count == 1 else "files"
    lines: list[Line] = [((f"{found.path or '.'}/", "bold"), (f"  {count} {noun}", "dim"))]
    width = max((len(str(group.count)) for group in found.groups), default=1)
    for group in found.groups:
        lines += _group(group, dockerfile, width)
    if found.left_out:
        names = ", ".join(f"{path}/" for path in found.left_out)
        lines.append(((f"  {pad('', width)}  left out as a whole: {names}", "dim"),))
    return lines


def _group(group: Group, dockerfile: str, width: int) -> list[Line]:
    label = pad(group.verdict.value, max(cells(verdict.value) for verdict in Verdict))
    place = f"  {dockerfile}:{group.line}" if group.line else ""
    number = str(group.count).rjust(width)
    head: Line = (
        (f"  {number}  ", ""),
        (label, _STYLES[group.verdict]),
        (place, "cyan"),
        (f"  {group.instruction}", ""),
    )
    names = ", ".join(group.examples) + (", …" if group.count > len(group.examples) else "")
    indent = " " * (width + 4)
    said: list[Line] = [((f"{indent}{group.reason}", ""),)] if group.reason else []
    return [head, *said, ((f"{indent}{names}", "dim"),)]
