"""Which field made a container change, in words, and no value of any of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from devenv.artifacts.compose import Target, document
from devenv.engines.compose.changes import fields, reasons
from devenv.stack import Bindings, Stack
from tests.unit.stacks import bindings_of, stack_of

BASE = """
[app]
image = "x"
command = ["a"]
env = { LOG = "debug", OTHER = "1" }
ready = { command = "true" }
[sidecars.redis]
version = "8"
memory = "1mb"
"""


def known(stack: Stack, bindings: Bindings | None = None) -> dict[str, dict[str, str]]:
    return fields(document(stack, Target("p", path="/p", bindings=bindings or bindings_of(stack))))


def why(text: str) -> dict[str, str]:
    return reasons(known(stack_of(BASE)), known(stack_of(text)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("debug", "info", {"app": "env.LOG changed"}),
        (', OTHER = "1"', "", {"app": "env.OTHER changed"}),
        ('OTHER = "1"', 'OTHER = "1", NEW = "1"', {"app": "env.NEW changed"}),
        ('["a"]', '["b"]', {"app": "command changed"}),
        ('"x"', '"y"', {"app": "image changed"}),
        ('"true"', '"false"', {"app": "healthcheck changed"}),
        ('"8"', '"7"', {"redis": "image changed"}),
        ("1mb", "2mb", {"redis": "file /etc/devenv/redis.conf changed"}),
        (
            'LOG = "debug", OTHER = "1"',
            'A = "", B = "", C = "", D = ""',
            {"app": "env.A, env.B, env.C, env.D and 2 more changed"},
        ),
    ],
)
def test_the_field_that_differs_is_named(old: str, new: str, expected: dict[str, str]) -> None:
    assert old in BASE
    assert why(BASE.replace(old, new)) == expected


def test_nothing_changed_is_no_reason() -> None:
    assert why(BASE) == {}


def test_a_moved_port_is_named() -> None:
    stack = stack_of(BASE)
    bound = bindings_of(stack)
    moved = replace(bound, ports={("redis", 6379): 1})
    assert reasons(known(stack, bound), known(stack, moved)) == {"redis": "ports changed"}


def test_a_changed_secret_is_said_without_its_value() -> None:
    stack = stack_of(BASE)
    bound = bindings_of(stack)
    other = replace(bound, secrets={("redis", "password"): "another"})
    assert reasons(known(stack, bound), known(stack, other)) == {
        "redis": "a secret changed",
        "app": "a secret changed",
    }


def test_a_service_that_is_new_or_gone_has_no_reason() -> None:
    assert reasons(known(stack_of(BASE)), {}) == {}
    assert reasons({}, known(stack_of(BASE))) == {}


def test_only_digests_are_kept() -> None:
    kept = json.dumps(known(stack_of(BASE.replace("debug", "a-value-to-find"))))
    assert "a-value-to-find" not in kept
    assert "redis-password" not in kept


def test_what_is_kept_survives_being_kept() -> None:
    before = known(stack_of(BASE))
    assert reasons(json.loads(json.dumps(before)), known(stack_of(BASE))) == {}
