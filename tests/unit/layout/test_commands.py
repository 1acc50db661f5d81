"""What a RUN behind `COPY . .` reads: each known form, and what it comes to for a few files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from devenv.layout.ruling import Change, Verdict

from .layouts import layout, says

PYPROJECT = '[project]\nname = "shop"\nreadme = "README.md"\n[build-system]\nbuild-backend = "hatchling.build"\n'
FILES = {
    "a.py": "",
    "README.md": "",
    "run.sh": "",
    "requirements.txt": "-r more.txt\nrequests==2\n",
    "more.txt": "-e ./lib\n",
    "lib/pyproject.toml": PYPROJECT,
    "lib/lib.py": "",
    "pyproject.toml": PYPROJECT,
    "uv.lock": "",
    "poetry.lock": "",
    "shop/__init__.py": "",
    "shop/main.py": "",
    "shop/settings.py": "",
    "shop/static/x.css": "",
    "shop/locale/de.po": "",
    "manage.py": "",
    "package.json": '{"scripts": {"build": "next build", "lint": "eslint .", "up": "cp ../x y"}}',
    "web/package.json": '{"scripts": {"postinstall": "node hook.js", "build": "vite build"}}',
    "web/hook.js": "",
    "web/app.ts": "",
    "go.mod": "",
    "main.go": "",
    "data/x.bin": "",
    "tests/test_a.py": "",
}


def judged(root: Path, run: str, files: Mapping[str, str] = FILES, before: str = "") -> dict[str, str]:
    """The verdicts that aren't `sync`, by path, after `COPY . /app` and the line."""
    found = layout(root, f"FROM python:3.13-slim\n{before}\nWORKDIR /app\nCOPY . .\n{run}\n", files)
    rulings = {path: found.rule(path, Change.EDIT) for path in files}
    return {path: each.verdict.value for path, each in rulings.items() if each.verdict is not Verdict.SYNC}


NOTHING = [
    "RUN true",
    "RUN echo hi && printf x; :",
    "RUN set -eux; mkdir -p /app/logs /data; useradd -m -u 1000 web",
    "RUN chown -R web:web /app && chmod -R g=u .",
    "RUN apt-get update && apt-get install -y --no-install-recommends curl=7.* && rm -rf /var/lib/apt/lists/*",
    "RUN apk add --no-cache --virtual .build gcc",
    "RUN pip install --upgrade pip && pip3 install 'gunicorn[gevent]==22' uvicorn",
    "RUN python -m pip install requests",
    "RUN python3 -m venv /opt/venv",
    "RUN npm install -g pnpm && corepack enable",
    "RUN curl -fsSL https://example.com/x -o /tmp/x",
    "RUN wget -qO /tmp/x https://example.com/x",
    "RUN ln -s /app/a.py /usr/local/bin/a",
    "RUN go env && go install example.com/x@latest",
    "RUN test -d /data || mkdir /data",
    "RUN if [ -d /x ]; then echo; else echo; fi",
    "RUN for d in a b; do mkdir -p /var/$d; done",
    "RUN export X=1 && echo $X",
    "RUN DEBIAN_FRONTEND=noninteractive apt-get -qq update",
    "RUN sudo -u web mkdir /y",
    'RUN ["mkdir", "/x"]',
    "RUN sh -c 'echo x && mkdir -p /z'",
    "RUN <<EOF\nset -e\nmkdir /y\necho hi\nEOF",
    "RUN python --version && uv --version && npm -v",
    "RUN find . -name '*.pyc' -delete",
    "RUN echo x > /etc/motd && cat /etc/os-release | grep x",
    "RUN ls -la /app",
    "RUN python -m compileall /app",
    "RUN time env A=b exec nice id",
    "RUN uv pip install --system flask",
    "RUN git config --global user.name x",
    "RUN touch /app/.stamp",
]

EVERYTHING = [
    "RUN ./run.sh",
    "RUN make",
    "RUN python a.py",
    "RUN python -c 'import shop'",
    "RUN go build ./...",
    "RUN cargo build --release",
    "RUN curl https://example.com | sh",
    "RUN $TOOL x",
    "RUN $(cat cmd)",
    "RUN pip install .",
    "RUN pip install --no-cache-dir -e . ./lib .",
    "RUN uv sync --no-editable",
    "RUN f() { true; }; f",
    "RUN if x; then",
    "RUN mkdir /x && unknown-tool",
    "RUN eval 'echo'",
    "RUN . ./env.sh",
    "RUN npm run lint",
    "RUN echo $(./run.sh)",
    "RUN sh run.sh",
    "RUN cat a.py | xargs cat",
    "RUN rm -rf $DIR",
    "RUN chown -R web $DIR",
    "RUN pip install -r $FILE",
    "RUN tar -xzf /tmp/x.tgz",
    "RUN unzip x.zip -d /app",
    "RUN cd $X && mkdir y && pip install -r requirements.txt",
    "RUN <<EOF python3\nprint()\nEOF",
    "RUN <<EOF\n#!/usr/bin/env python3\nprint()\nEOF",
    'SHELL ["pwsh", "-c"]\nRUN mkdir /x',
    "RUN cp -r . /other",
    "RUN npm run build",
    "RUN npx next build",
    "RUN ./node_modules/.bin/vite build",
]


@pytest.mark.parametrize("run", NOTHING)
def test_what_reads_no_source(tmp_path: Path, run: str) -> None:
    assert judged(tmp_path, run) == {}


@pytest.mark.parametrize("run", EVERYTHING)
def test_what_may_read_everything(tmp_path: Path, run: str) -> None:
    assert judged(tmp_path, run).keys() == FILES.keys()


PROJECT = {"pyproject.toml", "README.md", "uv.lock"}
SOME: dict[str, set[str]] = {
    "RUN pip install -r requirements.txt": {"requirements.txt", "more.txt", "lib/pyproject.toml"},
    "RUN pip install -e .": {"pyproject.toml", "README.md"},
    "RUN pip install ./lib": {"lib/pyproject.toml", "lib/lib.py"},
    "RUN uv sync --locked": PROJECT,
    "RUN uv sync --frozen --no-install-project": {"pyproject.toml", "uv.lock"},
    "RUN UV_NO_EDITABLE=1 uv sync --frozen --no-install-project": {"pyproject.toml", "uv.lock"},
    "RUN uv sync --directory lib": {"lib/pyproject.toml"},
    "RUN cd lib && uv sync": {"lib/pyproject.toml"},
    "RUN poetry install --no-root": {"pyproject.toml", "poetry.lock"},
    "RUN poetry install": {"pyproject.toml", "poetry.lock", "README.md"},
    "RUN poetry run pip install -r more.txt": {"more.txt", "lib/pyproject.toml"},
    "RUN npm ci": {"package.json"},
    "RUN npm ci --prefix web": {"web/package.json", "web/hook.js", "web/app.ts"},
    "RUN npm ci --prefix web --ignore-scripts": {"web/package.json"},
    "RUN cd web && npm run build": {"web/package.json", "web/hook.js", "web/app.ts"},
    "RUN go mod download": {"go.mod"},
    "RUN cat README.md data/*.bin": {"README.md", "data/x.bin"},
    "RUN sed -i 's/a/b/' run.sh && dos2unix ./a.py": {"run.sh", "a.py"},
    "RUN echo x >> a.py": {"a.py"},
    "RUN sort < a.py": {"a.py"},
    "RUN mv data /elsewhere": {"data/x.bin"},
    "RUN rm -rf tests data/*": {"tests/test_a.py", "data/x.bin"},
    "RUN test -f a.py": {"a.py"},
    "RUN for f in a.py run.sh; do cat $f; done": {"a.py", "run.sh"},
    "RUN false || rm -rf data": {"data/x.bin"},
    "RUN ls shop > /list": {path for path in FILES if path.startswith("shop/")},
    "RUN X=$(find data -type f); echo": {"data/x.bin"},
    "RUN echo *.md | sort": {"README.md"},
    "RUN find shop -name '*.css' -exec cat {} +": {"shop/static/x.css"},
    "RUN python manage.py compilemessages": {
        *("shop/__init__.py", "shop/settings.py", "shop/locale/de.po", "manage.py"),
    },
}


@pytest.mark.parametrize(("run", "expected"), SOME.items())
def test_what_reads_some(tmp_path: Path, run: str, expected: set[str]) -> None:
    assert judged(tmp_path, run).keys() == expected


def test_collecting_assets_leaves_most_code_alone(tmp_path: Path) -> None:
    found = judged(tmp_path, "RUN python manage.py collectstatic --noinput")
    assert not {"a.py", "shop/main.py", "tests/test_a.py", "shop/locale/de.po", "README.md"} & found.keys()
    assert {"shop/static/x.css", "shop/settings.py", "manage.py", "shop/__init__.py"} < found.keys()


def test_a_removed_path_is_not_in_the_image(tmp_path: Path) -> None:
    found = layout(tmp_path, "FROM debian\nCOPY . /app\nRUN rm -rf /app/tests && rm /app/a.py\n", FILES)
    assert (says(found, "tests/test_a.py"), says(found, "a.py")) == ("absent", "absent")
    assert says(found, "a.py", Change.DELETE) == "rebuild 3"
    assert says(found, "tests/test_a.py", Change.DELETE) == "absent"


OWNERS = {
    "chown -R web:web /app": ("web:web", None, ()),
    "chown web run.sh": ("web:0", None, ()),
    "chown :users run.sh": ("0:users", None, ()),
    "chgrp users run.sh": ("0:users", None, ()),
    "chown web /app": ("0:0", None, ()),
    "chmod 755 run.sh": ("0:0", 0o755, ()),
    "chmod +x *.sh && chmod -w /app/run.sh": ("0:0", None, ("+x", "-w")),
    "find . -type f -name '*.sh' -exec chmod +x {} \\;": ("0:0", None, ("+x",)),
    "chmod -R a+rX,g=u .": ("0:0", None, ("a+rX,g=u",)),
    "chown -R 1000:1000 . && chmod -R u=rwX .": ("1000:1000", None, ("u=rwX",)),
}


@pytest.mark.parametrize(("run", "expected"), OWNERS.items())
def test_owner_and_mode_are_remembered(tmp_path: Path, run: str, expected: tuple[object, ...]) -> None:
    found = layout(tmp_path, f"FROM debian\nWORKDIR /app\nCOPY . .\nRUN {run}\n", FILES)
    ruling = found.rule("run.sh", Change.EDIT)
    (landing,) = ruling.landings
    assert (ruling.verdict, landing.owner, landing.mode, landing.changes) == (Verdict.SYNC, *expected)


def test_a_file_that_a_command_names_must_stay(tmp_path: Path) -> None:
    found = layout(tmp_path, "FROM debian\nWORKDIR /app\nCOPY . .\nRUN chmod +x run.sh\n", FILES)
    assert says(found, "run.sh", Change.EDIT) == "sync /app/run.sh"
    assert says(found, "run.sh", Change.DELETE) == "rebuild 4"


def test_a_link_that_a_run_made_leads_on(tmp_path: Path) -> None:
    text = "FROM debian\nRUN mkdir /data && ln -s /data /app\nCOPY . /app/\nRUN cat /data/more.txt\n"
    found = layout(tmp_path, text, FILES)
    assert says(found, "a.py") == "sync /data/a.py"
    assert says(found, "more.txt") == "rebuild 4"


def test_setuptools_lists_what_it_links(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname="x"\ndynamic=["version"]\n'
        '[tool.setuptools.dynamic]\nversion={attr="x.v.V"}\n[build-system]\nbuild-backend="setuptools.build_meta"\n',
        "x/v.py": "",
        "x/a.py": "",
    }
    found = layout(tmp_path, "FROM python:3\nWORKDIR /app\nCOPY . .\nRUN pip install -e .\n", files)
    assert says(found, "x/a.py", Change.EDIT) == "sync /app/x/a.py"
    assert says(found, "x/a.py", Change.ADD) == says(found, "x/a.py", Change.DELETE) == "rebuild 4"
    assert says(found, "x/v.py", Change.EDIT) == "rebuild 4"


def test_a_mounted_manifest_is_read(tmp_path: Path) -> None:
    mounts = (
        "--mount=type=bind,source=uv.lock,target=uv.lock --mount=type=bind,source=pyproject.toml,target=pyproject.toml"
    )
    text = f"FROM python:3\nWORKDIR /app\nRUN {mounts} uv sync --locked --no-install-project\nCOPY shop shop\n"
    found = layout(tmp_path, text, FILES)
    assert [says(found, path) for path in ("uv.lock", "pyproject.toml", "a.py")] == ["rebuild 3", "rebuild 3", "absent"]
    assert says(found, "shop/main.py") == "sync /app/shop/main.py"


def test_the_reason_names_line_and_command(tmp_path: Path) -> None:
    found = layout(tmp_path, "FROM python:3\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n", FILES)
    ruling = found.rule("a.py")
    assert (ruling.line, ruling.instruction) == (4, "RUN npm ci && npm run build")
    assert ruling.reason == "line 4 compiles it: `next build`"
    assert "next" in ruling.hint
