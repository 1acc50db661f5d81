"""The compose file's own decisions: names of variables and images, default ports, profiles, fingerprints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.artifacts.compose import Target, document
from devenv.artifacts.names import HASH_LABEL, image_of, setup_names, variable, variables
from devenv.errors import InputError
from devenv.stack import Bindings, Secret, Service, Stack
from tests.unit.stacks import bindings_of, stack_of


def own(stack: Stack, bindings: Bindings | None = None) -> dict[str, str]:
    """Every service's fingerprint in this machine's own file."""
    target = Target("p", root="..", path="/p", bindings=bindings or bindings_of(stack))
    return {name: str(entry["labels"][HASH_LABEL]) for name, entry in document(stack, target)["services"].items()}


@pytest.mark.parametrize(
    ("service", "name", "expected"),
    [
        ("postgres", "password", "DEVENV_POSTGRES_PASSWORD"),
        ("web-1", "API_KEY", "DEVENV_WEB_1_API_KEY"),
        ("db", "port_5432", "DEVENV_DB_PORT_5432"),
    ],
)
def test_a_variable_is_called_after_its_place(service: str, name: str, expected: str) -> None:
    assert variable(service, name) == expected


def test_a_variable_that_would_be_ambiguous_or_no_name_at_all_has_a_digest() -> None:
    names = [
        variable("a_b", "X"),
        variable("a-b", "X"),
        variable("a", "x.y"),
        variable("a", "x-y"),
        variable("a", "Xy"),
    ]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name.isupper() and name.isascii() for name in names)


def private(**secrets: str) -> tuple[Stack, Bindings]:
    """A stack with an app for each `app__NAME`; the values are the bindings."""
    keys = [tuple(key.split("__")) for key in secrets]
    services = {app: Service(app, "app", image="x") for app, _ in keys}
    for app, name in keys:
        services[app] = replace(services[app], secrets=(*services[app].secrets, Secret(name)))
    values = {(app, name): value for (app, name), value in zip(keys, secrets.values(), strict=True)}
    return Stack("p", tuple(services.values())), Bindings({}, values)


def test_two_private_values_never_share_a_variable_in_silence() -> None:
    assert variables(*private(app__proxy="same", app__PROXY="same")) == {"DEVENV_APP_PROXY": "same"}
    with pytest.raises(
        InputError, match="`PROXY` of `app` and another private value would share the variable DEVENV_APP_PROXY"
    ):
        variables(*private(app__proxy="one", app__PROXY="another"))


def test_apps_of_one_build_share_an_image_and_others_have_their_own() -> None:
    stack = stack_of('apps.a.build = "."\napps.b.build = "."\napps.c.build = "c"\napps.d.image = "x:1"')
    assert [image_of(stack, service, "p") for service in stack] == ["p-a", "p-a", "p-c", "x:1"]


def test_a_setup_is_a_service_that_no_user_can_name() -> None:
    stack = stack_of('[app]\nimage = "x"\nsetup = [["a"], ["b"]]')
    assert setup_names(stack["app"]) == ("app.setup", "app.setup-2")
    services = document(stack, Target("p"))["services"]
    done = {"condition": "service_completed_successfully"}
    assert services["app.setup-2"]["depends_on"] == {"app.setup": done}
    assert services["app"]["depends_on"] == {"app.setup": done, "app.setup-2": done}


def test_no_two_default_ports_are_the_same() -> None:
    text = '[sidecars]\na = { recipe = "redis" }\nb = { recipe = "redis" }\nc = { image = "x", ports = [6380] }'
    services = document(stack_of(text), Target("p"))["services"]
    assert [services[name]["ports"] for name in "abc"] == [
        ["127.0.0.1:${DEVENV_A_PORT_6379:-6379}:6379"],
        ["127.0.0.1:${DEVENV_B_PORT_6379:-6381}:6379"],
        ["127.0.0.1:${DEVENV_C_PORT_6380:-6380}:6380"],
    ]


BASE = """
[app]
build = { context = ".", target = "dev" }
env = { A = "1" }
env_file = "x"
[sidecars]
redis = {}
mailpit = {}
"""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('A = "1"', 'A = "2"', {"app"}),
        ("redis = {}", 'redis = { memory = "1mb" }', {"redis"}),
        ("redis = {}", 'redis = { profile = "p" }', set()),
        ("[sidecars]", 'needs = ["redis", "mailpit"]\n[sidecars]', set()),
        ('target = "dev"', 'target = "prod"', set()),
        ("mailpit = {}", 'mailpit = "1.30.5"', {"mailpit"}),
    ],
)
def test_a_fingerprint_changes_with_what_makes_the_container_and_nothing_else(
    old: str, new: str, changed: set[str]
) -> None:
    assert old in BASE
    before, after = (own(stack_of(text, dotenv={"x": {"T": "t"}})) for text in (BASE, BASE.replace(old, new)))
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_fingerprint_changes_with_a_secret_of_whoever_is_given_it() -> None:
    stack = stack_of(BASE, dotenv={"x": {"T": "t"}})
    bound = bindings_of(stack)
    other = replace(bound, secrets={**bound.secrets, ("redis", "password"): "another"})
    before, after = own(stack, bound), own(stack, other)
    assert {name for name in before if before[name] != after[name]} == {"redis", "app"}
