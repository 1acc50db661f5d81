"""A comparison with the production image as people read it: first what nothing declares; must not judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from devenv.console.text import cells, clean, fit, paint
from devenv.layout.parity import Difference

_WIDTH = 60
_SHOWN = 40


def parity_text(service: str, differences: Sequence[Difference], *, color: bool) -> str:
    """The lines for one service."""
    undeclared = [each for each in differences if not each.declared]
    declared = [each for each in differences if each.declared]
    count = len(declared)
    asked = f" plus {count} declared difference{'s' if count != 1 else ''}" if count else ""
    if undeclared:
        verdict = f"{len(undeclared)} difference{'s' if len(undeclared) != 1 else ''} that nothing declares"
        lines = [f"{paint(clean(service), 'bold', color)}: {paint(verdict, 'red', color)}"]
        lines += [f"  {line}" for line in _table(undeclared[:_SHOWN])]
        if len(undeclared) > _SHOWN:
            lines.append(f"  and {len(undeclared) - _SHOWN} more (--json shows all)")
        lines += [f"  {paint(f'declared: {count}', 'dim', color)}"] if count else []
    else:
        lines = [f"{paint(clean(service), 'bold', color)}: {paint('the production image', 'green', color)}{asked}"]
    lines += [f"  {paint(line, 'dim', color)}" for line in _summary(declared)]
    return "\n".join(lines)


def _table(differences: Iterable[Difference]) -> Iterator[str]:
    rows = [
        (f"{each.aspect} {clean(each.name)}".strip(), clean(each.production), clean(each.development))
        for each in differences
    ]
    width = min(max(cells(row[0]) for row in rows), _WIDTH)
    for name, old, new in rows:
        yield f"{name}{' ' * (width - cells(name))}  {fit(old, _WIDTH)} → {fit(new, _WIDTH)}"


def _summary(declared: Sequence[Difference]) -> Iterator[str]:
    """One line for each of the manifest's keys, with the names of what it changes."""
    keys = dict.fromkeys(each.declared for each in declared)
    for key in keys:
        own = [each for each in declared if each.declared == key]
        if len(own) == 1 and not own[0].name:
            text = f"{fit(clean(own[0].production), _WIDTH)} → {fit(clean(own[0].development), _WIDTH)}"
        else:
            text = ", ".join(clean(each.name) for each in own)
        yield f"{key}: {text}"
