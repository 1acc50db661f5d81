"""What services, volumes, images, labels and variables are called in compose files and in the engine; makes nothing."""

from __future__ import annotations

import hashlib
import re

from devenv.errors import InputError
from devenv.stack import Bindings, Service, Stack

PROJECT_LABEL = "devenv.project"
PATH_LABEL = "devenv.path"
SERVICE_LABEL = "devenv.service"
HASH_LABEL = "devenv.hash"
DATA_LABEL = "devenv.data-version"

_USUAL = re.compile(r"[a-z0-9-]+ (?:[a-z0-9_]+|[A-Z0-9_]+)")


def variable(service: str, name: str) -> str:
    """The environment variable that carries a secret into the compose file.

    A name that could be taken for another one, or that Compose would not substitute, has a digest at its end.
    """
    text = re.sub(r"[^A-Z0-9]", "_", f"DEVENV_{service}_{name}".upper())
    if _USUAL.fullmatch(f"{service} {name}"):
        return text
    return f"{text}_{hashlib.sha256(f'{service} {name}'.encode()).hexdigest()[:6].upper()}"


def variables(stack: Stack, bindings: Bindings) -> dict[str, str]:
    """Every secret of the stack by its variable. Raises `InputError` where two would share one."""
    result: dict[str, str] = {}
    for service in stack:
        for secret in service.secrets:
            name, value = variable(service.name, secret.name), bindings.secrets[service.name, secret.name]
            if result.setdefault(name, value) != value:
                message = (
                    f"`{secret.name}` of `{service.name}` and another private value would share the variable {name}"
                )
                raise InputError(message, hint="call one of them otherwise")
    return result


def setup_names(service: Service) -> tuple[str, ...]:
    """The one-shot services that run an app's `setup`; a dot keeps them apart from every name a user can choose."""
    return tuple(f"{service.name}.setup" + (f"-{n}" if n > 1 else "") for n in range(1, len(service.setup) + 1))


def owner_of(name: str) -> str:
    """The service that a setup, a volume by its key, or another program of a service belongs to: up to the dot."""
    return name.partition(".")[0]


def editor_name(app: str) -> str:
    """The compose service of an editor that works in an app's image, beside the app itself."""
    return f"{app}.editor"


def is_editor(service: str) -> bool:
    """Whether a compose service is an editor's: nobody but `down` and `destroy` ends it."""
    return service.endswith(".editor")


def volume_key(service: str, volume: str) -> str:
    """A volume's name in the compose file; no service has a dot, so that two never get one name."""
    return f"{service}.{volume}"


def volume_name(project: str, service: str, volume: str) -> str:
    """A volume's name in the engine, as Compose makes it."""
    return f"{project}_{volume_key(service, volume)}"


def volume_owner(project: str, name: str) -> str:
    """The service that an engine's volume belongs to."""
    return owner_of(name.removeprefix(f"{project}_"))


def image_of(stack: Stack, service: Service, project: str) -> str:
    """The image's name; apps with one and the same build share one image."""
    if service.image:
        return service.image
    first = next(other for other in stack if other.build == service.build)
    return f"{project}-{first.name}"
