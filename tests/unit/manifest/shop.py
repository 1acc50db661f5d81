"""A manifest that uses everything a manifest may hold, with what kind of thing each part is."""

from __future__ import annotations

import datetime

from .writer import Items, Leaf, Node, Table


def _table(kind: str, **entries: Node) -> Table:
    return Table(list(entries.items()), kind)


def _words(*words: str, kind: str = "command") -> Items:
    return Items([Leaf(word, "word") for word in words], kind)


def _strings(*words: str) -> Items:
    return Items([Leaf(word, "word") for word in words], "strings")


def _string(value: str) -> Leaf:
    return Leaf(value, "string")


def _env(kind: str = "env", **entries: object) -> Table:
    return Table([(key, Leaf(value, "env value")) for key, value in entries.items()], kind)


def _port_table(**entries: object) -> Table:
    kinds = {"name": "string"}
    return Table([(key, Leaf(value, kinds.get(key, "port number"))) for key, value in entries.items()], "port table")


def _app(**entries: Node) -> Table:
    return _table("app", build=Leaf(".", "build"), **entries)


def shop() -> Table:
    """The tree, new each time."""
    return _table("manifest", name=Leaf("größer shop", "name"), app=_main(), apps=_apps(), sidecars=_sidecars())


def _main() -> Table:
    build = _table("build", context=_string("."), dockerfile=_string("Dockerfile"), target=_string("production"))
    echo = Leaf("echo 'all done'", "setup command")
    build.entries.append(("args", _env(VERSION="1.0", DEBUG=True, SIZE=1.5)))
    return _table(
        "running app",
        build=build,
        command=_words("uvicorn", "shop.main:app", "--host", "0.0.0.0"),
        ports=Items([Leaf(8000, "port"), Leaf("8001:81", "port"), _port_table(port=82, host=8002, name="ä")], "ports"),
        ready=_table("ready", http=_string("/health"), status=_string("200,401"), port=Leaf(8000, "port number")),
        env=_env(LOG_LEVEL="debug", SIZE=5, RATIO=0.5, ON=True, GREETING='say "hi" \\ 日本\u0007 to all of them'),
        env_file=_strings(".env", ".env.local"),
        setup=Items([_words("python", "-m", "shop.migrate", kind="setup command"), echo], "setup"),
        needs=_strings("postgres", "redis"),
        profile=_string("web"),
        volumes=Table([("uploads", Leaf("/srv/uploads", "volume"))], "volumes"),
    )


def _apps() -> Table:
    short = Items([Leaf("python", "setup word"), Leaf("-m", "setup word")], "setup")
    worker = _app(command=Leaf("python -m shop.worker", "command"), ready=_table("ready", log=_string("ready: ✓")))
    worker.kind = "running app"
    beat = _app(
        setup=short, ready=_table("ready", command=_words("test", "-f", "/ok")), env_file=Leaf(".env", "strings")
    )
    tables = Items([_port_table(port=9000), _port_table(port=9001, name="admin")], "ports")
    other = Table([("image", _string("busybox:1")), ("ports", tables)], "image app")
    return Table([("worker", worker), ("beat-1", beat), ("other", other)], "apps")


def _sidecars() -> Table:
    search = _table(
        "sidecar",
        image=_string("getmeili/meilisearch:v1.12"),
        ports=Items([Leaf(7700, "port")], "ports"),
        ready=_table("ready", tcp=Leaf(7700, "port number")),
        exports=_env(SEARCH_URL="http://{host}:{port}"),
        env=_env(KEY="x"),
        args=Items([Leaf("--no-analytics", "word")], "strings"),
        profile=_string("search"),
    )
    pg = Table(
        [("version", _string("17")), ("recipe", _string("postgres")), ("databases", Items([Leaf("a")]))], "sidecar"
    )
    return Table(
        [("postgres", Leaf("17", "sidecar")), ("redis", Table([], "sidecar")), ("search", search), ("reports", pg)],
        "sidecars",
    )


_DATE = datetime.date(2026, 1, 2)
_TIME = datetime.datetime(2026, 1, 2, 3, 4, 5)
_HUGE = 16**5000  # more digits than Python converts to decimal
_NOT_STRINGS: list[object] = [5, -1, 1.5, float("nan"), True, _DATE, [], ["a"], {}, {"zqx": 1}, [{"zqx": 1}]]
_NOT_TABLES: list[object] = [7, False, float("-inf"), _TIME, "text", [], ["a"], [{"zqx": 1}]]
_NOT_COMMANDS: list[object] = [5, True, 1.5, _TIME, {}, {"zqx": 1}, []]

WRONG: dict[str, list[object]] = {
    "name": [*_NOT_STRINGS, ""],
    "string": [*_NOT_STRINGS, "nul \0 inside"],
    "word": [*_NOT_STRINGS, "\0"],
    "setup word": [5, True, 1.5, _DATE, {}, "\0"],
    "setup command": _NOT_COMMANDS,
    "command": [*_NOT_COMMANDS, "", "  ", "an 'open quote", "open\\"],
    "strings": [5, True, 1.5, _DATE, {}],
    "setup": [5, True, 1.5, _DATE, {}, "'", {"zqx": [1]}],
    "env value": [[], ["a"], {}, {"zqx": {"y": 1}}, _DATE, _TIME, "a\0b", _HUGE],
    "volume": [5, {}, [], "relative/path", "/a:b", "", "\0"],
    "port": [True, 1.5, 0, -1, 65536, _HUGE, [80], [], _DATE, "http", "", "80:", "1:2:3", "0:80", "80:65536", "²:80"],
    "port number": ["80", 1.5, True, 0, 65536, [], {}, _DATE],
    "ports": [8000, "8000", {}, True, {"port": 80}],
    "port table": [True, 1.5, [], "http"],
    "build": [5, True, [], ["."], _DATE],
    "sidecar": [17, 1.5, True, [], ["a"], _DATE, [{"zqx": 1}]],
    **dict.fromkeys(["app", "image app", "ready", "env", "volumes", "apps", "sidecars"], _NOT_TABLES),
}
"""For each kind, values that it can't have."""

CLOSED = ("manifest", "app", "running app", "image app", "build", "ready", "port table")
"""Tables that know all of their keys."""

WRONG_NAMES = {
    "env": ["A-B", "1A", "é", "a b", "", "a.b", "\n"],
    "volumes": ["A", "a b", "-x", "é", ""],
    "apps": ["Web", "a b", "", "x" * 64, "é", "-", "a\u001b[31m", "x" * 500],
    "sidecars": ["Post", "a b", "", "x" * 64, "日本", "_"],
}
"""For tables with free keys, keys that they can't have."""

NEEDED = {"app": {"build"}, "image app": {"image"}, "port table": {"port"}, "ready": {"http", "tcp", "log", "command"}}
"""Keys without which a table is wrong, where it has only one of them."""

RUNNING = {"build", "command"}
"""Of these a running app needs one, whichever it is."""
