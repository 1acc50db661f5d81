"""Copies of a project: another identity, any ports, data in memory; the original is not touched by them."""

from __future__ import annotations

from pathlib import Path

import yaml

from devenv import copies
from devenv.artifacts.compose import Target, document
from devenv.artifacts.yaml import dump
from devenv.project import copy_of, load, locate
from devenv.stack import Bindings
from tests.conftest import MakeProject

MANIFEST = """
[app]
image = "python:3.13-slim"
ports = [8000]
[sidecars]
postgres = "17"
redis = { ports = ["7000:6379"] }
"""


def test_a_copy_is_another_project_in_the_same_folder(project: MakeProject) -> None:
    original = locate(project({"devenv.toml": MANIFEST}) / "devenv.toml")
    copy = copy_of(original, "0123abcd")
    assert (copy.root, copy.manifest, copy.label) == (original.root, original.manifest, original.label)
    assert copy.id == f"{original.id}-run-0123abcd"
    assert copy.state.folder != original.state.folder
    assert original.root not in copy.generated.parents


def test_its_stack_asks_for_no_port_and_keeps_data_in_memory(project: MakeProject) -> None:
    original = locate(project({"devenv.toml": MANIFEST}) / "devenv.toml")
    stack = load(copy_of(original, "0123abcd"))
    assert {port.host for service in stack for port in service.ports} == {0}
    assert all(volume.memory for service in stack if service.role == "sidecar" for volume in service.volumes)
    lasting = load(copy_of(original, "again", lasting=True))
    assert not any(volume.memory for service in lasting for volume in service.volumes)
    assert load(original)["redis"].ports[0].host == 7000


def test_its_compose_file_has_no_volume_and_where_nobody_talks_no_network(project: MakeProject) -> None:
    original = locate(project({"devenv.toml": MANIFEST}) / "devenv.toml")
    copy = copy_of(original, "0123abcd")
    stack = load(copy)
    ports = {(service.name, port.container): 20000 + port.container for service in stack for port in service.ports}
    private = {(service.name, secret.name): "x" for service in stack for secret in service.secrets}
    target = Target(copy.id, root="/there", path=copy.label, bindings=Bindings(ports, private), original=original.id)
    whole = yaml.safe_load(dump(document(stack, target)))
    assert whole["services"]["postgres"]["volumes"] == [{"type": "tmpfs", "target": "/var/lib/postgresql/data"}]
    assert "volumes" not in whole
    assert whole["networks"]["default"]["labels"]["devenv.project"] == copy.id  # the app talks to its sidecars
    alone = yaml.safe_load(dump(document(stack.contained.only({"postgres", "redis"}), target)))
    assert {entry["network_mode"] for entry in alone["services"].values()} == {"bridge"}
    assert "networks" not in alone


def test_only_those_that_were_kept_are_found_as_kept(project: MakeProject) -> None:
    original = locate(project({"devenv.toml": MANIFEST}) / "devenv.toml")
    assert copies.kept(original) == []
    with copies.hold(original, "compose", copies.REUSED) as copy:
        assert [each.id for each in copies.kept(original)] == [copy.id]
    assert [each.id for each in copies.kept(original)] == [copy.id]


def test_what_is_no_copy_is_not_swept(environment: dict[str, str], project: MakeProject) -> None:
    folder = Path(environment["DEVENV_STATE_HOME"]) / "a-run-b"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    copies.sweep()
    copies.finish("b")
    assert (folder / "notes.txt").read_text() == "mine"
