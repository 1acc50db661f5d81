"""Commands that only look: status, logs, env, config, validate, recipes, schema."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from devenv.cli.settings import Settings, complete_services, json_option, services_argument


@click.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show what every service is doing and where it answers. Asks the services themselves."""
    from devenv.workflow import status as look

    session = settings.quiet_session()
    statuses = look(session)
    if as_json:
        from devenv.cli.answers import print_json, status_object

        print_json(status_object(session, statuses))
    else:
        from devenv.console import status_table, wants_color
        from devenv.watchers import who

        color = wants_color(sys.stdout, settings.color)
        click.echo(status_table(statuses, color=color), color=color)
        if found := who(session.project.state):
            click.echo(f"\nsaved files go live by `{found[0]}` (process {found[1]})")


@click.command()
@services_argument
@click.option("-f", "--follow", is_flag=True, help="Stay and show what comes.")
@click.option("-n", "--lines", type=click.IntRange(min=0), help="Only the last lines of each service.")
@json_option
@click.pass_obj
def logs(settings: Settings, services: tuple[str, ...], follow: bool, lines: int | None, as_json: bool) -> None:
    """Show what SERVICEs (all with none) wrote. With --json one object a line."""
    from devenv.workflow import known

    session = settings.quiet_session()
    stack = session.stack()
    names = known(stack, services) or list(stack.names)
    wanted = "all" if lines is None else str(lines)
    print_logs(settings, names, lines=wanted, stay=follow, as_json=as_json)


def print_logs(settings: Settings, names: Sequence[str], *, lines: str, stay: bool, as_json: bool = False) -> None:
    """Write log lines to stdout, each behind its service's name."""
    import json

    from devenv.console import log_line, wants_color

    width = max((len(name) for name in names), default=0)
    color = wants_color(sys.stdout, settings.color)
    engine = settings.quiet_session().engine
    for service, text in engine.logs(names, lines=lines, stay=stay):
        if as_json:
            click.echo(json.dumps({"service": service, "text": text}, ensure_ascii=False))
        else:
            click.echo(log_line(service, text, width=width, color=color), color=color)


@click.command()
@click.argument("app", required=False, shell_complete=complete_services)
@click.option("--for", "vantage", type=click.Choice(["host", "network"]), default="host", help="Seen from where.")
@click.option("--format", "style", type=click.Choice(["dotenv", "shell", "json", "github"]), default="dotenv")
@click.option(
    "--mask", is_flag=True, help="Have GitHub hide passwords in its logs: one `::add-mask::` each, on stderr."
)
@json_option
@click.pass_obj
def env(settings: Settings, app: str | None, vantage: str, style: str, mask: bool, as_json: bool) -> None:
    """Print the environment of APP, with the addresses that this machine (or the network) sees.

    Without APP: what all sidecars export, and the apps' own values.
    """
    from devenv.artifacts.dotenv import dotenv, github, masks, shell
    from devenv.cli.answers import print_json
    from devenv.stack import Vantage
    from devenv.workflow import private, variables

    values = variables(settings.quiet_session(), Vantage(vantage), app)
    if mask:  # before the values are anywhere that a later step may print
        click.echo(masks(private(settings.quiet_session())), nl=False, err=True)
    if as_json or style == "json":
        print_json(values)
    else:
        # `color`: click would take what looks like an escape sequence out of the values.
        click.echo({"dotenv": dotenv, "shell": shell, "github": github}[style](values), nl=False, color=True)


@click.command()
@json_option
@click.pass_obj
def config(settings: Settings, as_json: bool) -> None:
    """Show the resolved stack: every service with all that recipe and manifest say. Secrets and ports stay names."""
    from devenv.artifacts.stack import describe
    from devenv.cli.answers import print_json

    value = describe(settings.quiet_session().stack())
    if as_json:
        print_json(value)
    else:
        from devenv.artifacts.yaml import dump

        click.echo(dump(value), nl=False)


@click.command()
@json_option
@click.pass_obj
def validate(settings: Settings, as_json: bool) -> None:
    """Check the manifest: every problem at once, exit code 2 where there are any."""
    from devenv.cli.answers import print_json

    session = settings.quiet_session()
    stack = session.stack()
    roles = [service.role for service in stack]
    if as_json:
        print_json({"valid": True, "project": session.project.id, "services": list(stack.names)})
    else:
        counts = f"{_count(roles.count('app'), 'app')}, {_count(roles.count('sidecar'), 'sidecar')}"
        click.echo(f"{session.project.manifest.name} is valid: {counts}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def recipes(settings: Settings, name: str | None, as_json: bool) -> None:
    """List the recipes that a manifest can name, or show one recipe's options."""
    from devenv.cli.answers import print_json
    from devenv.errors import InputError
    from devenv.recipe import catalog
    from devenv.suggest import did_you_mean

    try:
        root = settings.quiet_session().project.root
    except InputError:  # outside a project there are still the bundled ones
        root = settings.directory
    found = catalog(root)
    if name is not None and name not in found.names:
        raise InputError(f"no recipe is called `{name}`", hint=did_you_mean(name, found.names))
    shown = [found.recipe(each) for each in ([name] if name else found.names)]
    if as_json:
        told = {"name", "source", "summary", "versions", "options", "secrets", "ports", "exports"}
        objects = [recipe.model_dump(include=told) for recipe in shown]
        print_json(objects[0] if name else {"recipes": objects})
    elif name:
        click.echo(_recipe_text(shown[0]))
    else:
        width = max(len(recipe.name) for recipe in shown)
        for recipe in shown:
            click.echo(f"{recipe.name:{width}}  {recipe.summary} ({', '.join(recipe.versions)})")


def _recipe_text(recipe: Any) -> str:
    import json

    lines = [
        f"{recipe.name}: {recipe.summary}",
        f"versions: {', '.join(recipe.versions)} (default {recipe.versions[0]})",
    ]
    lines += ["options:"] if recipe.settings else []
    for name, option in recipe.options.items():
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        default = json.dumps(option.default).replace("{project}", "PROJECT")
        lines.append(f"  {name} = {default}{choices}: {option.help}")
    lines += [f"  {name}: {secret.help}" for name, secret in recipe.secrets.items()]
    lines.append(f"exports: {', '.join(recipe.exports) or 'nothing'}")
    return "\n".join(lines)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the manifest, for editors."""
    from devenv.artifacts.schema import manifest_schema
    from devenv.cli.answers import print_json

    print_json(manifest_schema())
