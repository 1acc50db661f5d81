"""The mail catcher's command: serve until a signal comes, or `readyz`; delivers no mail anywhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import readiness
from .settings import Settings, SettingsError, read


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["readyz"]:
            return _readyz(given[1:])
        return _serve(read(given))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _readyz(arguments: Sequence[str]) -> int:
    own = argparse.ArgumentParser(prog="python -m devenv.mail readyz")
    own.add_argument("--wait", action="store_true")
    own.add_argument("--timeout", default="30s", help="for --wait, in seconds")
    chosen, rest = own.parse_known_args(arguments)
    settings = read(rest)
    problem = readiness.wait(settings, float(chosen.timeout.rstrip("s"))) if chosen.wait else readiness.check(settings)
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if problem else 0


def _serve(settings: Settings) -> int:
    try:
        from . import service  # `readyz` runs often and needs none of it
    except ModuleNotFoundError as error:
        raise SettingsError(f"the mail catcher needs {error.name}: pip install 'devenv-up[native]'") from error
    return service.serve(settings)


if __name__ == "__main__":
    sys.exit(main())
