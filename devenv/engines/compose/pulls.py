"""What Compose says while it pulls images and makes containers: which pulls go on, and what a failure means."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devenv.engines.compose import mirror
from devenv.errors import ConflictError, EngineError, ImageUnavailableError, InputError
from devenv.events import Phase, Reporter, ServicePhase

TIMEOUT = "DEVENV_PULL_TIMEOUT"
_SILENCE = 120.0
"""Seconds without a word while an image is pulled. Neither Compose nor the engine has a limit for a silent registry."""

# https://docs.docker.com/docker-hub/usage/pulls, as of 2025-04.
_HUB_LIMITS = "Docker Hub allows an address 100 pulls in 6 hours, a free account 200"

_IMAGE_PROBLEMS = (
    (
        r"unauthorized|authentication required|denied: (?!requested)",
        "the registry asks for a login",
        "log in with `docker login REGISTRY`, and look whether the name is right",
    ),
    (
        r"pull access denied|repository does not exist|requested access to the resource is denied",
        "the image is unknown or private",
        "look whether the name is right; if it is private, log in with `docker login`",
    ),
    (r"manifest unknown|not found", "the registry has no such image or tag", "look whether name and tag are right"),
    (
        r"no such host|dial tcp|i/o timeout|connection refused|network is unreachable|TLS handshake|EOF",
        "the registry can't be reached",
        "look at the network or proxy; with the image present no registry is asked",
    ),
)
_LIMITED = re.compile(r"toomanyrequests|rate limit", re.IGNORECASE)
_ACCOUNT = re.compile(r"limit as '([^']+)'")
_CONFLICT = re.compile(
    r"is already in use by container|No such container|removal of container .* is already in progress"
)


def _seconds() -> float:
    given = os.environ.get(TIMEOUT, "")
    try:
        seconds = float(given) if given else _SILENCE
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InputError(f"{TIMEOUT} is `{given}`, which is no number of seconds above 0")
    return seconds


@dataclass
class Pulls:
    """Compose's words as they come, and the services whose images are on their way."""

    services: Mapping[str, str]
    reporter: Reporter
    limit: float = field(default_factory=_seconds)
    lines: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take a line in."""
        self.lines.append(line)
        match = re.match(r"\s*(\S+) +(Pulling|Pulled|Error|Interrupted|Skipped|Warning)\b", line)
        if not match or match[1] not in self.services:
            return
        if match[2] == "Pulling":
            self.pending.append(match[1])
            self.reporter.emit(ServicePhase(match[1], Phase.PULLING))
        elif match[1] in self.pending:
            self.pending.remove(match[1])

    def patience(self) -> float | None:
        """How long the next line may take: making a container takes what it takes."""
        return self.limit if self.pending else None


def silent(pending: Iterable[str], services: Mapping[str, str], seconds: float) -> ImageUnavailableError:
    """The error for registries from which nothing comes."""
    image = services[next(iter(pending))]
    registry = mirror.registry_of(image)
    hint = f"look at the network, or at {registry} itself; {TIMEOUT} has the seconds that a silence may last"
    message = f"the image `{image}` is not to be had: nothing came from {registry} for {seconds:g} s"
    return ImageUnavailableError(message, hint=hint)


def failure(lines: Iterable[str], services: Mapping[str, str]) -> EngineError:
    """The error for what Compose printed: about an image where it is, else its own last words."""
    meaningful = [line.strip() for line in lines if line.strip()]
    last = next(
        (line for line in reversed(meaningful) if "rror" in line), meaningful[-1] if meaningful else "no output"
    )
    failed = (match[1] for line in meaningful if (match := re.match(r"(\S+) Error ", line)))
    image = next((services[name] for name in failed if name in services), "")
    if _LIMITED.search(last):
        return _limited(last, image)
    for pattern, meaning, hint in _IMAGE_PROBLEMS:
        if re.search(pattern, last):
            return _unavailable(image, f"{meaning}\n{last}", hint)
    if _CONFLICT.search(last):
        return ConflictError(f"docker compose failed: {last}")
    return EngineError(f"docker compose failed: {last}")


def _limited(last: str, image: str) -> ImageUnavailableError:
    """Whose limit is reached, and what lifts it."""
    registry = mirror.registry_of(image) if image else mirror.HUB
    account = _ACCOUNT.search(last)
    if account:
        whose = f" for the account `{account[1]}`"
    else:
        whose = " for pulls without a login" if "unauthenticated" in last else ""
    login = "`docker login`" if registry == mirror.HUB else f"`docker login {registry}`"
    ways = f"wait, or log in with {login}" + (" as someone with a higher limit" if account else "")
    if registry == mirror.HUB:
        ways = f"{_HUB_LIMITS}: {ways}, or have {mirror.VARIABLE} name a mirror of it, such as mirror.example.com/hub"
    return _unavailable(image, f"the rate limit of {registry}{whose} is reached\n{last}", ways)


def _unavailable(image: str, words: str, hint: str) -> ImageUnavailableError:
    return ImageUnavailableError(
        f"{f'the image `{image}`' if image else 'an image'} is not to be had: {words}", hint=hint
    )
