"""Pictures of images and containers to compare: settings by inspect, trees by export; changes nothing that is there.

An image is looked at through a container that is made from it, never started, and removed again.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from devenv.artifacts.names import PATH_LABEL, PROJECT_LABEL
from devenv.engines.compose.api import Api
from devenv.engines.compose.owners import Owners
from devenv.engines.compose.parallel import in_parallel
from devenv.errors import EngineError
from devenv.layout.fingerprint import new_hash
from devenv.layout.parity import Node, Picture
from devenv.project import Project

_KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link"}
_CHUNK = 1 << 20
_MINUTE = 60.0


def of_both(api: Api, project: Project, image: str, container: str, base: str | None) -> tuple[Picture, Picture]:
    """An image and a container, each looked at while the engine packs the other."""

    def look(what: str) -> Picture:
        return of_image(api, project, image, base) if what == image else of_container(api, container, base)

    first, second = in_parallel(look, (image, container))
    return first, second


def of_image(api: Api, project: Project, image: str, base: str | None) -> Picture:
    """What an image is. `base` is the image that its Dockerfile begins with, None for one that has no Dockerfile."""
    found = api.get(f"/images/{image}/json")
    with _throwaway(api, project, image) as container:
        return _picture(api, container, found["Config"] or {}, found, base)


def of_container(api: Api, container: str, base: str | None) -> Picture:
    """What a container is, running or not."""
    found = api.get(f"/containers/{container}/json")
    picture = _picture(api, container, found["Config"], api.get(f"/images/{found['Image']}/json"), base)
    return replace(picture, mounts=tuple(sorted(mount["Destination"] for mount in found.get("Mounts") or ())))


def _picture(
    api: Api, container: str, config: Mapping[str, Any], image: Mapping[str, Any], base: str | None
) -> Picture:
    """The tree of a container with the settings of `config`, which may be its image's."""
    settings = {**_settings(config), **_identity(api, image, base), "user": _user(api, container, config)}
    return Picture(settings, _tree(api, container))


@contextmanager
def _throwaway(api: Api, project: Project, image: str) -> Iterator[str]:
    labels = {PROJECT_LABEL: f"{project.id}-parity", PATH_LABEL: project.label}
    own = [f"{name}={value}" for name, value in labels.items()]
    for left in api.get("/containers/json", all=True, filters={"label": own}):  # by a command that was killed
        api.delete(f"/containers/{left['Id']}", force=True, v=True)
    body = {"Image": image, "Labels": labels, "Entrypoint": ["-"], "NetworkDisabled": True}
    container: str = api.post("/containers/create", body)["Id"]
    try:
        yield container
    finally:
        api.delete(f"/containers/{container}", force=True, v=True)


def _tree(api: Api, container: str) -> dict[str, Node]:
    """Every path of a container's own file system; what is mounted into it is not part of it.

    Raises `EngineError` for a container whose files change too fast: the engine cuts its archive off at such a file.
    """
    try:
        return _read(api, container)
    except tarfile.TarError as error:
        raise EngineError("a container's files change while they are read", hint="try again") from error


def _read(api: Api, container: str) -> dict[str, Node]:
    result: dict[str, Node] = {}
    with (
        api.stream("GET", f"/containers/{container}/export", timeout=10 * _MINUTE) as response,
        tarfile.open(fileobj=cast(Any, response), mode="r|", errorlevel=2) as archive,
    ):
        for entry in archive:
            path = f"/{entry.name.strip('/')}"
            if entry.islnk():  # another name of a file that came before
                result[path] = result[f"/{entry.linkname.strip('/')}"]
                continue
            kind = _KINDS.get(entry.type, "other")
            content = entry.linkname if kind == "link" else _digest(archive, entry) if kind == "file" else ""
            mode = 0o777 if kind == "link" else entry.mode & 0o7777
            result[path] = Node(kind, mode, entry.uid, entry.gid, content)
    result.pop("/", None)
    return result


def _digest(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    state = new_hash()
    file = archive.extractfile(entry)
    assert file is not None
    while chunk := file.read(_CHUNK):
        state.update(chunk)
    return state.hexdigest()


def _identity(api: Api, image: Mapping[str, Any], base: str | None) -> dict[str, str]:
    """What an image was made for and from; `base` counts by its layers, since that is what was built upon."""
    platform = "/".join(filter(None, (image.get("Os"), image.get("Architecture"), image.get("Variant"))))
    found = api.find(f"/images/{base}/json") if base else None
    if found is None:  # no base, or only the builder has it: there is nothing to compare
        return {"platform": platform}
    below = found["RootFS"].get("Layers") or []
    same = (image["RootFS"].get("Layers") or [])[: len(below)] == below
    return {"platform": platform, "base": str(found["Id"]) if same else f"not {base} as it is here"}


def _user(api: Api, container: str, config: Mapping[str, Any]) -> str:
    """Whom the process runs as: the name or number as it is given, and the numbers behind it."""
    user = config.get("User") or "root"
    uid, gid = Owners(api, container).of(user if user != "root" else "0")
    return f"{user} ({uid}:{gid})"


def _settings(config: Mapping[str, Any]) -> dict[str, str]:
    result = {
        "workdir": config.get("WorkingDir") or "/",
        "entrypoint": _words(config.get("Entrypoint")),
        "command": _words(config.get("Cmd")),
        "stop-signal": config.get("StopSignal") or "SIGTERM",
        "healthcheck": _words((config.get("Healthcheck") or {}).get("Test")),
    }
    result |= {f"env {name}": value for name, _, value in (entry.partition("=") for entry in config.get("Env") or ())}
    result |= {f"port {port}": "exposed" for port in config.get("ExposedPorts") or ()}
    result |= {f"volume {path}": "declared" for path in config.get("Volumes") or ()}
    return result


def _words(words: Sequence[str] | None) -> str:
    return json.dumps(words, ensure_ascii=False) if words else "none"
