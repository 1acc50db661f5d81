"""Hints: at once for one save, one for a burst, a comparison of everything where they can't be trusted."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from devenv.reload.watcher import Hint, Watcher, explain


@contextmanager
def hints(folders: list[Path], **options: Any) -> Iterator[tuple[Watcher, SimpleQueue[Hint]]]:
    queue: SimpleQueue[Hint] = SimpleQueue()
    watcher = Watcher(queue.put, folders, **options)
    try:
        assert queue.get(timeout=5).paths is None  # what was before the watching began is not known
        yield watcher, queue
    finally:
        watcher.close()


def changed(queue: SimpleQueue[Hint], within: float = 5) -> set[str]:
    paths = queue.get(timeout=within).paths
    assert paths is not None
    return {Path(path).name for path in paths}


def test_one_save_is_told_at_once(tmp_path: Path) -> None:
    with hints([tmp_path]) as (_, queue):
        begin = time.monotonic()
        (tmp_path / "a").write_text("x")
        assert changed(queue) == {"a"}
        assert time.monotonic() - begin < 0.5


def test_a_burst_is_one_hint(tmp_path: Path) -> None:
    with hints([tmp_path]) as (_, queue):
        for number in range(500):
            (tmp_path / str(number)).write_text("x")
        seen: set[str] = set()
        count = 0
        while len(seen) < 500:
            seen |= changed(queue)
            count += 1
        assert count <= 3


def test_an_endless_burst_is_told_in_time(tmp_path: Path) -> None:
    with hints([tmp_path]) as (_, queue):
        end = time.monotonic() + 2.5
        number = 0
        first = None
        while time.monotonic() < end:
            number += 1
            (tmp_path / str(number)).write_text("x")
            if first is None:
                try:
                    first = queue.get_nowait()
                except Empty:
                    continue
        assert first is not None


def test_folders_below_are_watched_only_if_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    with hints([tmp_path]) as (watcher, queue):
        (tmp_path / "below/a").write_text("x")
        (tmp_path / "b").write_text("x")
        assert changed(queue) == {"b"}
        watcher.watch([tmp_path, tmp_path / "below"])
        assert queue.get(timeout=5).paths is None
        (tmp_path / "below/a").write_text("y")
        assert changed(queue) == {"a"}


def test_a_name_that_is_no_text_makes_everything_be_compared(tmp_path: Path) -> None:
    with hints([tmp_path]) as (_, queue):
        Path(bytes(tmp_path).decode() + "/\udcff").write_text("x")
        assert queue.get(timeout=5).paths is None
        (tmp_path / "a").write_text("x")
        while (hint := queue.get(timeout=5)).paths is None:
            continue
        assert any(path.endswith("/a") for path in hint.paths)


def refusing(number: int, times: int) -> Callable[[Sequence[str]], Any]:
    left = [times]

    class Silent:
        def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Any) -> str:
            time.sleep(0.01)
            return "stop" if stop_event.is_set() else "timeout"

        def close(self) -> None:
            pass

    def source(folders: Sequence[str]) -> Silent:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(number, "OS file watch limit reached.")
        return Silent()

    return source


@pytest.mark.parametrize(
    ("number", "setting"),
    [(errno.ENOSPC, "fs.inotify.max_user_watches="), (errno.EMFILE, "fs.inotify.max_user_instances=")],
)
def test_a_limit_is_told_once_with_the_setting_and_polled_meanwhile(tmp_path: Path, number: int, setting: str) -> None:
    queue: SimpleQueue[Hint] = SimpleQueue()
    watcher = Watcher(queue.put, [tmp_path], source=refusing(number, 2), poll=0.02, retry=0.1)
    try:
        first = queue.get(timeout=5)
        assert f"sudo sysctl {setting}" in first.trouble
        rest = [queue.get(timeout=5) for _ in range(8)]
        assert all(hint.paths is None and not hint.trouble for hint in rest)
    finally:
        watcher.close()


def test_another_failure_is_told_as_it_is() -> None:
    assert "it is Monday" in explain(OSError(errno.EIO, "it is Monday"))


def test_the_kernels_own_limit_is_recognised(tmp_path: Path) -> None:
    assert "max_user_watches" in explain(OSError('OS file watch limit reached. (os error 28) about ["/x"]'))
