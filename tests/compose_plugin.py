"""What Compose itself makes of a file: `docker compose config`, which reads files and speaks to no engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def understood(file: Path, *, variables: Path | None = None, profiles: tuple[str, ...] = ()) -> dict[str, Any]:
    """The project as Compose reads it, its `$` no longer doubled; a refusal fails the test with Compose's words."""
    options = ["--env-file", str(variables)] if variables else []
    options += [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run(
        ["docker", "compose", "-f", str(file), *options, "config", "--format", "json"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    project = _undoubled(json.loads(done.stdout))
    assert isinstance(project, dict)
    return project


def _undoubled(value: Any) -> Any:
    """`config` prints a file that can be read again, so every `$` of a value is doubled."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: _undoubled(item) for key, item in value.items()}
    return [_undoubled(item) for item in value] if isinstance(value, list) else value
