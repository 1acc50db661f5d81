"""What is sent: a tar that any reader takes, with the image's owners and modes; nothing that lies elsewhere."""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.engines.compose.api import Api
from devenv.engines.compose.archive import Parcel, pack
from devenv.engines.compose.endpoint import Endpoint
from devenv.engines.compose.owners import Owners
from devenv.layout.context import index
from devenv.layout.ruling import Landing, Ruling, Verdict
from devenv.reload.difference import Change, Content
from devenv.reload.plan import Ruled

OWNERS = Owners(Api(Endpoint("unix:///nowhere", "a test")), "none")  # numbers need no engine


Send = Callable[..., Parcel]


@pytest.fixture
def send() -> Iterator[Send]:
    """`pack`, with what it opens closed at the end."""
    parcels = []

    def packed(*arguments: Any, **options: Any) -> Parcel:
        parcels.append(pack(*arguments, OWNERS, **options))
        return parcels[-1]

    yield packed
    for parcel in parcels:
        parcel.close()


def new(path: str, *landings: Landing) -> Ruled:
    return Ruled(Change(path, None, Content(0, "")), Ruling(path, Verdict.SYNC, landings, 1, "COPY", ""))


def gone(path: str, *places: str) -> Ruled:
    landings = tuple(Landing(place) for place in places)
    return Ruled(Change(path, Content(0, ""), None), Ruling(path, Verdict.SYNC, landings, 1, "COPY", ""))


def read(parcel: Parcel) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=parcel.body) as tar:
        return {entry.name: entry for entry in tar}


@pytest.mark.parametrize("name", ["plain", "größe", "日本", "x" * 120, "d/" + "y" * 99, "a b"])
def test_names_times_owners_and_modes_are_exact(tmp_path: Path, send: Send, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"content")
    path.chmod(0o4751)
    parcel = send(tmp_path, [new(name, Landing(f"/app/{name}", "1000:2000"))])
    entry = read(parcel)[f"app/{name}"]
    assert (entry.uid, entry.gid, entry.mode, entry.size) == (1000, 2000, 0o4751, 7)
    assert entry.mtime == pytest.approx(path.stat().st_mtime, abs=1e-6)
    assert parcel.sent[name] == Content(path.stat().st_mode, index_of(tmp_path, name))


def index_of(folder: Path, name: str) -> str:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return index(folder, folder / "Dockerfile").entries[name].digest


def test_a_large_owner_fits_as_well(tmp_path: Path, send: Send) -> None:
    (tmp_path / "a").write_bytes(b"")
    entry = read(send(tmp_path, [new("a", Landing("/a", "3000000:4000000"))]))["a"]
    assert (entry.uid, entry.gid, entry.size) == (3000000, 4000000, 0)


def test_the_images_mode_wins_over_the_hosts(tmp_path: Path, send: Send) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "f").mkdir(mode=0o700)
    changes = [new("a", Landing("/a", mode=0o600)), new("f/", Landing("/f", mode=0o711)), new("a", Landing("/b"))]
    entries = read(send(tmp_path, changes))
    assert (entries["a"].mode, entries["f"].mode) == (0o600, 0o711)
    assert entries["f"].isdir()
    assert entries["b"].mode == stat.S_IMODE((tmp_path / "a").stat().st_mode)


def test_a_link_stays_one_unless_the_builder_follows_it(tmp_path: Path, send: Send) -> None:
    (tmp_path / "target").write_bytes(b"content")
    (tmp_path / "link").symlink_to("target")
    entries = read(send(tmp_path, [new("link", Landing("/kept"), Landing("/file", follows=True))]))
    assert entries["kept"].issym()
    assert entries["kept"].linkname == "target"
    assert entries["file"].isreg()
    assert entries["file"].size == 7


def test_nothing_from_outside_of_the_context_is_ever_sent(tmp_path: Path, send: Send) -> None:
    (tmp_path / "secret").write_bytes(b"not yours")
    (tmp_path / "context").mkdir()
    (tmp_path / "context/link").symlink_to("../secret")
    parcel = send(tmp_path / "context", [new("link", Landing("/file", follows=True))])
    assert "leads out" in parcel.left["link"]
    assert read(parcel) == {}
    assert parcel.sent == {}


def test_a_file_that_went_away_is_for_the_next_look(tmp_path: Path, send: Send) -> None:
    parcel = send(tmp_path, [new("gone", Landing("/gone"))])
    assert (parcel.sent, parcel.left, parcel.entries) == ({}, {}, 0)


def test_what_is_replaced_is_not_removed_after_it(tmp_path: Path, send: Send) -> None:
    (tmp_path / "a").write_bytes(b"a file by now")
    (tmp_path / "f").mkdir()
    (tmp_path / "f/b").write_bytes(b"in a folder by now")
    changes = [
        gone("a/", "/a"), gone("a/x", "/a/x"), new("a", Landing("/a")),
        gone("f", "/f"), new("f/", Landing("/f")), new("f/b", Landing("/f/b")), gone("f/c", "/f/c"), gone("z/", "/z"),
    ]  # fmt: skip
    parcel = send(tmp_path, changes)
    assert parcel.remove == ["/f/c"]
    assert parcel.remove_folders == ["/z"]


def test_data_in_a_volume_is_left_alone(tmp_path: Path, send: Send) -> None:
    (tmp_path / "a").write_bytes(b"x")
    changes = [new("a", Landing("/data/a")), gone("b", "/data"), gone("c", "/database/c")]
    parcel = send(tmp_path, changes, kept=["/data"])
    assert parcel.entries == 0
    assert parcel.remove == ["/database/c"]
    assert set(parcel.sent) == {"a", "b", "c"}
