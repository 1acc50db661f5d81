"""What linking a Python project into an environment reads of it, by its build backend; an unknown one reads everything.

Seen in the backends' own sources and in real builds: a linked ("editable") install notes where the sources are and
copies none, but it reads the metadata, whatever the metadata names, and some of them look which packages there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from devenv.layout.commands import Reader
from devenv.layout.site import effect, everything, shown, within
from devenv.layout.steps import Effect, Kind
from devenv.layout.words import Command

_ALWAYS = ("pyproject.toml", "LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*", "PKG-INFO")
_PACKAGES = ("*/__init__.py", "src/*/__init__.py", "*/*/__init__.py", "src/*/*/__init__.py", "*.py", "src/*.py")
_SETUPTOOLS = "setuptools.build_meta"

Found = tuple[list[str], list[str]]
"""Patterns of what is read, and of what counts by being there."""


def editable(reader: Reader, command: Command, folder: str, default: str = _SETUPTOOLS) -> list[Effect]:
    """The effects of linking the project in a folder. `default` is the backend of one that names none."""
    text = reader.site.text(reader.site.place(folder, "pyproject.toml"))
    try:
        project = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return [everything(command)]
    if text is None and not reader.site.has(reader.site.place(folder, "setup.py")):
        return [everything(command, f"may read it, as the project that `{shown(command)}` installs can't be read")]
    backend = project.get("build-system", {}).get("build-backend", default)
    judge = _BACKENDS.get(backend.partition(":")[0])
    found = judge(reader, folder, project) if judge else None
    if found is None:
        why = f"may read it, as the build backend of `{shown(command)}` may run code of the project"
        return [everything(command, why)]
    reads = [*_ALWAYS, *_named(project), *found[0]]
    return [
        *effect(Kind.READS, command, (within(folder, pattern) for pattern in reads)),
        *effect(Kind.LISTS, command, (within(folder, pattern) for pattern in found[1])),
    ]


def _named(project: Mapping[str, Any]) -> Iterator[str]:
    """The files that the metadata names (PyPA specification "pyproject.toml", and poetry's own keys)."""
    core = project.get("project", {})
    readme = core.get("readme", ())
    yield from _strings(readme.get("file", ()) if isinstance(readme, Mapping) else readme)
    licence = core.get("license", {})
    yield from _strings(licence.get("file", ()) if isinstance(licence, Mapping) else ())
    yield from _strings(core.get("license-files", ()))
    yield from _strings(project.get("tool", {}).get("poetry", {}).get("readme", ()))


def _strings(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [each for each in values if isinstance(each, str)]


def _tool(project: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = project.get("tool", {}).get(name, {})
    return found if isinstance(found, Mapping) else {}


def _hatchling(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    hatch = _tool(project, "hatch")
    text = str(hatch)
    if any(mark in text for mark in ("'hooks'", "'dev-mode-exact'", "'force-include'", "'code'", "'path': '/")):
        return None
    version = hatch.get("version", {})
    if version.get("source") not in (None, "regex", "env") or "hatch_build.py" in text:
        return None
    return [*_strings(version.get("path", ())), ".gitignore", ".hgignore", "README*"], list(_PACKAGES)


def _uv_build(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    return [], [*_PACKAGES, "**/__init__.py"]


def _poetry(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    if "build" in _tool(project, "poetry") or "poetry-dynamic-versioning" in project.get("tool", {}):
        return None
    readme = [] if _tool(project, "poetry").get("readme") or project.get("project", {}).get("readme") else ["README*"]
    return readme, list(_PACKAGES)


def _flit(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    """It reads the module itself, for its version and its docstring."""
    return list(_PACKAGES), []


def _pdm(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    pdm = _tool(project, "pdm")
    build = pdm.get("build", {})
    version = pdm.get("version", {})
    if build.get("custom-hook") or "run-setuptools" in str(build) or version.get("source", "file") != "file":
        return None
    if reader.site.has(reader.site.place(folder, "pdm_build.py")):
        return None
    return _strings(version.get("path", ())), list(_PACKAGES)


_PLAIN_SETUP = re.compile(
    r"\s*(#.*\s*|import setuptools\s|from setuptools import setup\s)*(setuptools\.)?setup\(\s*\)\s*"
)


def _setuptools(reader: Reader, folder: str, project: Mapping[str, Any]) -> Found | None:
    """It lists all sources in its own metadata, and what a version or a text is taken from is read."""
    setup = reader.site.text(reader.site.place(folder, "setup.py"))
    if setup is not None and not _PLAIN_SETUP.fullmatch(setup):
        return None
    config = reader.site.text(reader.site.place(folder, "setup.cfg")) or ""
    tool = _tool(project, "setuptools")
    requires = str(project.get("build-system", {}).get("requires", ""))
    if "setuptools_scm" in requires or "setuptools-scm" in requires or "cython" in requires.lower():
        return None
    if "ext-modules" in tool or "cmdclass" in tool or "cmdclass" in config:
        return None
    reads = ["setup.py", "setup.cfg", "MANIFEST.in", "README*"]
    dynamic = str(tool.get("dynamic", {})) + config
    for module in re.findall(r"attr['\"]?\s*:\s*['\"]?([\w.]+)", dynamic):
        path = module.rpartition(".")[0].replace(".", "/")
        reads += [f"{path}.py", f"{path}/__init__.py", f"src/{path}.py", f"src/{path}/__init__.py"]
    for names in re.findall(r"file['\"]?\s*:\s*(\[[^\]]*\]|[^\n}]+)", dynamic):
        reads += re.findall(r"[\w./-]+", names)
    return reads, ["**"]


_BACKENDS: Mapping[str, Callable[[Reader, str, Mapping[str, Any]], Found | None]] = {
    "hatchling.build": _hatchling,
    "uv_build": _uv_build,
    "poetry.core.masonry.api": _poetry,
    "poetry.masonry.api": _poetry,
    "flit_core.buildapi": _flit,
    "pdm.backend": _pdm,
    _SETUPTOOLS: _setuptools,
    "setuptools.build_meta:__legacy__": _setuptools,
}
