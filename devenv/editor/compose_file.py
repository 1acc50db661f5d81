"""The compose files of an editor's container: what all share, to commit, and what is of this machine; writes none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from devenv.artifacts.compose import Document, Target, document, fingerprint
from devenv.artifacts.names import HASH_LABEL, volume_key
from devenv.artifacts.yaml import Quoted
from devenv.editor.place import Place
from devenv.stack import Bindings, Service, Stack

PARENT = ".."
"""The project's folder, from that of generated files: Compose takes paths from where the first file lies."""


def _literal(text: str) -> Quoted:
    return Quoted(text.replace("$", "$$"))


def shared(place: Place) -> Document:
    """What is the same for everybody: the source lies where the image has it, and what the app's own health is for."""
    source = PARENT if place.source == "." else f"{PARENT}/{place.source}"
    mount = {"type": "bind", "source": _literal(source), "target": _literal(place.inside)}
    return {"services": {place.service.name: {"init": True, "healthcheck": {"disable": True}, "volumes": [mount]}}}


def local(
    stack: Stack,
    app: Service,
    place: Place,
    target: Target,
    *,
    variables: Path,
    mounts: Iterable[tuple[Path, str]],
    kept: Mapping[str, str],
    ready: bool = True,
) -> Document:
    """What is of this machine: project, image, owner, environment, worktree, volumes.

    `variables` is a dotenv file. An image that is not `ready` comes with how to build it. `kept` are volumes, by the
    engine's name, for what the image has below the source.
    """
    service = place.service
    assert isinstance(target.bindings, Bindings)
    whole = document(Stack(stack.name, (*stack.services, service)), target)
    entry: Document = {
        key: value for key, value in whole["services"][service.name].items() if key != "build" or not ready
    }
    names = {volume_key(app.name, volume.name): volume.path for volume in app.volumes}
    binds = [{"type": "bind", "source": _literal(str(here)), "target": _literal(there)} for here, there in mounts]
    entry["volumes"] = [
        *binds,
        *({"type": "volume", "source": key, "target": _literal(path)} for key, path in {**names, **kept}.items()),
    ]
    digest = fingerprint({**entry, "labels": "", "shared": shared(place)}, service, target.bindings)
    entry.pop("environment", None)
    entry["env_file"] = [_literal(str(variables))]
    entry["labels"] = {**entry["labels"], HASH_LABEL: Quoted(digest)}
    result: Document = {"name": target.project, "services": {service.name: entry}, "networks": whole["networks"]}
    mine = {key: whole["volumes"][key] for key in names}
    mine |= {key: {"external": True, "name": key} for key in kept}
    return result | ({"volumes": mine} if mine else {})
