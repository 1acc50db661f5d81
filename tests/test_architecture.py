"""What may import what: downwards only, each dependency from its one home, nothing heavy before it is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import pytest

from tests.command_line import ROOT
from tests.sources import Module, modules

LAYERS = (
    ("__main__",),
    ("cli",),
    ("pytest_plugin",),
    ("testing",),
    ("destroy", "doctor", "generate", "parity", "run", "watch", "why"),
    ("editor",),
    ("workflow",),
    ("guardian",),
    ("console", "copies", "hints", "watchers"),
    ("engines",),
    ("layouts",),
    ("project",),
    ("state",),
    ("artifacts",),
    ("resolve",),
    ("manifest", "recipe", "reload"),
    ("template", "probes", "layout", "recipe_folder", "several", "suggest", "positions"),
    ("stack", "process"),
    ("errors", "events", "mail", ""),
)
"""Top first. A part imports from the lines below its own; parts of one line know nothing of each other."""

ONLY = {
    "console": {
        "engines",
        "errors",
        "events",
        "layout.parity",
        "layout.ruling",
        "layout.summary",
    },  # shows what it is given
    "engines": {
        "artifacts",
        "errors",
        "events",
        "layout",
        "layouts",
        "probes",
        "process",
        "project",
        "reload",
        "several",
        "stack",
        "state",
    },
    "resolve": {"manifest.model", "recipe", "suggest", "stack", "template", "errors"},
    "template": {"stack"},
    "mail": set(),
    "probes": set(),
    "layout": {"errors"},
    "reload": {"errors", "layout", "several"},
}
"""Where less is allowed than the layer says: engines read no manifest and no recipe, mail and probes know nothing of
devenv."""

HOMES = {
    "aiosmtpd": ("devenv/mail/desk.py", "devenv/mail/smtp.py"),
    "click": ("devenv/cli/",),
    "docker": ("devenv/engines/compose/remote.py",),
    "dotenv": ("devenv/project.py",),
    "e2b_dockerfile_utils": ("devenv/layout/dockerfile.py",),
    "h11": ("devenv/mail/web.py",),
    "psycopg": ("devenv/testing/",),
    "pytest": ("devenv/pytest_plugin.py",),
    "psutil": (
        "devenv/engines/compose/strays.py",
        "devenv/engines/native/identity.py",
        "devenv/engines/ports.py",
    ),
    "pydantic": ("devenv/manifest/", "devenv/recipe.py"),
    "pydantic_core": ("devenv/manifest/",),
    "python_on_whales": ("devenv/engines/compose/driver.py",),
    "requests": ("devenv/engines/compose/remote.py",),
    "rich": ("devenv/console/",),
    "tree_sitter": ("devenv/layout/shell.py", "devenv/layout/words.py", "devenv/positions.py"),
    "tree_sitter_bash": ("devenv/layout/shell.py",),
    "tree_sitter_toml": ("devenv/positions.py",),
    "watchfiles": ("devenv/reload/watcher.py",),
    "wsproto": ("devenv/mail/events.py",),
    "yaml": ("devenv/artifacts/yaml.py",),
    # Of the standard library, what talks to the world in a way that only one place should know.
    "fcntl": ("devenv/state.py",),
    "pickle": ("devenv/project.py",),
    "subprocess": ("devenv/process.py",),
}

OPTIONAL = {"aiosmtpd": "native", "h11": "native", "psycopg": "pytest", "pytest": "pytest", "wsproto": "native"}
"""What comes with an extra only."""

BROUGHT_ALONG = {"pydantic_core": "pydantic", "requests": "docker"}
"""Modules of a dependency's own dependency."""

DISTRIBUTIONS = {"dotenv": "python-dotenv", "yaml": "pyyaml"}
"""Modules that are called otherwise than what one installs."""

PURE = ("stack", "template", "suggest", "manifest", "recipe", "resolve", "artifacts")
WORLD = {"asyncio", "http", "random", "secrets", "signal", "socket", "subprocess", "threading", "time"}

HEAVY = {
    "docker",
    "dotenv",
    "psutil",
    "pydantic",
    "python_on_whales",
    "requests",
    "rich",
    "tree_sitter",
    "watchfiles",
    "yaml",
}

PACKAGE = modules("devenv")


def part(name: str) -> str:
    """The part of devenv that a module belongs to: `devenv.resolve.pick` is of `resolve`, `devenv` itself of ``."""
    return name.split(".")[1] if "." in name else ""


def of_devenv(module: Module) -> list[tuple[str, int]]:
    """What a module imports of the other parts of devenv, by the names of real modules."""
    names = {each.name for each in PACKAGE}
    found = dict.fromkeys(module.imports())
    return [(name, line) for name, line in found if name in names and part(name) != part(module.name)]


def test_every_part_of_the_package_has_a_layer() -> None:
    known = {name for layer in LAYERS for name in layer}
    assert {part(module.name) for module in PACKAGE} == known


def test_imports_go_down_only() -> None:
    level = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    upward = [
        f"{module}:{line} imports {name}"
        for module in PACKAGE
        for name, line in of_devenv(module)
        if level[part(name)] <= level[part(module.name)]
    ]
    assert upward == []


@pytest.mark.parametrize("name", ONLY)
def test_a_part_that_must_know_little_knows_no_more(name: str) -> None:
    found = {
        (known, f"{module}:{line} imports {known}")
        for module in PACKAGE
        if part(module.name) == name
        for known, line in of_devenv(module)
    }
    packages = {known.partition(".")[0] for known in ONLY[name]} | {""}  # a module is imported with its package
    allowed = {f"devenv.{known}".rstrip(".") for known in ONLY[name] | packages}
    whole = tuple(f"devenv.{known}." for known in ONLY[name])
    assert {words for known, words in found if known not in allowed and not known.startswith(whole)} == set()


def foreign(module: Module) -> dict[str, int]:
    """The top-level modules from outside that a module imports, with a line."""
    found = {name.partition(".")[0]: line for name, line in module.imports()}
    return {name: line for name, line in found.items() if name not in ("devenv", "__future__", "")}


def test_each_dependency_has_one_home() -> None:
    strange = [
        f"{module}:{line} imports {name}, at home in {HOMES.get(name, 'nowhere')}"
        for module in PACKAGE
        for name, line in foreign(module).items()
        if name in HOMES or name not in sys.stdlib_module_names
        if not str(module).startswith(HOMES.get(name, ("nowhere",)))
    ]
    assert strange == []


def test_each_home_is_lived_in() -> None:
    used = {(name, str(module)) for module in PACKAGE for name in foreign(module)}
    empty = [
        f"{name}: {home}"
        for name, homes in HOMES.items()
        for home in homes
        if not any(name == dependency and where.startswith(home) for dependency, where in used)
    ]
    assert not empty


def installed(lines: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in lines}


def test_what_is_installed_is_what_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    third_party = {name for name in HOMES if name not in sys.stdlib_module_names and name not in OPTIONAL}
    roots = {BROUGHT_ALONG.get(name, name) for name in third_party}
    wanted = {DISTRIBUTIONS.get(name, name).replace("_", "-") for name in roots}
    assert installed(project["dependencies"]) == wanted
    for name, extra in OPTIONAL.items():
        assert name in installed(project["optional-dependencies"][extra])


def test_what_leads_to_a_stack_or_a_text_has_no_clock_no_network_and_no_chance() -> None:
    found = {str(module): WORLD & foreign(module).keys() for module in PACKAGE if part(module.name) in PURE}
    assert {name: words for name, words in found.items() if words} == {}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running `code`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def running(*words: str) -> str:
    return f"""
import devenv.cli
sys.argv = {["devenv", *words]!r}
try:
    devenv.cli.main()
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import devenv.cli", id="import"),
        pytest.param(running("--help"), id="devenv --help"),
        pytest.param(running("up", "--help"), id="devenv up --help"),
        pytest.param(running("--version"), id="devenv --version"),
        pytest.param(running("completion", "bash"), id="devenv completion bash"),
    ],
)
def test_help_loads_nothing_heavy(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_the_check_for_heavy_libraries_sees_one() -> None:
    assert "yaml" in loaded_by("import devenv.cli\nfrom devenv.artifacts.yaml import dump\ndump({})")
