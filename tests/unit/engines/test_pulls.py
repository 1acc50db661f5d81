"""What Compose prints of a failed pull, as Docker Hub's and others' words, and which name an image has at a mirror."""

from __future__ import annotations

import pytest

from devenv.engines.compose.mirror import mirrored, registry_of
from devenv.engines.compose.pulls import failure
from devenv.errors import ConflictError, EngineError, ImageUnavailableError

SERVICES = {"postgres": "postgres:17", "own": "registry.example.com/team/own:1"}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("postgres:17", "m.example.com/hub/library/postgres:17"),
        ("postgres", "m.example.com/hub/library/postgres"),
        ("axllent/mailpit:v1.30", "m.example.com/hub/axllent/mailpit:v1.30"),
        ("docker.io/library/postgres:17", "m.example.com/hub/library/postgres:17"),
        ("docker.io/postgres:17", "m.example.com/hub/library/postgres:17"),
        (f"postgres:17@sha256:{'0' * 64}", f"m.example.com/hub/library/postgres:17@sha256:{'0' * 64}"),
        ("registry.example.com/postgres:17", "registry.example.com/postgres:17"),
        ("localhost/postgres", "localhost/postgres"),
        ("localhost:5000/postgres", "localhost:5000/postgres"),
        ("127.0.0.1:5000/a/b:1", "127.0.0.1:5000/a/b:1"),
    ],
)
def test_an_image_by_the_mirrors_name(image: str, expected: str) -> None:
    assert mirrored(image, "m.example.com/hub") == expected
    assert mirrored(image, "") == image


def test_the_registry_of_an_image() -> None:
    assert registry_of("axllent/mailpit:v1") == "docker.io"
    assert registry_of("registry.example.com/team/own:1") == "registry.example.com"


def told(service: str, words: str) -> EngineError:
    lines = [f" {service} Pulling ", f" {service} Error {words}", " other  Interrupted"]
    return failure([*lines, f"Error response from daemon: {words}", ""], SERVICES)


def test_docker_hubs_limit_without_a_login() -> None:
    error = told("postgres", "toomanyrequests: You have reached your unauthenticated pull rate limit. https://…")
    assert isinstance(error, ImageUnavailableError)
    assert error.message.splitlines()[0] == (
        "the image `postgres:17` is not to be had: the rate limit of docker.io for pulls without a login is reached"
    )
    assert error.hint == (
        "Docker Hub allows an address 100 pulls in 6 hours, a free account 200: wait, or log in with `docker login`, "
        "or have DEVENV_REGISTRY_MIRROR name a mirror of it, such as mirror.example.com/hub"
    )


def test_docker_hubs_limit_of_an_account() -> None:
    error = told("postgres", "toomanyrequests: You have reached your pull rate limit as 'ada': dckr_jti_x=. You may …")
    assert "the rate limit of docker.io for the account `ada` is reached" in error.message
    assert error.hint is not None
    assert "as someone with a higher limit" in error.hint


def test_another_registrys_limit() -> None:
    error = told("own", "toomanyrequests: slow down")
    assert "the rate limit of registry.example.com is reached" in error.message
    assert error.hint == "wait, or log in with `docker login registry.example.com`"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("unauthorized: authentication required", "the registry asks for a login"),
        ("pull access denied for x, repository does not exist", "the image is unknown or private"),
        ("manifest for postgres:17 not found: manifest unknown", "the registry has no such image or tag"),
        ("Get https://…: dial tcp: lookup x: no such host", "the registry can't be reached"),
    ],
)
def test_other_problems_with_an_image(words: str, meaning: str) -> None:
    assert told("postgres", words).message.startswith(f"the image `postgres:17` is not to be had: {meaning}\n")


def test_what_is_about_no_image() -> None:
    assert isinstance(failure(["Error: No such container: x"], {}), ConflictError)
    assert failure(["Error: something else"], {}).message == "docker compose failed: Error: something else"
    assert failure([], {}).message == "docker compose failed: no output"
