"""resolve(): manifest and recipes become a Stack; pure, it reads only what the Context hands it.

The phases: pick recipes → read options → open scopes → bind sidecars → bind apps → check what crosses services →
order. Problems are collected, not raised, so that all of them are shown at once.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable

from devenv.errors import Problem
from devenv.manifest.model import Manifest
from devenv.recipe import Catalog
from devenv.resolve.app import resolve_app
from devenv.resolve.context import Context, Draft
from devenv.resolve.exports import name_exports
from devenv.resolve.pick import pick
from devenv.resolve.scope import Scope, Scopes
from devenv.resolve.sidecar import resolve_sidecar
from devenv.stack import CI, Service, Stack
from devenv.suggest import did_you_mean

__all__ = ["Context", "resolve"]


def resolve(
    manifest: Manifest, catalog: Catalog, context: Context, *, dropped: Iterable[str] = ()
) -> tuple[Stack, list[Problem]]:
    """The stack and all problems; where there are problems, the stack is not to be used.

    `dropped` names services that are missing because the manifest's own checks refused them.
    """
    problems: list[Problem] = []
    picks = pick(manifest, catalog, context, problems)
    dropped = frozenset(dropped) | (manifest.sidecars.keys() - picks.keys())
    recipes = {name: found.recipe for name, found in picks.items() if found.recipe}
    scopes: dict[str, Scope] = {
        name: Scope(
            service=name,
            project=context.name,
            version=found.version,
            ports=found.ports,
            recipe=found.recipe,
            options=found.options,
            values=found.recipe.values if found.recipe else {},
            exports={**(found.recipe.exports if found.recipe else {}), **found.sidecar.exports},
        )
        for name, found in picks.items()
    }
    for scope in scopes.values():
        scope.peers = {recipe.name: scopes[name] for name, recipe in reversed(recipes.items()) if name != scope.service}
    for name, app in manifest.all_apps.items():
        ports = tuple((port.name or str(port.port), port.port) for port in app.ports)
        values = {"url": "http://{host}:{port}"} if ports else {}
        scopes[name] = Scope(service=name, project=context.name, ports=ports, values=values)
    draft = Draft(manifest, context, Scopes(scopes.values(), unknown=dropped), problems, dropped)
    sidecars = [resolve_sidecar(draft, name, found) for name, found in picks.items()]
    sidecars = name_exports(draft, sidecars)
    apps = [resolve_app(draft, name, app, sidecars) for name, app in manifest.all_apps.items()]
    services = {service.name: service for service in [*sidecars, *apps]}
    _check_host_ports(draft)
    return Stack(context.name, _ordered(services, draft), ci=_ci(draft)), problems


def _ci(draft: Draft) -> CI:
    """What CI runs, as far as it is written."""
    written = draft.manifest.ci
    apps = draft.manifest.all_apps
    if written.inside is not None and written.inside not in apps and written.inside not in draft.dropped:
        hint = did_you_mean(written.inside, apps) or f"apps: {', '.join(apps) or 'none'}"
        draft.problem(f"no app is called `{written.inside}`", ("ci", "inside"), hint)
    elif written.inside in apps and not (apps[written.inside].build or apps[written.inside].image):
        draft.problem(f"`{written.inside}` has no image: it runs on the host", ("ci", "inside"))
    return CI(tuple(written.test or ()), tuple(map(tuple, written.install or ())), written.inside, written.python)


def _check_host_ports(draft: Draft) -> None:
    """Two services that ask for one host port by number; recipes' defaults move aside by themselves."""
    seen: dict[int, str] = {}
    for name, part in {**draft.manifest.sidecars, **draft.manifest.all_apps}.items():
        inside: set[int] = set()
        for index, port in enumerate(part.ports):
            path = (*draft.path(name), "ports", index)
            if port.port in inside:
                draft.problem(f"port {port.port} is listed twice", path)
                continue
            inside.add(port.port)
            host = port.host or port.port
            if host in seen:
                hint = f'publish it elsewhere: ports = ["{host + 1}:{port.port}"]'
                draft.problem(f"port {host} of `{name}` is taken by `{seen[host]}` already", path, hint)
            seen.setdefault(host, name)


def _ordered(services: dict[str, Service], draft: Draft) -> tuple[Service, ...]:
    """Every service after those it needs, otherwise as written; a cycle is a problem."""
    sorter = graphlib.TopologicalSorter({s.name: s.needs for s in services.values()})
    written = list(services)
    order: list[str] = []
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        cycle = list(reversed(error.args[1]))
        draft.problem(f"services need each other: {' → '.join(cycle)}", (*draft.path(cycle[0]), "needs"))
        return tuple(services.values())
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=written.index)
        order += ready
        sorter.done(*ready)
    return tuple(services[name] for name in order)
