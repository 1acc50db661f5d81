"""What can be looked at without an engine: the resolved stack, an app's environment, recipes, the schema."""

from __future__ import annotations

import json
import subprocess
from io import StringIO
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from tests.command_line import ROOT
from tests.conftest import MakeProject
from tests.unit.cli.conftest import Run

MANIFEST = """\
[apps.web]
build = "."
ports = [8000]
env = { PRICE = "5 $ 'x'\\nnext", SHARED = "web" }

[apps.worker]
build = "."
needs = ["redis"]
env = { SHARED = "worker", OWN = "1" }

[sidecars]
redis = { password = "mine" }
mailpit = {}
"""


@pytest.fixture
def folder(project: MakeProject) -> Path:
    return project({"devenv.toml": MANIFEST})


def test_config_shows_the_stack_with_names_where_values_are_bound_late(run: Run, folder: Path) -> None:
    result = run("config", cwd=folder)
    assert (result.code, result.err) == (0, "")
    assert yaml.safe_load(result.out) == run("config", "--json", cwd=folder).json()
    services = run("config", "--json", cwd=folder).json()["services"]
    assert list(services) == ["redis", "mailpit", "web", "worker"]
    assert services["redis"]["exports"]["REDIS_URL"] == "redis://:{redis.password}@{redis.host}:{redis.port}/0"
    assert services["redis"]["secrets"] == ["password"]
    assert "mine" not in result.out


def test_config_shows_lists_as_lists_and_what_is_empty_as_such(run: Run, project: MakeProject) -> None:
    text = """
    [app]
    image = "x"
    command = ["a", "", "b c"]
    setup = [["x", "y"], ["z"]]
    env = { EMPTY = "", TWO = "{redis.host}{redis.port}" }
    [sidecars]
    redis = {}
    mailpit = {}
    """
    app = run("config", "--json", cwd=project({"devenv.toml": text})).json()["services"]["app"]
    assert app["needs"] == ["redis", "mailpit"]
    assert app["command"] == ["a", "", "b c"]
    assert app["setup"] == [["x", "y"], ["z"]]
    assert (app["env"]["EMPTY"], app["env"]["TWO"]) == ("", "{redis.host}{redis.port}")
    assert app["ready"] == [{"kind": "running"}]


def test_config_tells_the_ports_of_one_service_apart(run: Run, folder: Path) -> None:
    exports = run("config", "--json", cwd=folder).json()["services"]["mailpit"]["exports"]
    assert exports["SMTP_URL"] == "smtp://{mailpit.host}:{mailpit.port_smtp}"
    assert exports["MAILPIT_URL"] == "http://{mailpit.host}:{mailpit.port_http}"


def test_an_apps_environment_as_the_network_sees_it(run: Run, folder: Path) -> None:
    env = run("env", "worker", "--for", "network", "--json", cwd=folder).json()
    assert env == {
        "REDIS_URL": "redis://:mine@redis:6379/0",
        "REDIS_HOST": "redis",
        "REDIS_PORT": "6379",
        "REDIS_PASSWORD": "mine",
        "SHARED": "worker",
        "OWN": "1",
    }


def test_an_apps_environment_as_this_machine_sees_it(run: Run, folder: Path) -> None:
    env = run("env", "web", "--json", cwd=folder).json()
    host, _, port = env["REDIS_URL"].removeprefix("redis://:mine@").removesuffix("/0").partition(":")
    assert host == env["REDIS_HOST"] == "127.0.0.1"
    assert port == env["REDIS_PORT"]
    assert env["PRICE"] == "5 $ 'x'\nnext"


def test_the_addresses_are_the_same_every_time(run: Run, folder: Path) -> None:
    first = run("env", cwd=folder)
    assert first.code == 0
    assert run("env", cwd=folder).out == first.out


def test_without_an_app_it_is_all_of_them_and_the_first_apps_value_wins(run: Run, folder: Path) -> None:
    env = run("env", "--json", cwd=folder).json()
    assert {"REDIS_URL", "SMTP_URL", "PRICE", "OWN"} <= env.keys()
    assert env["SHARED"] == "web"


def test_every_format_says_the_same(run: Run, folder: Path) -> None:
    expected = run("env", "worker", "--format", "json", cwd=folder).json()
    shell = run("env", "worker", "--format", "shell", cwd=folder).out
    dotenv = run("env", "worker", "--format", "dotenv", cwd=folder).out
    assert dotenv == run("env", "worker", cwd=folder).out
    assert dotenv_values(stream=StringIO(dotenv), interpolate=False) == expected
    done = subprocess.run(["sh", "-c", f"{shell}env"], env={}, capture_output=True, text=True)
    assert expected.items() <= dict(line.partition("=")[::2] for line in done.stdout.splitlines()).items()


def test_github_is_told_what_to_hide(run: Run, project: MakeProject) -> None:
    text = (
        '[app]\nimage = "x"\nenv_file = ".env"\n[sidecars]\nredis = {}\nvalkey = { password = "in-the-repository" }\n'
    )
    folder = project({"devenv.toml": text, ".env": "TOKEN=hidden\n"})
    plain, hiding = (run("env", "--format", "github", *words, cwd=folder) for words in ((), ("--mask",)))
    assert "TOKEN<<devenv_end\nhidden\ndevenv_end\n" in plain.out
    assert (hiding.out, plain.err) == (plain.out, "")
    password = run("env", "--json", cwd=folder).json()["REDIS_PASSWORD"]
    assert sorted(hiding.err.splitlines()) == sorted([f"::add-mask::{password}", "::add-mask::hidden"])


def test_recipes_are_listed_with_their_versions(run: Run, tmp_path: Path) -> None:
    result = run("recipes", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert [line.split()[0] for line in result.out.splitlines()] == [
        "adminer",
        "mailpit",
        "postgres",
        "redis",
        "s3mock",
        "valkey",
    ]
    assert "(17, 18, 16, 15, 14)" in result.out


def test_one_recipe_is_shown_with_its_options(run: Run, tmp_path: Path) -> None:
    result = run("recipes", "redis", cwd=tmp_path)
    assert "versions: 8, 7, 6 (default 8)" in result.out
    assert '  persistence = "snapshot" (none, snapshot, log): what survives' in result.out
    assert "  password: random per project by default" in result.out
    assert run("recipes", "redis", "--json", cwd=tmp_path).json()["options"]["memory"]["default"] == "0"


def test_an_unknown_recipe_is_refused_with_the_nearest(run: Run, tmp_path: Path) -> None:
    result = run("recipes", "postgrse", cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: no recipe is called `postgrse`\n\nhint: did you mean `postgres`?\n"


def test_the_schema_is_the_one_that_is_checked_in(run: Run, tmp_path: Path) -> None:
    assert run("schema", cwd=tmp_path).out == (ROOT / "docs" / "devenv.schema.json").read_text()


def test_generate_tells_what_it_wrote(run: Run, folder: Path) -> None:
    assert run("generate", "compose", cwd=folder).out == "wrote compose.yaml, .env\n"
    assert run("generate", "compose", cwd=folder).out == "compose.yaml is up to date\n"
    assert run("generate", "compose", "--check", cwd=folder).out == "compose.yaml is up to date\n"
    assert run("generate", "compose", "--json", cwd=folder).json() == {"written": [], "up_to_date": True, "notes": []}


def test_generate_check_shows_the_drift_and_exits_with_4(run: Run, folder: Path) -> None:
    run("generate", "compose", cwd=folder)
    (folder / "devenv.toml").write_text(MANIFEST.replace("8000", "8001"))
    result = run("generate", "compose", "--check", cwd=folder)
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: not up to date: `compose.yaml`\n")
    assert '-    - "127.0.0.1:${DEVENV_WEB_PORT_8000:-8000}:8000"' in result.err
    assert '+    - "127.0.0.1:${DEVENV_WEB_PORT_8001:-8001}:8001"' in result.err
    assert result.err.endswith("hint: run `devenv generate compose`\n")
    assert run("generate", "compose", "--check", "--json", cwd=folder).json()["error"]["exit_code"] == 4


def test_a_compose_file_of_the_users_is_a_conflict(run: Run, folder: Path) -> None:
    (folder / "compose.yaml").write_text("services: {}\n")
    result = run("generate", "compose", cwd=folder)
    assert result.code == 4
    assert result.err.startswith("error: `compose.yaml` was not generated by devenv\n\n--- compose.yaml (on disk)\n")
    assert "\n-services: {}\n+# generated by devenv" in result.err
    assert result.err.endswith("\nhint: move it away, or write over it: devenv generate compose --force\n")
    assert (folder / "compose.yaml").read_text() == "services: {}\n"


def test_what_cis_services_can_not_be_is_said(run: Run, folder: Path) -> None:
    (folder / "go.mod").touch()
    result = run("generate", "github", "--services", cwd=folder)
    assert (result.code, result.out) == (0, "wrote .github/workflows/devenv.yml\n")
    assert result.err == ""
    gitlab = run("generate", "gitlab", "--services", "--json", cwd=folder).json()
    assert [note.partition(" ")[0] for note in gitlab["notes"]] == ["GitLab"]
    (folder / "devenv.toml").write_text(MANIFEST + "adminer = {}\n")
    result = run("generate", "github", "--services", cwd=folder)
    assert result.err == "note: adminer: left out, as it exports nothing that a test could use\n"


def test_what_ci_runs_is_asked_for_where_nothing_tells(run: Run, folder: Path) -> None:
    result = run("generate", "github", cwd=folder)
    assert result.code == 2
    assert "what CI shall run is not known" in result.err
    assert '[ci] test = ["make", "test"]' in result.err
    assert not (folder / ".github").exists()


def test_generate_check_alone_compares_everything(run: Run, folder: Path) -> None:
    assert run("generate", "--check", cwd=folder).out == "up to date: nothing is generated here\n"
    (folder / "go.mod").touch()
    for kind in ("compose", "github"):
        run("generate", kind, cwd=folder)
    assert run("generate", "--check", cwd=folder).out == "up to date: compose.yaml, .github/workflows/devenv.yml\n"
    (folder / "go.mod").rename(folder / "Cargo.toml")
    (folder / "devenv.toml").write_text(MANIFEST.replace("8000", "8001"))
    result = run("generate", "--check", cwd=folder)
    assert result.code == 4
    assert result.err.startswith("error: not up to date: `compose.yaml`, `devenv.yml`\n")
    assert "-      run: devenv run -- go test ./...\n+      run: devenv run -- cargo test\n" in result.err
    assert result.err.endswith("hint: run `devenv generate compose`; run `devenv generate github`\n")
    assert run("generate", "--check", "--json", cwd=folder).json()["error"]["exit_code"] == 4


def test_generate_alone_says_what_there_is(run: Run, folder: Path) -> None:
    result = run("generate", cwd=folder)
    assert result.code == 0
    assert "github" in result.out


def test_answers_for_programs_are_one_object_and_nothing_else(run: Run, folder: Path) -> None:
    for words in (("validate",), ("config",), ("env",), ("recipes",), ("recipes", "redis"), ("generate", "compose")):
        result = run(*words, "--json", cwd=folder)
        assert isinstance(json.loads(result.out), dict), words
        assert result.err == "", words
