"""The oracle: what real builds copy is what an index holds, path by path, with modes and link targets."""

from __future__ import annotations

import io
import os
import re
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import assume, given

from devenv.errors import InputError
from devenv.layout.context import BUILDER, index
from devenv.layout.fingerprint import LINK

from .ignore_texts import ignore_texts
from .trees import Tree, grow

pytestmark = pytest.mark.engine

REFUSED = re.compile(rb"syntax error in pattern|illegal exclusion pattern|non-printable ASCII characters")
Seen = dict[str, tuple[int, str]]

NAMES = (
    *(
        "a/b/c.txt",
        "a/b/a/b/ab",
        "a/.env",
        "a/ab/é",
        "ab/a/x.txt",
        "b/b/a.txt",
        "b/x y",
        "c.txt",
        "Q",
        "日本/a",
        ".a/.b",
    ),
    *(
        "[a]/b",
        "a*b",
        "a?/a",
        "^a",
        "!a",
        "#a",
        "a\\b",
        "d1/1",
        " sp",
        "$",
        "a.b",
        "a+b/(a)",
        "{a}",
        "]",
        "a|b",
        "a-b/-",
    ),
    *("日本/a", "a-b/-", "aa/{2}", "\ufeffa", "\x1ca", "a\tb", "n\nl/a"),
)
TREE: Tree = {
    **dict.fromkeys(NAMES, ""),
    "b/link": "->../a",
    "dangling": "->./no//where/",
    "b/empty/": "",
    "a/none/": "",
}
"""Names that the patterns of `ignore_texts` hit, or just miss; none that we leave out on our own account."""

PATHS = sorted(path.rstrip("/") for path in TREE)

TEXTS = {
    "nothing": "",
    "names": "a\nb/\n/c.txt\n./Q\nd1/../^a\n",
    "top only": "*.txt\n",
    "any depth": "**/*.txt\n**/a\n",
    "all": "**",
    "all but": "*\n!a\n!b/b\n",
    "all but, deep": "**\n!**/*.txt\n!**/b/**\n",
    "folders again": "a\n!a/b\na/b/a\n!a/b/a/b\n",
    "an idle bang": "a/*\n!a\n",
    "an idle bang, deep": "a/b/*.txt\n!a\nb\n!b/b\nb/b/*\n",
    "a folder it doesn't enter": "a/b\n!a/*/**\n",
    "a folder it does enter": "a/b\n!a/*/**\n!zz?\n",
    "empty folders": "b/b\nb/link\nb/x y\na/none\n",
    "escapes": "\\!a\n\\#a\na\\*b\na\\\\b\n\\[a]\n\\$\n",
    "classes": "[^a-z]*\n![!]a\n[[:digit:]]\n",
    "regular expressions": "\\d?\na{2}*\na|b*\n![*]\n",
    "space and marks": "\ufeff  a/a  \r\n\t!\ta/a\t\n \x1ca\n\ufeffa\n# b\n #a\n",
    "never": "/\n.\n..\n../a\n/ /a\n![b-a]?\n",
}


def docker_build(context: Path, dockerfile: Path) -> Seen | None:
    """What `COPY . /` copies; None where the builder refuses the ignore file."""
    command = ["docker", "buildx", "build", "--quiet", "--output", "type=tar,dest=-", "--file", str(dockerfile), "."]
    done = subprocess.run(command, cwd=context, capture_output=True, timeout=120)
    if done.returncode:
        assert REFUSED.search(done.stderr), done.stderr.decode()
        return None
    result = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            mode = 0o777 if member.issym() else member.mode
            result[member.name + "/" * member.isdir()] = (mode, member.linkname)
    return result


def ours(context: Path, dockerfile: Path) -> Seen | None:
    """What the index says, in the same form; None where it refuses the ignore file."""
    try:
        entries = index(context, dockerfile).entries
    except InputError:
        return None
    return {
        path: (stat.S_IMODE(entry.mode), entry.digest.removeprefix(LINK) if stat.S_ISLNK(entry.mode) else "")
        for path, entry in entries.items()
        if not path.startswith(BUILDER)
    }


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = grow(tmp_path_factory.mktemp("oracle") / "context", TREE)
    (root / "Q").chmod(0o4751)
    (root / "c.txt").chmod(0o600)
    (root / "b").chmod(0o2750)
    return root


def both(context: Path, text: str) -> tuple[Seen | None, Seen | None]:
    """Ours and Docker's; the Dockerfile and the ignore file lie outside the context, so that it stays as it is."""
    dockerfile = context.parent / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    dockerfile.with_name("Dockerfile.dockerignore").write_bytes(text.encode())
    return ours(context, dockerfile), docker_build(context, dockerfile)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TEXTS.items()])
def test_docker_copies_what_the_index_holds(context: Path, text: str) -> None:
    mine, dockers = both(context, text)
    assert mine == dockers
    assert mine is not None


@given(text=ignore_texts(PATHS))
def test_whatever_the_ignore_file(context: Path, text: str) -> None:
    mine, dockers = both(context, text)
    if mine is not None:
        assume(dockers is not None)  # some patterns Docker refuses only when it comes to try them
    assert mine == dockers


@pytest.mark.parametrize("text", ["!", "a[", "[]", "a\\", "[.]*["])
def test_docker_refuses_what_the_index_refuses(context: Path, text: str) -> None:
    assert both(context, text) == (None, None)


FOUND: dict[str, tuple[dict[str, str], str]] = {
    "of the context": ({".dockerignore": "x"}, "Dockerfile"),
    "of the Dockerfile": ({".dockerignore": "x", "sub/D.dockerignore": "y"}, "sub/D"),
    "an empty one of the Dockerfile": ({".dockerignore": "x", "Dockerfile.dockerignore": ""}, "Dockerfile"),
    "itself and the Dockerfile ignored": ({".dockerignore": ".dockerignore\nDockerfile\nx"}, "Dockerfile"),
    "a link": ({".dockerignore": "->sub/ignore", "sub/ignore": "x"}, "Dockerfile"),
    "a link to outside": ({".dockerignore": "->../ignore", "../ignore": "x"}, "Dockerfile"),
    "a folder": ({"Dockerfile.dockerignore/": "", ".dockerignore": "x"}, "Dockerfile"),
    "not text": ({".dockerignore": "\udcff\nx\n"}, "Dockerfile"),
}


@pytest.mark.parametrize(("tree", "name"), [pytest.param(*case, id=name) for name, case in FOUND.items()])
def test_docker_finds_the_same_ignore_file(tmp_path: Path, tree: dict[str, str], name: str) -> None:
    root = grow(tmp_path / "context", {"x": "", "y": "", name: "FROM scratch\nCOPY . /\n"})
    grow(root, {path: text if text.startswith("->") else os.fsencode(text) for path, text in tree.items()})
    mine = ours(root, root / name)
    assert mine == docker_build(root, root / name)
    assert mine is not None
