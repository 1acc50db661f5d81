"""The parts of the documents that come from the code: tables of options, recipes and ports; writes no file itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from devenv.cli import cli
from devenv.recipe import Option, Recipe, catalog

_PART = re.compile(r"(<!-- from the code: ([\w .-]+) -->\n).*?(<!-- until here -->)", re.DOTALL)


def parts(text: str) -> list[str]:
    """What a document takes from the code, by the names in its markers."""
    return [match[2] for match in _PART.finditer(text)]


def renewed(text: str) -> str:
    """The document with every such part made anew."""
    return _PART.sub(lambda match: f"{match[1]}{_made(match[2])}{match[3]}", text)


def commands(group: click.Group = cli, prefix: str = "") -> dict[str, click.Command]:
    """Every command by its words; a group's commands in place of the group."""
    found: dict[str, click.Command] = {}
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = command
    return found


def recipes() -> dict[str, Recipe]:
    """The bundled recipes."""
    found = catalog(Path("/nonexistent"))
    return {name: found.recipe(name) for name in found.names}


def _made(name: str) -> str:
    kind, _, rest = name.partition(" ")
    makers: dict[str, Callable[[str], str]] = {
        "command": _command,
        "options": lambda _: _options(cli, None),
        "recipe": _recipe,
    }
    return makers[kind](rest)


def _command(name: str) -> str:
    command = commands()[name]
    with click.Context(command, info_name=f"devenv {name}") as context:
        usage = " ".join(["devenv", name, *command.collect_usage_pieces(context)])
    return f"\n```text\n{usage}\n```\n{_options(command, usage)}"


def _options(command: click.Command, usage: str | None) -> str:
    rows = []
    for option in command.params:
        if isinstance(option, click.Option):
            spellings = [", ".join(f"`{name}`" for name in names) for names in (option.opts, option.secondary_opts)]
            value = "" if option.is_flag else f" {_value(option)}"
            rows.append(
                (" or ".join(filter(None, spellings)) + value, (option.help or "How it is written.") + _given(option))
            )
    if rows:
        return _table(("option", "meaning"), rows)
    return "\nIt has no options.\n\n" if usage else ""


def _given(option: click.Option) -> str:
    """What holds where the option is not written."""
    default = option.default
    if isinstance(default, str):
        return f" Default: `{default}`."
    return f" Default: {default:g}." if isinstance(default, float) else ""


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " or ".join(f"`{choice}`" for choice in option.type.choices)
    return option.metavar or option.type.name.split()[0].upper()


def _recipe(name: str) -> str:
    recipe = recipes()[name]
    facts = {
        "image": f"`{recipe.image}`",
        "versions": ", ".join(f"`{version}`" for version in recipe.versions) + "; the first is the default",
        "ports": ", ".join(f"{port.port} ({port.name})" for port in recipe.ports),
        "data": _data(name, recipe),
        "ready when": " and ".join(dict.fromkeys(_READY[check.probe] for check in recipe.ready)),
        "exports": ", ".join(f"`{key}`" for key in recipe.exports) or "nothing",
        "own placeholders": ", ".join(f"`{key}`" for key in _placeholders(recipe)) or "none",
        "`devenv connect`": f"`{recipe.connect.command[0]}`" if recipe.connect else "none",
    }
    options = [(f"`{key}`", _type(option), _default(option), option.help) for key, option in recipe.options.items()]
    options += [(f"`{key}`", "string", "random", secret.help) for key, secret in recipe.secrets.items()]
    text = "\n" + "".join(f"- {key}: {value}\n" for key, value in facts.items())
    return text + (_table(("option", "type", "default", "meaning"), options) if options else "\nIt has no options.\n\n")


_READY = {
    "http": "its page answers",
    "tcp": "the port keeps a connection",
    "postgres": "the app's user can log in to its database",
    "redis": "PING is answered, with the password",
    "s3": "every bucket can be listed",
    "smtp": "the mail port greets",
}


def _data(name: str, recipe: Recipe) -> str:
    by_version = {
        version: catalog(Path("/nonexistent")).recipe(name, version=version).service.volumes
        for version in recipe.versions
    }
    paths: dict[str, list[str]] = {}
    for version, volumes in by_version.items():
        for volume, path in volumes.items():
            paths.setdefault(f"volume `{volume}` at `{path}`", []).append(version)
    if not paths:
        return "none"
    whole = {text: versions for text, versions in paths.items() if len(versions) == len(by_version)}
    some = [f"{text} ({', '.join(sorted(versions))})" for text, versions in paths.items() if text not in whole]
    return "; ".join([*whole, *some])


def _placeholders(recipe: Recipe) -> list[str]:
    """What a manifest can name beside the values that every service has."""
    names = [f"port_{port.name}" for port in recipe.ports]
    for key, option in recipe.options.items():
        names += [f"{key}.first", f"{key}.csv"] if option.type in ("list", "files") else [key]
    return [*names, *recipe.secrets, *recipe.values]


def _type(option: Option) -> str:
    return {
        "string": "string",
        "list": "string or list of strings",
        "files": "glob or list of globs",
        "choice": ", ".join(f"`{choice}`" for choice in option.choices),
    }[option.type]


def _default(option: Option) -> str:
    values = option.default if isinstance(option.default, list) else [option.default]
    return ", ".join(f"`{value}`" for value in values).replace("{project}", "NAME") or "none"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n" + "\n".join(lines) + "\n\n"
