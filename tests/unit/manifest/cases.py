"""What can be wrong in a manifest, as a user writes it, with what is reported: `line:column message (hint)`."""

from __future__ import annotations

APP = '[app]\nbuild = "."\n'
"""Two lines in front of a case that is about something in an app."""

APP_KNOWS = (
    "known keys: image, command, ports, ready, env, needs, profile, volumes, build, env_file, setup, host, reload, "
    "editor"
)
NO_IMAGE = "an app needs `build` or `image`, or a `command` to run on this machine"
NAME_RULE = "up to 63 of a-z, 0-9, - and _, first and last a letter or digit"

MANIFEST_KEYS: list[tuple[str, list[str]]] = [
    (
        "",
        [
            "1:1 the manifest has no app and no sidecar "
            '(begin with [app] and build = ".", or with [sidecars] and postgres = "17")'
        ],
    ),
    (
        "apps = {}\n[sidecars]",
        [
            "1:1 the manifest has no app and no sidecar "
            '(begin with [app] and build = ".", or with [sidecars] and postgres = "17")'
        ],
    ),
    ("name = 5\n[sidecars]\nredis = {}", ['1:8 expected a string, got an integer (write: name = "5")']),
    ('name = ""\n[sidecars]\nredis = {}', ["1:8 must not be empty"]),
    ('[sidecar]\nredis = "8"', ["1:2 unknown key `sidecar` (did you mean `sidecars`?)"]),
    ('[services]\nredis = "8"', ["1:2 unknown key `services` (did you mean `sidecars`?)"]),
    ("[postgres]\nx = 1", ["1:2 unknown key `postgres` (an app stands under [apps], a sidecar under [sidecars])"]),
    ("xyz = 1\n[sidecars]\nredis = {}", ["1:1 unknown key `xyz` (known keys: name, app, apps, sidecars, ci, editor)"]),
    ("[editor]\nextension = ['x']\n" + APP, ["2:1 unknown key `extension` (did you mean `extensions`?)"]),
    ("[editor]\ntarget = 5\n" + APP, ['2:10 expected a string, got an integer (write: target = "5")']),
    ("[editor]\nextensions = 'x'\n" + APP, ['2:14 expected a list, got a string (write: extensions = ["x"])']),
    ("ports = [1]\n" + APP, ["1:1 unknown key `ports` (did you mean `app.ports`?)"]),
    ("app = '.'", ['1:7 expected a table, got a string (write: app = { build = "." })']),
    ("apps = ['web']", ["1:8 expected a table, got a list"]),
    ("sidecars = ['redis']", ['1:12 expected a table, got a list (write: sidecars = { postgres = "17", redis = {} })']),
    ("[[sidecars]]\nname = 'x'", ["1:3 expected a table, got a list"]),
    (
        APP + "[apps.app]\nimage = 'x'",
        ["3:7 `app` is there twice ([app] is short for [apps.app]: give one of them a name)"],
    ),
    (
        "[apps.web]\nimage = 'x'\n[sidecars.web]",
        ["3:11 `web` is the name of an app already (every app and sidecar needs a name of its own)"],
    ),
    (
        APP + "[sidecars]\napp = {}",
        ["4:1 `app` is the name of an app already (every app and sidecar needs a name of its own)"],
    ),
    (
        "[apps.'Web Front']\nimage = 'x'",
        [f"1:7 `Web Front` can't be the name of a service (call it `web-front`: {NAME_RULE})"],
    ),
    (
        "[sidecars]\n'日本' = {}",
        [f"2:1 `日本` can't be the name of a service (a name is {NAME_RULE})"],
    ),
]

APP_KEYS: list[tuple[str, list[str]]] = [
    ("comand = 'x'", ["3:1 unknown key `comand` (did you mean `command`?)"]),
    ("'COMMAND' = 'x'", ["3:1 unknown key `COMMAND` (did you mean `command`?)"]),
    ("depends_on = []", ["3:1 unknown key `depends_on` (did you mean `needs`?)"]),
    ("environment.A = 'x'", ["3:1 unknown key `environment` (did you mean `env`?)"]),
    ("dockerfile = 'x'", ["3:1 unknown key `dockerfile` (did you mean `build.dockerfile`?)"]),
    ("http = '/'", ["3:1 unknown key `http` (did you mean `ready.http`?)"]),
    (
        "zzz = 1",
        [f"3:1 unknown key `zzz` ({APP_KNOWS})"],
    ),
    (
        '"a\\u001b[31m\\n" = 1',
        [f"3:1 unknown key `a\\x1b[31m\\n` ({APP_KNOWS})"],
    ),
    (
        f"{'k' * 300} = 1",
        [f"3:1 unknown key `{'k' * 59}…` ({APP_KNOWS})"],
    ),
    ("image = 'x'", ["1:2 an app has either `build` or `image`"]),
    ("command = 5", ["3:11 expected a string or a list of strings, got an integer (write: command = [5])"]),
    ("command = ['sleep', 5]", ['3:21 expected a string, got an integer (write: "5")']),
    ("command = ''", ["3:11 must not be empty"]),
    ("command = []", ["3:11 must not be empty"]),
    ('command = "a \'b"', ["3:11 a quote in the command does not end (a list needs no quotes inside its strings)"]),
    ("command = ['a', \"\\u0000\"]", ["3:17 a NUL character can't be passed to a process"]),
    ("image = 2026-01-01", ["3:9 expected a string, got a date (put it in quotes)"]),
    ("profile = 1.50", ["3:11 expected a string, got a number (put it in quotes)"]),
    ("ports = 8000", ["3:9 expected a list, got an integer (write: ports = [8000])"]),
    ("ports = '80:80'", ['3:9 expected a list, got a string (write: ports = ["80:80"])']),
    ("ports = [true]", ['3:10 expected a number, "HOST:CONTAINER" or a table, got a boolean']),
    (
        "ports = [0, 80, 65536]",
        ["3:10 expected a port from 1 to 65535, got `0`", "3:17 expected a port from 1 to 65535, got `65536`"],
    ),
    (f"ports = [0x{'f' * 5000}]", [f"3:10 expected a port from 1 to 65535, got `0x{'f' * 57}…`"]),
    ("ports = ['80/tcp']", ['3:10 a port is a number or "HOST:CONTAINER"']),
    ("ports = ['٣:80']", ['3:10 a port is a number or "HOST:CONTAINER"']),
    ("ports = ['²:80']", ['3:10 a port is a number or "HOST:CONTAINER"']),
    ("ports = ['99999:80']", ["3:10 expected a port from 1 to 65535, got `99999`"]),
    ("ports = [{ host = 80 }]", ["3:10 missing key `port`"]),
    ("ports = [{ prot = 80 }]", ["3:12 unknown key `prot` (did you mean `port`?)"]),
    ("[[app.ports]]\nport = '80'", ["4:8 expected an integer, got a string (write: port = 80)"]),
    ("ready = '/health'", ['3:9 expected a table, got a string (write: ready = { http = "/health" })']),
    ("ready = 8000", ["3:9 expected a table, got an integer (write: ready = { tcp = 8000 })"]),
    ("ready = ['true']", ['3:9 expected a table, got a list (write: ready = { command = ["true"] })']),
    ("ready = {}", ["3:9 needs exactly one of `http`, `tcp`, `command`, `log`"]),
    ("ready = { http = '/', tcp = 80 }", ["3:9 needs exactly one of `http`, `tcp`, `command`, `log`"]),
    ("ready = { http = 'health' }", ["3:11 `http` is a path and begins with `/`"]),
    ("ready = { htp = '/' }", ["3:11 unknown key `htp` (did you mean `http`?)"]),
    ("ready = { tcp = '80' }", ["3:17 expected an integer, got a string (write: tcp = 80)"]),
    ("ready = { command = 5 }", ["3:21 expected a string or a list of strings, got an integer (write: command = [5])"]),
    ("env = ['A=1']", ['3:7 expected a table, got a list (write: env = { NAME = "value" })']),
    ("env = { A = [1] }", ["3:13 expected a string, a number or a boolean, got a list"]),
    (
        "env = { A-B = 1, 1A = [] }",
        [
            "3:9 `A-B` can't be the name of an environment variable",
            "3:18 `1A` can't be the name of an environment variable",
            "3:23 expected a string, a number or a boolean, got a list",
        ],
    ),
    ("env = { '' = 1 }", ['3:9 `""` can\'t be the name of an environment variable']),
    (f"env = {{ A = 0x{'f' * 5000} }}", ["3:13 the number is too long"]),
    ("env_file = 1", ["3:12 expected a string or a list of strings, got an integer (write: env_file = [1])"]),
    ("needs = 'redis'", ['3:9 expected a list of strings, got a string (write: needs = ["redis"])']),
    ("setup = 5", ["3:9 expected a string or a list, got an integer (write: setup = [5])"]),
    ("setup = [5]", ["3:10 expected a command (a string or a list of strings), got an integer (write: [5])"]),
    ("setup = ['a', \"b\\u0000\"]", ["3:15 a NUL character can't be passed to a process"]),
    (
        "setup = [['a'], ['b', 5], []]",
        ['3:23 expected a string, got an integer (write: "5")', "3:27 must not be empty"],
    ),
    ("setup = ['a', [\"b\\u0000\"]]", ["3:16 a NUL character can't be passed to a process"]),
    ("volumes = ['data:/x']", ['3:11 expected a table, got a list (write: volumes = { data = "/path/inside" })']),
    (
        "volumes = { A = '/x', b = 'x' }",
        [
            "3:13 `A` can't be the name of a volume: use a-z, 0-9, - and _",
            "3:27 `x` is not an absolute path inside the container",
        ],
    ),
]

SIDECARS: list[tuple[str, list[str]]] = [
    ("postgres = 17", ['2:12 expected a version (a string) or a table, got an integer (write: postgres = "17")']),
    ("postgres = 16.10", ["2:12 expected a version (a string) or a table, got a number (put it in quotes)"]),
    ("'my-db' = true", ["2:11 expected a version (a string) or a table, got a boolean (write: my-db = {})"]),
    ("redis = { version = 8 }", ['2:21 expected a string, got an integer (write: version = "8")']),
    ("redis = { image = 8, ports = [1] }", ['2:19 expected a string, got an integer (write: image = "8")']),
    ("redis = { exports = { a-b = 'x' } }", ["2:23 `a-b` can't be the name of an environment variable"]),
    ("redis = { args = ['-v', 1] }", ['2:25 expected a string, got an integer (write: "1")']),
    (
        "env = { image = 8, env = 1 }",
        ['2:17 expected a string, got an integer (write: image = "8")', "2:26 expected a table, got an integer"],
    ),
]

BUILDS: list[tuple[str, list[str]]] = [
    ("build = 5", ["2:9 expected a string or a table, got an integer"]),
    ("biuld = '.'", ["2:1 unknown key `biuld` (did you mean `build`?)"]),
    ("context = '.'", ["2:1 unknown key `context` (did you mean `build.context`?)"]),
    ("env = {}", [f"1:2 {NO_IMAGE}"]),
    ("build = { contxt = '.' }", ["2:11 unknown key `contxt` (did you mean `context`?)"]),
    ("build = { args = { A = [] } }", ["2:24 expected a string, a number or a boolean, got a list"]),
    ("[app.build]\ntarget = 5", ['3:10 expected a string, got an integer (write: target = "5")']),
    (
        "[app.env]\nx = []",
        [
            f"1:2 {NO_IMAGE}",
            "3:5 expected a string, a number or a boolean, got a list",
        ],
    ),
]
