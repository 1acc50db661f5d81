"""Reads the stages that a target needs, line by line, into steps; must not ask for a single file's fate."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.layout.copying import Copying
from devenv.layout.dockerfile import Dockerfile, Instruction, onbuild_text, trigger
from devenv.layout.image import Facts, assumed
from devenv.layout.lookup import Lookup
from devenv.layout.running import read_run
from devenv.layout.scene import Scene
from devenv.layout.site import Site
from devenv.layout.stages import Section, Sections, sections
from devenv.layout.steps import Stage
from devenv.layout.tree import Tree

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "AMD64": "amd64"}


@dataclass
class Planner:
    """Makes Stages; each only once, and only if it is asked for."""

    dockerfile: Dockerfile
    tree: Tree
    arguments: Mapping[str, str]
    facts: Facts
    replaced: frozenset[str] = frozenset()
    inputs: set[str] = field(default_factory=set)
    order: dict[int, Stage] = field(default_factory=dict)
    _scenes: dict[int, Scene] = field(default_factory=dict)
    _open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sections: Sections = sections(self.dockerfile, self.arguments, platform_arguments())
        self.lookup = Lookup(self.tree, self.order)

    def stage(self, number: int, line: int = 0) -> Stage:
        """A stage with all its steps, after those that it needs. Raises InputError, for a circle as well."""
        if number in self.order:
            return self.order[number]
        section = self.sections.sections[number]
        if number in self._open:
            circle = [self.sections.sections[each] for each in [*self._open[self._open.index(number) :], number]]
            names = " → ".join(each.name or str(each.number) for each in circle)
            raise self.dockerfile.fail(line, f"the stages need each other in a circle: {names}")
        self._open.append(number)
        scene = self._begin(section)
        for each in section.instructions:
            self._read(section, scene, each)
        self._open.pop()
        self._scenes[number] = scene
        self.order[number] = _finished(section, scene)
        return self.order[number]

    def is_folder(self, section: Section, scene: Scene, place: str) -> bool:
        """Whether a place is known to be a folder at this point of a stage."""
        return place in scene.folders or self.lookup.is_folder(scene.steps, section.base, place)

    def text(self, number: int, path: str) -> str | None:
        """What is in a file of a finished stage, by its path in the working folder; None where nobody can say."""
        scene = self._scenes[number]
        site = Site(scene, self.lookup, self.sections.sections[number].base, (), self.inputs)
        return site.text(site.place(scene.workdir, path))

    def _begin(self, section: Section) -> Scene:
        if section.base is None:
            told = self.facts(section.image)
            scene = Scene.of_image(section.image, told or assumed(section.image))
            scene.complete = told is not None or section.image == "scratch"
        else:
            self.stage(section.base, section.line)
            scene = self._scenes[section.base].child()
        triggers, scene.triggers = scene.triggers, ()
        for text in triggers:
            self._read(section, scene, trigger(self.dockerfile, text, section.line))
        return scene

    def _read(self, section: Section, scene: Scene, line: Instruction) -> None:
        """Let one line act on the scene."""
        if line.name in ("COPY", "ADD"):
            scene.steps += self._copying(section, scene).puts(line)
        elif line.name == "RUN":
            mounts = tuple(self._copying(section, scene).mounts(line))
            site = Site(scene, self.lookup, section.base, mounts, self.inputs)
            scene.steps.append(read_run(scene, site, line, mounts, self.replaced))
        elif line.name == "WORKDIR":
            self._change_folder(scene, line)
        elif line.name == "ENV":
            self._set(scene, line)
        elif line.name == "ARG":
            self._argue(scene, line)
        elif line.name == "USER":
            scene.user = self._expand(scene, line.args[0], line)
        elif line.name == "SHELL":
            scene.shell = line.args
        elif line.name == "ONBUILD":
            trigger(self.dockerfile, onbuild_text(line), line.line)
            scene.triggers += (onbuild_text(line),)
        elif line.name in ("CMD", "ENTRYPOINT"):
            self._process(scene, line)

    def _copying(self, section: Section, scene: Scene) -> Copying:
        def origin(name: str, line: int) -> int:
            number = self.sections.origin(name, line)
            if number >= 0:
                self.stage(number, line)
            return number

        return Copying(self.dockerfile, self.tree, scene, origin, lambda place: self.is_folder(section, scene, place))

    def _expand(self, scene: Scene, word: str, line: Instruction) -> str:
        return self.dockerfile.expand(word, scene.variables, line.line)

    def _change_folder(self, scene: Scene, line: Instruction) -> None:
        path = self._expand(scene, line.args[0], line)
        unknown = scene.unknown(line.args[0])
        scene.sure = not unknown and (scene.sure or path.startswith("/"))
        scene.workdir = scene.absolute(path)
        scene.remember_folder(scene.resolve(scene.workdir))

    def _set(self, scene: Scene, line: Instruction) -> None:
        before = scene.variables
        for key, value in zip(line.args[::3], line.args[1::3], strict=True):
            name = self.dockerfile.expand(key, before, line.line)
            scene.env.pop(name, None)
            if not any(scene.unknown(each) for each in (key, value)):
                scene.env[name] = self.dockerfile.expand(value, before, line.line)

    def _argue(self, scene: Scene, line: Instruction) -> None:
        for word in line.args:
            name, has_default, default = word.partition("=")
            if name in self.arguments:
                scene.arguments[name] = self.arguments[name]
            elif has_default:
                scene.arguments[name] = self._expand(scene, default, line)
            elif name in self.sections.arguments:
                scene.arguments[name] = self.sections.arguments[name]

    def _process(self, scene: Scene, line: Instruction) -> None:
        words = line.args if line.json else (*scene.shell, *line.args)
        if line.name == "CMD":
            scene.command = words
        else:
            scene.entrypoint = words
            scene.command = ()


def platform_arguments() -> dict[str, str]:
    """The arguments that every build has (Docker docs, "Automatic platform ARGs"), taken for this machine's."""
    machine = _MACHINES.get(platform.machine(), platform.machine())
    result: dict[str, str] = {}
    for side in "BUILD", "TARGET":
        result |= {f"{side}PLATFORM": f"linux/{machine}", f"{side}OS": "linux", f"{side}ARCH": machine}
        result[f"{side}VARIANT"] = ""
    return result


def _finished(section: Section, scene: Scene) -> Stage:
    return Stage(
        section.number,
        section.name,
        section.line,
        section.image,
        section.base,
        tuple(scene.steps),
        scene.workdir,
        scene.user,
        dict(scene.env),
        scene.entrypoint,
        scene.command,
        frozenset(scene.made),
    )
