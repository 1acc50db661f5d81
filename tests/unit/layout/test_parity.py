"""Two pictures compared: what differs, what the manifest declares of it, and what says nothing about an image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.layout.parity import Declared, Difference, Node, Picture, compare, hidden

FILE = Node("file", 0o644, 0, 0, "digest")
SETTINGS = {"workdir": "/app", "command": '["serve"]', "env PATH": "/bin", "port 8000/tcp": "exposed"}
NOTHING = Declared({}, {})


def against(development: Picture, declared: Declared = NOTHING) -> list[Difference]:
    return compare(Picture(SETTINGS, {"/app/a": FILE}), development, declared)


def test_the_same_differs_in_nothing() -> None:
    assert against(Picture(dict(SETTINGS), {"/app/a": FILE})) == []


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("workdir", "/", "/app", "/"),
        ("command", '["other"]', '["serve"]', '["other"]'),
        ("env PATH", "/other", "set", "set otherwise"),
        ("env SECRET", "swordfish", "not set", "set"),
        ("port 9/tcp", "exposed", "", "exposed"),
    ],
)
def test_a_setting(name: str, value: str, old: str, new: str) -> None:
    aspect, _, rest = name.partition(" ")
    found = against(Picture({**SETTINGS, name: value}, {"/app/a": FILE}))
    assert found == [Difference(aspect, rest, old, new)]


def test_a_setting_that_is_gone() -> None:
    settings = {name: value for name, value in SETTINGS.items() if name != "env PATH"}
    assert against(Picture(settings, {"/app/a": FILE})) == [Difference("env", "PATH", "set", "not set")]


def test_what_the_manifest_declares_carries_its_key() -> None:
    declared = Declared({"command": "command"}, {"/etc/x.conf": "files"})
    tree = {"/app/a": FILE, "/etc/x.conf": FILE, "/etc/y.conf": FILE}
    found = against(Picture({**SETTINGS, "command": "x"}, tree), declared)
    assert [(each.name or each.aspect, each.declared) for each in found] == [
        ("command", "command"),
        ("/etc/x.conf", "files"),
        ("/etc/y.conf", ""),
    ]


def test_each_of_several_paths_with_one_key_is_declared() -> None:
    declared = Declared({}, {"/data": "volumes", "/media": "volumes"})
    tree = {"/app/a": FILE, "/data": FILE, "/media": FILE}
    assert [each.declared for each in against(Picture(SETTINGS, tree), declared)] == ["volumes", "volumes"]


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        ({"content": "other"}, "its content", "other content"),
        ({"mode": 0o755}, "mode 0644", "mode 0755"),
        ({"uid": 7, "gid": 8}, "owner 0:0", "owner 7:8"),
        ({"mode": 0o600, "content": "x"}, "mode 0644, its content", "mode 0600, other content"),
        ({"kind": "folder", "content": ""}, "file", "folder"),
    ],
)
def test_a_path(change: dict[str, object], old: str, new: str) -> None:
    tree = {"/app/a": replace(FILE, **change)}  # type: ignore[arg-type]
    assert against(Picture(SETTINGS, tree)) == [Difference("path", "/app/a", old, new)]


def test_paths_that_are_there_on_one_side_only() -> None:
    assert against(Picture(SETTINGS, {"/app/b": FILE})) == [
        Difference("path", "/app/a", "file", "not there"),
        Difference("path", "/app/b", "not there", "file"),
    ]


def test_a_link_says_where_it_leads() -> None:
    old, new = Node("link", 0o777, 0, 0, "a"), Node("link", 0o777, 0, 0, "b")
    found = compare(Picture({}, {"/l": old}), Picture({}, {"/l": new}), NOTHING)
    assert found == [Difference("path", "/l", "to a", "to b")]


@pytest.mark.parametrize("path", ["/tmp/x", "/app/__pycache__/a.pyc", "/root/.cache/pip/x", "/run/s", "/etc/hosts"])
def test_what_a_running_process_leaves_is_no_difference(path: str) -> None:
    assert against(Picture(SETTINGS, {"/app/a": FILE, path: FILE})) == []


@pytest.mark.parametrize("path", ["/app/tmp/x", "/etc/hosts.allow", "/app/cache/x", "/tmpx"])
def test_places_that_only_look_like_it_count(path: str) -> None:
    assert [each.name for each in against(Picture(SETTINGS, {"/app/a": FILE, path: FILE}))] == [path]


def test_a_file_of_the_image_in_such_a_place_must_not_go_missing() -> None:
    production = Picture({}, {"/var/cache/index": FILE})
    assert len(compare(production, Picture({}, {}), NOTHING)) == 1
    assert compare(production, Picture({}, {"/var/cache/index": replace(FILE, content="new")}), NOTHING) == []


def test_a_mount_hides_what_the_image_has_below_it() -> None:
    assert hidden({"/app": FILE, "/app/a": FILE, "/data": FILE}, ["/app", "/data", "/ap"]) == ["/app"]
