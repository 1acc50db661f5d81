"""Brings the recipes' images to the engine, pulled if a registry answers, else built; deletes only what it replaces."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import debian
from .layout import Layout
from .recipes import FOLDER, LABEL, RECIPES, ROOT_FILE_SYSTEMS, S3MOCK_ARTIFACT, Recipe, RootFs
from .shell import TestBedError, answers, run, say

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PROBE = "hello-world:latest"
MAIL = Path(__file__).parents[2] / "devenv" / "mail"
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "default-timeout")


@dataclass(frozen=True)
class Present:
    """An image that the engine has: its id, and the recipe it was made from if it is a look-alike."""

    identity: str
    recipe: str | None

    @property
    def real(self) -> bool:
        return self.recipe is None


def names() -> list[str]:
    return list(RECIPES)


def inventory(env: dict[str, str]) -> dict[str, Present]:
    """The images of the recipes that the engine has now, by tag."""
    listed = run(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], env=env).split()
    tags = [tag for tag in listed if tag in RECIPES or tag in ROOT_FILE_SYSTEMS]
    if not tags:
        return {}
    facts = [json.loads(line) for line in run(_inspection(tags), env=env).splitlines()]
    return {tag: Present(*fact) for tag, fact in zip(tags, facts, strict=True)}


def _inspection(tags: Sequence[str]) -> list[str]:
    label = f'{{{{with .Config.Labels}}}}{{{{with index . "{LABEL}"}}}}{{{{json .}}}}{{{{else}}}}null{{{{end}}}}'
    return ["docker", "image", "inspect", "--format", f"[{{{{json .Id}}}},{label}{{{{else}}}}null{{{{end}}}}]", *tags]


def describe(env: dict[str, str]) -> Iterable[str]:
    """One line for each image: whether it is there, and whether it is the real one."""
    present = inventory(env)
    for tag, recipe in RECIPES.items():
        found = present.get(tag)
        kind = "missing" if found is None else "real" if found.real else "look-alike"
        yield f"image: {tag}: {kind}{' (only made on request)' if recipe.optional and not found else ''}"


def make(wanted: Sequence[str], layout: Layout, env: dict[str, str]) -> None:
    """Bring the wanted images, or all that are not optional, up to their recipes."""
    unknown = [tag for tag in wanted if tag not in RECIPES]
    if unknown:
        raise TestBedError(f"no recipe for {', '.join(unknown)}; there are: {', '.join(RECIPES)}")
    tags = list(wanted) or [tag for tag, recipe in RECIPES.items() if not recipe.optional]
    _Maker(layout, env).make_all(tags)


class _Maker:
    """One run: knows what is there, asks a registry at most once, and builds what is left."""

    def __init__(self, layout: Layout, env: dict[str, str]) -> None:
        self.layout = layout
        self.env = env
        self.present = inventory(env)

    def make_all(self, tags: Sequence[str]) -> None:
        missing = [tag for tag in tags if not self._is_current(tag)]
        if not missing:
            say(f"{len(tags)} images are up to date")
            return
        absent = [tag for tag in missing if tag not in self.present]
        if absent and self._registry_answers():
            pulled = {tag for tag in absent if self._pull(tag)}
            missing = [tag for tag in missing if tag not in pulled]
        levels = self._levels(missing)
        if any(tag in ROOT_FILE_SYSTEMS for level in levels for tag in level):
            debian.require_root_on_debian()
            debian.install(["mmdebstrap"], ["mmdebstrap"])
        for level in levels:
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                list(pool.map(self._build, level))

    def _levels(self, tags: Sequence[str]) -> list[list[str]]:
        """What is to be built, parents first; the members of one level do not need each other."""
        wanted: dict[str, int] = {}
        for tag in tags:
            chain = [tag]
            while chain[-1] in RECIPES:
                chain.append(RECIPES[chain[-1]].parent)
            for depth, link in enumerate(reversed(chain)):
                if link == tag or not self._is_current(link):
                    wanted[link] = depth
        return [[tag for tag in wanted if wanted[tag] == depth] for depth in sorted(set(wanted.values()))]

    def _is_current(self, tag: str) -> bool:
        found = self.present.get(tag)
        return found is not None and (found.real or found.recipe == self._digest(tag))

    def _digest(self, tag: str) -> str:
        if tag in ROOT_FILE_SYSTEMS:
            return ROOT_FILE_SYSTEMS[tag].digest
        recipe = RECIPES[tag]
        found = self.present.get(recipe.parent)
        parent = found.identity if found and found.real else self._digest(recipe.parent)
        return recipe.digest(parent, self._context_digests)

    def _registry_answers(self) -> bool:
        found = answers(["docker", "pull", "--quiet", PROBE], env=self.env, timeout=20)
        say("a registry answers: pulling the real images" if found else "no registry answers: building look-alikes")
        return found

    def _pull(self, tag: str) -> bool:
        say(f"pulling {tag}")
        if not answers(["docker", "pull", "--quiet", tag], env=self.env, timeout=600):
            say(f"{tag} could not be pulled: building a look-alike")
            return False
        self.present.update(inventory(self.env))
        return True

    def _build(self, tag: str) -> None:
        begun = time.monotonic()
        say(f"building {tag}")
        if tag in ROOT_FILE_SYSTEMS:
            self._import(ROOT_FILE_SYSTEMS[tag])
        else:
            self._run_build(RECIPES[tag])
        replaced = self.present.get(tag)
        if replaced and not replaced.real:  # stays where a container still uses it
            answers(["docker", "image", "rm", replaced.identity], env=self.env, timeout=60)
        say(f"built {tag} in {time.monotonic() - begun:.0f} s")

    def _import(self, rootfs: RootFs) -> None:
        mirror = debian.find_mirror()
        with tempfile.TemporaryDirectory(dir=self.layout.base) as folder:
            archive = str(Path(folder) / "rootfs.tar")
            sources = mirror.sources(rootfs.release)
            run(["mmdebstrap", *rootfs.options, rootfs.release, archive, *sources], timeout=600)
            label = f'LABEL {LABEL}="{rootfs.digest}"'
            run(["docker", "import", "--change", label, archive, rootfs.tag], env=self.env, timeout=300)

    def _run_build(self, recipe: Recipe) -> None:
        command = ["docker", "buildx", "build", "--load", "--progress", "plain", "--provenance=false"]
        command += ["--tag", recipe.tag, "--label", f"{LABEL}={self._digest(recipe.tag)}"]
        for name, value in recipe.arguments.items():
            command += ["--build-arg", f"{name}={value}"]
        for name in recipe.contexts:
            command += ["--build-context", f"{name}={self._context(name)}"]
        if recipe.target:
            command += ["--target", recipe.target]
        run([*command, str(FOLDER / recipe.folder)], env=self.env, timeout=900)

    @cached_property
    def _host_files(self) -> dict[str, bytes]:
        """What of this machine an image needs to reach what the machine reaches."""
        authorities = AUTHORITIES.read_bytes() if AUTHORITIES.exists() else b""
        return {"ca-certificates.crt": authorities, "pip.conf": _pip_settings().encode()}

    @cached_property
    def _context_digests(self) -> dict[str, str]:
        files = [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(self._host_files.items())]
        return {"host": json.dumps(files), "jar": S3MOCK_ARTIFACT, "mail": _digest(MAIL)}

    def _context(self, name: str) -> Path:
        """The folder that the build sees under this name, brought up to date."""
        if name == "mail":
            return MAIL
        folder = self.layout.host_files / name
        folder.mkdir(parents=True, exist_ok=True)
        if name == "host":
            for file, content in self._host_files.items():
                (folder / file).write_bytes(content)
        elif name == "jar":
            _fetch_artifact(S3MOCK_ARTIFACT, folder / "s3mock.jar")
        return folder


def _pip_settings() -> str:
    """This machine's own package index, where it has one; nothing that names a path of this machine."""
    try:
        listed = run(["pip", "config", "list"], timeout=60)
    except TestBedError:
        listed = ""  # no pip here, so no settings of it either
    found: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2]
        if key in PIP_SETTINGS and (key not in found or name.startswith(":env:")):
            found[key] = value.strip("'")
    return "\n".join(["[global]", *(f"{key} = {found[key]}" for key in PIP_SETTINGS if key in found)]) + "\n"


def _digest(folder: Path) -> str:
    """A name for what the files of a folder hold."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".html")):
        found.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _fetch_artifact(artifact: str, target: Path) -> None:
    """Through Maven's own settings, into its local repository, and from there to the target."""
    if target.exists():
        return
    group, name, version, kind, classifier = artifact.split(":")
    debian.install(["maven"], ["mvn"])
    quiet = ["mvn", "-q", "-B", "-Dstyle.color=never"]
    run([*quiet, "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false"], timeout=600)
    asked = run([*quiet, "help:evaluate", "-Dexpression=settings.localRepository", "-DforceStdout"], timeout=120)
    repository = Path(asked.strip().removeprefix("\x1b[0m").removesuffix("\x1b[0m").strip())
    found = repository.joinpath(*group.split("."), name, version, f"{name}-{version}-{classifier}.{kind}")
    partial = target.with_suffix(".partial")
    partial.write_bytes(found.read_bytes())
    partial.rename(target)
