"""A file becomes data, or an error that says where."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.errors import InputError, ManifestError
from devenv.manifest.source import LIMIT, read

BAD_BYTES: list[tuple[str, bytes, str, str, str | None]] = [
    ("a byte", b'a = 1\nb = "\xc3\xbc\xff"\n', "2:7", "not UTF-8: byte 0xff", "save it as UTF-8"),
    ("latin-1", b"# gr\xfc\xdfe\n", "1:5", "not UTF-8: byte 0xfc", "save it as UTF-8"),
    ("cut off", b'a = "\xe2\x82', "1:6", "not UTF-8: byte 0xe2", "save it as UTF-8"),
    (
        "utf-16",
        '\ufeffa = "x"'.encode("utf-16-le"),
        "1:1",
        "not UTF-8: byte 0xff",
        "it is UTF-16, as some editors on Windows write it: save it as UTF-8",
    ),
]

QUOTES = 'text needs quotes: key = "text"'
ONE_LINE = "a table in braces stays on one line, without a comma at its end"
ONCE = "a key can be given only once"

BAD_TOML: list[tuple[str, str, str, str | None]] = [
    ("name = shop", "1:8", "expected a value", QUOTES),
    ('name = "shop"\n\nversion = 17.5.1\n', "3:15", "expected the end of the line", QUOTES),
    ('name: "shop"', "1:5", "expected `=` after the key", 'TOML writes: key = "value"'),
    ("name = ", "1:8", "expected a value", QUOTES),
    ("name = \n", "1:8", "expected a value", QUOTES),
    ('größe = "x"', "1:3", "expected `=` after the key", 'TOML writes: key = "value"'),
    ("!x = 1", "1:1", "expected a key, a [table] or a comment", None),
    ("x = {a = 1,\n b = 2}", "1:12", "expected a key", ONE_LINE),
    ("x = {a = 1\n}", "1:11", "expected `,` or `}`", ONE_LINE),
    ("x = {a = 1,}", "1:12", "expected a key", ONE_LINE),
    ("x = [1\n 2]", "2:2", "expected `,` or `]`", None),
    ("x = [1,", "1:8", "expected a value", QUOTES),
    ("x = 1\r\ny = 2\r\nx = 3\r\n", "3:6", "this key has a value already", ONCE),
    ("x = {a = 1, a = 2}", "1:18", "this key has a value already", ONCE),
    ("[a]\n[a]\n", "2:3", "this table is there already", "write the keys of both under one header"),
    ("a = {}\na.b = 1\n", "2:8", "this table or list is complete already", "write all of it in one place"),
    ("a = []\n[[a]]\n", "2:4", "this table or list is complete already", "write all of it in one place"),
    ('x = "ü\ny = 1', "1:7", "the string does not end on its line", 'several lines stand between """ and """'),
    ("x = 'ü\ny = 1'", "1:7", "the string does not end on its line", 'several lines stand between """ and """'),
    ('x = "', "1:6", "the string does not end", None),
    ("x = '''\n", "2:1", "the string does not end", None),
    ('x = "C:\\dir"', "1:10", "unknown escape after a backslash", "single quotes know no escapes: 'C:\\dir'"),
    ('x = "\x1b[1m"', "1:6", "the character \\x1b is not allowed here", None),
    ("x = 1\ry = 2", "1:6", "expected the end of the line", QUOTES),
    ("x = 2026-02-30", "1:5", "invalid date or datetime", None),
    ("[x\ny = 1", "1:3", "expected `]` after the name of the table", None),
    ("[[x]\ny = 1", "1:4", "expected `]]` after the name of the table", None),
    ("a = 1\n" + "y = " + "7" * 5000, "2:5", "the number is too long", None),
    ("a = 1\n" + "y = " + "[" * 5000, "2:105", "tables or lists are nested too deeply", None),
    ("a = 1\n" + "y = " + "{a = " * 5000, "2:505", "tables or lists are nested too deeply", None),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "devenv.toml"


@pytest.mark.parametrize(
    ("content", "where", "message", "hint"), [pytest.param(*case[1:], id=case[0]) for case in BAD_BYTES]
)
def test_what_is_no_text(file: Path, content: bytes, where: str, message: str, hint: str) -> None:
    check(file, content, where, message, hint)


@pytest.mark.parametrize(("text", "where", "message", "hint"), BAD_TOML, ids=[f"{case[0]!r:.30}" for case in BAD_TOML])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "bom"])
def test_what_is_no_toml(file: Path, mark: str, text: str, where: str, message: str, hint: str | None) -> None:
    check(file, (mark + text).encode(), where, message, hint)


def check(file: Path, content: bytes, where: str, message: str, hint: str | None) -> None:
    file.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read(file)
    (problem,) = caught.value.problems
    assert (problem.where, problem.message, problem.hint) == (f"devenv.toml:{where}", message, hint)
    assert caught.value.message == message
    assert caught.value.exit_code == 2


def test_a_good_one(file: Path) -> None:
    file.write_bytes('\ufeff[app]\r\nbuild = "größer"\r\n'.encode())
    source = read(file)
    assert source.path == file
    assert source.display == "devenv.toml"
    assert source.text == '[app]\r\nbuild = "größer"\r\n'
    assert source.data == {"app": {"build": "größer"}}


def test_the_largest_and_one_byte_more(file: Path) -> None:
    file.write_bytes(b"#" * LIMIT)
    assert read(file).data == {}
    file.write_bytes(b"#" * (LIMIT + 1))
    with pytest.raises(InputError) as caught:
        read(file)
    assert (caught.value.message, caught.value.where) == ("the manifest is larger than 1 MiB", "devenv.toml")
    assert caught.value.hint == "is this the right file?"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(InputError, match="larger than 1 MiB"):
        read(Path("/dev/zero"))


def test_what_cant_be_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to("gone")
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in [
        ("missing", "no such file or directory"),
        ("broken", "no such file or directory"),
        (".", "is a directory"),
        ("loop", "too many levels of symbolic links"),
        ("nul\0", "embedded null byte"),
    ]:
        with pytest.raises(InputError) as caught:
            read(tmp_path / name)
        assert caught.value.message == f"can't read the manifest: {reason}"
        assert caught.value.where == name.replace("\0", "\\x00")


@pytest.fixture
def powerless() -> Iterator[None]:
    """Root may read everything, so it becomes nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


def test_no_permission(file: Path, request: pytest.FixtureRequest) -> None:
    file.touch(0o000)
    request.getfixturevalue("powerless")
    with pytest.raises(InputError, match="can't read the manifest: permission denied"):
        read(file)


def test_reading_and_parsing_a_good_manifest_loads_no_grammar(file: Path) -> None:
    file.write_text('[app]\nbuild = "."\n')
    script = (
        "import sys; from pathlib import Path; from devenv.manifest.source import parse, place, read;"
        "source = read(Path('devenv.toml')); assert not place(source, parse(source)[1]);"
        "assert not [name for name in sys.modules if 'tree_sitter' in name]"
    )
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=file.parent, env={**os.environ, "PYTHONPATH": str(root)}
    )
