"""What nothing asks for any more, and what a killed Compose left: removed, or given its proper name; plans nothing."""

from __future__ import annotations

import re

from devenv.engines.compose.api import Api
from devenv.engines.compose.plan import Plan
from devenv.events import Notice, Reporter

_PASSING = re.compile(r"[0-9a-f]{12}_(.+)")
"""What Compose calls a replacement until the container that it replaces is gone."""


def clear(api: Api, todo: Plan, reporter: Reporter) -> None:
    """Remove what the plan has no use for; what stays under a passing name, since Compose was killed, is renamed."""
    for container in todo.remove:
        reporter.emit(Notice(f"removing `{container.name}`, which the manifest no longer asks for"))
        api.delete(f"/containers/{container.id}", force=True)
    for step in todo.steps:
        if step.container and (match := _PASSING.fullmatch(step.container.name)):
            api.post(f"/containers/{step.container.id}/rename", name=match[1])
