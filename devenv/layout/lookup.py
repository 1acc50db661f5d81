"""Asks the other way round: what of the context is at a place of a stage after some lines; guesses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from devenv.layout.steps import CONTEXT, ELSEWHERE, Kind, Put, Run, Stage, Step
from devenv.layout.tree import Tree


@dataclass(frozen=True)
class Lookup:
    """The context and the stages that are complete so far."""

    tree: Tree
    stages: Mapping[int, Stage]

    def origin(self, steps: Sequence[Step], base: int | None, place: str) -> str | None:
        """The path of the context whose file or folder is at a place; None for none, or where nobody can say."""
        for step in self.backwards(steps, base):
            if isinstance(step, Run):
                if any(effect.kind in _GONE and effect.matches(place) for effect in step.effects):
                    return None
            elif step.origin == CONTEXT:
                if found := self._held(step, place):
                    return found
            elif step.may_reach(place):
                return self._carried(step, place)
        return None

    def is_folder(self, steps: Sequence[Step], base: int | None, place: str) -> bool:
        """Whether a folder of the context was copied to a place."""
        found = self.origin(steps, base, place)
        return found is not None and self.tree.is_folder(found)

    def backwards(self, steps: Sequence[Step], base: int | None) -> Iterator[Step]:
        """The steps up to here, the last one first, through the stages that a stage begins with."""
        yield from reversed(steps)
        while base is not None:
            stage = self.stages[base]
            yield from reversed(stage.steps)
            base = stage.base

    def _held(self, put: Put, place: str) -> str | None:
        for path in put.candidates(place, self.tree):
            if self.tree.holds(path):
                return path
        return None

    def _carried(self, put: Put, place: str) -> str | None:
        if put.origin == ELSEWHERE:
            return None
        stage = self.stages[put.origin]
        for path in put.candidates(place, self.tree):
            if found := self.origin(stage.steps, stage.base, "/" + path):
                return found
        return None


_GONE = (Kind.WRITES, Kind.REMOVES)
