"""Timing whole processes in turn, and the table that shows it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Act = Callable[[], None]


@dataclass(frozen=True)
class Row:
    """One claim: our times, the other side's, in seconds, and the ratio of the medians that is to be reached."""

    name: str
    peer: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    reach: float

    @property
    def ratio(self) -> float:
        """Our median over theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    def __str__(self) -> str:
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        verdict = "reached" if self.ratio <= self.reach else "not reached"
        return (
            f"{self.name:34} {ours * 1000:7.0f} ms ({min(self.ours) * 1000:.0f}-{max(self.ours) * 1000:.0f})  "
            f"{self.peer:34} {theirs * 1000:7.0f} ms ({min(self.theirs) * 1000:.0f}-{max(self.theirs) * 1000:.0f})  "
            f"{self.ratio:5.2f} x  (at most {self.reach} x: {verdict})"
        )


def clock(act: Act) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def compare(
    name: str, peer: str, ours: Act, theirs: Act, *, reach: float, runs: int,
    before_ours: Act = lambda: None, before_theirs: Act = lambda: None,
) -> Row:  # fmt: skip
    """Both in turn, `runs` times, each after its own preparation, which is not timed."""
    our_times, their_times = [], []
    for _ in range(runs):
        before_ours()
        our_times.append(clock(ours))
        before_theirs()
        their_times.append(clock(theirs))
    row = Row(name, peer, tuple(our_times), tuple(their_times), reach)
    print(row, flush=True)
    return row
