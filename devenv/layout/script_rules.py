"""Rules for package managers whose manifests hold scripts: npm and its kin, composer, bundler, Go, Rails."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devenv.layout.commands import Reader, Rule
from devenv.layout.site import below, effect, everything, shown, within
from devenv.layout.steps import Effect, Kind
from devenv.layout.table import Call, Form
from devenv.layout.words import Command, Word

_NODE = (
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml"),
    *("bun.lock", "bun.lockb", "bunfig.toml", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".node-version"),
    *(".nvmrc", ".pnp.cjs", ".pnp.loader.mjs"),
)
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")


def _npm_install(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    command = call.command
    folder = command.folder
    package = _package(reader, folder) if folder else None
    if folder is None or package is None:
        return [everything(command, f"may read it, as `{shown(command)}` has no package.json that could be read")]
    result = effect(Kind.READS, command, [within(folder, name) for name in (*_NODE, "patches/**", ".yarn/**")])
    result += effect(Kind.WRITES, command, [within(folder, "node_modules/**"), within(folder, "**/node_modules/**")])
    if package.get("workspaces") or reader.site.has(reader.site.place(folder, "pnpm-workspace.yaml")):
        result += effect(Kind.READS, command, [within(folder, "**/package.json")])
        if not call.has("--ignore-scripts"):
            result += _members(reader, command, folder, package)
    for value in _dependencies(package):
        if found := re.match(r"(file|link|portal):(.+)", value):
            result += effect(Kind.READS, command, [below(reader.site.place(folder, found[2]))])
    if not call.has("--ignore-scripts"):
        result += _scripts(reader, command, folder, package, _LIFECYCLE)
        if package.get("gypfile") or reader.site.has(reader.site.place(folder, "binding.gyp")):
            result += _folder(command, folder)
    return result


def _members(reader: Reader, command: Command, folder: str, package: Mapping[str, Any]) -> list[Effect]:
    """The lifecycle scripts of a workspace's members run as well."""
    listed = package.get("workspaces", [])
    patterns = listed.get("packages", []) if isinstance(listed, Mapping) else listed
    text = reader.site.text(reader.site.place(folder, "pnpm-workspace.yaml")) or ""
    patterns = [*patterns, *re.findall(r"^\s*-\s*['\"]?([^'\"\s]+)", text, re.MULTILINE)]
    result: list[Effect] = []
    for pattern in patterns:
        if "**" in pattern:
            return [everything(command)]
        for member in reader.site.folders(folder, pattern.removeprefix("./")):
            inner = _package(reader, member)
            result += _scripts(reader, command, member, inner or {}, _LIFECYCLE)
    return result


def _npm_run(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """A script of package.json, or a program of the packages that it installed."""
    command = call.command
    folder = command.folder
    words = rest if form.verbs else call.operands
    if form.verbs and call.operands and call.operands[0].text in ("test", "start"):
        words = call.operands
    name = words[0].text if words else None
    package = _package(reader, folder) if folder else None
    if folder is None or name is None or package is None or call.has("--filter", "-F", "-w", "--workspace", "-r"):
        return [everything(command, f"may read it, as it isn't clear what `{shown(command)}` runs")]
    read = effect(Kind.READS, command, [within(folder, "package.json")])
    if name not in package.get("scripts", {}):
        at = next(number for number, word in enumerate(command.words) if word.text == name)
        return read + reader.command(command.behind(at))
    return read + _scripts(reader, command, folder, package, (f"pre{name}", name, f"post{name}"))


def _scripts(
    reader: Reader, command: Command, folder: str, package: Mapping[str, Any], names: tuple[str, ...]
) -> list[Effect]:
    """What scripts do; one that devenv doesn't know is taken to read the package, and all where it looks further."""
    result: list[Effect] = []
    for name in names:
        text = package.get("scripts", {}).get(name)
        if not isinstance(text, str):
            continue
        inner = reader.script(text, folder, replace(command, text=f"{shown(command)} → {text}"))
        if not re.search(r"\.\.(/|\s|$)|(^|\s)/", text):
            inner = [each for effects in inner for each in _narrowed(effects, command, folder)]
        result += inner
    return result


def _narrowed(found: Effect, command: Command, folder: str) -> list[Effect]:
    """An effect on everything as one on the package, with its reason."""
    if found.pattern is not None:
        return [found]
    return [replace(found, pattern=each.pattern) for each in _folder(command, folder)]


def _folder(command: Command, folder: str) -> list[Effect]:
    return effect(Kind.READS, command, [below(folder)])


def _package(reader: Reader, folder: str) -> dict[str, Any] | None:
    text = reader.site.text(reader.site.place(folder, "package.json"))
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _dependencies(package: Mapping[str, Any]) -> list[str]:
    keys = ("dependencies", "devDependencies", "optionalDependencies")
    tables = [package.get(key) for key in keys]
    return [value for table in tables if isinstance(table, dict) for value in table.values() if isinstance(value, str)]


def _composer(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Its scripts run unless they are turned off; an optimised autoloader reads every class."""
    command = call.command
    folder = command.folder
    text = reader.site.text(reader.site.place(folder, "composer.json")) if folder else None
    try:
        found = json.loads(text or "")
    except ValueError:
        found = None
    if folder is None or not isinstance(found, dict):
        return [everything(command)]
    result = reader.names(command, folder, "composer.json", "composer.lock", "auth.json", "symfony.lock")
    result += effect(Kind.WRITES, command, [within(folder, "vendor/**")])
    optimised = call.has("-o", "--optimize-autoloader", "-a", "--classmap-authoritative")
    if found.get("config", {}).get("optimize-autoloader") or "classmap" in str(found.get("autoload", "")):
        optimised = True
    if optimised and not call.has("--no-autoloader"):
        result += effect(Kind.READS, command, [within(folder, "**/*.php"), within(folder, "**/*.inc")])
    hooks = [name for name in found.get("scripts", {}) if name.startswith(("pre-", "post-"))]
    if hooks and not call.has("--no-scripts"):
        result.append(everything(command, f"may read it, as `{shown(command)}` runs scripts of composer.json"))
    if "path" in str(found.get("repositories", "")):
        result.append(everything(command))
    return result


def _bundle(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    command = call.command
    folder = command.folder
    if folder is None:
        return [everything(command)]
    result = reader.names(command, folder, "Gemfile", "Gemfile.lock", ".ruby-version", ".tool-versions", "gems.rb")
    result += effect(Kind.READS, command, [within(folder, ".bundle/**"), within(folder, "vendor/cache/**")])
    result += effect(Kind.WRITES, command, [within(folder, "vendor/bundle/**"), within(folder, ".bundle/**")])
    text = reader.site.text(reader.site.place(folder, "Gemfile"))
    local = text is None or re.search(r"^\s*gemspec\b|\bpath:|:path\b|eval_gemfile|require_relative|File\.", text, re.M)
    verb = call.operands[0].text if call.operands else "install"
    if local and verb in ("install", "lock", "check", None):
        result.append(everything(command, f"may read it, as the Gemfile of `{shown(command)}` looks into folders"))
    return result


def _go_install(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """A module at a version comes from elsewhere; anything else is compiled here."""
    if rest and all(word.text and "@" in word.text for word in rest):
        return []
    return [everything(call.command, f"compiles it: `{shown(call.command)}`")]


def _rails(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    command = call.command
    folder = command.folder
    if folder is None or reader.site.has(reader.site.place(folder, "app/assets/tailwind")):
        return [everything(command)]
    if reader.site.has(reader.site.place(folder, "config/tailwind.config.js")):
        return [everything(command, f"may read it, as Tailwind looks through the views in `{shown(command)}`")]
    reads = ("app/assets/**", "app/javascript/**", "lib/**", "vendor/**", "config/**", "Gemfile*", "Rakefile", "bin/**")
    more = ("package.json", "yarn.lock", "*.js", "*.json", "*.ts", "app/components/**", "app/frontend/**", "public/**")
    return effect(Kind.READS, command, [within(folder, pattern) for pattern in (*reads, *more)])


RULES: Mapping[str, Rule] = {
    "npm install": _npm_install,
    "npm run": _npm_run,
    "composer": _composer,
    "bundle": _bundle,
    "go install": _go_install,
    "rails assets": _rails,
}
