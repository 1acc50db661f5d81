"""What the manifest says against the Dockerfile's verdicts: patterns with a reason; applies them, judges none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from devenv.layout.ignore import Ignore
from devenv.layout.ruling import Ruling, Verdict


@dataclass(frozen=True, slots=True)
class Exemption:
    """Paths of the context, by patterns as in .dockerignore, whose verdict is another one, and why."""

    verdict: Verdict
    paths: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Exceptions:
    """All of them, ready to ask. Of several that match, rebuild wins over sync, and sync over ignoring."""

    rules: tuple[tuple[Exemption, Ignore], ...] = ()

    @classmethod
    def of(cls, exemptions: Sequence[Exemption]) -> Self:
        """Read the patterns. Raises InputError for one that is none."""
        order = [Verdict.REBUILD, Verdict.SYNC, Verdict.ABSENT]
        ordered = sorted(exemptions, key=lambda each: order.index(each.verdict))
        return cls(tuple((each, Ignore.from_text("\n".join(each.paths), "[app.reload]")) for each in ordered))

    def apply(self, ruling: Ruling) -> Ruling:
        """The ruling as the manifest wants it. What has no place in the image can't be synced, whatever it says."""
        for exemption, patterns in self.rules:
            if not patterns.ignored(ruling.path):
                continue
            reason = f"devenv.toml says so: {exemption.reason}"
            if exemption.verdict is Verdict.SYNC and not ruling.landings:
                return replace(ruling, hint="`reload.sync` names it, but it has no place in the image")
            return replace(ruling, verdict=exemption.verdict, reason=reason, hint="")
        return ruling
