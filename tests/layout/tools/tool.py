#!/usr/local/bin/python3
"""Stands in for package managers and compilers in a build without network: reads the files that the real one reads.

What it makes holds the hash of all it has read and nothing else, so that a changed input shows, and a time never does.
It fails where the real one fails: a lock that is missing, a package that is not where the project says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

SKIPPED = {"node_modules", ".venv", ".git", "__pycache__", ".next", "dist", "target"}


def digest(paths: list[Path]) -> str:
    state = hashlib.sha256()
    for path in sorted(paths):
        state.update(f"{path}\0".encode())
        state.update(path.read_bytes())
    return state.hexdigest()


def below(folder: Path, *suffixes: str) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - SKIPPED)
        found += [Path(root, name) for name in names if not suffixes or name.endswith(suffixes)]
    return found


def there(*names: str) -> list[Path]:
    return [Path(name) for name in names if Path(name).is_file()]


def write(path: str, text: str) -> None:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n")


def value_of(words: list[str], *options: str) -> str | None:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in options), None)


def install_project(name: str, project: dict, *, copied: bool) -> None:
    """Link or copy the project's own package; what is read is what hatchling and poetry-core read."""
    package = project.get("project", project.get("tool", {}).get("poetry", {}))["name"].replace("-", "_")
    source = next((path for path in (Path("src", package), Path(package)) if (path / "__init__.py").is_file()), None)
    if source is None:
        sys.exit(f"{name}: no package {package}")
    readme = project.get("project", {}).get("readme")
    read = [Path("pyproject.toml"), *([Path(readme)] if readme else []), *there("LICENSE")]
    write(f".venv/site/{package}.dist-info", digest(read))
    if copied:
        shutil.copytree(source, f".venv/site/{package}", dirs_exist_ok=True)
    else:
        write(f".venv/site/{package}.pth", str(source.parent.resolve()))


def uv(words: list[str]) -> None:
    if folder := value_of(words, "--directory", "--project"):
        os.chdir(folder)
    if words[:2] == ["pip", "install"]:
        write("/opt/uv-pip", digest([Path(value_of(words, "-r") or "/etc/hostname")]) if "-r" in words else "named")
        return
    project = tomllib.loads(Path("pyproject.toml").read_text())
    write(".venv/deps", digest([Path("pyproject.toml"), Path("uv.lock"), *there(".python-version")]))
    packaged = "build-system" in project
    if packaged and "--no-install-project" not in words:
        install_project("uv", project, copied="--no-editable" in words or bool(os.environ.get("UV_NO_EDITABLE")))


def poetry(words: list[str]) -> None:
    if words[0] == "config":
        return
    if words[0] == "export":
        write(value_of(words, "-o", "--output") or "/dev/null", "dep1==1.0")
        return
    project = tomllib.loads(Path("pyproject.toml").read_text())
    write(".venv/deps", digest([Path("pyproject.toml"), Path("poetry.lock")]))
    if "--no-root" not in words:
        install_project("poetry", project, copied=False)


def node_packages(name: str, words: list[str]) -> None:
    if folder := value_of(words, "--prefix", "-C", "--cwd"):
        os.chdir(folder)
        at = next(number for number, word in enumerate(words) if word in ("--prefix", "-C", "--cwd"))
        words = words[:at] + words[at + 2 :]
    if "-g" in words or words[:1] == ["config"]:
        return
    package = json.loads(Path("package.json").read_text())
    if not words or words[0] in ("ci", "install", "i"):
        locks = there("package-lock.json", "yarn.lock", "pnpm-lock.yaml", ".npmrc")
        if "ci" in words and not locks:
            sys.exit("npm ci needs a lock")
        members = [path for path in below(Path()) if path.name == "package.json"] if package.get("workspaces") else []
        write("node_modules/.stamp", digest([Path("package.json"), *locks, *members]))
        if "--ignore-scripts" not in words:
            for hook in ("preinstall", "install", "postinstall", "prepare"):
                script(package, hook)
        return
    script(package, words[1] if words[0] in ("run", "exec") else words[0], must=True)


def script(package: dict, name: str, *, must: bool = False) -> None:
    text = package.get("scripts", {}).get(name)
    if text:
        subprocess.run(["/bin/sh", "-c", text], check=True)
    elif must:
        sys.exit(f"missing script: {name}")


def compile_all(target: str) -> None:
    write(target, digest(below(Path())))


def go(words: list[str]) -> None:
    if words[:2] == ["mod", "download"]:
        write("/go/pkg/stamp", digest(there("go.mod", "go.sum")))
    else:
        write(value_of(words, "-o") or "out", digest(below(Path(), ".go", ".mod", ".sum", ".html")))


def cargo(words: list[str]) -> None:
    if words[0] == "fetch":
        write("/cargo/stamp", digest([*there("Cargo.lock"), *(p for p in below(Path()) if p.name == "Cargo.toml")]))
    else:
        write("target/release/app", digest(below(Path(), ".rs", ".toml", ".lock")))


def make_wheels(folder: str) -> None:
    """Three small wheels, so that pip has something to install without an index."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in ("dep1", "dep2", "dep3"):
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def node(words: list[str]) -> None:
    write("node-output", digest([Path(words[0]), *below(Path(), ".json")]))


def one(target: str, *names: str) -> None:
    write(target, digest(there(*names)))


def next_build(words: list[str]) -> None:
    compile_all(".next/build")
    write(".next/standalone/server.js", digest(below(Path())))


TOOLS = {
    "uv": uv,
    "poetry": poetry,
    "go": go,
    "cargo": cargo,
    "node": node,
    "next": next_build,
    "vite": lambda words: compile_all("dist/build"),
    "tsc": lambda words: compile_all("dist/types"),
    "prisma": lambda words: one("node_modules/.prisma/client", "prisma/schema.prisma", "package.json"),
    "bundle": lambda words: one("vendor/bundle/stamp", "Gemfile", "Gemfile.lock"),
    "composer": lambda words: one("vendor/autoload.php", "composer.json", "composer.lock"),
    "tool.py": lambda words: make_wheels(words[1]),
}


def main() -> None:
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    if name == "npx":
        name, words = words[0], words[1:]
    if name in ("npm", "yarn", "pnpm"):
        node_packages(name, words)
    elif name in TOOLS:
        TOOLS[name](words)


main()
