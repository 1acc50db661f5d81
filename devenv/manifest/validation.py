"""What a manifest's data is good for: a Manifest of all that is valid and a problem for the rest; must read no file.

pydantic stops at the first level of rules that fails, and gives no model then. So what it refuses is left out and the
rest is tried again, until nothing is refused; a rule that only fails because of what was left out is not reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from devenv.errors import Problem
from devenv.manifest import messages
from devenv.manifest.model import SERVICE_NAME, Manifest

Path = tuple[str | int, ...]


@dataclass
class Draft:
    """Validation in progress. Paths are those of the data as it was written, also where a short form was used."""

    data: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    refused: dict[Path, int] = field(default_factory=dict)  # each with a port number to stand in for it
    lost: dict[Path, set[str | int]] = field(default_factory=dict)  # by table: the keys whose absence is no news
    services: set[str] = field(default_factory=set)

    def report(self, path: Path, message: str, hint: str | None = None) -> None:
        """Note a problem and leave out what it is about."""
        self.problems.append(Problem(message, path, hint))
        self.refuse(path)

    def refuse(self, path: Path) -> None:
        """Leave out what is at `path`, or the nearest thing around it that the rest can do without."""
        index = next((number for number, step in enumerate(path) if isinstance(step, int)), None)
        if index is not None and path[index - 1] != "ports":
            path = path[:index]  # a list without one of its items is another list
        match path:
            case ("sidecars", str(), "image" | "recipe", *_):
                path = path[:2]
        self.refused.setdefault(path, 65535 - len(self.refused) % 65535)
        self.lose(path)

    def lose(self, path: Path) -> None:
        """Remember that nothing needs to be said about the absence of `path`."""
        if path:
            self.lost.setdefault(path[:-1], set()).add(path[-1])

    def fit(self) -> Manifest:
        """The manifest of what is not refused, after refusing and reporting what has to be."""
        while True:
            try:
                return Manifest.model_validate(_without(self.data, self.refused))
            except ValidationError as error:
                self.take(error.errors(include_url=False))

    def take(self, errors: list[ErrorDetails]) -> None:
        """Report and refuse what pydantic found; everything, where it finds only what has been refused already."""
        before = len(self.refused)
        found = [(error, _written(self.data, error["loc"])) for error in errors]
        for error, path in found:
            if error["type"] == "extra_forbidden":
                self._note_unknown(path)
        for error, path in found:
            if not self._follows(error, path):
                self.problems.append(messages.problem(error, path, _value(self.data, path)))
            self.refuse(path)
        if len(self.refused) == before:  # a rule that stays broken without what it names: never to be tried for ever
            self.refused[()] = 0

    def _note_unknown(self, path: Path) -> None:
        meant = messages.intended(path)
        value = _value(self.data, path)
        if meant:
            self.lose(meant[: len(path)])
        elif len(path) == 1 and isinstance(value, dict):  # a service outside of [apps] and [sidecars]
            self.lose(("sidecars",))
            self.services.add(str(path[0]))
        if meant == ("app",):
            self.services.add("app")
        elif meant in (("apps",), ("sidecars",)):
            self.services.update(_names(value))

    def _follows(self, error: ErrorDetails, path: Path) -> bool:
        """Whether an error is only there because of a key that has been refused already."""
        lost = self.lost.get(path, set())
        if error["type"] == "missing":
            return error["loc"][-1] in lost
        return error["type"] == "value_error" and not lost.isdisjoint(messages.named(error["msg"]))


def validate(data: dict[str, Any]) -> tuple[Manifest, list[Problem], frozenset[str]]:
    """The manifest of what is valid, all problems, and the names of services that are missing because of them."""
    draft = Draft(data)
    draft.fit()
    _check_names(draft)
    _check_content(draft)
    manifest = draft.fit()
    written = draft.services | _names(data.get("apps")) | _names(data.get("sidecars")) | ({"app"} & set(data))
    return manifest, draft.problems, frozenset(written - {*manifest.all_apps, *manifest.sidecars})


def _check_names(draft: Draft) -> None:
    apps, sidecars = (_names(draft.data.get(table)) for table in ("apps", "sidecars"))
    for table, names in (("apps", apps), ("sidecars", sidecars)):
        if not isinstance(draft.data.get(table), dict):
            continue
        for name in sorted(names):
            if not SERVICE_NAME.fullmatch(name):
                draft.report((table, name), f"{messages.quote(name)} can't be the name of a service", _name_hint(name))
            elif table == "sidecars" and (name in apps or (name == "app" and "app" in draft.data)):
                hint = "every app and sidecar needs a name of its own"
                draft.report((table, name), f"{messages.quote(name)} is the name of an app already", hint)
    if "app" in draft.data and "app" in apps:
        draft.report(("apps", "app"), "`app` is there twice", "[app] is short for [apps.app]: give one of them a name")


def _name_hint(name: str) -> str:
    valid = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:63].strip("-_")
    rule = "up to 63 of a-z, 0-9, - and _, first and last a letter or digit"
    return f"call it `{valid}`: {rule}" if SERVICE_NAME.fullmatch(valid) else f"a name is {rule}"


def _check_content(draft: Draft) -> None:
    wanted = {"app", "apps", "sidecars"}
    # An empty table holds nothing; anything else in its place has a problem of its own.
    written = {key for key in wanted & set(draft.data) if key == "app" or draft.data[key] != {}}
    if not written and wanted.isdisjoint(draft.lost.get((), ())):
        hint = 'begin with [app] and build = ".", or with [sidecars] and postgres = "17"'
        draft.problems.append(Problem("the manifest has no app and no sidecar", (), hint))


def _names(services: Any) -> set[str]:
    """The names in a table of services, or in the list that somebody wrote instead."""
    return {name for name in services if isinstance(name, str)} if isinstance(services, dict | list) else set()


def _written(data: Any, loc: tuple[str | int, ...]) -> Path:
    """The path in the data that an error's `loc` means; steps that are pydantic's or a short form's own are skipped."""
    path: Path = ()
    for step, following in zip(loc, (*loc[1:], None), strict=True):
        if isinstance(data, list) and isinstance(following, int) and all(isinstance(item, str) for item in data):
            continue  # `setup` with one command: the list around it is ours
        known: Any = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if step in known:
            data = data[step]
            path = (*path, step)
    return path


def _value(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _without(data: Any, refused: dict[Path, int]) -> Any:
    """The data without what is refused. A port gets another number, as indexes and what needs a port rely on it."""
    around = {path[:length] for path in refused for length in range(len(path))}

    def kept(value: Any, path: Path) -> Any:
        if path not in around:
            return value
        if isinstance(value, list):
            return [item(element, (*path, index)) for index, element in enumerate(value)]
        return {key: kept(element, (*path, key)) for key, element in value.items() if (*path, key) not in refused}

    def item(value: Any, path: Path) -> Any:
        number = refused.get(path) or refused.get((*path, "port"))
        rest = kept(value, path)
        return {**(rest if isinstance(rest, dict) else {}), "port": number} if number else rest

    return {} if () in refused else kept(data, ())
