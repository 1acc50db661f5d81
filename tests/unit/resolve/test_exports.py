"""What apps get of their sidecars, under which names, and what is said of a name that can't be."""

from __future__ import annotations

import pytest

from tests.unit.stacks import problems_of, seen, stack_of

APP = '[app]\nimage = "x"\n[sidecars]\n'


def test_an_export_can_have_another_name() -> None:
    env = seen(stack_of(f'{APP}postgres = {{ rename = {{ DATABASE_URL = "DB_URL" }} }}'), "app")
    assert env["DB_URL"].startswith("postgresql://")
    assert "DATABASE_URL" not in env
    assert env["PGHOST"] == "postgres"


def test_all_exports_can_be_renamed_at_once_but_those_that_have_a_name_of_their_own() -> None:
    renames = '{ "*" = "MAIN_*", DATABASE_URL = "DB_URL" }'
    env = seen(stack_of(f"{APP}postgres = {{ rename = {renames} }}"), "app")
    assert list(env) == ["DB_URL", "MAIN_PGHOST", "MAIN_PGPORT", "MAIN_PGUSER", "MAIN_PGPASSWORD", "MAIN_PGDATABASE"]


def test_two_of_one_recipe_share_no_name() -> None:
    text = f'{APP}postgres = "17"\nreports = {{ recipe = "postgres", rename = {{ "*" = "REPORTS_*" }} }}'
    env = seen(stack_of(text), "app")
    assert (env["PGHOST"], env["REPORTS_PGHOST"]) == ("postgres", "reports")
    assert "REPORTS_REPORTS_PGHOST" not in env


def test_an_export_is_a_placeholder_by_the_recipes_own_name() -> None:
    text = """
    [app]
    image = "x"
    env = { DSN = "{postgres.DATABASE_URL}", QUOTED = "{postgres.PGPASSWORD|url}", TEXT = "{{postgres.PGHOST}} {a.B}" }
    [sidecars]
    postgres = { password = "p", rename = { DATABASE_URL = "DB_URL" } }
    """
    env = seen(stack_of(text), "app")
    assert env["DSN"] == env["DB_URL"] == "postgresql://shop:p@postgres:5432/shop"
    assert (env["QUOTED"], env["TEXT"]) == ("p", "{postgres.PGHOST} {a.B}")


@pytest.mark.parametrize(
    ("sidecars", "message", "hint"),
    [
        (
            'postgres = { rename = { DATABSE_URL = "X" } }',
            "`postgres` exports no `DATABSE_URL`",
            "did you mean `DATABASE_URL`?",
        ),
        ('adminer = { rename = { A = "X" } }', "`adminer` exports no `A`", "it exports: nothing"),
        ('redis = { rename = { "*" = "X" } }', 'a `*` stands on both sides: "*" = "DB_*"', None),
        ('redis = { rename = { REDIS_URL = "X*" } }', 'a `*` stands on both sides: "*" = "DB_*"', None),
        ('redis = { rename = { REDIS_URL = "1" } }', "`1` can't be the name of an environment variable", None),
        (
            'redis = { rename = { REDIS_HOST = "REDIS_URL" } }',
            "`REDIS_HOST` of `redis` can't be called `REDIS_URL`: that is exported by itself",
            None,
        ),
        (
            'redis = { rename = { REDIS_URL = "REDIS_HOST" } }',
            "`REDIS_URL` of `redis` can't be called `REDIS_HOST`: that is exported by itself",
            None,
        ),
        (
            'redis = {}\nvalkey = { rename = { "*" = "*" } }',
            "`REDIS_URL` of `valkey` can't be called `REDIS_URL`: that is exported by `redis`",
            None,
        ),
    ],
)
def test_a_name_that_can_not_be(sidecars: str, message: str, hint: str | None) -> None:
    problem = problems_of(APP + sidecars)[0]
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.path[:1] == ("sidecars",)
    assert problem.path[2] == "rename"


def test_an_unknown_export_is_no_text() -> None:
    text = '[app]\nimage = "x"\nenv = { A = "{postgres.DATABSE_URL}" }\n[sidecars]\npostgres = "17"\n'
    [problem] = problems_of(text)
    assert problem.message == "unknown placeholder `{postgres.DATABSE_URL}`"
    assert problem.hint == "did you mean `{postgres.DATABASE_URL}`?"


def test_exports_that_are_made_of_each_other_are_told() -> None:
    text = '[sidecars.a]\nimage = "a"\nexports = { ONE = "{a.TWO}", TWO = "{a.ONE}" }\n'
    assert {problem.message for problem in problems_of(text)} == {
        "unknown placeholder `{a.ONE}`",
        "unknown placeholder `{a.TWO}`",
    }
