"""An app becomes a Service: the image of its Dockerfile, the sidecars' exports, the app's own environment over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from devenv.manifest.model import App
from devenv.resolve.context import Draft, Path
from devenv.resolve.ready import check_of, check_ports, health_of
from devenv.stack import Build, Editor, Exemption, Port, Ref, Reload, Secret, Service, Text, Volume


def resolve_app(draft: Draft, name: str, app: App, sidecars: Sequence[Service]) -> Service:
    """The app's service; problems go to the draft."""
    path = draft.path(name)
    ports = tuple(
        Port(
            port.name or ("http" if app.ready and app.ready.http and index == 0 else str(port.port)),
            port.port,
            port.host or port.port,
            _url(name, port.port) if app.ready and app.ready.http and index == 0 else (),
        )
        for index, port in enumerate(app.ports)
    )
    check_ports(draft, path, app.ready, ports)
    private = _dotenv(draft, path, app)
    return Service(
        name=name,
        role="app",
        image=app.image,
        build=_build(draft, path, app),
        command=tuple(draft.expand(word, (*path, "command")) for word in app.command) if app.command else None,
        env=_environment(draft, name, path, app, sidecars, private),
        ports=ports,
        volumes=tuple(Volume(key, inside) for key, inside in app.volumes.items()),
        ready=check_of(app.ready, ports),
        health=health_of(app.ready, ports),
        needs=_needs(draft, name, app, sidecars),
        setup=tuple(
            tuple(draft.expand(word, (*path, "setup", index)) for word in command)
            for index, command in enumerate(app.setup)
        ),
        reload=_reload(app),
        profile=app.profile,
        secrets=tuple(Secret(key, value) for key, value in private.items()),
        editor=_editor(draft, path, app),
        host=app.host or (app.build is None and app.image is None),
    )


def _url(name: str, port: int) -> Text:
    return ("http://", Ref("host", name), ":", Ref("port", name, str(port)))


def _build(draft: Draft, path: Path, app: App) -> Build | None:
    if app.build is None:
        return None
    args = tuple((key, draft.expand(text, (*path, "build", "args", key))) for key, text in app.build.args.items())
    return Build(app.build.context, app.build.dockerfile, app.build.target, args)


def _reload(app: App) -> Reload:
    if app.reload is None:
        return Reload()
    rules = app.reload
    found = [
        *(Exemption("sync", tuple(rule.paths), rule.reason) for rule in rules.sync),
        *(Exemption("rebuild", tuple(rule.paths), rule.reason) for rule in rules.rebuild),
        *(Exemption("ignore", tuple(rule.paths), rule.reason) for rule in rules.ignore),
    ]
    return Reload(tuple(found), app.reload.restart)


def _editor(draft: Draft, path: Path, app: App) -> Editor:
    """What is written for all apps, with what is written for this one over it."""
    parts = [part for part in (draft.manifest.editor, app.editor) if part]
    target = next((part.target for part in reversed(parts) if part.target), None)
    if app.editor and app.editor.target and app.build is None:
        draft.problem(
            "`target` names a stage of a Dockerfile, and this app has no `build`", (*path, "editor", "target")
        )
    extensions = dict.fromkeys(name for part in parts for name in part.extensions)
    settings: dict[str, Any] = {}
    for part in parts:
        settings |= part.settings
    try:
        written = json.dumps(settings, ensure_ascii=False, allow_nan=False) if settings else ""
    except (TypeError, ValueError):  # TOML has dates and nan, JSON has neither
        where = (*path, "editor", "settings") if app.editor and app.editor.settings else ("editor", "settings")
        draft.problem("`settings` holds what JSON can't: a date, a time, `nan` or `inf`", where)
        written = ""
    return Editor(target, tuple(extensions), written)


def _dotenv(draft: Draft, path: Path, app: App) -> dict[str, str]:
    """The variables of the app's dotenv files, a later file over an earlier one: private, so kept as secrets."""
    result: dict[str, str] = {}
    for index, file in enumerate(app.env_file):
        try:
            result.update(draft.context.dotenv(file))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            draft.problem(f"`{file}` can't be read: {reason.lower()}", (*path, "env_file", index))
    return {key: value for key, value in result.items() if key not in app.env}


def _environment(
    draft: Draft, name: str, path: Path, app: App, sidecars: Sequence[Service], private: dict[str, str]
) -> tuple[tuple[str, Text], ...]:
    """Exports of the sidecars that the app uses, then its dotenv files, then its `env`: the later wins."""
    used = [s for s in sidecars if app.needs is None or s.name in app.needs]
    env: dict[str, Text] = {key: text for sidecar in used for key, text in sidecar.exports}
    env |= {key: (Ref("secret", name, key),) for key in private}
    env |= {key: draft.expand(text, (*path, "env", key)) for key, text in app.env.items()}
    return tuple(env.items())


def _needs(draft: Draft, name: str, app: App, sidecars: Sequence[Service]) -> tuple[str, ...]:
    """What is written; else every sidecar that is always there or belongs to the app's own profile."""
    if app.needs is not None:
        return draft.needs(name, app.needs)
    return tuple(s.name for s in sidecars if s.profile is None or s.profile == app.profile)
