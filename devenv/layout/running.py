"""A RUN line as a step: its script found, its shell judged, its commands read; knows no command itself."""

from __future__ import annotations

import re

from devenv.layout.commands import Reader, is_shell
from devenv.layout.dockerfile import Instruction
from devenv.layout.file_rules import RULES as FILES
from devenv.layout.python_rules import RULES as PYTHON
from devenv.layout.scene import Scene
from devenv.layout.script_rules import RULES as SCRIPTS
from devenv.layout.site import Site, everything
from devenv.layout.steps import Effect, Put, Run
from devenv.layout.words import Command

_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+)?(?:/\S*/)?(\w+)")


def read_run(
    scene: Scene, site: Site, line: Instruction, mounts: tuple[Put, ...], replaced: frozenset[str] = frozenset()
) -> Run:
    """The step of a RUN. Whatever isn't clear in it may read everything."""
    reader = Reader(site, {**FILES, **PYTHON, **SCRIPTS}, replaced)
    effects = _effects(reader, scene, line)
    return Run(line.line, line.shown, tuple(dict.fromkeys(effects)), mounts, scene.workdir)


def _effects(reader: Reader, scene: Scene, line: Instruction) -> list[Effect]:
    folder = scene.workdir
    if line.json:
        return reader.run(line.args, folder, scene.shell)
    whole = Command((), line.text.partition(" ")[2], folder)
    if not is_shell(scene.shell):
        return [everything(whole, "may read it, as its SHELL is not one that devenv can read")]
    script = line.args[0] if line.args else ""
    if line.heredocs and re.fullmatch(r"<<-?\s*['\"]?[\w.]+['\"]?\s*", script):
        content = line.heredocs[0].content
        found = _SHEBANG.match(content)
        if found and not is_shell((found[1], "-c")):
            return [everything(whole, f"may read it, as nobody knows what the {found[1]} script reads")]
        return reader.script(content, folder, whole)
    for each in line.heredocs:
        script += f"\n{each.content}{each.name}"
    return reader.script(script, folder, whole)
