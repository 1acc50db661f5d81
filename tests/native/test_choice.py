"""Which engine serves a project, and that it is said: containers where a Docker engine answers, processes elsewhere."""

from __future__ import annotations

import pytest

from tests.native.conftest import MakeSite

REDIS = "[sidecars]\nredis = {}\n"
AUTO = {"DEVENV_ENGINE": "auto"}


@pytest.mark.servers
def test_without_a_docker_engine_it_runs_natively_and_says_why(site: MakeSite) -> None:
    subject = site(REDIS, env=AUTO)
    result = subject("up", "-d")
    assert "the native engine runs this, without containers: no Docker engine" in result.err
    assert subject("status", "--json").json()["engine"] == "native"


def test_an_engine_that_is_asked_for_is_taken_or_missed(site: MakeSite) -> None:
    subject = site(REDIS, env=AUTO)
    assert "no Docker engine" in subject("--engine", "compose", "up", "-d", code=3).err
    assert subject("--engine", "native", "status", "--json").json()["engine"] == "native"
    assert "no engine is called `podman`" in subject("status", code=2, env={"DEVENV_ENGINE": "podman"}).err


def test_a_sidecar_without_a_native_form_is_said(site: MakeSite) -> None:
    manifest = '[sidecars.search]\nimage = "getmeili/meilisearch:v1"\nports = [7700]\nexports = { SEARCH = "{host}" }\n'
    subject = site(manifest + "[sidecars.redis]\n")
    result = subject("up", "-d", code=1)
    assert "`search` has no native form: the image `getmeili/meilisearch:v1` runs in a container only" in result.err
    assert "--allow-missing" in result.err
    assert subject.states() == {"search": "missing", "redis": "missing"}


@pytest.mark.servers
def test_the_rest_starts_where_that_is_allowed(site: MakeSite) -> None:
    manifest = '[sidecars.search]\nimage = "getmeili/meilisearch:v1"\nports = [7700]\nexports = { SEARCH = "{host}" }\n'
    subject = site(manifest + "[sidecars.redis]\n")
    result = subject("up", "-d", "--allow-missing")
    assert "warning: `search` has no native form" in result.err
    assert subject.states() == {"search": "missing", "redis": "ready"}


@pytest.mark.servers
def test_what_no_app_talks_to_may_be_missing(site: MakeSite) -> None:
    subject = site('[sidecars]\nredis = {}\n[sidecars.tool]\nimage = "some/tool:1"\nports = [7701]\n')
    assert "warning: `tool` has no native form" in subject("up", "-d").err
    assert subject.states() == {"redis": "ready", "tool": "missing"}


@pytest.mark.servers
@pytest.mark.engine
def test_with_a_docker_engine_it_runs_in_containers_until_it_runs_natively(site: MakeSite) -> None:
    subject = site(REDIS, env=AUTO)
    assert subject("status", "--json").json()["engine"] == "compose"
    subject("--engine", "native", "up", "-d")
    assert subject("status", "--json").json()["engine"] == "native", "where it runs is where it is looked for"
    subject("down")
    assert subject("status", "--json").json()["engine"] == "compose"
