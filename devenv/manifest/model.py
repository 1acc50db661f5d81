"""The manifest's shape: pydantic models of what a user may write, with its short forms; fills in and reads nothing.

The JSON Schema that editors use is generated from these models, so every field says in `description` what it means.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from devenv.manifest.ci import CIModel
from devenv.manifest.editor import EditorModel
from devenv.manifest.part import Part, String
from devenv.manifest.words import Command, Commands, Strings

SERVICE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
"""A service is a DNS label on the network and a part of a container's name, which engines limit to these characters."""

ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_PORT_TEXT = re.compile(r"(?:([0-9]{1,9}):)?([0-9]{1,9})")


def _env_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _env_name(name: str) -> str:
    if not ENV_NAME.fullmatch(name):
        raise ValueError(f"`{name}` can't be the name of an environment variable")
    return name


def _new_name(name: str) -> str:
    return _env_name(name.replace("*", "X", 1)) and name


def _volume_name(name: str) -> str:
    if not SERVICE_NAME.fullmatch(name):
        raise ValueError(f"`{name}` can't be the name of a volume: use a-z, 0-9, - and _")
    return name


def _volume_path(path: str) -> str:
    if not path.startswith("/") or ":" in path:
        raise ValueError(f"`{path}` is not an absolute path inside the container")
    return path


def _port(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"port": value}
    if isinstance(value, str):
        match = _PORT_TEXT.fullmatch(value)
        if not match:
            raise ValueError('a port is a number or "HOST:CONTAINER"')
        host, container = match.groups()
        return {"port": int(container), "host": int(host) if host else None}
    return value


_PORT_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 65535}

Env = Annotated[
    dict[Annotated[str, AfterValidator(_env_name)], Annotated[String, BeforeValidator(_env_value)]],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}),
]
Renames = dict[String, Annotated[String, AfterValidator(_new_name)]]
Volumes = dict[Annotated[str, AfterValidator(_volume_name)], Annotated[String, AfterValidator(_volume_path)]]
PortNumber = Annotated[int, Field(strict=True, ge=1, le=65535)]


def _page(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("`http` is a path and begins with `/`")
    if re.search(r"[\s'\"\\$`]", value):  # it becomes a part of a shell's command in the health check
        raise ValueError("`http` is a path as it stands in a URL: no blanks, quotes, backslashes or `$`")
    return value


def _statuses(value: str) -> str:
    if not re.fullmatch(r"any|[1-5](\d\d|xx)(\s*,\s*[1-5](\d\d|xx))*", value):
        raise ValueError("`status` is `any`, or statuses such as `204` and classes such as `2xx` with commas between")
    return value


Page = Annotated[String, AfterValidator(_page)]
Statuses = Annotated[String, AfterValidator(_statuses)]


class _OrString:
    """In the JSON Schema: a string will do too. Asked for only when the schema is printed."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


class PortModel(Part):
    """A published port."""

    port: PortNumber = Field(description="the port inside the container")
    host: PortNumber | None = Field(None, description="the port asked for on 127.0.0.1; the same number by default")
    name: String | None = Field(None, description="a name, for `{service.port_NAME}` and the table of addresses")


Port = Annotated[
    PortModel,
    BeforeValidator(_port),
    WithJsonSchema(
        {
            "anyOf": [
                _PORT_NUMBER,
                {"type": "string", "pattern": r"^(\d+:)?\d+$"},
                {
                    "type": "object",
                    "properties": {"port": _PORT_NUMBER, "host": _PORT_NUMBER, "name": {"type": "string"}},
                    "required": ["port"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Ports = Annotated[list[Port], Field(description='published on 127.0.0.1: a number, "HOST:CONTAINER" or a table')]


class Ready(Part):
    """How to know that the service is ready: exactly one of http, tcp, command, log."""

    KINDS: ClassVar[tuple[str, ...]] = ("http", "tcp", "command", "log")

    http: Page | None = Field(None, description="a path that answers 2xx or 3xx")
    status: Statuses | None = Field(
        None, description='statuses that count for `http` instead: "204", "200,401", "2xx", "any"'
    )
    tcp: PortNumber | None = Field(None, description="a port that accepts a connection and keeps it")
    command: Command | None = Field(None, description="a command inside the container that exits 0")
    log: String | None = Field(None, description="a text that the service's log contains after it started")
    port: PortNumber | None = Field(None, description="the port that `http` asks; the first one by default")

    @model_validator(mode="after")
    def _one_kind(self) -> Ready:
        given = [kind for kind in self.KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of `http`, `tcp`, `command`, `log`")
        return self


class BuildModel(Part):
    """How to build the app's image: its production Dockerfile."""

    context: String = Field(".", description="the folder that is sent to the builder, relative to the manifest")
    dockerfile: String = Field("Dockerfile", description="relative to the context")
    target: String | None = Field(None, description="the stage to build; the last one by default")
    args: Env = Field(default_factory=dict, description="build arguments")


BuildField = Annotated[
    BuildModel,
    BeforeValidator(lambda value: {"context": value} if isinstance(value, str) else value),
    _OrString(),
]


class ReloadRule(Part):
    """Files whose verdict is another one than the Dockerfile's, and why."""

    paths: Strings = Field(description="patterns as in .dockerignore, relative to the build context", min_length=1)
    reason: String = Field(description="why, in a sentence: `devenv why` shows it", min_length=1)


class ReloadModel(Part):
    """Exceptions from what the Dockerfile says of changed files."""

    sync: list[ReloadRule] = Field(default_factory=list, description="copied although a line of it may read them")
    rebuild: list[ReloadRule] = Field(default_factory=list, description="built anew although no line reads them")
    ignore: list[ReloadRule] = Field(default_factory=list, description="changes of these do nothing")
    restart: bool | None = Field(
        None,
        strict=True,
        description="whether the process must be restarted to see a change; its command tells by default",
    )


class Runnable(Part):
    """What an app and a sidecar have in common."""

    image: String | None = Field(None, description="an image to run")
    command: Command | None = Field(None, description="in place of the image's own command; never run by a shell")
    ports: Ports = Field(default_factory=list)
    ready: Ready | None = Field(None, description="how to know that it is ready")
    env: Env = Field(default_factory=dict, description="environment; `{service.value}` is filled in")
    needs: list[String] | None = Field(None, description="services that must be ready before this one starts")
    profile: String | None = Field(None, description="an optional part, started with `--with NAME`")
    volumes: Volumes = Field(default_factory=dict, description='named volumes: NAME = "/path/inside"')


class App(Runnable):
    """One of the project's own processes, run from the image that its production Dockerfile builds."""

    build: BuildField | None = Field(None, description="the folder of the Dockerfile, or a table")
    env_file: Strings = Field(default_factory=list, description="dotenv files; `env` wins over them")
    setup: Commands = Field(default_factory=list, description="run once per content change, before the app starts")
    host: bool = Field(
        False, strict=True, description="run it as a process of this machine; its sidecars stay in the engine"
    )
    reload: ReloadModel | None = Field(None, description="exceptions from what the Dockerfile says of changed files")
    editor: EditorModel | None = Field(None, description="for an editor in this app; it wins over `[editor]`")

    @model_validator(mode="after")
    def _has_image(self) -> App:
        if self.build is not None and self.image is not None:
            raise ValueError("an app has either `build` or `image`")
        if self.build is None and self.image is None and self.command is None:
            raise ValueError("an app needs `build` or `image`, or a `command` to run on this machine")
        return self


class Sidecar(Runnable):
    """Something the app talks to. Keys that are not listed here are options of its recipe."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    recipe: String | None = Field(None, description="the recipe, where it is not called as the sidecar")
    version: String | None = Field(None, description="the image's version")
    args: list[String] = Field(default_factory=list, description="arguments after the recipe's command")
    exports: Env = Field(default_factory=dict, description="environment that every app gets")
    rename: Renames = Field(
        default_factory=dict,
        description='exports under other names: `DATABASE_URL = "DB_URL"`, or all others at once: `"*" = "DB_*"`',
    )
    native: String | None = Field(
        None,
        description="for the native engine: where its program is, or `wheel` for the one from a Python package",
    )

    @property
    def options(self) -> dict[str, Any]:
        """What was written for the recipe."""
        return dict(self.__pydantic_extra__ or {})


SidecarField = Annotated[
    Sidecar, BeforeValidator(lambda value: {"version": value} if isinstance(value, str) else value)
]


class Manifest(Part):
    """devenv.toml: the app and what it talks to."""

    name: String | None = Field(None, description="the project's name; the folder's by default", min_length=1)
    app: App | None = Field(None, description="the app, where there is one: short for `[apps.app]`")
    apps: dict[str, App] = Field(default_factory=dict, description="several processes: `[apps.web]`, `[apps.worker]`")
    sidecars: dict[str, SidecarField] = Field(
        default_factory=dict, description='what the app talks to: `NAME = "VERSION"`, `NAME = {}` or a table'
    )

    ci: CIModel = Field(CIModel(), description="what `devenv generate github` and `gitlab` have CI run")
    editor: EditorModel | None = Field(None, description="for an editor that works inside of an app's container")

    @property
    def all_apps(self) -> dict[str, App]:
        """Every app by name; `[app]` is called `app`."""
        return ({"app": self.app} if self.app else {}) | self.apps
