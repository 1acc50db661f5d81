"""The command `devenv`, also as `python -m devenv`; hands over to the command line and does nothing else."""

from __future__ import annotations

import gc

_MANY = 100_000
"""Objects to be made before Python looks for garbage: importing makes tens of thousands and leaves none, and looking
through them again and again takes a tenth of a short command's time."""


def main() -> None:
    """Run the command line. Ends the process."""
    gc.set_threshold(_MANY)
    from devenv.cli import main as run

    run()


if __name__ == "__main__":
    main()
