"""The size and manner of the code: small files and functions, words that say something, no hidden state, no mocks."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.command_line import ROOT
from tests.sources import Module, modules, repository_files

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base_utils"}
MUTATORS = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}

# Label by label, so that this file itself names none.
HOST_LABELS = (
    ("ghcr", "io"),
    ("quay", "io"),
    ("gcr", "io"),
    ("pkg", "dev"),
    ("mcr", "microsoft", "com"),
    ("registry-1", "docker", "io"),
    ("index", "docker", "io"),
    ("py(?:pi|thonhosted)", "org"),
    ("npm(?:js)", "(?:org|com)"),
    ("proxy", "golang", "org"),
    ("repo1?", "maven", "org"),
    ("repo", "maven", "apache", "org"),
    ("(?:deb|security|ftp)", "debian", "org"),
    ("(?:artifactory|nexus)", r"[\w.-]+"),
)
_KNOWN_HOSTS = "|".join(r"\.".join(labels) for labels in HOST_LABELS)
HOSTS = re.compile(rf"\b(?:[\w-]+\.)*(?:{_KNOWN_HOSTS})\b", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w.{$])/(?:root|work|home/\w+|Users/\w+)/\w")

EVERY_MODULE = modules()
PACKAGE = modules("devenv")
TEXTS = [path for path in repository_files() if b"\0" not in path.read_bytes()]


def test_a_file_fits_into_a_head() -> None:
    lengths = {str(module): len(module.text.splitlines()) for module in EVERY_MODULE}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in module.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    assert function.end_lineno
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None and first.end_lineno:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_a_function_fits_onto_a_screen() -> None:
    lengths = {f"{module}:{f.lineno} {f.name}": length(f) for module in EVERY_MODULE for f in functions(module)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_a_modules_name_says_what_it_is_for() -> None:
    assert [str(module) for module in EVERY_MODULE if EMPTY_WORDS & set(module.name.split("."))] == []


def begins_with_a_sentence(module: Module) -> bool:
    if not module.text and module.path.name == "__init__.py" and not str(module).startswith("devenv/"):
        return True  # it only marks a package of tests
    return (ast.get_docstring(module.tree) or "").partition("\n\n")[0].rstrip().endswith((".", ":"))


def test_a_module_begins_with_a_sentence_about_itself() -> None:
    assert [str(module) for module in EVERY_MODULE if not begins_with_a_sentence(module)] == []


def test_no_function_rebinds_a_global() -> None:
    found = [(module, node) for module in PACKAGE for node in module.nodes if isinstance(node, ast.Global)]
    assert [f"{module}:{node.lineno}" for module, node in found] == []


def mutable_globals(tree: ast.Module) -> set[str]:
    """Names that are bound to a list, dict or set at the top of a module."""
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    found: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        called = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") in ("list", "dict", "set")
        if isinstance(node.value, displays) or called:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def changed_names(module: Module) -> set[str]:
    """Names on which a changing method is called, or whose items are set or deleted."""
    found: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            found.add(getattr(node.func.value, "id", ""))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(getattr(node.value, "id", ""))
    return found


def test_no_module_keeps_state() -> None:
    kept = {str(module): mutable_globals(module.tree) & changed_names(module) for module in PACKAGE}
    assert {name: names for name, names in kept.items() if names} == {}


def test_nothing_is_mocked() -> None:
    imports = [(f"{module}:{line}", name) for module in EVERY_MODULE for name, line in module.imports()]
    assert [place for place, name in imports if re.match(r"(unittest\.)?mock\b|pytest_mock", name)] == []


def patches(module: Module) -> Iterator[int]:
    """Lines where a test puts something else in the place of what is not of the standard library."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            called = f"{getattr(node.func.value, 'id', '')}.{node.func.attr}"
            target = node.args[0]
            name = target.value if isinstance(target, ast.Constant) else getattr(target, "id", "")
            known = isinstance(name, str) and name.partition(".")[0] in sys.stdlib_module_names
            if called in ("monkeypatch.setattr", "monkeypatch.setitem", "monkeypatch.delattr") and not known:
                yield node.lineno


def test_no_test_puts_something_else_in_the_place_of_code() -> None:
    """`monkeypatch` is for the environment and the working directory; a test that patches shows a missing parameter."""
    assert [f"{module}:{line}" for module in modules("tests") for line in patches(module)] == []


def test_no_file_names_a_registry_or_this_machine() -> None:
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in TEXTS if path != Path(__file__)}
    patterns = (HOSTS, MACHINE_PATHS)
    found = [(path, match) for path, text in texts.items() for each in patterns for match in each.finditer(text)]
    assert [f"{path.relative_to(ROOT)}: {match[0]}" for path, match in found] == []
