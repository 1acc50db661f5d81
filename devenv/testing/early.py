"""Bringing servers up while the tests that will ask for them are still being collected; tells no failure: they will."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from devenv.errors import DevenvError
from devenv.testing.environment import Run, begin


class Early:
    """Begins at once, in a thread of its own."""

    def __init__(self, folder: Path, run: str) -> None:
        self._end = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._begin, args=(folder, Run(run, "early")), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give back what it holds, once it has come to its end."""
        self._thread.join()
        self._end.close()

    def _begin(self, folder: Path, run: Run) -> None:
        with contextlib.suppress(DevenvError):
            begin(folder, run, self._end).bring_up()
