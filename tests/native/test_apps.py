"""Apps as processes of this machine: what their Dockerfile says of them holds here, as far as it can."""

from __future__ import annotations

import socket

import pytest

from tests.e2e.watching import watching
from tests.native.apps import page, write_app
from tests.native.conftest import MakeSite, Site

pytestmark = pytest.mark.servers

APP = '[app]\nbuild = "."\nports = [{port}]\nready = {{ http = "/" }}\nenv = {{ NAME = "ada" }}\n'


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def make(site: MakeSite, more: str = "") -> Site:
    """A project with the app, its image's port 8000 asked for at a free one here."""
    manifest = APP.format(port=f'"{free_port()}:8000"') + more
    found = site(manifest)
    write_app(found.root, manifest)
    return found


def address(subject: Site) -> str:
    """Where the app answers."""
    (app,) = [each for each in subject("status", "--json").json()["services"] if each["name"] == "app"]
    url: str = app["addresses"][0]["url"]
    return url


def test_an_app_runs_as_its_dockerfile_says(site: MakeSite) -> None:
    subject = make(site)
    subject("up", "-d")
    url = address(subject)
    told = page(url)
    port = url.rpartition(":")[2]
    assert told["folder"] == str(subject.root / "backend"), "what the working folder is made from"
    assert told["argv"] == ["127.0.0.1", port], "nobody else's machine reaches it, and its port is the one bound here"
    env = told["env"]
    assert (env["COLOUR"], env["NAME"], env["PORT"]) == ("green", "ada", port)
    assert "CERTIFICATES" not in env
    assert "/opt/venv/bin" not in env["PATH"]


def test_a_programs_own_environment_comes_first(site: MakeSite) -> None:
    subject = make(site)
    programs = subject.root / "backend" / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python3").write_text('#!/bin/sh\nCOLOUR=mine exec /usr/bin/env PATH="${PATH#*:}" python3 "$@"\n')
    (programs / "python3").chmod(0o755)
    subject("up", "-d")
    assert page(address(subject))["env"]["COLOUR"] == "mine"


def test_a_program_that_is_not_here_is_said_with_what_installs_it(site: MakeSite) -> None:
    subject = make(site)
    (subject.root / "Dockerfile").write_text('FROM scratch\nCOPY backend/ /\nCMD ["no-such-server"]\n')
    (subject.root / "requirements.txt").write_text("x\n")
    result = subject("up", "-d", code=1)
    assert "`no-such-server` of `app` is not here" in result.err
    assert "pip install -r requirements.txt" in result.err


def test_setup_runs_once_for_each_content(site: MakeSite) -> None:
    subject = make(site, 'setup = ["sh", "-c", "echo ran >> ../setup.log"]\n')
    log = subject.root / "setup.log"
    subject("up", "-d")
    subject("up", "-d")
    assert log.read_text() == "ran\n"
    (subject.root / "backend" / "word.txt").write_text("two")
    subject("up", "-d")
    assert log.read_text() == "ran\nran\n"
    assert page(address(subject))["word"] == "two", "what changed while nobody watched is in the next up"


def test_a_setup_that_fails_says_what_it_said(site: MakeSite) -> None:
    subject = make(site, 'setup = ["sh", "-c", "echo no table; exit 3"]\n')
    result = subject("up", "-d", code=1)
    assert "exits with 3" in result.err
    assert "no table" in result.err


def test_a_save_restarts_the_process(site: MakeSite) -> None:
    subject = make(site)
    subject("up", "-d")
    url = address(subject)
    before = page(url)
    with watching(subject.cli, subject.root) as seen:
        (subject.root / "README.md").write_text("not in the image")
        (subject.root / "backend" / "word.txt").write_text("two")
        event = seen.reload(action="restarted")
        assert event["paths"] == ["backend/word.txt"]
        assert event["services"] == ["app"]
        seen.wait(lambda each: each["event"] == "phase" and each["phase"] == "ready")
        after = page(url)
        assert (before["word"], after["word"]) == ("one", "two")
        assert after["pid"] != before["pid"]


def test_a_process_that_reloads_by_itself_is_left_alone(site: MakeSite) -> None:
    subject = make(site)
    manifest = (subject.root / "devenv.toml").read_text()
    (subject.root / "devenv.toml").write_text(manifest + "reload = { restart = false }\n")
    subject("up", "-d")
    url = address(subject)
    before = page(url)["pid"]
    with watching(subject.cli, subject.root) as seen:
        (subject.root / "backend" / "word.txt").write_text("two")
        seen.reload(action="picked up")
    assert page(url)["pid"] == before
    subject("up", "-d")
    assert page(url)["pid"] == before


def test_a_crashed_app_is_started_again_by_the_next_save(site: MakeSite) -> None:
    subject = make(site)
    subject("up", "-d")
    url = address(subject)
    server = subject.root / "backend" / "server.py"
    good = server.read_text()
    with watching(subject.cli, subject.root) as seen:
        server.write_text("raise SystemExit('a typo')\n")
        seen.reload(action="restarted")
        seen.wait(lambda each: each["event"] == "notice" and "ended with exit code 1" in each["message"])
        server.write_text(good)
        seen.reload(action="started again")
        seen.wait(lambda each: each["event"] == "phase" and each["phase"] == "ready")
    assert page(url)["word"] == "one"


def test_an_app_of_a_command_alone(site: MakeSite) -> None:
    """It builds nothing, so what git does not ignore is its source."""
    port = free_port()
    manifest = (
        f'[app]\ncommand = ["python3", "server.py", "127.0.0.1", "{port}"]\nports = [{port}]\n'
        'ready = { http = "/" }\n'
    )
    subject = site(manifest)
    write_app(subject.root, manifest)
    for name in ("server.py", "word.txt"):
        (subject.root / "backend" / name).rename(subject.root / name)
    subject("up", "-d")
    with watching(subject.cli, subject.root) as seen:
        (subject.root / "word.txt").write_text("two")
        seen.reload(action="restarted")
        seen.wait(lambda each: each["event"] == "phase" and each["phase"] == "ready")
    assert page(address(subject))["word"] == "two"
    assert page(address(subject))["folder"] == str(subject.root)


def test_a_port_that_is_taken_since_it_was_looked_at_moves(site: MakeSite) -> None:
    """As its server says that it is taken; a second start gets another one if it really is."""
    busy = "test -f ../ran || { touch ../ran; echo bind: address already in use; exit 1; }"
    script = f"{busy}; exec python3 server.py 0.0.0.0 8000"
    subject = make(site, f'command = ["sh", "-c", "{script}"]\n')
    assert "address already in use" not in subject("up", "-d").err.partition("ready after")[2]
    assert page(address(subject))["word"] == "one"


def test_parity_is_about_containers(site: MakeSite) -> None:
    assert "this is about containers" in make(site)("parity", code=2).err
