"""What `why --json` prints: apart from other answers, as the reading of Dockerfiles comes with it; see docs/json.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devenv.layout.ruling import Verdict
from devenv.layout.summary import FileAnswer, FolderAnswer
from devenv.why import Answer

_WORDS = {Verdict.SYNC: "sync", Verdict.REBUILD: "rebuild", Verdict.ABSENT: "absent"}


def why_object(answers: Sequence[Answer]) -> dict[str, Any]:
    """The answer of `why --json`."""
    return {"files": [_file(each) for each in answers if isinstance(each.found, FileAnswer)]} | {
        "folders": [_folder(each) for each in answers if isinstance(each.found, FolderAnswer)]
    }


def _file(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.found, FileAnswer)
    ruling = answer.found.ruling
    landings = [
        {"path": each.path, "owner": each.owner, "mode": None if each.mode is None else f"{each.mode:04o}"}
        | {"chmod": list(each.changes), "follows": each.follows}
        for each in ruling.landings
    ]
    synced = ruling.verdict is Verdict.SYNC
    return {
        "path": ruling.path,
        "apps": list(answer.apps),
        "exists": answer.found.there,
        "verdict": _WORDS[ruling.verdict],
        "restart": answer.restart if synced else None,
        "landings": landings,
        "dockerfile": answer.dockerfile,
        "line": ruling.line,
        "instruction": ruling.instruction,
        "reason": ruling.reason,
        "hint": ruling.hint or None,
    }


def _folder(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.found, FolderAnswer)
    groups = [
        {"verdict": _WORDS[each.verdict], "line": each.line, "instruction": each.instruction, "reason": each.reason}
        | {"count": each.count, "examples": list(each.examples)}
        for each in answer.found.groups
    ]
    return {
        "path": answer.path or ".",
        "apps": list(answer.apps),
        "dockerfile": answer.dockerfile,
        "groups": groups,
        "left_out": list(answer.found.left_out),
    }
