"""Rules for Python's installers: whether the project is linked or copied, and what that reads of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from devenv.layout.commands import Reader, Rule
from devenv.layout.python_project import editable
from devenv.layout.requirements import installed, requirements, whole
from devenv.layout.site import below, effect, everything, shown, within
from devenv.layout.steps import Effect, Kind
from devenv.layout.table import Call, Form
from devenv.layout.words import Command, Word

Words = tuple[Word, ...]
Table = dict[str, Any]
_OfProject = Callable[[Reader, Call, Form, Words, str, Table], list[Effect]]

_UV_READS = ("pyproject.toml", "uv.lock", "uv.toml", ".python-version", ".python-versions")


def _of_project(rule: _OfProject) -> Rule:
    """The rule of a command that works by the pyproject.toml of its folder: without that it may read everything."""

    def judge(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
        folder = call.command.folder
        project = _toml(reader, folder) if folder else None
        if folder is None or project is None:
            return [everything(call.command, _unread(call.command))]
        return rule(reader, call, form, rest, folder, project)

    return judge


@_of_project
def _uv_sync(reader: Reader, call: Call, form: Form, rest: Words, folder: str, project: Table) -> list[Effect]:
    result = _plain(reader, call, *_UV_READS)
    result += effect(Kind.WRITES, call.command, [below(reader.site.place(folder, ".venv"))])
    tool = project.get("tool", {}).get("uv", {})
    members = tool.get("workspace", {}).get("members", [])
    if members:
        result += effect(Kind.READS, call.command, [within(folder, "**/pyproject.toml")])
    frozen = call.has("--frozen", "--locked")
    dynamic = bool(project.get("project", {}).get("dynamic"))
    only_others = call.has(
        "--no-install-project", "--no-install-workspace", "--only-group", "--only-dev", "--no-install-local"
    )
    packaged = "build-system" in project if "package" not in tool else bool(tool["package"])
    copied = call.has("--no-editable") or reader.site.variables.get("UV_NO_EDITABLE", "") not in ("", "0", "false")
    if packaged and not (only_others and (frozen or not dynamic)):
        result += whole(call.command, folder) if copied else editable(reader, call.command, folder)
    if not (call.has("--no-install-workspace", "--no-install-local") and frozen):
        for member in (place for pattern in members for place in reader.site.folders(folder, pattern)):
            result += whole(call.command, member) if copied else editable(reader, call.command, member)
    return result + _paths(reader, call.command, folder, tool.get("sources", {}), "editable")


def _uv_run(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    """`uv run` brings the environment up to date first, then runs what stands behind it."""
    result = [] if call.has("--no-sync", "--no-project") else _uv_sync(reader, call, form, ())
    return result + reader.rules["rest"](reader, call, form, rest)


@_of_project
def _uv_export(reader: Reader, call: Call, form: Form, rest: Words, folder: str, project: Table) -> list[Effect]:
    result = _plain(reader, call, *_UV_READS, "requirements.txt")
    result += effect(Kind.READS, call.command, [within(folder, "**/pyproject.toml")])
    if project.get("project", {}).get("dynamic"):
        result += editable(reader, call.command, folder)
    return result + reader.rules["output"](reader, call, form, rest)


@_of_project
def _poetry(reader: Reader, call: Call, form: Form, rest: Words, folder: str, project: Table) -> list[Effect]:
    result = _plain(reader, call, "pyproject.toml", "poetry.lock", "poetry.toml")
    result += effect(Kind.WRITES, call.command, [below(reader.site.place(folder, ".venv"))])
    tool = project.get("tool", {}).get("poetry", {})
    if not call.has("--no-root") and tool.get("package-mode", True):
        result += editable(reader, call.command, folder, "poetry.core.masonry.api")
    groups = [each.get("dependencies", {}) for each in tool.get("group", {}).values()]
    for table in (tool.get("dependencies", {}), tool.get("dev-dependencies", {}), *groups):
        result += _paths(reader, call.command, folder, table, "develop")
    return result


@_of_project
def _pdm(reader: Reader, call: Call, form: Form, rest: Words, folder: str, project: Table) -> list[Effect]:
    result = _plain(reader, call, "pyproject.toml", "pdm.lock", "pdm.toml", ".pdm-python")
    result += effect(
        Kind.WRITES, call.command, [below(reader.site.place(folder, each)) for each in (".venv", "__pypackages__")]
    )
    distributed = project.get("tool", {}).get("pdm", {}).get("distribution", "build-system" in project)
    if distributed and not call.has("--no-self"):
        result += whole(call.command, folder) if call.has("--no-editable") else editable(reader, call.command, folder)
    if "file:" in str(project.get("project", {}).get("dependencies", [])):
        result += [everything(call.command)]
    return result


def _pipenv(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    folder = call.command.folder
    text = reader.site.text(reader.site.place(folder, "Pipfile")) if folder else None
    if folder is None or text is None or re.search(r"\b(path|file|editable)\s*=", text):
        return [everything(call.command, _unread(call.command))]
    return _plain(reader, call, "Pipfile", "Pipfile.lock", ".env")


def _pip_install(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    command = call.command
    files = call.all("-r", "--requirement", "-c", "--constraint")
    result = [each for word in files for each in requirements(reader, command, word)]
    for word in call.all("-e", "--editable"):
        result += installed(reader, command, word.text, linked=True)
    for word in rest:
        result += (
            installed(reader, command, word.text, linked=False)
            if not word.wild
            else reader.operand(command, word, Kind.READS)
        )
    for word in call.all("-f", "--find-links"):
        result += whole(command, word.text) if word.text is None or "://" not in word.text else []
    for word in call.all("-t", "--target", "--prefix", "-w", "--wheel-dir", "-d", "--dest"):
        place = reader.site.place(command.folder or "/", word.text) if word.text else None
        result += effect(Kind.WRITES, command, [below(place)]) if place else [everything(command)]
    if call.has("--group") and command.folder:
        result += reader.names(command, command.folder, "pyproject.toml")
    return result


def _pip_sync(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    """Files of requirements as operands; requirements.txt where there are none."""
    words = rest or (Word("requirements.txt"),)
    result = [each for word in words for each in requirements(reader, call.command, word)]
    return result + reader.rules["output"](reader, call, form, rest)


def _paths(reader: Reader, command: Command, folder: str, table: Mapping[str, Any], key: str) -> list[Effect]:
    """Dependencies that are folders beside the project: linked only where they say so."""
    result: list[Effect] = []
    for value in table.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping) and isinstance(each.get("path"), str):
                place = reader.site.place(folder, each["path"])
                result += editable(reader, command, place) if each.get(key) else whole(command, place)
    return result


def _venv(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    words = rest or (Word(".venv"),)
    command = call.command
    if command.folder is None or words[-1].text is None:
        return [everything(command)]
    return effect(Kind.WRITES, command, [below(reader.site.place(command.folder, words[-1].text))])


def _python(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    """`python -m x` is x; a script is a program of the project, unless it is manage.py."""
    words = call.command.words[1:]
    texts = [word.text for word in words]
    while texts and texts[0] in ("-u", "-B", "-I", "-E", "-s", "-S", "-O", "-X", "-W"):
        words, texts = words[1:], texts[1:]
    if texts[:2] == ["-m", "venv"]:
        return _venv(reader, call, form, tuple(word for word in words[2:] if not (word.text or "").startswith("-")))
    if texts[:1] == ["-m"]:
        words = words[1:]
    elif not texts or (texts[0] or "").rpartition("/")[2] != "manage.py" or "/" in (texts[0] or "").removeprefix("./"):
        return [everything(call.command)]
    else:
        words = (Word("manage.py"), *words[1:])
    command = call.command
    return reader.command(Command(words, command.text, command.folder, command.sure, command.stdin))


def _django(reader: Reader, call: Call, form: Form, rest: Words) -> list[Effect]:
    """Settings that the environment names are run, wherever they are."""
    module = reader.site.variables.get("DJANGO_SETTINGS_MODULE")
    option = call.option("--settings")
    name = option.text if option else module
    if call.command.folder is None or not name:
        return []
    path = name.replace(".", "/")
    return reader.names(call.command, call.command.folder, f"{path}.py", f"{path}/__init__.py")


def _plain(reader: Reader, call: Call, *names: str) -> list[Effect]:
    return reader.names(call.command, call.command.folder or "/", *names)


def _toml(reader: Reader, folder: str) -> Table | None:
    """The project's pyproject.toml; None where it isn't there or can't be read."""
    text = reader.site.text(reader.site.place(folder, "pyproject.toml"))
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _unread(command: Command) -> str:
    return f"may read it, as `{shown(command)}` has no project file that could be read"


RULES: Mapping[str, Rule] = {
    "uv sync": _uv_sync,
    "uv run": _uv_run,
    "uv export": _uv_export,
    "poetry install": _poetry,
    "pdm install": _pdm,
    "pipenv": _pipenv,
    "pip install": _pip_install,
    "pip sync": _pip_sync,
    "venv": _venv,
    "python": _python,
    "django": _django,
}
