"""Where keys and values stand, in every way that TOML can be written."""

from __future__ import annotations

import pytest

from devenv.positions import positions

Path = tuple[str | int, ...]

PLACES: list[tuple[str, str, Path, tuple[int, int], tuple[int, int]]] = [
    ("plain", "x = 1\n  y  =  2", ("y",), (2, 3), (2, 9)),
    ("no line end", "x=1", ("x",), (1, 1), (1, 3)),
    ("dotted", "a . 'b c' . \"d\" = 1", ("a", "b c", "d"), (1, 13), (1, 19)),
    ("dotted, implied", "a . 'b c' . \"d\" = 1", ("a", "b c"), (1, 5), (1, 5)),
    ("dotted, first mention", "a.b = 1\na.c = 2", ("a",), (1, 1), (1, 1)),
    ("dotted, second", "a.b = 1\na.c = 2", ("a", "c"), (2, 3), (2, 7)),
    ("header", "[a.b]\nx = 1", ("a", "b"), (1, 4), (1, 4)),
    ("header, implied", "[a.b]\nx = 1", ("a",), (1, 2), (1, 2)),
    ("header, inside", "[ a . b ]\n\tx = 1", ("a", "b", "x"), (2, 2), (2, 6)),
    ("header, after its child", "[a.b]\nx = 1\n[a]\ny = 2", ("a",), (3, 2), (3, 2)),
    ("header, quoted dot", '["a.b".c]\nx = 1', ("a.b", "c"), (1, 8), (1, 8)),
    ("header with escapes", '["\\u0061\\t"]\nx = 1', ("a\t", "x"), (2, 1), (2, 5)),
    ("array of tables", "[[a]]\nx = 1\n[[a]]\nx = 2", ("a", 1, "x"), (4, 1), (4, 5)),
    ("array of tables, element", "[[a]]\nx = 1\n[[ a ]]\nx = 2", ("a", 1), (3, 4), (3, 4)),
    ("array of tables, itself", "[[a]]\nx = 1\n[[a]]\nx = 2", ("a",), (1, 3), (1, 3)),
    ("below an array of tables", "[[a]]\n[[a]]\n[a.b]\nx = 1", ("a", 1, "b", "x"), (4, 1), (4, 5)),
    ("array of tables in one", "[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[[a.b]]\nx = 1", ("a", 1, "b", 1, "x"), (6, 1), (6, 5)),
    ("inline table", "a = { b = 1, c = 2 }", ("a", "c"), (1, 14), (1, 18)),
    ("inline table, itself", "a = { b = 1, c = 2 }", ("a",), (1, 1), (1, 5)),
    ("inline, nested", "a = { b = { c = [ { d = 1 }, { d = 2 } ] } }", ("a", "b", "c", 1, "d"), (1, 32), (1, 36)),
    ("inline, dotted", "a = { b.c = 1, b.d = 2 }", ("a", "b", "d"), (1, 18), (1, 22)),
    ("inline, dotted, implied", "a = { b.c = 1, b.d = 2 }", ("a", "b"), (1, 7), (1, 7)),
    ("array", "a = [1, 'x' ,\n # note\n 3, ]", ("a", 2), (3, 2), (3, 2)),
    ("array of arrays", "a = [[1], [2, [3]]]", ("a", 1, 1, 0), (1, 16), (1, 16)),
    ("after a long string", 'a = """\nx = 1\n[b]\n"""\nb = 2', ("b",), (5, 1), (5, 5)),
    ("after a long string, same line", "a = ['''\n\n''', 2]", ("a", 1), (3, 6), (3, 6)),
    ("after quotes that end a long string", 'a = [""""x""""", 2]', ("a", 1), (1, 18), (1, 18)),
    ("after an escaped line end", 'a = """x \\\n   y"""\nb = 1', ("b",), (3, 1), (3, 5)),
    ("after an escaped line end with spaces", 'a = """x \\ \t\n   y"""\nb = 1', ("b",), (3, 1), (3, 5)),
    ("the same with crlf", 'a = ["""x \\ \t\r\n   y""", 2]\r\nb = 1', ("a", 1), (2, 10), (2, 10)),
    ("after an escaped backslash", 'a = """x \\\\  \ny"""\nb = 1', ("b",), (3, 1), (3, 5)),
    ("a backslash that is none", "a = '''x \\  \ny''' # \\  \nb = 1", ("b",), (3, 1), (3, 5)),
    ("crlf", "a = 1\r\n\r\n[b]\r\nc = 2\r\n", ("b", "c"), (4, 1), (4, 5)),
    (
        "characters, not bytes",
        '"größe 日本 🎉" = { ü = 1 }'.replace("ü", '"ü"'),
        ("größe 日本 🎉", "ü"),
        (1, 18),
        (1, 24),
    ),
    ("an emoji before", 'a = ["🎉🎉", 2]', ("a", 1), (1, 12), (1, 12)),
    ("every type", "a = [1.5, nan, -inf, 0xff, true, 1979-05-27 07:32:00Z, 07:32:00, 9]", ("a", 7), (1, 66), (1, 66)),
    ("unknown key", "[a]\nb = 1", ("a", "x"), (1, 2), (1, 2)),
    ("below a scalar", "[a]\nb = '8000:80'", ("a", "b", "host"), (2, 5), (2, 5)),
    ("unknown at all", "a = 1", ("x", 1, "y"), (1, 1), (1, 1)),
    ("the document", "\n\na = 1", (), (1, 1), (1, 1)),
    ("empty", "", ("a",), (1, 1), (1, 1)),
]


@pytest.mark.parametrize(("text", "path", "key", "value"), [pytest.param(*case[1:], id=case[0]) for case in PLACES])
def test_places(text: str, path: Path, key: tuple[int, int], value: tuple[int, int]) -> None:
    places = positions(text)
    assert (places.key(path), places.value(path)) == (key, value)


NO_TOML = [
    "[",
    "=",
    "a=",
    "[a",
    "[[a]",
    "[]x=1",
    "a=[1,=,2]",
    "a={,}",
    "'a",
    '"\\q"=1',
    "\x00",
    "a.=1",
    "]}",
    "\\",
    "a==1",
    ",a[]]",
    "[\na]",
]


@pytest.mark.parametrize("text", NO_TOML)
def test_what_is_no_toml_has_places_too(text: str) -> None:
    line, column = positions(text).value(("a", 0, "b"))
    assert (line, column) >= (1, 1)


def test_newer_toml_is_a_guess_and_no_crash() -> None:
    places = positions('[app]\nbuild = {\n  context = ".",\n}\nports = [8000]\n')
    assert places.value(("app", "build", "context")) == (3, 13)
    assert places.value(("app", "ports", 0)) == (5, 10)


def test_depth_is_no_matter() -> None:
    places = positions(f"a = {'[' * 3000}{']' * 3000}\n{'.'.join('b' * 3000)} = 1\n")
    assert places.value(("a", *[0] * 2999)) == (1, 3004)
    assert places.key(("b",) * 3000) == (2, 5999)
