"""Placeholders: what is filled in, what stays as it is, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.stack import Ref, Text
from devenv.template import NAMED, UnboundError, escape, expand, joined
from tests.unit.strings import texts

HOST = Ref("host", "db")
VALUES: dict[str, Text] = {
    "db.user": ("a b/c",),
    "db.host": (HOST,),
    "db.url": ("pg://", HOST, "/x?y"),
    "db.nothing": (),
}

placeholders = st.sampled_from([*VALUES, "db.password", "x.y.z", "DB.USER", "db", "db.user|url", "a b"])
mixed = st.lists(texts | placeholders.map("{{{}}}".format) | placeholders.map("{{{{{}}}}}".format)).map("".join)


def lookup(name: str) -> Text:
    if name not in VALUES:
        raise UnboundError(name)
    return VALUES[name]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{db.user}", ("a b/c",)),
        ("{db.user|url}", ("a%20b%2Fc",)),
        ("{db.host}", (HOST,)),
        ("{db.host|url}", (HOST,)),
        ("<{db.url}>", ("<pg://", HOST, "/x?y>")),
        ("{db.nothing}", ()),
        ("{db.user}{db.user}", ("a b/ca b/c",)),
        ("{{db.user}}", ("{db.user}",)),
        ("{{{db.user}}}", ("{{db.user}}",)),
        ("{{db.user|url}}", ("{db.user|url}",)),
        ("{{db.user}", ("{a b/c",)),
        ("{db.user}}", ("a b/c}",)),
    ],
)
def test_a_placeholder_of_a_manifest(source: str, text: Text) -> None:
    assert expand(source, lookup) == text


@pytest.mark.parametrize(
    "source",
    [
        "{}",
        "{ db.user }",
        "{db}",
        "${HOME}",
        "{DB.user}",
        "{db.User}",
        "{db.user",
        "db.user}",
        '{"a": {"b": 1}}',
        "{0.5}",
    ],
)
def test_all_else_in_braces_is_text(source: str) -> None:
    assert expand(source, lookup) == (source,)


@pytest.mark.parametrize(("source", "name"), [("{db.pasword}", "db.pasword"), ("x{a.b.c|url}", "a.b.c")])
def test_a_placeholder_that_names_nothing_says_its_name(source: str, name: str) -> None:
    with pytest.raises(UnboundError) as caught:
        expand(source, lookup)
    assert caught.value.name == name


@given(texts)
def test_a_text_without_placeholders_stays_as_it_is(source: str) -> None:
    def never(name: str) -> Text:
        raise AssertionError(f"{name} was looked up")

    literal = source.replace(".", "")
    assert "".join(str(part) for part in expand(literal, never)) == literal


@given(mixed)
def test_an_escaped_text_expands_to_itself(source: str) -> None:
    assert expand(escape(source), lookup) == ((source,) if source else ())


@given(mixed)
def test_an_expanded_text_is_tidy_and_made_of_what_stands_in_the_source(source: str) -> None:
    asked: list[str] = []

    def note(name: str) -> Text:
        asked.append(name)
        return VALUES.get(name, ("?",))

    text = expand(source, note)
    assert text == joined(text)
    assert all(f"{{{name}" in source for name in asked)


def test_in_a_recipe_a_name_needs_no_dot() -> None:
    assert expand("{user}@{db.host}", lambda name: (name.upper(),), NAMED) == ("USER@DB.HOST",)


def test_a_value_that_looks_like_a_placeholder_is_not_expanded_again() -> None:
    assert expand("{db.user}", lambda name: ("{db.user}",)) == ("{db.user}",)


def test_joining_drops_what_is_empty_and_keeps_references_apart() -> None:
    assert joined(("a", "", "b", HOST, HOST, "", "c")) == ("ab", HOST, HOST, "c")
