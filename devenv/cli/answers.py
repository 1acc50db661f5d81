"""What commands print for programs: the JSON objects of docs/json.md; fields are only ever added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from devenv.engines import ServiceStatus
from devenv.errors import BuildError, DevenvError, ManifestError, ServiceNotReadyError

if TYPE_CHECKING:
    from devenv.doctor import Report as DoctorReport
    from devenv.engines.live import Report
    from devenv.parity import Parity
    from devenv.workflow import Session


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def status_object(session: Session, statuses: Sequence[ServiceStatus]) -> dict[str, Any]:
    """The answer of `status --json`, `up --json` and `restart --json`."""
    from devenv.watchers import who

    found = who(session.project.state)
    return {
        "project": session.project.id,
        "engine": session.engine.name,
        "services": [_service(status) for status in statuses],
        "watcher": {"command": found[0], "process": found[1]} if found else None,
    }


def sync_object(project: str, reports: Sequence[Report]) -> dict[str, Any]:
    """The answer of `sync --json`."""
    found = [
        {
            "services": list(report.services),
            "paths": [{"path": each.change.name, "change": each.change.kind} for each in report.causes],
            "rule": report.rule,
            "needs_build": bool(report.needs),
            "reason": report.needs,
        }
        for report in reports
    ]
    return {"project": project, "differences": found}


def parity_object(project: str, found: Sequence[Parity]) -> dict[str, Any]:
    """The answer of `parity --json`."""
    services = [
        {
            "name": each.service,
            "image": each.image,
            "equal": not each.undeclared,
            "differences": [asdict(difference) for difference in each.differences],
        }
        for each in found
    ]
    return {"project": project, "equal": not any(each.undeclared for each in found), "services": services}


def error_object(error: DevenvError) -> dict[str, Any]:
    """What is under `error` where a command with --json fails."""
    result: dict[str, Any] = {
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }
    if isinstance(error, ManifestError):
        result["problems"] = [
            {"message": p.message, "file": p.file, "line": p.line, "column": p.column, "hint": p.hint}
            for p in error.problems
        ]
    if isinstance(error, ServiceNotReadyError):
        result |= {"service": error.service, "reason": error.reason, "logs": list(error.logs)}
    if isinstance(error, BuildError):
        result["output"] = list(error.output)
    return result


def doctor_object(report: DoctorReport) -> dict[str, Any]:
    """The answer of `doctor --json`."""
    providers = [
        {"service": name, "program": str(each.program), "provider": each.shown, "version": each.version or None}
        | {"differs": list(each.differs)}
        for name, found in report.found.items()
        for each in found
    ]
    return {
        "well": report.well,
        "project": report.project,
        "engine": report.engine,
        "checks": [asdict(check) for check in report.checks],
        "providers": providers,
    }


def _service(status: ServiceStatus) -> dict[str, Any]:
    return {**asdict(status), "addresses": [asdict(address) for address in status.addresses]}
