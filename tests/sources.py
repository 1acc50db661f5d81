"""The project's own files, as text and as syntax trees, for the tests that look at code; imports none of it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.command_line import ROOT


@dataclass(frozen=True)
class Module:
    """A Python file; `name` is its dotted name, a package's without `__init__`."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported module with its line, wherever the import stands; `from a import b` gives `a.b` and `a`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield base, node.lineno
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if self.path.name != "__init__.py":
            package = package[:-1]
        package = package[: len(package) - node.level + 1]
        return ".".join([*package, *([node.module] if node.module else [])])


def repository_files() -> list[Path]:
    """Every file that is, or would be, committed; without git all files that no dot or cache folder hides."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode == 0:
        paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    else:
        hidden = ("__pycache__", ".")
        paths = [p for p in ROOT.rglob("*") if not any(part.startswith(hidden) for part in p.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file())


def modules(*folders: str) -> list[Module]:
    """The Python files below the folders, all of the repository's without any."""
    chosen = [ROOT / folder for folder in folders] or [ROOT]
    files = [path for path in repository_files() if path.suffix == ".py"]
    return [Module(path) for path in files if any(path.is_relative_to(folder) for folder in chosen)]
