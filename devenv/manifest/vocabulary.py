"""The words that messages about a manifest use, as data; must hold no logic.

Where a table is asked for a field, `*` stands for any name or index, and the service's own path is left out.
"""

from __future__ import annotations

import datetime

KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a table",
    datetime.datetime: "a date and time",
    datetime.date: "a date",
    datetime.time: "a time",
}
"""What tomllib returns, as TOML's users call it."""

TYPES = {
    "string_type": "a string",
    "int_type": "an integer",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
"""What a field wants, by pydantic's type of error (https://docs.pydantic.dev/latest/errors/validation_errors/)."""

EXPECTED: dict[tuple[str, ...], str] = {
    ("build",): "a string or a table",
    ("build", "args", "*"): "a string, a number or a boolean",
    ("command",): "a string or a list of strings",
    ("env", "*"): "a string, a number or a boolean",
    ("env_file",): "a string or a list of strings",
    ("exports", "*"): "a string, a number or a boolean",
    ("needs",): "a list of strings",
    ("ports", "*"): 'a number, "HOST:CONTAINER" or a table',
    ("ready", "command"): "a string or a list of strings",
    ("reload", "*", "*", "paths"): "a string or a list of strings",
    ("setup",): "a string or a list",
    ("setup", "*"): "a command (a string or a list of strings)",
    ("sidecars", "*"): "a version (a string) or a table",
}
"""The same for fields that have a short form, or want more than their type says."""

EXAMPLES: dict[tuple[tuple[str, ...], type], str] = {
    (("app",), str): "app = {{ build = {value} }}",
    (("apps", "*"), str): "{key} = {{ build = {value} }}",
    (("env",), list): 'env = {{ NAME = "value" }}',
    (("exports",), list): 'exports = {{ NAME = "value" }}',
    (("ready",), int): "ready = {{ tcp = {value} }}",
    (("ready",), list): "ready = {{ command = {value} }}",
    (("ready",), str): "ready = {{ http = {value} }}",
    (("sidecars",), list): 'sidecars = {{ postgres = "17", redis = {{}} }}',
    (("sidecars", "*"), bool): "{key} = {{}}",
    (("sidecars", "*"), int): '{key} = "{value}"',
    (("sidecars", "*"), list): "{key} = {{}}",
    (("volumes",), list): 'volumes = {{ data = "/path/inside" }}',
}
"""How to write it right, by the field and the type that was given instead."""

OTHER_NAMES = {
    "cmd": "command",
    "depends_on": "needs",
    "dependencies": "needs",
    "entrypoint": "command",
    "environment": "env",
    "expose": "ports",
    "healthcheck": "ready",
    "migrate": "setup",
    "probe": "ready",
    "project": "name",
    "readiness": "ready",
    "services": "sidecars",
    "variables": "env",
}
"""What other tools call our keys."""

_QUOTES = 'text needs quotes: key = "text"'
_ONE_LINE = "a table in braces stays on one line, without a comma at its end"
_ONCE = "a key can be given only once"

FOREIGN: tuple[tuple[str, str, str | None], ...] = (
    ("Invalid value", "expected a value", _QUOTES),
    ("Expected '=' after a key.*", "expected `=` after the key", 'TOML writes: key = "value"'),
    ("Invalid statement", "expected a key, a [table] or a comment", None),
    ("Invalid initial character for a key part", "expected a key", _ONE_LINE),
    ("Expected newline or end of document.*", "expected the end of the line", _QUOTES),
    (r"Expected '(\]+)' at the end.*", r"expected `\1` after the name of the table", None),
    ("Unclosed array", "expected `,` or `]`", None),
    ("Unclosed inline table", "expected `,` or `}`", _ONE_LINE),
    ("Cannot overwrite a value", "this key has a value already", _ONCE),
    ("Duplicate inline table key .*", "this key has a value already", _ONCE),
    ("Cannot declare .* twice", "this table is there already", "write the keys of both under one header"),
    ("Cannot (?:redefine|mutate) .*", "this table or list is complete already", "write all of it in one place"),
    (
        r"(?:Illegal|Found invalid) character '\\n'",
        "the string does not end on its line",
        'several lines stand between """ and """',
    ),
    (r"(?:Illegal|Found invalid) character '(.+)'", r"the character \1 is not allowed here", None),
    (r"""Unterminated string|Expected ["']'.*""", "the string does not end", None),
    (r"Unescaped '\\' in a string", "unknown escape after a backslash", r"single quotes know no escapes: 'C:\dir'"),
    ("Exceeds the limit.*", "the number is too long", None),
    ("No closing quotation", "a quote in the command does not end", "a list needs no quotes inside its strings"),
    ("No escaped character", "the command ends in a backslash", "a list needs no backslash: each string is one word"),
)
"""Messages of tomllib, shlex and Python as patterns, with what we say and a hint; others are shown as they are."""
