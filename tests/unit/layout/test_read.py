"""Where COPY and ADD bring a file: destinations, flags, stages and variables, as tables of real builds' results."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import InputError
from devenv.layout.image import ImageFacts
from devenv.layout.ruling import Change, Verdict

from .layouts import layout, says
from .trees import grow

FILES = "a.py b.py src/a.py src/deep/b.py src/c.md conf/x.conf [draft].txt d.txt README.md"
FROM = "FROM debian:trixie-slim\n"

DESTINATIONS: dict[str, tuple[str, str, str]] = {
    "a folder's content": ("COPY src /app", "src/deep/b.py", "sync /app/deep/b.py"),
    "a folder's content, slash": ("COPY src/ /app/", "src/a.py", "sync /app/a.py"),
    "all": ("COPY . /app", "src/a.py", "sync /app/src/a.py"),
    "all to the root": ("COPY . /", "src/a.py", "sync /src/a.py"),
    "all to here": ("WORKDIR /w\nCOPY . .", "src/a.py", "sync /w/src/a.py"),
    "a chain of folders": ("WORKDIR /w\nWORKDIR x\nCOPY a.py ./", "a.py", "sync /w/x/a.py"),
    "a file to a folder": ("COPY a.py /app/", "a.py", "sync /app/a.py"),
    "a file to a name": ("COPY a.py /app/main.py", "a.py", "sync /app/main.py"),
    "a file to a known folder": ("COPY a.py /usr/local/bin", "a.py", "sync /usr/local/bin/a.py"),
    "a file to the working folder": ("WORKDIR /app\nCOPY a.py /app", "a.py", "sync /app/a.py"),
    "a file to a folder copied before": ("COPY . /app\nCOPY a.py /app/conf", "a.py", "sync /app/a.py /app/conf/a.py"),
    "a file to what may be a folder": ("COPY a.py /app", "a.py", "rebuild 2"),
    "a file to its own name": ("COPY src/deep /deep\nCOPY conf/x.conf /x.conf", "conf/x.conf", "sync /x.conf"),
    "two files": ("COPY a.py b.py /app/", "b.py", "sync /app/b.py"),
    "a JSON form": ('COPY ["src", "/app dir/"]', "src/a.py", "sync /app dir/a.py"),
    "dots in the middle": ("COPY src/../a.py /app/x/../", "a.py", "sync /app/a.py"),
    "a slash at the start": ("COPY /src /app", "src/a.py", "sync /app/a.py"),
    "not copied": ("COPY src /app", "a.py", "absent"),
    "a name that only begins alike": ("COPY sr /app", "src/a.py", "absent"),
    "a pattern": ("COPY *.py /app/", "a.py", "sync /app/a.py"),
    "a pattern over folders": ("COPY src/* /app/", "src/deep/b.py", "sync /app/b.py"),
    "two stars are one part": ("COPY src/**/*.py /app/", "src/deep/b.py", "sync /app/b.py"),
    "two stars are not none": ("COPY src/**/*.py /app/", "src/a.py", "absent"),
    "a pattern that meets nothing": ("COPY uv.lock* a.py /app/", "uv.lock", "sync /app/uv.lock"),
    "a class": ("COPY [draft].txt /app/", "d.txt", "sync /app/d.txt"),
    "a class in JSON": ('COPY ["[draft].txt", "/app/"]', "[draft].txt", "absent"),
    "an escaped bracket": ("COPY [[]draft].txt /app/", "[draft].txt", "sync /app/[draft].txt"),
    "excluded": ("COPY --exclude=*.md src /app", "src/c.md", "absent"),
    "excluded at the top only": ("COPY --exclude=*.py src /app", "src/deep/b.py", "sync /app/deep/b.py"),
    "excluded at any depth": ("COPY --exclude=**/*.py src /app", "src/deep/b.py", "absent"),
    "a named file isn't excluded": ("COPY --exclude=*.md README.md /app/", "README.md", "sync /app/README.md"),
    "with parents": ("COPY --parents src/deep/b.py /app/", "src/deep/b.py", "sync /app/src/deep/b.py"),
    "with parents behind a dot": ("COPY --parents src/./deep /app/", "src/deep/b.py", "sync /app/deep/b.py"),
    "put over": ("COPY . /app\nCOPY conf/x.conf /app/a.py", "a.py", "absent"),
    "put over by a folder": ("COPY src/c.md /app/a.py\nCOPY . /app", "src/c.md", "sync /app/src/c.md"),
    "a heredoc over it": ("COPY . /app\nCOPY <<E /app/a.py\nx\nE", "a.py", "rebuild 3"),
    "twice": ("COPY src /a\nCOPY src /b", "src/a.py", "sync /a/a.py /b/a.py"),
    "read later": ("COPY . /app\nRUN ./build.sh", "a.py", "rebuild 3"),
    "read before it came": ("RUN ./build.sh\nCOPY . /app", "a.py", "sync /app/a.py"),
    "mounted": ("RUN --mount=type=bind,source=a.py,target=/a.py ./build.sh", "a.py", "rebuild 2"),
    "mounted from elsewhere": ("RUN --mount=type=bind,source=src,target=/s ./build.sh", "a.py", "absent"),
    "a cache only": ("RUN --mount=type=cache,target=/c ./build.sh", "a.py", "absent"),
    "variables": ("ENV D=/app\nARG S=src\nCOPY $S ${D}/x", "src/a.py", "sync /app/x/a.py"),
    "a default": ("ENV NONE=\nCOPY src ${NONE:-/app}", "src/a.py", "sync /app/a.py"),
    "old values on one line": ("ENV A=/one\nENV A=/two B=$A\nCOPY a.py $B/", "a.py", "sync /one/a.py"),
    "an archive to unpack": ("ADD x.tar.gz /app/", "x.tar.gz", "rebuild 2"),
    "a folder to add": ("ADD src /app", "src/a.py", "sync /app/a.py"),
    "a URL": ("ADD https://example.com/a.py /app/\nCOPY b.py /app/", "a.py", "absent"),
}


@pytest.mark.parametrize(("lines", "path", "expected"), [pytest.param(*case, id=n) for n, case in DESTINATIONS.items()])
def test_a_file_ends_where_a_build_puts_it(tmp_path: Path, lines: str, path: str, expected: str) -> None:
    assert says(layout(tmp_path, FROM + lines + "\n", FILES), path, Change.EDIT) == expected


STAGES: dict[str, tuple[str, str, str]] = {
    "from a stage": ("AS b\nCOPY . /src\nFROM scratch\nCOPY --from=b /src/src /app", "src/a.py", "sync /app/a.py"),
    "by number": ("\nCOPY . /src\nFROM scratch\nCOPY --from=0 /src/a.py /app/", "a.py", "sync /app/a.py"),
    "in other case": ("AS Bb\nCOPY . /src\nFROM scratch\nCOPY --from=BB /src /app", "a.py", "sync /app/a.py"),
    "not taken on": ("AS b\nCOPY . /src\nFROM scratch\nCOPY --from=b /out /app", "a.py", "absent"),
    "read on the way": ("AS b\nCOPY . /s\nRUN make\nFROM scratch\nCOPY --from=b /s /app", "a.py", "rebuild 3"),
    "of a stage": ("AS b\nWORKDIR /w\nCOPY . .\nFROM b\nCOPY a.py x/", "a.py", "sync /w/a.py /w/x/a.py"),
    "of a stage that isn't needed": ("AS b\nCOPY . /s\nRUN make\nFROM scratch\nCOPY . /app", "a.py", "sync /app/a.py"),
    "over three stages": (
        "AS a\nCOPY . /a\nFROM scratch AS b\nCOPY --from=a /a /b\nFROM scratch\nCOPY --from=b /b /c",
        "a.py",
        "sync /c/a.py",
    ),
    "a later stage": ("AS b\nCOPY --from=c /s /app\nFROM scratch AS c\nCOPY . /s\nFROM b", "a.py", "sync /app/a.py"),
    "a mounted stage": (
        "AS b\nCOPY . /s\nFROM debian:trixie-slim\nRUN --mount=type=bind,from=b,source=/s,target=/t make",
        "a.py",
        "rebuild 4",
    ),
    "what a stage built": (
        "AS b\nRUN make\nFROM scratch\nCOPY . /app/\nCOPY --from=b /out /app/src",
        "src/a.py",
        "rebuild 5",
    ),
    "beside what a stage built": (
        "AS b\nRUN make\nFROM scratch\nCOPY . /app/\nCOPY --from=b /out /app/src",
        "conf/x.conf",
        "sync /app/conf/x.conf",
    ),
    "onbuild": ("AS b\nWORKDIR /o\nONBUILD COPY src .\nFROM b", "src/a.py", "sync /o/a.py"),
    "onbuild, for children only": ("AS b\nONBUILD COPY src /o\nFROM b AS c\nFROM c", "src/a.py", "sync /o/a.py"),
    "an argument of the file": ("AS b\nFROM scratch\nARG D\nCOPY a.py /$D/", "a.py", "sync /a.py"),
    "an inherited argument": ("AS b\nARG D=x\nFROM b\nCOPY a.py /$D/", "a.py", "sync /x/a.py"),
    "an argument that went": ("AS b\nARG D=x\nFROM scratch\nCOPY a.py /y$D/", "a.py", "sync /y/a.py"),
}


@pytest.mark.parametrize(("lines", "path", "expected"), [pytest.param(*case, id=name) for name, case in STAGES.items()])
def test_stages_hand_files_on(tmp_path: Path, lines: str, path: str, expected: str) -> None:
    assert says(layout(tmp_path, f"FROM debian:trixie-slim {lines}\n", FILES), path, Change.EDIT) == expected


OWNERS = {
    "": "0:0",
    "--chown=web": "web:",
    "--chown=web:www": "web:www",
    "--chown=4000": "4000:4000",
    "--chown=:830": "0:830",
    "--chown=$U": "7:8",
}


@pytest.mark.parametrize(("flag", "expected"), OWNERS.items())
def test_an_owner_is_told_as_the_dockerfile_gives_it(tmp_path: Path, flag: str, expected: str) -> None:
    found = layout(tmp_path, f"{FROM}ENV U=7:8\nUSER 2000\nCOPY {flag} src /app\n", FILES)
    assert [landing.owner for landing in found.rule("src/a.py").landings] == [expected]


def test_a_stages_owner_and_mode_go_along(tmp_path: Path) -> None:
    lines = (
        "AS b\nCOPY --chown=9:9 --chmod=640 src /s\nFROM scratch\nCOPY --from=b /s /a\nCOPY --from=b --chown=1 /s /b\n"
    )
    first, second = layout(tmp_path, f"FROM debian:trixie-slim {lines}", FILES).rule("src/a.py").landings
    assert (first.owner, first.mode, second.owner, second.mode) == ("9:9", 0o640, "1:1", 0o640)


def test_a_later_copy_puts_the_owner_back(tmp_path: Path) -> None:
    found = layout(tmp_path, f"{FROM}COPY --chown=9:9 src /app\nCOPY --chmod=600 src/a.py /app/\n", FILES)
    (landing,) = found.rule("src/a.py").landings
    assert (landing.owner, landing.mode) == ("0:0", 0o600)


def test_a_target_and_arguments_choose(tmp_path: Path) -> None:
    text = "ARG BASE=debian:trixie-slim\nFROM $BASE AS one\nARG D=x\nCOPY . /$D/\nFROM scratch AS two\nCOPY . /two/\n"
    assert says(layout(tmp_path, text, FILES, target="ONE", args={"D": "given"}), "a.py") == "sync /given/a.py"
    assert says(layout(tmp_path, text, FILES), "a.py") == "sync /two/a.py"
    assert says(layout(tmp_path, text, FILES, target="0"), "a.py") == "sync /x/a.py"


def test_a_base_images_facts_count(tmp_path: Path) -> None:
    text = "FROM mine/base\nCOPY a.py .\nCOPY b.py $WHERE/\n"
    assert says(layout(tmp_path, text, FILES), "a.py") == "rebuild 2"
    facts = ImageFacts("/srv/app", "web", {"WHERE": "/w"}, ("COPY src lib",))
    found = layout(tmp_path, text, FILES, facts=lambda name: facts if name == "mine/base" else None)
    assert says(found, "a.py") == "sync /srv/app/a.py"
    assert says(found, "b.py") == "sync /w/b.py"
    assert says(found, "src/a.py") == "sync /srv/app/lib/a.py"
    assert (found.target.user, found.target.workdir) == ("web", "/srv/app")


def test_a_variable_that_only_the_base_can_have_is_a_doubt(tmp_path: Path) -> None:
    text = (
        "FROM python:3\nENV HERE=$BASE/x\nCOPY a.py $HERE/\nWORKDIR $BASE/y\nCOPY b.py ./\nWORKDIR /z\nCOPY d.txt ./\n"
    )
    found = layout(tmp_path, text, FILES)
    assert [says(found, path) for path in ("a.py", "b.py", "d.txt")] == ["rebuild 3", "rebuild 5", "sync /z/d.txt"]
    found = layout(tmp_path, text, FILES, facts=lambda name: ImageFacts(env={"BASE": "/b"}))
    assert [says(found, path) for path in ("a.py", "b.py")] == ["sync /b/x/a.py", "sync /b/y/b.py"]


def test_what_is_known_of_official_images(tmp_path: Path) -> None:
    assert (
        says(layout(tmp_path, "FROM golang:1.23\nWORKDIR $GOPATH/src\nCOPY a.py .\n", FILES), "a.py")
        == "sync /go/src/a.py"
    )
    assert says(layout(tmp_path, "FROM php:8-apache\nCOPY a.py .\n", FILES), "a.py") == "sync /var/www/html/a.py"


def test_links_of_the_context_are_followed_where_they_are_named(tmp_path: Path) -> None:
    files = {"real/x": "1", "link": "->real/x", "folder": "->real", "deep": "->folder/x", "round": "->round"}
    found = layout(tmp_path, f"{FROM}COPY link /l/l\nCOPY folder /f/\nCOPY deep roun* /d/\nCOPY . /all/\n", files)
    assert says(found, "real/x") == "sync /l/l /f/x /d/deep /all/real/x"
    ruling = found.rule("link")
    assert [(landing.path, landing.follows) for landing in ruling.landings] == [("/l/l", True), ("/all/link", False)]


REMOVALS: dict[str, tuple[str, str, str]] = {
    "one of many": ("COPY . /app", "a.py", "sync /app/a.py"),
    "named": ("COPY a.py /app/", "a.py", "rebuild 2"),
    "by a pattern": ("COPY *.py /app/", "a.py", "sync /app/a.py"),
    "what lies under it": ("COPY src /app\nCOPY . /app", "a.py", "rebuild 2"),
    "what a command may have made": ("WORKDIR /app\nRUN ./make.sh\nCOPY . .", "b.py", "rebuild 3"),
    "what the base may have": ("COPY conf /etc/app", "conf/x.conf", "rebuild 2"),
    "what the base can't have": ("WORKDIR /etc/app\nCOPY conf .", "conf/x.conf", "sync /etc/app/x.conf"),
}


@pytest.mark.parametrize(("lines", "path", "expected"), [pytest.param(*case, id=n) for n, case in REMOVALS.items()])
def test_a_removal_is_judged_on_its_own(tmp_path: Path, lines: str, path: str, expected: str) -> None:
    found = layout(tmp_path, FROM + lines + "\n", FILES)
    assert says(found, path, Change.DELETE) == expected
    (tmp_path / path).unlink()
    assert says(found, path) == expected


def test_a_folder_that_is_only_there_for_one_file_goes_with_it(tmp_path: Path) -> None:
    found = layout(tmp_path, f"{FROM}COPY . /app\n", {"src/a.py": "", "src/b": "", ".dockerignore": "*\n!src/a.py\n"})
    assert found.rule("src/a.py", Change.EDIT).verdict is Verdict.SYNC
    assert found.rule("src/a.py", Change.DELETE).verdict is Verdict.REBUILD
    assert says(found, "src/b") == "absent"


NEVER = (".git/HEAD", ".git", ".devenv/x", "src/__pycache__/a.pyc", "a.pyc", "src/.a.py.swp", "a.py~", "../x")


@pytest.mark.parametrize("path", NEVER)
def test_some_files_never_matter(tmp_path: Path, path: str) -> None:
    assert says(layout(tmp_path, f"{FROM}COPY . /app\nRUN make\n", FILES), path) == "absent"


def test_what_the_builder_itself_reads_rebuilds(tmp_path: Path) -> None:
    grow(tmp_path, {"Dockerfile.dockerignore": "*.md\n", ".dockerignore": "src\n"})
    found = layout(tmp_path, f"{FROM}COPY . /app\n", FILES)
    assert says(found, "Dockerfile") == says(found, "Dockerfile.dockerignore") == "rebuild 0"
    assert says(found, ".dockerignore") == "sync /app/.dockerignore"
    assert says(found, "README.md") == "absent"
    assert says(found, "src/a.py") == "sync /app/src/a.py"


def test_an_ignore_file_that_is_new_rebuilds(tmp_path: Path) -> None:
    found = layout(tmp_path, f"{FROM}COPY . /app\n", "a.py")
    assert [says(found, path, Change.ADD) for path in (".dockerignore", "Dockerfile.dockerignore")] == ["rebuild 0"] * 2
    assert found.roots() == ("Dockerfile", "a.py")


def test_roots_are_what_the_image_uses(tmp_path: Path) -> None:
    files = [*FILES.split(), "node_modules/x/y", ".venv/z", ".git/HEAD", "docs/x"]
    grow(tmp_path, {".dockerignore": "node_modules\n.venv\ndocs/*\n!docs/x\n"})
    found = layout(tmp_path, f"{FROM}COPY src /app\nCOPY conf/x.* README.md /\n", files)
    assert found.roots() == (".dockerignore", "Dockerfile", "README.md", "conf", "src")
    found = layout(tmp_path, f"{FROM}COPY . /app\n", files)
    assert not {"node_modules", ".venv", ".git"} & set(found.roots())
    assert {"src", "docs", "a.py"} < set(found.roots())


REFUSED: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "Dockerfile", "is empty"),
    "an unknown word": ("FORM debian\n", "Dockerfile:1", "unknown instruction: FORM"),
    "no FROM": ("ARG A\n", "Dockerfile", "has no FROM"),
    "too early": ("RUN x\nFROM debian\n", "Dockerfile:1", "RUN stands before the first FROM"),
    "an empty base": ("ARG B\nFROM $B\n", "Dockerfile:2", "`$B` is empty"),
    "outside": ("FROM debian\nCOPY ../x /x\n", "Dockerfile:2", "`../x` is outside the build context"),
    "itself": ("FROM debian AS a\nCOPY --from=a /x /x\n", "Dockerfile:2", "in a circle: a → a"),
    "a circle": (
        "FROM debian AS a\nCOPY --from=b / /x\nFROM debian AS b\nCOPY --from=a / /x\n",
        "Dockerfile:2",
        "in a circle: b → a → b",
    ),
    "no such number": ("FROM debian\nCOPY --from=3 /x /x\n", "Dockerfile:2", "no stage 3"),
    "a stage in capitals": ("FROM debian AS One\nFROM One\n", "Dockerfile:2", "no stage is called `One`"),
    "no folder": ("FROM debian\nCOPY a b /c\n", "Dockerfile:2", "`/c` of COPY is no folder"),
    "one word": ("FROM debian\nCOPY a\n", "Dockerfile:2", "COPY needs a source and a destination"),
    "a bad pattern": ("FROM debian\nCOPY a[ /c\n", "Dockerfile:2", "`a[` is not a pattern"),
    "a flag": ("FROM debian\nCOPY --form=x a /c\n", "Dockerfile:2", "COPY has no flag `--form`"),
    "a variable": ("FROM debian\nCOPY a ${X:?no X} /\n", "Dockerfile:2", "can't be expanded"),
    "an open heredoc": ("FROM debian\nRUN <<E\nx\n", "Dockerfile:2", "unterminated heredoc"),
    "no mount target": ("FROM debian\nRUN --mount=type=bind x\n", "Dockerfile:2", "a bind mount has no target"),
    "an odd trigger": ("FROM debian\nONBUILD FRMO x\n", "Dockerfile:2", "ONBUILD can't hold `FRMO x`"),
    "a variable stage": ("FROM debian\nCOPY --from=$X a /\n", "Dockerfile:2", "--from takes no variable"),
}


@pytest.mark.parametrize(("text", "where", "message"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_what_cannot_be_built_is_told_with_its_place(tmp_path: Path, text: str, where: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        layout(tmp_path, text, FILES)
    assert caught.value.where == where
    assert message in caught.value.message


def test_a_missing_target_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        layout(tmp_path, "FROM scratch AS builder\nFROM scratch AS web\n", target="bulider")
    assert (caught.value.message, caught.value.hint) == (
        "the Dockerfile has no stage `bulider`",
        "did you mean `builder`?",
    )


def test_a_missing_dockerfile_is_told(tmp_path: Path) -> None:
    from devenv.layout.read import read_layout

    with pytest.raises(InputError, match="there is no Dockerfile"):
        read_layout(tmp_path, tmp_path / "Dockerfile")
