"""What is wrong between services: each problem with its path, its words and a hint."""

from __future__ import annotations

import pytest

from devenv.errors import Problem
from tests.unit.stacks import problems_of, stack_of

Path = tuple[str | int, ...]


def only(text: str) -> Problem:
    found = problems_of(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "message", "path", "hint"),
    [
        (
            "[sidecars]\npostgrs = {}",
            "unknown recipe `postgrs`",
            ("sidecars", "postgrs"),
            "did you mean `postgres`?",
        ),
        (
            '[sidecars]\ndb = { recipe = "zzz" }',
            "unknown recipe `zzz`",
            ("sidecars", "db", "recipe"),
            "give it an `image`, or one of: adminer, mailpit, postgres, redis, s3mock, valkey",
        ),
        (
            '[sidecars]\npostgres = "12"',
            "`postgres` has no version `12`",
            ("sidecars", "postgres", "version"),
            "known versions: 17, 18, 16, 15, 14",
        ),
        (
            '[sidecars]\npostgres = "170"',
            "`postgres` has no version `170`",
            ("sidecars", "postgres", "version"),
            "known versions: 17, 18, 16, 15, 14",
        ),
        (
            '[sidecars.postgres]\ndatabase = ["x"]',
            "`postgres` has no option `database`",
            ("sidecars", "postgres", "database"),
            "did you mean `databases`?",
        ),
        (
            "[sidecars.mailpit]\nzzz = 1",
            "`mailpit` has no option `zzz`",
            ("sidecars", "mailpit", "zzz"),
            "options of `mailpit`: none",
        ),
        (
            '[sidecars.redis]\npersistence = "logs"',
            "`persistence` can't be `logs`",
            ("sidecars", "redis", "persistence"),
            "did you mean `log`?",
        ),
        (
            '[sidecars.redis]\nmemory = "much"',
            "`memory` can't be `much`",
            ("sidecars", "redis", "memory"),
            'the most memory that data may take ("256mb"); 0 is no limit',
        ),
        (
            "[sidecars.redis]\nmemory = 256",
            "expected a string, got an integer",
            ("sidecars", "redis", "memory"),
            None,
        ),
        (
            '[sidecars.s3mock]\nbuckets = ["ok1", "Not OK"]',
            "`buckets` can't hold `Not OK`",
            ("sidecars", "s3mock", "buckets", 1),
            "buckets that exist; the first one is the app's",
        ),
        (
            "[sidecars.s3mock]\nbuckets = { a = 1 }",
            "expected a list of strings, got a table",
            ("sidecars", "s3mock", "buckets"),
            None,
        ),
        (
            "[sidecars.s3mock]\nbuckets = []",
            "`buckets` needs at least one item",
            ("sidecars", "s3mock", "buckets"),
            "buckets that exist; the first one is the app's",
        ),
        (
            '[sidecars.postgres]\ninit = ["db/*.sql"]',
            "`db/*.sql` matches no file",
            ("sidecars", "postgres", "init", 0),
            "paths are relative to the manifest",
        ),
        (
            '[sidecars.redis]\npassword = "with space"',
            "`password` may hold letters, digits and . _ ~ - only",
            ("sidecars", "redis", "password"),
            "leave it out for a random one per project",
        ),
        (
            '[sidecars.search]\nimage = "x"\nreddy = "x"',
            "unknown key `reddy`",
            ("sidecars", "search", "reddy"),
            "did you mean `ready`?",
        ),
        (
            '[sidecars.search]\nimage = "x"\nversion = "1"',
            "`version` needs a recipe",
            ("sidecars", "search", "version"),
            "write it behind the image: IMAGE:VERSION",
        ),
        (
            '[sidecars.search]\nimage = "x"\nargs = ["-v"]',
            "`args` needs a recipe",
            ("sidecars", "search", "args"),
            "write the whole `command`",
        ),
        (
            '[app]\nbuild = "."\nneeds = ["redsi"]\n[sidecars]\nredis = {}',
            "`app` needs `redsi`, which is not there",
            ("app", "needs", 0),
            "did you mean `redis`?",
        ),
        (
            '[apps.web]\nbuild = "."\nneeds = []\n[sidecars.a]\nimage = "x"\nneeds = ["web", "zz"]',
            "`a` needs `zz`, which is not there",
            ("sidecars", "a", "needs", 1),
            "there are: a, web",
        ),
        (
            '[app]\nbuild = "."\nenv_file = ["absent"]',
            "`absent` can't be read: no such file or directory",
            ("app", "env_file", 0),
            None,
        ),
        (
            '[app]\nbuild = "."\nports = [80, 80]',
            "port 80 is listed twice",
            ("app", "ports", 1),
            None,
        ),
        (
            '[apps.a]\nbuild = "."\nports = [80]\n[apps.b]\nbuild = "."\nports = [81, "80:90"]',
            "port 80 of `b` is taken by `a` already",
            ("apps", "b", "ports", 1),
            'publish it elsewhere: ports = ["81:90"]',
        ),
        (
            '[app]\nbuild = "."\nports = [80]\nready = { http = "/", port = 81 }',
            "port 81 is not in `ports`, so it can't be asked",
            ("app", "ready", "port"),
            "list it: ports = [80, 81]",
        ),
        (
            '[app]\nbuild = "."\nready = { http = "/" }',
            "`http` asks a port, and there is none",
            ("app", "ready"),
            "list it: ports = [8000]",
        ),
        (
            '[app]\nbuild = "."\nenv = { A = "{redis.urll}" }\n[sidecars]\nredis = {}',
            "unknown placeholder `{redis.urll}`",
            ("app", "env", "A"),
            "did you mean `{redis.url}`?",
        ),
        (
            '[app]\nbuild = "."\ncommand = ["x", "{no.such}"]',
            "unknown placeholder `{no.such}`",
            ("app", "command"),
            "for the text itself write `{{no.such}}`",
        ),
        (
            '[sidecars.search]\nimage = "x"\nports = [1]\nexports = { A = "{prot}" }',
            "unknown placeholder `{prot}`",
            ("sidecars", "search", "exports", "A"),
            "did you mean `{port}`?",
        ),
    ],
)
def test_one_problem(text: str, message: str, path: Path, hint: str | None) -> None:
    assert only(text) == Problem(message, path, hint)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[app]\nbuild = "."\nsetup = [["x"], ["{no.such}"]]', ("app", "setup", 1)),
        ('[app]\nbuild = { context = ".", args = { A = "{no.such}" } }', ("app", "build", "args", "A")),
        ('[sidecars.redis]\nargs = ["x", "{no.such}"]', ("sidecars", "redis", "args", 1)),
        ('[sidecars.redis]\nenv = { A = "{no.such}" }', ("sidecars", "redis", "env", "A")),
        ('[sidecars.redis]\ncommand = ["{no.such}"]', ("sidecars", "redis", "command")),
        ('[sidecars.redis]\nexports = { A = "{no.such}" }', ("sidecars", "redis", "exports", "A")),
    ],
)
def test_a_placeholder_is_looked_at_wherever_one_can_stand(text: str, path: Path) -> None:
    assert only(text).path == path


@pytest.mark.parametrize(
    "text",
    [
        '[sidecars]\na = { image = "x", needs = ["b"] }\nb = { image = "x", needs = ["a"] }',
        '[sidecars]\na = { image = "x", needs = ["b"] }\nb = { image = "x", needs = ["c"] }\n'
        'c = { image = "x", needs = ["b"] }',
        '[sidecars]\na = { image = "x", needs = ["a"] }',
        '[app]\nbuild = "."\n[sidecars]\na = { image = "x", needs = ["app"] }',
    ],
)
def test_a_cycle_names_all_that_are_in_it(text: str) -> None:
    problem = only(text)
    way = problem.message.removeprefix("services need each other: ").split(" → ")
    assert way[0] == way[-1]
    assert problem.path[-1] == "needs"
    assert problem.path[-2] == way[0] or problem.path == ("app", "needs")


def test_all_problems_are_found_at_once() -> None:
    text = """
    app = { build = ".", needs = ["nobody"], env = { A = "{nothing.there}" }, env_file = "absent" }
    [sidecars]
    postgres = "2"
    redis = { memory = "x", evicton = "y" }
    zzzzz = {}
    """
    assert {problem.path for problem in problems_of(text)} == {
        ("app", "needs", 0),
        ("app", "env", "A"),
        ("app", "env_file", 0),
        ("sidecars", "postgres", "version"),
        ("sidecars", "redis", "memory"),
        ("sidecars", "redis", "evicton"),
        ("sidecars", "zzzzz"),
    }


@pytest.mark.parametrize("sidecar", ["foo = {}", 'postgres = "1"', 'Foo = { image = "x" }', "foo = 1"])
def test_needing_what_is_wrong_itself_is_no_second_problem(sidecar: str) -> None:
    name = sidecar.partition(" ")[0]
    placeholder = f"{{{name}.host}}"  # an upper-case name is no placeholder at all
    text = f'[app]\nbuild = "."\nneeds = ["{name}"]\nenv.A = "{placeholder}"\n[sidecars]\n{sidecar}'
    assert [problem.path[:2] for problem in problems_of(text)] == [("sidecars", name)]


def test_a_recipes_default_port_may_be_anothers_too_because_it_moves_by_itself() -> None:
    assert stack_of('[sidecars]\nredis = {}\nvalkey = {}\n[app]\nbuild = "."\nports = [6379]').names


@pytest.mark.parametrize(
    ("ci", "message", "hint"),
    [
        ('inside = "wbe"', "no app is called `wbe`", "did you mean `web`?"),
        ('inside = "redis"', "no app is called `redis`", "apps: web, tool"),
        ('inside = "tool"', "`tool` has no image: it runs on the host", None),
        ('python = "2.7"', '`python` is a version such as "3.13"', None),
        ("python = 3.13", "expected a string, got a number", "put it in quotes"),
        ('tests = "pytest"', "unknown key `tests`", "did you mean `test`?"),
        ("test = []", "must not be empty", None),
    ],
)
def test_what_ci_is_told_must_be_there(ci: str, message: str, hint: str | None) -> None:
    text = f'[apps.web]\nbuild = "."\n[apps.tool]\ncommand = "x"\n[sidecars]\nredis = {{}}\n[ci]\n{ci}\n'
    [problem] = problems_of(text)
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.path[0] == "ci"


def test_settings_that_json_does_not_have_are_refused() -> None:
    assert "`settings` holds what JSON can't" in problems_of(
        '[app]\nbuild = "."\n[editor]\nsettings = { a = 2026-01-01 }\n'
    )[0].message  # fmt: skip


def test_a_stage_for_an_app_without_a_dockerfile_is_refused() -> None:
    (problem,) = problems_of('[app]\nimage = "x"\n[app.editor]\ntarget = "dev"\n')
    assert problem.path == ("app", "editor", "target")
