"""What an editor's container is made of, in the engine: its image, what is in that, and volumes; starts none itself."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from devenv.artifacts.compose import Target, document
from devenv.artifacts.names import PATH_LABEL, PROJECT_LABEL, image_of
from devenv.engines.compose import images
from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.drive import driver
from devenv.engines.compose.driver_command import docker
from devenv.engines.compose.layouts import layout_of
from devenv.engines.compose.observe import volumes
from devenv.engines.compose.render import files, render
from devenv.errors import EngineError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.process import capture
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack

_LOOK = """
command -v git >/dev/null 2>&1 && echo 'git=yes'
me=$(id -u) && echo "uid=$me" && echo "gid=$(id -g)" || exit 1
while IFS=: read -r name _ uid _ _ home _; do
  if [ "$uid" = "$me" ]; then
    echo "user=$name" && echo "home=$home"
    [ -d "$home" ] && [ -w "$home" ] && echo 'writable=yes'
  fi
  [ "$uid" = "$2" ] && echo "holder=$name"
done </etc/passwd
walk() {
  for each in "$1"/* "$1"/.[!.]*; do
    if [ -d "$each" ] && [ ! -L "$each" ]; then
      echo "folder=$each"
      case "$each" in */node_modules | */.venv | */venv | */vendor) continue ;; esac
      [ "$2" -gt 1 ] && walk "$each" $(($2 - 1))
    fi
  done
}
walk "$1" 4
exit 0
"""
"""Asks what the Dockerfile does not tell for sure. It needs a POSIX shell and `id`, as every editor does."""

_NO_SHELL = (126, 127)
_MINUTES = 600.0


@dataclass(frozen=True, slots=True)
class Interior:
    """What an image is inside; `holder` is the user there that has the host user's number, `folders` are of one place.

    `user` and `home` are empty for a number without a name.
    """

    uid: int
    gid: int
    user: str = ""
    home: str = ""
    writable: bool = False
    git: bool = False
    holder: str = ""
    folders: tuple[str, ...] = ()
    shell: bool = True


def build(
    api: Api, project: Project, stack: Stack, service: Service, bindings: Bindings, reporter: Reporter
) -> tuple[str, str]:
    """The image's name and id, built where what it is made from has changed. Raises `BuildError`."""
    whole = Stack(stack.name, (*stack.services, service))
    name = image_of(whole, service, project.id)
    render(project, stack, bindings)
    if service.build is None:
        found = api.find(f"/images/{name}/json")
        return name, found["Id"] if found else ""
    (image,) = images.survey(
        api, project, whole, [service], bindings, lambda app: layout_of(api, project, whole[app], bindings)
    )
    if image.id is None or image.stale:
        reporter.emit(ServicePhase(service.name, Phase.BUILDING, image.stale))
        target = Target(project.id, root="..", path=project.label, bindings=bindings)
        entry = document(whole, target)["services"][service.name]
        part = {"services": {service.name: {"image": name, "build": entry["build"]}}}
        overlay = project.state.write("editor.json", json.dumps(part))
        compose = driver(api.endpoint, project.id, *files(project), builds=True)
        compose.over(overlay).build(service.name, reporter)
        image = images.remember(api, project, image)
    return name, image.id or ""


def look(api: Api, project: Project, image: str, known: str, folder: str) -> Interior:
    """What is in an image, with the folders below `folder`; asked once for each `known` id.

    Raises `EngineError` where it does not start.
    """
    record = f"interior-{image}"
    key = f"{known} {folder} {os.getuid()}"
    before = project.state.load(record)
    if known and before and before.get("key") == key:
        return Interior(**{**before["found"], "folders": tuple(before["found"]["folders"])})
    code, text = _run(api, project, image, (), _LOOK, folder, str(os.getuid()))
    if code in _NO_SHELL:
        return Interior(-1, -1, shell=False)
    pairs = [line.partition("=")[::2] for line in text.splitlines() if "=" in line]
    single = dict(pairs)
    if code != 0 or not single.get("uid", "").isdecimal() or not single.get("gid", "").isdecimal():
        raise EngineError(f"the image `{image}` can't be looked into: {text.strip()[-500:] or f'exit code {code}'}")
    found = Interior(
        uid=int(single["uid"]),
        gid=int(single["gid"]),
        user=single.get("user", ""),
        home=single.get("home", ""),
        writable="writable" in single,
        git="git" in single,
        holder=single.get("holder", ""),
        folders=tuple(value for key, value in pairs if key == "folder"),
    )
    project.state.save(record, {"key": key, "found": asdict(found)})
    return found


def keep(
    api: Api, project: Project, image: str, wanted: Mapping[str, str], prefix: str, owner: tuple[int, int] | None
) -> None:
    """Make volumes (name → path) of what the image has at these paths, owned by `owner`; remove those of other images.

    One that a container still uses stays until the next time.
    """
    there = volumes(api, project)
    for name in there:
        if name.startswith(prefix) and name not in wanted:
            with contextlib.suppress(ApiError):
                api.delete(f"/volumes/{name}")
    labels = {PROJECT_LABEL: project.id, PATH_LABEL: project.label}
    for name, path in wanted.items():
        if name in there:
            continue
        api.post("/volumes/create", {"Name": name, "Labels": labels})
        change = f"chown -R {owner[0]}:{owner[1]} " if owner else ": "
        code, text = _run(api, project, image, ("--user", "0", "--volume", f"{name}:{path}"), change + '"$1"', path)
        if code != 0:
            api.delete(f"/volumes/{name}")
            raise EngineError(f"`{path}` of the image `{image}` can't be kept: {text.strip()[-500:]}")


def _run(api: Api, project: Project, image: str, options: tuple[str, ...], script: str, *words: str) -> tuple[int, str]:
    """Run a shell's script in a container that is gone afterwards; gives the exit code and what it wrote."""
    labels = (f"--label={PROJECT_LABEL}={project.id}-editor", f"--label={PATH_LABEL}={project.label}")
    command = ("run", "--rm", "--network=none", *labels, *options, "--entrypoint=/bin/sh", image, "-c", script, "sh")
    return capture([*docker(api.endpoint), *command, *words], timeout=_MINUTES, env=os.environ)
