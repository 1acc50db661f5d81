"""What apps and sidecars come to: environment, exports, options, files, checks, order."""

from __future__ import annotations

import pytest

from devenv.stack import Check, Ref, Stack, Vantage, bind
from tests.unit.stacks import bindings_of, seen, stack_of


def exports(stack: Stack, name: str) -> dict[str, str]:
    value = bindings_of(stack).resolver(Vantage.NETWORK)
    return {key: bind(text, value) for key, text in stack[name].exports}


def test_an_app_sees_its_sidecars_exports_by_the_networks_addresses() -> None:
    stack = stack_of('app = { build = "." }\nsidecars = { redis = {} }')
    assert seen(stack, "app")["REDIS_URL"] == "redis://:redis-password@redis:6379/0"


def test_the_same_environment_from_the_host_has_the_published_ports() -> None:
    stack = stack_of('app = { build = "." }\nsidecars = { redis = {} }')
    assert seen(stack, "app", Vantage.HOST)["REDIS_URL"] == "redis://:redis-password@127.0.0.1:16379/0"


def test_the_apps_own_env_wins_over_its_dotenv_files_and_these_over_exports() -> None:
    text = """
    [app]
    build = "."
    env_file = ["first", "second"]
    env = { A = "own", REDIS_HOST = "mine" }
    [sidecars]
    redis = {}
    """
    files = {"first": {"A": "1", "B": "1", "C": "1", "REDIS_PORT": "1"}, "second": {"A": "2", "B": "2"}}
    env = seen(stack_of(text, dotenv=files), "app")
    assert {key: env[key] for key in ("A", "B", "C", "REDIS_HOST", "REDIS_PORT")} == {
        "A": "own",
        "B": "2",
        "C": "1",
        "REDIS_HOST": "mine",
        "REDIS_PORT": "1",
    }


def test_what_a_dotenv_file_says_is_a_secret_of_the_app() -> None:
    stack = stack_of('app = { build = ".", env_file = "x" }', dotenv={"x": {"TOKEN": "t"}})
    assert dict(stack["app"].env)["TOKEN"] == (Ref("secret", "app", "TOKEN"),)
    assert [(secret.name, secret.value) for secret in stack["app"].secrets] == [("TOKEN", "t")]
    assert "t" not in repr(stack["app"].secrets).replace("Secret(name='TOKEN'", "")


def test_an_app_that_names_what_it_needs_sees_no_other_exports() -> None:
    stack = stack_of('app = { build = ".", needs = ["redis"] }\nsidecars = { redis = {}, mailpit = {} }')
    assert stack["app"].needs == ("redis",)
    assert not [name for name in seen(stack, "app") if name.startswith(("SMTP", "MAILPIT"))]


def test_an_app_that_names_nothing_needs_every_sidecar_that_always_runs() -> None:
    text = """
    app = { build = "." }
    apps = { other = { build = ".", profile = "more" } }
    [sidecars]
    redis = {}
    mailpit = { profile = "more" }
    adminer = { profile = "else" }
    """
    stack = stack_of(text)
    assert stack["app"].needs == ("redis",)
    assert stack["other"].needs == ("redis", "mailpit")


def test_the_first_of_two_sidecars_keeps_the_usual_names() -> None:
    text = '[sidecars]\nmain = { recipe = "postgres" }\nold-one = { recipe = "postgres" }\n[app]\nbuild = "."'
    stack = stack_of(text)
    assert exports(stack, "main")["PGHOST"] == "main"
    assert exports(stack, "old-one")["OLD_ONE_PGHOST"] == "old-one"
    assert seen(stack, "app")["DATABASE_URL"].endswith("@main:5432/shop")
    assert seen(stack, "app")["OLD_ONE_DATABASE_URL"].endswith("@old-one:5432/shop")


def test_names_that_two_sidecars_do_not_share_are_left_alone() -> None:
    stack = stack_of('[sidecars]\npostgres = {}\nredis = {}\napp = { image = "x", exports = { PGHOST = "{host}" } }')
    assert "REDIS_URL" in exports(stack, "redis")
    assert exports(stack, "app") == {"APP_PGHOST": "app"}


def test_services_come_after_what_they_need_and_else_as_written() -> None:
    text = """
    app = { build = ".", needs = ["b"] }
    [sidecars]
    a = { image = "x", needs = ["c"] }
    b = { image = "x" }
    c = { image = "x" }
    """
    names = stack_of(text).names
    assert names.index("c") < names.index("a")
    assert names.index("b") < names.index("app")
    assert [name for name in names if name in "bc"] == ["b", "c"]


def test_selecting_a_service_takes_what_it_needs_along() -> None:
    text = """
    app = { build = ".", needs = ["a"] }
    [sidecars]
    a = { image = "x", needs = ["b"] }
    b = { image = "x", profile = "p" }
    c = { image = "x", profile = "p" }
    """
    stack = stack_of(text)
    assert [service.name for service in stack.select(["app"])] == ["b", "a", "app"]
    assert [service.name for service in stack.select([])] == ["b", "a", "app"]
    assert {service.name for service in stack.select([], ["p"])} == {"a", "b", "c", "app"}


@pytest.mark.parametrize(
    ("version", "image", "path"),
    [
        ("17", "postgres:17", "/var/lib/postgresql/data"),
        ("17.5-alpine", "postgres:17.5-alpine", "/var/lib/postgresql/data"),
        ("18", "postgres:18", "/var/lib/postgresql"),
        ("18.1", "postgres:18.1", "/var/lib/postgresql"),
    ],
)
def test_a_version_has_its_own_table(version: str, image: str, path: str) -> None:
    service = stack_of(f'[sidecars]\npostgres = "{version}"')["postgres"]
    assert (service.image, service.volumes[0].path) == (image, path)


def test_an_image_of_ones_own_keeps_the_recipe() -> None:
    service = stack_of('[sidecars.db]\nrecipe = "postgres"\nimage = "mine/postgis:17"')["db"]
    assert service.image == "mine/postgis:17"
    assert [port.container for port in service.ports] == [5432]


def test_args_stand_behind_the_recipes_command_and_a_command_in_its_place() -> None:
    text = '[sidecars]\nredis = { args = ["--a", "{redis.port}"] }\nvalkey = { command = "x y" }'
    stack = stack_of(text)
    value = bindings_of(stack).resolver(Vantage.NETWORK)
    words = [bind(word, value) for word in stack["redis"].command or ()]
    assert words == ["redis-server", "/etc/devenv/redis.conf", "--a", "6379"]
    assert stack["valkey"].command == (("x",), ("y",))


def test_a_listed_port_moves_the_recipes_host_port_and_adds_new_ones() -> None:
    service = stack_of('[sidecars]\nmailpit = { ports = ["9025:8025", 1110] }')["mailpit"]
    assert [(port.name, port.container, port.host) for port in service.ports] == [
        ("http", 8025, 9025),
        ("smtp", 1025, 1025),
        ("1110", 1110, 1110),
    ]


def test_the_generated_file_has_a_part_for_each_combination() -> None:
    stack = stack_of('[sidecars.postgres]\ndatabases = ["a", "b"]\nextensions = ["x", "y"]')
    content = "".join(str(part) for part in stack["postgres"].files[0].content)
    assert content.count("CREATE DATABASE") == 2
    assert [line for line in content.splitlines() if line.startswith(("\\connect", "CREATE EXT"))] == [
        line
        for database in "ab"
        for extension in "xy"
        for line in (f'\\connect "{database}"', f'CREATE EXTENSION IF NOT EXISTS "{extension}";')
    ]


@pytest.mark.parametrize("count", [3, 120])
def test_init_scripts_run_in_the_order_given_and_after_ours(count: int) -> None:
    found = {f"{letter}.sql": [f"db/{letter}{number}.sql" for number in range(count)] for letter in "zab"}
    stack = stack_of('[sidecars.postgres]\ninit = ["z.sql", "a.sql"]', glob=lambda pattern: found[pattern])
    ours, *users = stack["postgres"].files
    assert [file.source for file in users] == found["z.sql"] + found["a.sql"]
    assert sorted(file.path for file in [ours, *users]) == [file.path for file in [ours, *users]]


def test_a_file_that_two_globs_find_is_mounted_once() -> None:
    found = {"*.sql": ["a.sql", "b.sql"], "b.sql": ["b.sql"]}
    stack = stack_of('[sidecars.postgres]\ninit = ["b.sql", "*.sql"]', glob=lambda pattern: found[pattern])
    assert [file.source for file in stack["postgres"].files if file.source] == ["b.sql", "a.sql"]


@pytest.mark.parametrize(
    ("app", "checks"),
    [
        ("ports = [80]", (Check("tcp", 80),)),
        ("", (Check("running"),)),
        ('ports = [80, 81]\nready = { http = "/x" }', (Check("http", 80, (("path", ("/x",)),)),)),
        ('ports = [80, 81]\nready = { http = "/x", port = 81 }', (Check("http", 81, (("path", ("/x",)),)),)),
        ("ports = [5]\nready = { tcp = 5 }", (Check("tcp", 5),)),
        ('ready = { log = "up" }', (Check("log", params=(("text", ("up",)),)),)),
        ('ready = { command = "a b" }', (Check("command", command=(("a",), ("b",))),)),
        (
            'ports = [80]\nready = { http = "/x", status = "401" }',
            (Check("http", 80, (("path", ("/x",)), ("status", ("401",)))),),
        ),
    ],
)
def test_what_ready_asks_from_outside(app: str, checks: tuple[Check, ...]) -> None:
    assert stack_of(f'[app]\nimage = "x"\n{app}')["app"].ready == checks


@pytest.mark.parametrize(
    ("ready", "asked"),
    [('{ command = ["true"] }', True), ('{ http = "/" }', True), ("{ tcp = 80 }", False), ('{ log = "x" }', False)],
)
def test_only_what_can_be_asked_inside_becomes_a_health_check(ready: str, asked: bool) -> None:
    assert bool(stack_of(f'[app]\nimage = "x"\nports = [80]\nready = {ready}')["app"].health) == asked


def test_apps_of_one_build_are_told_apart_from_apps_of_another() -> None:
    stack = stack_of('apps.a.build = "."\napps.b.build = "."\napps.c.build = { context = ".", target = "dev" }')
    assert stack["a"].build == stack["b"].build != stack["c"].build


def test_a_password_of_ones_own_is_kept_and_a_random_one_asked_for_else() -> None:
    stack = stack_of('[sidecars]\nredis = { password = "mine" }\npostgres = {}')
    assert [secret.value for name in ("redis", "postgres") for secret in stack[name].secrets] == ["mine", None]


def test_adminer_finds_the_projects_postgres_under_any_name() -> None:
    stack = stack_of('[sidecars]\nadminer = {}\ndb = { recipe = "postgres", user = "me" }')
    url = bind(stack["adminer"].ports[0].url, bindings_of(stack).resolver(Vantage.HOST))
    assert url == "http://127.0.0.1:18080/?pgsql=db&username=me&db=shop"
