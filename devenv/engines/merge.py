"""Several streams as one, each line as it comes; reads nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

from devenv.errors import EngineError

Line = tuple[str, str]


def merged(streams: Sequence[Iterator[Line]]) -> Iterator[Line]:
    """The lines of all until the last has ended. One that breaks off because what it told of went away just ends."""
    queue: SimpleQueue[Line | None] = SimpleQueue()

    def pump(stream: Iterator[Line]) -> None:
        try:
            for line in stream:
                queue.put(line)
        except (EngineError, OSError):
            pass  # what it told of went away: its log ends here
        finally:
            queue.put(None)

    for stream in streams:
        threading.Thread(target=pump, args=(stream,), daemon=True).start()
    left = len(streams)
    while left:
        item = queue.get()
        if item is None:
            left -= 1
        else:
            yield item
