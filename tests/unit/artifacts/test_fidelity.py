"""Any string reaches the container as written: thousands of them through Compose's own reading of our files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devenv.artifacts.compose import Target, render
from devenv.artifacts.dotenv import dotenv
from devenv.artifacts.files import write
from devenv.artifacts.names import PATH_LABEL, variables
from devenv.stack import Bindings, Build, File, Health, Ref, Secret, Service, Stack, Text, Volume
from tests.compose_plugin import understood
from tests.unit.strings import NASTY, texts

pytestmark = pytest.mark.engine  # asks no engine, but where there is none there may be no Compose either

many = st.lists(texts, min_size=100, max_size=300)
few_files = settings(
    max_examples=settings().max_examples // 5, phases=(Phase.generate,)
)  # no shrinking: the differences say enough


def text(value: str) -> Text:
    """A literal, as the template makes it: no piece of it is empty."""
    return (value,) if value else ()


def named(values: list[str]) -> tuple[tuple[str, Text], ...]:
    return tuple((f"V{index}", text(value)) for index, value in enumerate(values))


def altered(written: Sequence[str], got: Mapping[str, str]) -> list[tuple[str, str]]:
    """The strings that did not arrive, with what did."""
    pairs = [(value, got[f"V{index}"]) for index, value in enumerate(written)]
    return [(value, other) for value, other in pairs if value != other]


def read(folder: Path, stack: Stack, target: Target | None = None, private: str | None = None) -> dict[str, Any]:
    """The stack's services as Compose understands the file that is written for it."""
    write(folder / "compose.yaml", render(stack, target or Target("p")).encode())
    if private is not None:
        write(folder / "secrets.env", private.encode())
    return understood(folder / "compose.yaml", variables=folder / "secrets.env" if private is not None else None)


@few_files
@given(values=many)
def test_an_environment_is_passed_as_written(values: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    app = Service("app", "app", image="x", env=named(values))
    project = read(tmp_path_factory.mktemp("p"), Stack("p", (app,)))
    assert altered(values, project["services"]["app"]["environment"]) == []


@few_files
@given(values=many)
def test_commands_are_passed_as_written(values: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    words = tuple(text(value) for value in values)
    app = Service("app", "app", image="x", command=words, health=Health(words), setup=(words,))
    services = read(tmp_path_factory.mktemp("p"), Stack("p", (app,)))["services"]
    assert services["app"]["command"] == values
    assert services["app.setup"]["command"] == values
    assert services["app"]["healthcheck"]["test"] == ["CMD", *values]


@few_files
@given(values=many)
def test_build_arguments_are_passed_as_written(values: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    app = Service("app", "app", build=Build(args=named(values)))
    project = read(tmp_path_factory.mktemp("p"), Stack("p", (app,)))
    assert altered(values, project["services"]["app"]["build"]["args"]) == []


@few_files
@given(values=st.lists(texts.filter(bool), min_size=50, max_size=100))
def test_generated_files_have_the_content_that_was_meant(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = tuple(File(f"/file/{index}", text(value)) for index, value in enumerate(values))
    project = read(tmp_path_factory.mktemp("p"), Stack("p", (Service("db", "sidecar", image="x", files=files),)))
    assert [project["configs"][f"db.{index}"]["content"] for index in range(len(values))] == values


@few_files
@given(values=many)
def test_private_values_go_through_the_dotenv_file_as_they_are(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    env = tuple((f"V{index}", (Ref("secret", "app", f"V{index}"),)) for index in range(len(values)))
    app = Service("app", "app", image="x", env=env, secrets=tuple(Secret(name) for name, _ in env))
    stack = Stack("p", (app,))
    private = {("app", f"V{index}"): value for index, value in enumerate(values)}
    secrets = dotenv(variables(stack, Bindings({}, private)))
    project = read(tmp_path_factory.mktemp("p"), stack, private=secrets)
    assert altered(values, project["services"]["app"]["environment"]) == []


def test_private_values_of_any_name_reach_their_own_service(tmp_path: Path) -> None:
    names = ["spring.datasource.url", "spring_datasource_url", "MY-KEY", "MY_KEY", "Mixed", "MIXED", "ünï"]
    services = tuple(
        Service(
            service,
            "app",
            image="x",
            env=tuple((name, (Ref("secret", service, name),)) for name in names),
            secrets=tuple(Secret(name) for name in names),
        )
        for service in ("a", "a-b", "a_b")
    )
    stack = Stack("p", services)
    private = {(service.name, name): f"{service.name} {name}" for service in stack for name in names}
    found = read(tmp_path, stack, private=dotenv(variables(stack, Bindings({}, private))))["services"]
    for service in stack:
        assert found[service.name]["environment"] == {name: private[service.name, name] for name in names}


def test_no_name_of_a_variable_is_taken_for_something_else(tmp_path: Path) -> None:
    names = ["YES", "no", "on", "Off", "y", "N", "true", "FALSE", "null", "Null", "NaN", "_", "__", "e3", "E1"]
    app = Service("app", "app", image="x", env=tuple((name, (name,)) for name in names))
    assert read(tmp_path, Stack("p", (app,)))["services"]["app"]["environment"] == {name: name for name in names}


PATHS = [value for value in NASTY if value and value.isprintable() and value.strip() == value and ":" not in value]


def test_every_other_text_of_a_manifest_is_passed_as_written(tmp_path: Path) -> None:
    """Paths of volumes, mounts and files; the label with the project's own path."""
    services = tuple(
        Service(
            f"app-{number}",
            "app",
            image="x",
            volumes=(Volume("data", f"/data/{way}"),),
            files=(File(f"/mounted/{way}", (), source=f"db/{way}"), File(f"/generated/{way}", ("content",))),
        )
        for number, way in enumerate(PATHS)
    )
    folder = tmp_path / "in"
    target = Target("p", root="..", path="/home/$a", bindings=Bindings())
    read_services = read(folder, Stack("p", services), target)["services"]
    for number, way in enumerate(PATHS):
        service = read_services[f"app-{number}"]
        assert {volume["target"] for volume in service["volumes"]} == {f"/data/{way}", f"/mounted/{way}"}
        assert {volume["source"] for volume in service["volumes"]} == {f"app-{number}.data", f"{tmp_path}/db/{way}"}
        assert service["configs"][0]["target"] == f"/generated/{way}"
        assert service["labels"][PATH_LABEL] == "/home/$a"
