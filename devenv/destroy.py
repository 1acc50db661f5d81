"""`destroy`: the only verb that deletes data. It says what goes, saves what can be saved, and removes by exact name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devenv import watchers
from devenv.artifacts.names import editor_name, owner_of
from devenv.engines import Engine, Wish
from devenv.errors import DevenvError
from devenv.events import Notice
from devenv.process import save_output
from devenv.stack import Service, Stack
from devenv.workflow import Session, known

DUMP_TIMEOUT = 3600.0


@dataclass(frozen=True, slots=True)
class Doomed:
    """What `destroy` is about to remove."""

    services: tuple[str, ...]
    volumes: tuple[str, ...]
    dumps: tuple[str, ...]  # services whose data is saved first


def survey(session: Session, names: Sequence[str]) -> Doomed:
    """What would go, asked of the engine."""
    stack = session.stack()
    chosen = known(stack, names) or list(stack.names)
    volumes = session.engine.volumes(names)
    owners = set(volumes.values())
    dumps = [service.name for service in stack if service.dump and service.name in chosen and service.name in owners]
    return Doomed(tuple(chosen), tuple(volumes), tuple(dumps))


def destroy(session: Session, names: Sequence[str], *, dump: bool) -> list[Path]:
    """Save, then remove containers, volumes and, where all goes, network, images and state; gives the dumps' paths."""
    stack = session.stack()
    engine = session.engine
    if not names:
        watchers.end(session.project.state)
    with session.lock():
        doomed = survey(session, names)
        saved = [_dump(session, engine, stack, stack[name]) for name in doomed.dumps] if dump else []
        engine.stop([*names, *map(editor_name, names)], session.reporter, remove=True)
        engine.remove_volumes(doomed.volumes)
        if not names:
            _forget(session, engine, stack)
        else:
            _forget_setups(session, stack, names)
    return saved


def _dump(session: Session, engine: Engine, stack: Stack, service: Service) -> Path:
    """Save one service's data; it is started for that where it does not run. Raises `DevenvError`: nothing is gone."""
    try:
        engine.up(stack, Wish((service,)), session.reporter)
    except DevenvError as error:
        hint = f"to remove the data without saving it: devenv destroy --no-dump {service.name}"
        hint = f"{error.hint}; {hint}" if error.hint else hint
        raise DevenvError(f"`{service.name}` does not start to be saved: {error.message}", hint=hint) from error
    command = engine.inside(service, service.dump, terminal=False)
    folder = session.project.state.folder / "dumps"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{service.name}-{datetime.now():%Y%m%d-%H%M%S}{service.dump_suffix}"
    with path.open("xb") as target:
        path.chmod(0o600)
        code, message = save_output(command.words, target, timeout=DUMP_TIMEOUT, env=command.env)
    if code != 0 or path.stat().st_size == 0:
        path.unlink()
        hint = f"to remove the data without saving it: devenv destroy --no-dump {service.name}"
        raise DevenvError(f"the data of `{service.name}` can't be saved: {message.strip()}", hint=hint)
    session.reporter.emit(Notice(f"saved the data of `{service.name}` to {path}"))
    return path


def _forget(session: Session, engine: Engine, stack: Stack) -> None:
    """Remove what the engine keeps for this project, and its state, except the dumps."""
    engine.forget(stack, session.reporter)
    for file in session.project.state.folder.iterdir():
        if file.is_file() and file.name not in ("lock", watchers.LOCK):
            file.unlink()


def _forget_setups(session: Session, stack: Stack, names: Sequence[str]) -> None:
    """Setups of apps that use what is gone must run again."""
    done = session.project.state.load("setup") or {}
    kept = {name: key for name, key in done.items() if not set(stack[owner_of(name)].needs) & set(names)}
    session.project.state.save("setup", kept)
