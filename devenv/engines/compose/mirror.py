"""A mirror in front of Docker Hub, by a prefix in the environment: which image is asked for by which name; pulls none.

What counts as an image of Docker Hub is the rule of image names: no host in front, where a host has a dot or a port or
is `localhost` (https://github.com/distribution/reference, `splitDockerDomain`).
"""

from __future__ import annotations

import os
import re

from devenv.engines.compose.api import Api
from devenv.errors import InputError
from devenv.stack import Stack

VARIABLE = "DEVENV_REGISTRY_MIRROR"

HUB = "docker.io"

_PREFIX = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")


def prefix() -> str:
    """What is put in front of Docker Hub's images; empty for nothing. Raises `InputError`."""
    given = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if given and not _PREFIX.fullmatch(given):
        hint = "a host and a path without a scheme, such as mirror.example.com/hub"
        raise InputError(f"{VARIABLE} is `{given}`, which can't begin an image's name", hint=hint)
    return given


def registry_of(image: str) -> str:
    """The registry that an image's name leads to."""
    host, slash, _ = image.partition("/")
    named = slash and (host == "localhost" or re.search(r"[.:A-Z]", host))
    return host if named else HUB


def mirrored(image: str, prefix: str) -> str:
    """The image's name behind the mirror; unchanged for one of another registry."""
    if not prefix or registry_of(image) != HUB:
        return image
    name = image.removeprefix(f"{HUB}/")
    return f"{prefix}/{name}" if "/" in name else f"{prefix}/library/{name}"


def needed(api: Api, stack: Stack) -> dict[str, str]:
    """The images that are to be had by another name, with that name; one that the engine has keeps its own."""
    before = prefix()
    images = {service.image for service in stack if service.image} if before else set()
    names = {image: mirrored(image, before) for image in images}
    return {image: name for image, name in names.items() if name != image and not api.find(f"/images/{image}/json")}
