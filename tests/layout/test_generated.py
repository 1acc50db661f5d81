"""The same oracle over Dockerfiles that nobody wrote: stages, copies and commands at random over one small context."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from devenv.errors import InputError

from .builds import build, make_tools
from .cases import BASE, Case, File
from .oracle import HOW, Judge, layout_of, mutations

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

SOAK = bool(os.environ.get("DEVENV_SOAK"))
EXAMPLES = 120 if SOAK else 4

FILES = {
    "a.py": File("a = 1\n"),
    "b.txt": File("b\n", 0o755),
    "requirements.txt": File("dep1\n"),
    "src/c.py": File("c = 1\n"),
    "src/d.sh": File("d\n"),
    "src/deep/e.py": File("e = 1\n", 0o600),
    "src/deep/.f": File("f\n"),
    "conf/a.py": File("another a\n"),
    "link.py": File(link="src/c.py"),
    "tests/t.py": File("t\n"),
}
SOURCES = (
    "a.py",
    ".",
    "src",
    "src/",
    "src/*",
    "*.py",
    "src/deep",
    "conf",
    "link.py",
    "tests",
    "[ab]*",
    "b.txt a.py",
    "src/*/*.py",
)
PLACES = ("/app/", "/app/x/", ".", "./", "/app/src/", "deep/", "/srv/one", "/srv/link/", "src/")
FLAGS = ("", "", "", "--chown=7:8 ", "--chmod=640 ", "--exclude=*.sh ", "--exclude=**/e.py ")
COMMANDS = (
    "mkdir -p /app/made /srv",
    "rm -rf /app/tests src/*.sh /app/x/deep",
    "chown -R 5:6 /app || true",
    "chmod -R g=u,o-rwx /app /srv",
    "find / -path '/app/*' -name '*.sh' -exec chmod +x {} +",
    "mkdir -p /srv/real && ln -sfn /srv/real /srv/link",
    "cat a.py src/c.py > /seen 2>/dev/null || true",
    "if [ -f /app/b.txt ]; then cp /app/b.txt /copied; fi",
    "pip install -r requirements.txt",
    "cd src && ls && sed -i 's/c/x/' c.py",
    "find . -type f | sort > /list; true",
    "echo new > /app/a.py; touch /app/stamp",
    "for f in src/d.sh b.txt; do test -e $f && chmod 755 $f; done; true",
)
BEGINNINGS = ("COPY . .", "COPY src src", "COPY a.py b.txt requirements.txt ./")
IGNORES = ("", "tests\n", "*\n!src/**\n!a.py\n", "**/*.sh\nsrc/deep/*\n!src/deep/e.py\n")


@st.composite
def lines(draw: st.DrawFn, stages: int) -> list[str]:
    """Some lines of a stage that may copy from this many stages before it."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["COPY", "COPY", "FROM", "RUN", "RUN", "WORKDIR"]))
        place, flag = draw(st.sampled_from(PLACES)), draw(st.sampled_from(FLAGS))
        if kind == "COPY":
            found.append(f"COPY {flag}{draw(st.sampled_from(SOURCES))} {place}")
        elif kind == "FROM" and stages:
            number = draw(st.integers(0, stages - 1))
            found.append(f"COPY --from={number} {flag}{draw(st.sampled_from(('/app', '/app/src', '/srv')))} {place}")
        elif kind == "RUN":
            found.append(f"RUN {draw(st.sampled_from(COMMANDS))}")
        else:
            found.append(f"WORKDIR {draw(st.sampled_from(('/app', '/srv', 'sub', '/app/src')))}")
    return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A context with a Dockerfile of one to three stages, and maybe an ignore file."""
    text: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        base = draw(st.sampled_from([BASE, *(f"stage{before}" for before in range(number))]))
        begins = [*BEGINNINGS, *(f"COPY --from={before} /app /app" for before in range(number))]
        text += [f"FROM {base} AS stage{number}", "WORKDIR /app", draw(st.sampled_from(begins)), *draw(lines(number))]
    ignore = draw(st.sampled_from(IGNORES))
    files = {"Dockerfile": File("\n".join(text) + "\n"), ".dockerignore": File(ignore), **FILES}
    return Case("generated", files)


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    make_tools()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    database=None,
    derandomize=not SOAK,
)
@given(case=cases(), how=st.sampled_from(HOW))
def test_what_needs_no_build_is_right(case: Case, how: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = case.write(Path(folder) / "first")
        try:
            layout_of(case, context)
        except InputError:
            assert build(case, context) is None  # what we refuse, the builder refuses
            return
        assume(build(case, context) is not None)
        judge = Judge(case, Path(folder))
        assert judge.together(mutations(case, [how])) == [], f"{how}\n{case.dockerfile}"
