"""`make bench`: the table of CHANGELOG and docs/benchmarks.md, measured here and now against docker compose."""

from __future__ import annotations

import argparse
import os
import platform
from dataclasses import dataclass

from benchmarks import native, reload, testing
from benchmarks.sides import ALL, DEVENV, NO_S3, Pair, run
from benchmarks.timing import Act, compare

PEER = "docker compose up -d --wait"


@dataclass(frozen=True)
class Lifecycle:
    """The three `up`s of one stack, with what each is to reach; None where there is no figure for it."""

    runs: int
    pair: Pair
    label: str

    def ours(self) -> None:
        self.pair.devenv("up", "-d")

    def theirs(self) -> None:
        self.pair.peer("up", "-d", "--wait")

    def erase(self) -> None:
        self.pair.erase_ours()
        self.pair.peer("down", "-v")

    def stop(self) -> None:
        self.pair.stop_ours()
        self.pair.peer("stop")

    def up(self, name: str, reach: float, before: Act = lambda: None) -> None:
        """Both sides' `up` in turn, each from the state that `before` makes of both."""
        compare(
            f"{name}{self.label}", PEER, self.ours, self.theirs,
            reach=reach, runs=self.runs, before_ours=before, before_theirs=before,
        )  # fmt: skip


def lifecycle(runs: int, sidecars: tuple[str, ...], cold: float, warm: float, noop: float | None = None) -> None:
    """Cold, warm and, where it has a figure to reach, no-op `up`; with the latter also `status`."""
    pair = Pair(sidecars)
    both = Lifecycle(runs, pair, "" if "s3mock" in sidecars else ", no s3mock")
    try:
        pair.peer("build")
        both.ours()
        both.up("cold up", cold, both.erase)
        both.ours()
        both.theirs()
        both.up("warm up", warm, both.stop)
        if noop is not None:
            both.ours()
            both.theirs()
            both.up("no-op up -d", noop)
            compare(
                "devenv status", "docker compose ps", lambda: pair.devenv("status"), lambda: pair.peer("ps"),
                reach=1.2, runs=runs * 2,
            )  # fmt: skip
    finally:
        pair.close()


def commands(runs: int) -> None:
    """The command line itself, and generating 100 services."""
    pair = Pair(("redis",))
    try:
        compare(
            "devenv --help", "docker compose version", lambda: pair.devenv("--help"),
            lambda: run(["docker", "compose", "version"], pair.folder, {}),
            reach=1.5, runs=runs * 2,
        )  # fmt: skip
        many = pair.folder / "many"
        many.mkdir()
        table = "".join(
            f'[sidecars.s{n}]\nimage = "debian:trixie-slim"\nports = [{20000 + n}]\nenv = {{ A = "{n}", B = "$x" }}\n'
            for n in range(100)
        )
        (many / "devenv.toml").write_text(table)

        def forget() -> None:
            for file in (pair.folder / "state").rglob("stack.cache"):
                file.unlink()
            (many / "compose.yaml").unlink(missing_ok=True)

        def generate() -> None:
            run([*DEVENV, "generate", "compose"], many, pair.env)

        generate()
        compare(
            "generate compose, 100 services", "docker compose config", generate,
            lambda: run(["docker", "compose", "-f", str(many / "compose.yaml"), "config"], many, {}),
            reach=1.0, runs=runs * 2, before_ours=forget,
        )  # fmt: skip
    finally:
        pair.close()


def main() -> None:
    """Run what is asked for; all of it without arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=10)
    parser.add_argument(
        "what", nargs="*", choices=["commands", "up", "no-s3", "reload", "native", "testing", []], default=[]
    )
    chosen = parser.parse_args()
    machine = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, medians of {chosen.runs} or more\n")
    if not chosen.what or "commands" in chosen.what:
        commands(chosen.runs)
    if not chosen.what or "up" in chosen.what:
        lifecycle(chosen.runs, ALL, cold=0.6, warm=0.5, noop=0.15)
    if not chosen.what or "no-s3" in chosen.what:
        lifecycle(chosen.runs, NO_S3, cold=0.7, warm=0.7)
    if not chosen.what or "reload" in chosen.what:
        reload.main(chosen.runs)
    if not chosen.what or "native" in chosen.what:
        native.main(chosen.runs)
    if not chosen.what or "testing" in chosen.what:
        testing.main(chosen.runs)


if __name__ == "__main__":
    main()
