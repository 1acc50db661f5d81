"""Reads the mail catcher's settings, named as Mailpit names them, from flags and the environment; opens nothing."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

MEGABYTE = 1024 * 1024
TRUE = ("1", "true", "yes")
HOURS = {"h": 1, "d": 24}

TEXTS = {
    "database": ("d", "MP_DATABASE", "", "file that keeps mails over a restart"),
    "max": ("m", "MP_MAX_MESSAGES", "500", "how many mails are kept; 0 keeps all"),
    "max-age": ("", "MP_MAX_AGE", "", "how old a mail gets, as in 12h or 3d"),
    "max-message-size": ("", "MP_MAX_MESSAGE_SIZE", "50", "how large a mail may be, in MB; 0 is no limit"),
    "label": ("", "MP_LABEL", "", "a name for this instance"),
    "listen": ("l", "MP_UI_BIND_ADDR", "127.0.0.1:8025", "where the page and the API listen"),
    "webroot": ("", "MP_WEBROOT", "/", "the path that the page and the API are below"),
    "api-cors": ("", "MP_API_CORS", "", "origins that may use the API, with commas"),
    "ui-auth-file": ("", "MP_UI_AUTH_FILE", "", "file of user:password lines for the page and the API"),
    "smtp": ("s", "MP_SMTP_BIND_ADDR", "127.0.0.1:1025", "where the mail port listens"),
    "smtp-auth-file": ("", "MP_SMTP_AUTH_FILE", "", "file of user:password lines for the mail port"),
    "smtp-max-recipients": ("", "MP_SMTP_MAX_RECIPIENTS", "100", "how many recipients a mail may have"),
    "smtp-allowed-recipients": ("", "MP_SMTP_ALLOWED_RECIPIENTS", "", "pattern that recipients must match"),
    "tags-disable": ("", "MP_TAGS_DISABLE", "", "sources of tags to ignore: plus-addresses, x-tags"),
}
"""Flags that take a value: the short form, the variable, the default, the help."""

SWITCHES = {
    "quiet": ("q", "MP_QUIET", "say errors only"),
    "verbose": ("v", "MP_VERBOSE", "say more"),
    "use-message-dates": ("", "MP_USE_MESSAGE_DATES", "order mails by their own date"),
    "ignore-duplicate-ids": ("", "MP_IGNORE_DUPLICATE_IDS", "drop a mail whose Message-ID is there already"),
    "disable-http-compression": ("", "MP_DISABLE_HTTP_COMPRESSION", "never compress answers"),
    "block-remote-css-and-fonts": ("", "MP_BLOCK_REMOTE_CSS_AND_FONTS", "mails load no styles and fonts"),
    "hide-delete-all-button": ("", "MP_HIDE_DELETE_ALL_BUTTON", "no button for it on the page"),
    "send-api-auth-accept-any": ("", "MP_SEND_API_AUTH_ACCEPT_ANY", "sending by the API needs no password"),
    "smtp-auth-accept-any": ("", "MP_SMTP_AUTH_ACCEPT_ANY", "accept any user and password, or none"),
    "smtp-auth-allow-insecure": ("", "MP_SMTP_AUTH_ALLOW_INSECURE", "passwords may come without encryption"),
    "smtp-ignore-rejected-recipients": ("", "MP_SMTP_IGNORE_REJECTED_RECIPIENTS", "accept and drop them"),
    "smtp-strict-rfc-headers": ("", "MP_SMTP_STRICT_RFC_HEADERS", "refuse a doubled carriage return"),
    "tags-title-case": ("", "MP_TAGS_TITLE_CASE", "tags begin with capitals"),
    "tags-username": ("", "MP_TAGS_USERNAME", "tag mails with the user who sent them"),
    "disable-wal": ("", "MP_DISABLE_WAL", "no write-ahead log, for network file systems"),
    "disable-version-check": ("", "MP_DISABLE_VERSION_CHECK", "has no effect: versions are never looked up"),
    "disable-auto-vacuum": ("", "MP_DISABLE_AUTO_VACUUM", "has no effect"),
    "smtp-disable-rdns": ("", "MP_SMTP_DISABLE_RDNS", "has no effect: names are never looked up"),
}
"""Flags that are on or off: the short form, the variable, the help."""

UNSUPPORTED = (
    *("MP_UI_TLS_CERT", "MP_UI_TLS_KEY", "MP_SMTP_TLS_CERT", "MP_SMTP_TLS_KEY", "MP_SMTP_REQUIRE_TLS"),
    *("MP_SMTP_REQUIRE_STARTTLS", "MP_POP3_AUTH", "MP_POP3_AUTH_FILE", "MP_TAG", "MP_TAGS_CONFIG"),
    *("MP_SMTP_RELAY_CONFIG", "MP_SMTP_RELAY_HOST", "MP_SMTP_RELAY_ALL", "MP_SMTP_RELAY_MATCHING"),
    *("MP_SMTP_FORWARD_CONFIG", "MP_SMTP_FORWARD_HOST", "MP_WEBHOOK_URL", "MP_ENABLE_CHAOS", "MP_CHAOS_TRIGGERS"),
    *("MP_ENABLE_SPAMASSASSIN", "MP_ENABLE_PROMETHEUS", "MP_TENANT_ID", "MP_LOG_FILE"),
)
"""Settings of Mailpit that change what it does and that this catcher lacks; to ignore one would be a silent lie."""


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
        if not colon or not port.isdigit() or int(port) > 65535:
            raise SettingsError(f"an address to listen on is written host:port, not {text!r}")
        return cls(host.strip("[]"), int(port))

    @property
    def everywhere(self) -> bool:
        return self.host in ("", "::", "0.0.0.0")  # noqa: S104 (compared, not bound)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Credentials:
    """The user names and passwords that are let in."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str, file: str = "") -> Credentials | None:
        """Words `user:password`; those of the file, if one is named, come in place of the text's."""
        if file:
            try:
                text = Path(file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"password file {file}: {error}") from error
        pairs = [pair.partition(":") for pair in text.split()]
        if any(password.startswith(("$", "{SHA}")) for _, _, password in pairs):
            raise SettingsError("hashed passwords are not supported by this mail catcher, only plain ones")
        return cls(tuple((user, password) for user, _, password in pairs)) if pairs else None

    def match(self, user: str, password: str) -> bool:
        return (user, password) in self.pairs


@dataclass(frozen=True)
class Settings:
    """Everything that decides how one mail catcher runs."""

    smtp: Address
    http: Address
    webroot: str = "/"
    database: Path | None = None
    max_messages: int = 500
    max_age_hours: int = 0
    max_size: int = 50 * MEGABYTE
    max_recipients: int = 100
    allowed_recipients: re.Pattern[str] | None = None
    origins: frozenset[str] = frozenset()
    ui_auth: Credentials | None = None
    send_auth: Credentials | None = None
    smtp_auth: Credentials | None = None
    label: str = ""
    tag_sources: frozenset[str] = frozenset({"plus-addresses", "x-tags"})
    on: frozenset[str] = frozenset()

    @property
    def offers_auth(self) -> bool:
        return self.smtp_auth is not None or "smtp-auth-accept-any" in self.on


def webroot(text: str) -> str:
    """The path below which everything lies, with a slash at both ends."""
    return f"/{text.strip('/')}/" if text.strip("/") else "/"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    """The flags, each with the environment's value as its default."""
    made = _Parser(prog="python -m devenv.mail", description="A mail catcher for development.")
    for name, (short, variable, default, text) in TEXTS.items():
        made.add_argument(*_names(short, name), default=env.get(variable) or default, help=f"{text} ({variable})")
    for name, (short, variable, text) in SWITCHES.items():
        on = env.get(variable, "").lower() in TRUE
        made.add_argument(*_names(short, name), action="store_true", default=on, help=f"{text} ({variable})")
    return made


def _names(short: str, name: str) -> list[str]:
    return [*([f"-{short}"] if short else []), f"--{name}"]


def read(arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or a SettingsError that says what is wrong with them."""
    for name in UNSUPPORTED:
        if env.get(name, "").lower() not in ("", "0", "false", "no"):
            raise SettingsError(f"{name} is not supported by this mail catcher")
    given = {name.replace("_", "-"): value for name, value in vars(parser(env).parse_args(arguments)).items()}
    on = frozenset(name for name in SWITCHES if given[name])
    return _check(
        Settings(
            smtp=Address.parse(given["smtp"]),
            http=Address.parse(given["listen"]),
            webroot=webroot(given["webroot"]),
            database=_database(given["database"]),
            max_messages=_number(given, "max"),
            max_age_hours=_hours(given["max-age"]),
            max_size=_number(given, "max-message-size") * MEGABYTE,
            max_recipients=_number(given, "smtp-max-recipients"),
            allowed_recipients=_pattern(given["smtp-allowed-recipients"]),
            origins=_origins(given["api-cors"]),
            ui_auth=Credentials.parse(env.get("MP_UI_AUTH", ""), given["ui-auth-file"]),
            send_auth=Credentials.parse(env.get("MP_SEND_API_AUTH", ""), env.get("MP_SEND_API_AUTH_FILE", "")),
            smtp_auth=Credentials.parse(env.get("MP_SMTP_AUTH", ""), given["smtp-auth-file"]),
            label=given["label"],
            tag_sources=_tag_sources(given["tags-disable"]),
            on=on,
        )
    )


def _check(settings: Settings) -> Settings:
    if "smtp-auth-accept-any" in settings.on and settings.smtp_auth:
        raise SettingsError("[smtp] authentication cannot use both credentials and accept any")
    if settings.offers_auth and "smtp-auth-allow-insecure" not in settings.on:
        raise SettingsError("[smtp] authentication needs MP_SMTP_AUTH_ALLOW_INSECURE, as this catcher has no TLS")
    return settings


def _database(text: str) -> Path | None:
    if text.startswith(("http://", "https://")):
        raise SettingsError("a database on another server is not supported by this mail catcher")
    path = Path(text)
    return (path / "mailpit.db" if path.is_dir() else path) if text else None


def _number(given: Mapping[str, str], name: str) -> int:
    if not given[name].isdigit():
        raise SettingsError(f"{name} is a number, not {given[name]!r}")
    return int(given[name])


def _hours(text: str) -> int:
    found = re.fullmatch(r"(\d+)([hd])", text)
    if text and not found:
        raise SettingsError(f"max-age is written as in 12h or 3d, not {text!r}")
    return int(found[1]) * HOURS[found[2]] if found else 0


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise SettingsError(f"smtp-allowed-recipients: {error}") from error


def _origins(text: str) -> frozenset[str]:
    hosts = {re.sub(r"^https?://", "", word).partition("/")[0].lower() for word in re.split(r"[,\s]+", text)}
    return frozenset(hosts - {""})


def _tag_sources(disabled: str) -> frozenset[str]:
    names = {"xtags": "x-tags", "plus-addressing": "plus-addresses"}
    words = {names.get(word.strip(), word.strip()) for word in disabled.lower().split(",")} - {""}
    if unknown := words - Settings.tag_sources:
        raise SettingsError(f"tags-disable knows plus-addresses and x-tags, not {', '.join(sorted(unknown))}")
    return Settings.tag_sources - words
