"""Adminer without containers: one address opens the project's database, and without PHP the rest goes on.

ADMINER_PAGE names another page of Adminer to try, for instance one of a later version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import httpx
import pytest

from devenv.engines.native.providers.adminer import Adminer
from tests.contract.conftest import Subject
from tests.e2e.clients import execute
from tests.native.conftest import Native

PAGE = os.environ.get("ADMINER_PAGE")
CHOSEN = f'{{ native = "{PAGE}" }}' if PAGE else "{}"
MANIFEST = f"""
[sidecars]
postgres = {{ databases = ["till", "other"], user = "ada" }}
adminer = {CHOSEN}
"""
PLAIN = "[sidecars]\npostgres = {}\nadminer = {}\n"


@pytest.fixture
def opened(native: Native) -> Subject:
    """A project whose Adminer runs."""
    if not any(Adminer.available(PAGE)):
        pytest.skip(f"no Adminer here: install {Adminer.install()}")
    subject = native(MANIFEST)
    subject("up", "-d")
    return subject


def address(subject: Subject) -> str:
    url: str = subject.services()["adminer"]["addresses"][0]["url"]
    return url


def form(page: str) -> dict[str, str]:
    """What a click on the button sends."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        values = {name: unescape(value) for name, value in re.findall(r"([\w-]+)=[\"']([^\"']*)[\"']", tag)}
        if values.get("type") not in ("submit", "checkbox") and "name" in values:
            fields[values["name"]] = values.get("value", "")
    return {**fields, "auth[driver]": "pgsql"}


@pytest.mark.servers
def test_its_address_and_a_click_open_the_database(opened: Subject) -> None:
    execute(opened.env(), "create table receipts_of_today (n int)")
    with httpx.Client(follow_redirects=True, trust_env=False) as client:
        login = client.get(address(opened)).text
        page = client.post(address(opened), data=form(login))
    assert page.status_code == 200, page.text
    assert "receipts_of_today" in page.text
    assert page.url.params["db"] == "till"


@pytest.mark.servers
def test_a_page_of_another_origin_gets_nothing(opened: Subject) -> None:
    answer = httpx.get(address(opened), headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 403
    assert opened.env()["PGPASSWORD"] not in answer.text


@pytest.mark.servers
@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium here")
def test_a_browser_shows_the_form_filled_in(opened: Subject, tmp_path: Path) -> None:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        f"--user-data-dir={tmp_path / 'chrome'}",
    ]
    done = subprocess.run(
        ["chromium", *flags, "--dump-dom", address(opened)], capture_output=True, encoding="utf-8", timeout=120
    )
    fields = form(done.stdout)
    assert (fields["auth[server]"], fields["auth[username]"], fields["auth[db]"]) == ("postgres", "ada", "till")
    assert fields["auth[password]"] == opened.env()["PGPASSWORD"]


@pytest.mark.servers
def test_where_it_is_missing_the_rest_starts_and_is_told(native: Native, tmp_path: Path) -> None:
    subject = native(PLAIN, PATH=str(tmp_path))
    said = subject("up", "-d")
    assert "nothing here serves `adminer`" in said.err
    assert "php-cli" in said.err
    assert subject.states() == {"postgres": "ready", "adminer": "missing"}
    (told,) = subject.services()["adminer"]["differs"]
    assert "php-cli" in told
    assert "nothing here serves it" in subject("status").out
    assert subject("connect", "postgres", "--", "-Atc", "select 1").out == "1\n"


def test_php_without_the_module_for_postgres_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be installed a moment later, which the program itself does not show: that it lacks is not remembered."""
    page, php = tmp_path / "adminer.php", tmp_path / "php"
    page.write_text("<?php\n/** Adminer\n* @version 9.9.9\n*/\n")
    php.write_text("#!/bin/sh\n")
    php.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(Adminer.available(str(page))) == []
    php.write_text('#!/bin/sh\necho "8.4.1"\n')
    (found,) = Adminer.available(str(page))
    assert found.shown == "Adminer 9.9.9 (PHP 8.4.1 on the PATH)"
