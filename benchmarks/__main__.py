"""`make bench`: the table of CHANGELOG and docs/benchmarks.md, measured here and now against docker compose."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks.sides import ALL, DEVENV, NO_S3, Pair, run
from benchmarks.timing import Row, compare


def lifecycle(runs: int, sidecars: tuple[str, ...], reaches: tuple[float, float, float | None]) -> list[Row]:
    """Cold, warm and, where it has a figure to reach, no-op `up`."""
    pair = Pair(sidecars)
    label = "" if "s3mock" in sidecars else ", no s3mock"
    peer = "docker compose up -d --wait"
    rows = []
    try:
        pair.peer("build")
        pair.devenv("up", "-d")
        pair.peer("down", "-v")

        def ours() -> None:
            pair.devenv("up", "-d")

        def theirs() -> None:
            pair.peer("up", "-d", "--wait")

        def erase_both() -> None:
            pair.erase_ours()
            pair.peer("down", "-v")

        def stop_both() -> None:
            pair.stop_ours()
            pair.peer("stop")

        cold, warm, noop = reaches
        rows.append(
            compare(
                f"cold up{label}",
                peer,
                ours,
                theirs,
                reach=cold,
                runs=runs,
                before_ours=erase_both,
                before_theirs=erase_both,
            )
        )
        pair.devenv("up", "-d")
        pair.peer("up", "-d", "--wait")
        rows.append(
            compare(
                f"warm up{label}",
                peer,
                ours,
                theirs,
                reach=warm,
                runs=runs,
                before_ours=stop_both,
                before_theirs=stop_both,
            )
        )
        if noop is not None:
            pair.peer("stop")
            ours()
            ours_only = compare_noop(pair, peer, noop, runs)
            rows.append(ours_only)
    finally:
        pair.close()
    return rows


def compare_noop(pair: Pair, peer: str, reach: float, runs: int) -> Row:
    """Both stacks run; nothing has changed. The status command is measured here too, where there is one to show."""
    pair.peer("up", "-d", "--wait")
    row = compare(
        "no-op up -d", peer, lambda: pair.devenv("up", "-d"), lambda: pair.peer("up", "-d", "--wait"),
        reach=reach, runs=runs * 2,
    )  # fmt: skip
    compare(
        "devenv status", "docker compose ps", lambda: pair.devenv("status"), lambda: pair.peer("ps"),
        reach=1.2, runs=runs * 2,
    )  # fmt: skip
    return row


def commands(runs: int) -> None:
    """The command line itself, and generating 100 services."""
    pair = Pair(("redis",))
    try:
        compare(
            "devenv --help", "docker compose version", lambda: pair.devenv("--help"), lambda: run(["docker", "compose", "version"], pair.folder, {}),
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
    parser.add_argument("what", nargs="*", choices=["commands", "up", "no-s3", []], default=[])
    chosen = parser.parse_args()
    print(
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}, medians of {chosen.runs} or more\n"
    )
    if not chosen.what or "commands" in chosen.what:
        commands(chosen.runs)
    if not chosen.what or "up" in chosen.what:
        lifecycle(chosen.runs, ALL, (0.6, 0.5, 0.15))
    if not chosen.what or "no-s3" in chosen.what:
        lifecycle(chosen.runs, NO_S3, (0.7, 0.7, None))


if __name__ == "__main__":
    main()
