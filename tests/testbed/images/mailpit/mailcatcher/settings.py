"""Reads the mail catcher's settings from the environment and the command line; opens nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRUE = ("1", "true", "t")
UNSUPPORTED = ("MP_UI_TLS_CERT", "MP_SMTP_TLS_CERT", "MP_POP3_AUTH", "MP_SMTP_AUTH_FILE", "MP_UI_AUTH_FILE")


class SettingsError(Exception):
    """Settings that contradict each other or that this mail catcher does not have."""


@dataclass(frozen=True)
class Address:
    """Where to listen; an empty host or `::` means every address of both families."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit():
            raise SettingsError(f"HTTP and SMTP bind addresses are written host:port, not {text!r}")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Credentials:
    """The user names and passwords that are let in."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str | None) -> Credentials | None:
        pairs = [pair.partition(":") for pair in (text or "").split()]
        return cls(tuple((user, password) for user, _, password in pairs)) if pairs else None

    def match(self, user: str, password: str) -> bool:
        return (user, password) in self.pairs


@dataclass(frozen=True)
class Settings:
    """Everything that decides how one mail catcher runs."""

    smtp: Address
    http: Address
    webroot: str = "/"
    database: str | None = None
    max_messages: int = 500
    max_size: int = 50 * 1024 * 1024
    max_recipients: int = 100
    ui_auth: Credentials | None = None
    smtp_auth: Credentials | None = None
    smtp_auth_any: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def offers_auth(self) -> bool:
        return self.smtp_auth_any or self.smtp_auth is not None


def webroot(text: str) -> str:
    """The path below which everything lies, with a slash at both ends."""
    return f"/{text.strip('/')}/" if text.strip("/") else "/"


def parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    """The flags, each with the environment's value as its default."""
    made = argparse.ArgumentParser(prog="mailpit", description="A mail catcher for development.")
    made.add_argument("-d", "--database", default=env.get("MP_DATABASE") or None)
    made.add_argument("-m", "--max", type=int, default=int(env.get("MP_MAX_MESSAGES") or 500))
    made.add_argument("-s", "--smtp", default=env.get("MP_SMTP_BIND_ADDR") or "[::]:1025")
    made.add_argument("-l", "--listen", default=env.get("MP_UI_BIND_ADDR") or "[::]:8025")
    made.add_argument("--webroot", default=env.get("MP_WEBROOT") or "/")
    for flag in ("smtp-auth-accept-any", "smtp-auth-allow-insecure", "quiet", "verbose"):
        default = env.get(f"MP_{flag.upper().replace('-', '_')}", "").lower() in TRUE
        short = [f"-{flag[0]}"] if flag in ("quiet", "verbose") else []
        made.add_argument(*short, f"--{flag}", action="store_true", default=default)
    return made


def read(arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or a SettingsError that says what is wrong with them."""
    for name in UNSUPPORTED:
        if env.get(name):
            raise SettingsError(f"{name} is not supported by this mail catcher")
    given = parser(env).parse_args(arguments)
    smtp_auth = Credentials.parse(env.get("MP_SMTP_AUTH"))
    if given.smtp_auth_accept_any and smtp_auth:
        raise SettingsError("[smtp] authentication cannot use both credentials and accept any")
    if (given.smtp_auth_accept_any or smtp_auth) and not given.smtp_auth_allow_insecure:
        raise SettingsError(
            "[smtp] authentication requires STARTTLS or TLS encryption, "
            "set MP_SMTP_AUTH_ALLOW_INSECURE to allow it without"
        )
    return Settings(
        smtp=Address.parse(given.smtp),
        http=Address.parse(given.listen),
        webroot=webroot(given.webroot),
        database=given.database,
        max_messages=given.max,
        ui_auth=Credentials.parse(env.get("MP_UI_AUTH")),
        smtp_auth=smtp_auth,
        smtp_auth_any=given.smtp_auth_accept_any,
        quiet=given.quiet,
        verbose=given.verbose,
    )
