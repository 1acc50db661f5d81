"""The wheel carries all that `devenv` needs: it is built, installed into a fresh environment and run away from here.

Only its dependencies are the development environment's own: nothing is downloaded.
"""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devenv import __version__
from tests.command_line import ROOT, Result, isolated
from tests.sources import repository_files

BUILD = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
PACKED = ("devenv", "recipes", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "devenv.toml.example")


@dataclass(frozen=True)
class Installed:
    """The command that the wheel installs, run in a folder outside of the checkout."""

    bin: Path
    folder: Path
    env: Mapping[str, str]

    def __call__(self, *words: str) -> Result:
        done = subprocess.run(
            [self.bin / "devenv", *words], cwd=self.folder, env=self.env, capture_output=True, encoding="utf-8"
        )
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what is committed, so that nothing is left behind in the checkout."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in PACKED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, source / name)
    done = subprocess.run([sys.executable, "-c", BUILD, str(target)], cwd=source, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return target / done.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def devenv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("installed")
    home = base / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    packages = next((home / "lib").glob("python*")) / "site-packages"
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    pip = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    env = {name: value for name, value in isolated(base, engine=False).items() if name != "PYTHONPATH"}
    done = subprocess.run([*pip, "--disable-pip-version-check"], env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    folder = base / "somewhere" / "shop"
    folder.mkdir(parents=True)
    return Installed(home / "bin", folder, env)


def test_the_wheel_holds_the_package_and_the_recipes_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    files = {path.relative_to(ROOT).as_posix() for path in repository_files()}
    code = {name for name in files if name.startswith("devenv/")}
    recipes = {f"devenv/_{name}" for name in files if name.startswith("recipes/")}
    assert {name for name in names if name.startswith("devenv/")} == code | recipes
    assert {name.split("/")[0] for name in names} == {"devenv", f"devenv_up-{__version__}.dist-info"}


def test_it_names_its_dependencies_and_its_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"devenv_up-{__version__}.dist-info"
    assert "devenv = devenv.__main__:main" in archive.read(f"{info}/entry_points.txt").decode()
    metadata = archive.read(f"{info}/METADATA").decode()
    assert "Name: devenv-up\n" in metadata
    assert "Requires-Dist: click>=" in metadata


def test_it_is_the_installed_code_that_runs(devenv: Installed) -> None:
    done = subprocess.run(
        [devenv.bin / "python", "-c", "import devenv; print(devenv.__file__)"],
        cwd=devenv.folder,
        env=devenv.env,
        capture_output=True,
        encoding="utf-8",
    )
    assert Path(done.stdout.strip()).is_relative_to(devenv.bin.parent)


def test_the_command_runs(devenv: Installed) -> None:
    result = devenv("--version")
    assert (result.code, result.out, result.err) == (0, f"devenv {__version__}\n", "")


def test_it_finds_its_recipes(devenv: Installed) -> None:
    found = {recipe["name"] for recipe in devenv("recipes", "--json").json()["recipes"]}
    assert found == {path.stem for path in (ROOT / "recipes").glob("*.toml")}


def test_it_validates_and_renders_a_manifest(devenv: Installed) -> None:
    (devenv.folder / "devenv.toml").write_text('[app]\nbuild = "."\n[sidecars]\npostgres = "18"\n')
    assert devenv("validate").out == "devenv.toml is valid: 1 app, 1 sidecar\n"
    assert devenv("generate", "compose").out == "wrote compose.yaml, .env\n"
    assert "/var/lib/postgresql" in (devenv.folder / "compose.yaml").read_text()
