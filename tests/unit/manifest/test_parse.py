"""Everything that can be wrong in a manifest that is TOML: its place, its message and its hint."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from devenv.errors import Problem
from devenv.manifest.model import Manifest
from devenv.manifest.source import Source, parse, place
from devenv.manifest.validation import Draft

from .cases import APP, APP_KEYS, APP_KNOWS, BUILDS, MANIFEST_KEYS, SIDECARS


def source(text: str) -> Source:
    return Source(Path("/project/devenv.toml"), "devenv.toml", text, tomllib.loads(text))


def report(text: str) -> list[str]:
    """The problems as they are shown: `line:column message (hint)`."""
    manifest = source(text)
    return [
        f"{p.line}:{p.column} {p.message}" + (f" ({p.hint})" if p.hint else "")
        for p in place(manifest, parse(manifest)[1])
    ]


@pytest.mark.parametrize(("text", "expected"), MANIFEST_KEYS)
def test_the_manifest_itself(text: str, expected: list[str]) -> None:
    assert report(text) == expected


@pytest.mark.parametrize(("line", "expected"), APP_KEYS)
def test_an_app(line: str, expected: list[str]) -> None:
    assert report(APP + line) == expected


@pytest.mark.parametrize(("line", "expected"), BUILDS)
def test_an_app_without_a_good_image_or_build(line: str, expected: list[str]) -> None:
    assert report("[app]\n" + line) == expected


@pytest.mark.parametrize(("line", "expected"), SIDECARS)
def test_a_sidecar(line: str, expected: list[str]) -> None:
    assert report("[sidecars]\n" + line) == expected


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = 'nmae = "x"\n[apps.b]\nimage = 5\n[apps.a]\ncommand = ""\n[sidecars]\nredis = 8\n"A B" = { image = 1 }\n'
    assert [line.partition(" ")[0] for line in report(text)] == ["1:1", "3:9", "5:11", "7:9", "8:1", "8:19"]


def test_the_rest_stays() -> None:
    text = APP + (
        "ports = [1000, 99999, { port = 'x', name = 'n', host = 5 }]\ncommand = ['a', 5]\nneeds = ['b', 5]\n"
        "env = { A = 1, B = [] }\nready = { htp = '/' }\n"
        "[sidecars]\nbad = { image = 5 }\ngood = { args = [5], volumes = { x = '/x', y = 'y' }, anything = [1] }\n"
    )
    manifest, problems, dropped = parse(source(text))
    assert len(problems) == 9
    assert dropped == {"bad"}
    app = manifest.all_apps["app"]
    _, stand_in, other = (port.port for port in app.ports)
    assert len({1000, 99999, stand_in, other}) == 4
    assert [(port.port, port.name, port.host) for port in app.ports] == [
        (1000, None, None),
        (stand_in, None, None),
        (other, "n", 5),
    ]
    assert (app.command, app.needs, app.env, app.ready) == (None, None, {"A": "1"}, None)
    good = manifest.sidecars["good"]
    assert (good.args, good.volumes, good.options) == ([], {"x": "/x"}, {"anything": [1]})


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (APP, set()),
        ("app = 5\n[apps]\nweb = 5\nx = { image = 'x' }\n[sidecars]\na = 5\nb = {}", {"app", "web", "a"}),
        ("sidecars = ['a', 'b', 5]\n[app]\nimage = 'x'", {"a", "b"}),
        ("[sidecar]\na = {}\n[aps.b]\nimage = 'x'", {"a", "b"}),
        ("[ap]\nbuild = '.'\n[redis]\nversion = '8'", {"app", "redis"}),
        ("[apps.web]\nbuild = '.'\n[sidecars]\nweb = {}\nWeb = {}", {"Web"}),
        ("sidecars = 5\napps = true\nports = [1]", set()),
    ],
)
def test_what_is_missing_is_named(text: str, missing: set[str]) -> None:
    assert parse(source(text))[2] == missing


def test_a_good_manifest() -> None:
    manifest, problems, dropped = parse(source(APP + "[sidecars]\npostgres = '17'\nredis = {}"))
    assert (problems, dropped) == ([], frozenset())
    assert manifest.all_apps.keys() == {"app"}
    assert {name: sidecar.version for name, sidecar in manifest.sidecars.items()} == {"postgres": "17", "redis": None}


def test_names_that_python_uses_are_options_like_others() -> None:
    keys = [
        "self",
        "options",
        "copy",
        "model_config",
        "model_fields",
        "__class__",
        "__dict__",
        "__pydantic_extra__",
        "[key]",
    ]
    text = "[sidecars.x]\n" + "".join(f"'{key}' = [{{ {key.strip('[]')} = 1 }}]\n" for key in keys)
    manifest, problems, _ = parse(source(text))
    assert problems == []
    assert manifest.sidecars["x"].options.keys() == set(keys)


def test_depth_that_brackets_do_not_have() -> None:
    deep = ".".join("a" * 2000)
    assert report(f"{APP}{deep} = 1\n[sidecars]\nx.{deep} = 1") == [f"3:1 unknown key `a` ({APP_KNOWS})"]


def test_place_knows_a_key_by_its_name_in_the_message() -> None:
    text = "[sidecars]\nredis = { maxmemory = 5 }"
    path = ("sidecars", "redis", "maxmemory")
    key = Problem("`redis` has no option `maxmemory`", path)
    value = Problem("expected a string", path)
    version = Problem("`redis` has no version `5`", ("sidecars", "redis", "version"))
    placed = place(source(text), [value, key, value, version])
    assert [(p.message, p.line, p.column, p.file) for p in placed] == [
        ("`redis` has no version `5`", 2, 9, "devenv.toml"),
        ("`redis` has no option `maxmemory`", 2, 11, "devenv.toml"),
        ("expected a string", 2, 23, "devenv.toml"),
    ]


def test_place_leaves_a_place_alone() -> None:
    elsewhere = Problem("bad", ("app",), None, "other.toml", 7, 3)
    assert place(source(APP), [elsewhere]) == [elsewhere]
    assert place(source(APP), []) == []


def test_a_rule_that_nothing_satisfies_ends() -> None:
    draft = Draft({"app": 5})
    with pytest.raises(ValidationError) as caught:
        Manifest.model_validate(draft.data)
    draft.take(caught.value.errors())
    assert () not in draft.refused
    draft.take(caught.value.errors())
    assert () in draft.refused
    assert draft.fit() == Manifest()
