"""A sidecar becomes a Service: its recipe's texts bound, the manifest's own keys over them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from devenv.errors import RecipeError
from devenv.recipe import Recipe, RecipeFile
from devenv.resolve.context import Draft, Path
from devenv.resolve.pick import Pick
from devenv.resolve.ready import check_of, check_ports, health_of
from devenv.resolve.scope import Scope
from devenv.stack import Check, File, Health, Native, Port, Secret, Service, Text, Volume
from devenv.template import UnboundError, joined


def resolve_sidecar(draft: Draft, name: str, pick: Pick) -> Service:
    """The sidecar's service; problems go to the draft."""
    scope = draft.scopes[name]
    own = _own(draft, name, pick, scope)
    if pick.recipe is None:
        return own
    base = _from_recipe(name, pick, pick.recipe, scope)
    return _over(base, own, pick, draft)


def _own(draft: Draft, name: str, pick: Pick, scope: Scope) -> Service:
    """What the manifest itself says of a sidecar: all there is of one without a recipe."""
    path: Path = ("sidecars", name)
    sidecar = pick.sidecar
    command = tuple(draft.expand(word, (*path, "command")) for word in sidecar.command) if sidecar.command else None
    ports = tuple(Port(port.name or str(port.port), port.port, port.host or port.port) for port in sidecar.ports)
    listed = {port.container for port in ports}
    asked = ports + tuple(Port(key, number, number) for key, number in pick.ports if number not in listed)
    check_ports(draft, path, sidecar.ready, asked)
    ready, health = check_of(sidecar.ready, asked), health_of(sidecar.ready, asked)
    return Service(
        name=name,
        role="sidecar",
        image=sidecar.image,
        command=command,
        env=tuple((key, draft.expand(text, (*path, "env", key))) for key, text in sidecar.env.items()),
        ports=ports,
        volumes=tuple(Volume(key, inside) for key, inside in sidecar.volumes.items()),
        ready=ready,
        health=health,
        needs=draft.needs(name, sidecar.needs or ()),
        profile=sidecar.profile,
        exports=tuple(
            (key, draft.expand(text, (*path, "exports", key), own=scope)) for key, text in sidecar.exports.items()
        ),
    )


def _from_recipe(name: str, pick: Pick, recipe: Recipe, scope: Scope) -> Service:
    """The service that the recipe describes, with this project's options. Raises `RecipeError`."""

    def text(source: str) -> Text:
        try:
            return scope.expand(source)
        except UnboundError as error:
            raise RecipeError(f"recipe `{recipe.name}` uses `{{{error.name}}}`, which nothing defines") from error

    def texts(sources: list[str] | None) -> tuple[Text, ...]:
        return tuple(text(source) for source in sources or ())

    container = recipe.service
    volumes = [Volume(key, path) for key, path in container.volumes.items()]
    volumes += [Volume(key, path, disposable=True) for key, path in container.caches.items()]
    health = recipe.health
    return Service(
        name=name,
        role="sidecar",
        image="".join(str(part) for part in text(recipe.image)),
        command=texts(container.command) if container.command else None,
        bare=texts(container.bare),
        user=container.user,
        env=tuple((key, text(value)) for key, value in container.env.items()),
        ports=tuple(Port(port.name, port.port, port.port, text(port.url)) for port in recipe.ports),
        volumes=tuple(volumes),
        files=tuple(_file(file, pick, scope) for file in recipe.files) + _mounted(pick, recipe),
        ready=tuple(
            Check(check.probe, check.port, tuple((key, text(value)) for key, value in check.params.items()))
            for check in recipe.ready
        ),
        health=Health(texts(health.command), health.start_interval) if health else None,
        secrets=tuple(Secret(key, pick.secrets.get(key)) for key in recipe.secrets),
        exports=tuple((key, text(value)) for key, value in recipe.exports.items()),
        connect=texts(recipe.connect.command) if recipe.connect else (),
        provision=texts(recipe.provision.command) if recipe.provision else (),
        dump=texts(recipe.dump.command) if recipe.dump else (),
        dump_suffix=recipe.dump.suffix if recipe.dump else "",
        initialised=recipe.initialised,
        data_version=pick.major if recipe.data_version else "",
        stop_grace=container.stop_grace,
        shm_size=container.shm_size,
        recipe=recipe.name,
        version=pick.version,
        native=_native(recipe, text),
    )


def _native(recipe: Recipe, text: Callable[[str], Text]) -> Native | None:
    if recipe.native is None:
        return None
    return Native(recipe.native.provider, tuple((key, text(value)) for key, value in recipe.native.params.items()))


def _file(file: RecipeFile, pick: Pick, scope: Scope) -> File:
    """A generated file: each part once, or once for each combination of the list options that it names."""
    content: list[Text] = []
    for part in file.parts:
        lists = [pick.options[option] for option in part.each.values()]
        for combination in itertools.product(*lists):
            items = dict(zip(part.each, combination, strict=True))
            content.append(replace(scope, values={**scope.values, **items}).expand(part.text))
    return File(file.path, joined(tuple(piece for text in content for piece in text)))


def _mounted(pick: Pick, recipe: Recipe) -> tuple[File, ...]:
    """The user's own files that an option mounts, numbered so that they run in the order given, after ours."""
    result = []
    for name, option in recipe.options.items():
        if option.type == "files" and option.mount:
            paths = pick.options[name]
            width = len(str(len(paths) + 9))
            for number, path in enumerate(paths, start=10):
                target = f"{option.mount}/{number:0{width}}-{PurePosixPath(path).name}"
                result.append(File(target, (), source=path))
    return tuple(result)


def _over(base: Service, own: Service, pick: Pick, draft: Draft) -> Service:
    """The recipe's service with the manifest's keys over it; a listed port replaces the recipe's host port."""
    path: Path = ("sidecars", base.name)
    extra = tuple(draft.expand(word, (*path, "args", index)) for index, word in enumerate(pick.sidecar.args))
    wanted = {port.container: port for port in own.ports}
    ports = tuple(replace(port, host=wanted.pop(port.container, port).host) for port in base.ports)
    return replace(
        base,
        image=own.image or base.image,
        command=own.command or ((base.command or ()) + extra or None),
        bare=() if own.command or not base.bare else base.bare + extra,
        env=tuple({**dict(base.env), **dict(own.env)}.items()),
        ports=ports + tuple(wanted.values()),
        volumes=tuple({volume.name: volume for volume in (*base.volumes, *own.volumes)}.values()),
        ready=own.ready if pick.sidecar.ready else base.ready,
        health=own.health if pick.sidecar.ready else base.health,
        needs=own.needs,
        profile=own.profile,
        native=replace(base.native, path=pick.sidecar.native) if base.native else None,
        exports=tuple({**dict(base.exports), **dict(own.exports)}.items()),
    )
