"""Commands that reload, whatever starts them; builds that they stand in for; what a manifest says against it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.layout.exceptions import Exemption
from devenv.layout.reloading import reload_of
from devenv.layout.ruling import Verdict

from .layouts import layout, says

PACKAGE = '{"scripts": {"dev": "NODE_ENV=x next dev -p 3000", "build": "next build", "start": "next start"}}'

RELOADS = {
    "uvicorn a:b --reload --host 0.0.0.0": "uvicorn --reload",
    "uvicorn a:b": None,
    "python -m uvicorn a:b --reload": "uvicorn --reload",
    "/opt/venv/bin/gunicorn --reload=true x": "gunicorn --reload",
    "python manage.py runserver 0.0.0.0:80": "manage.py runserver",
    "python manage.py runserver --noreload": None,
    "python -u ./manage.py runserver": "manage.py runserver",
    "python main.py": None,
    "poetry run flask --app x run --debug": "flask --debug",
    "uv run fastapi dev app": "fastapi dev",
    "npm run dev": "next dev",
    "pnpm dev": "next dev",
    "npm run start": None,
    "npm run none": None,
    "npx tsx watch src/index.ts": "tsx watch",
    "npx vite --host": "vite",
    "npx vite preview": None,
    "sh -c 'exec nodemon x'": "nodemon",
    "bash -lc 'cd x && air -c y'": "air",
    "env A=b timeout 9 cargo watch -x run": "cargo watch",
    "tini -- node --watch x.js": "node --watch",
    "bundle exec rails server -b 0": "rails server",
    "": None,
    "sh -c": None,
    "sh -c 'if'": None,
}


@pytest.mark.parametrize(("command", "expected"), RELOADS.items())
def test_a_command_that_reloads_is_known(command: str, expected: str | None) -> None:
    import shlex

    found = reload_of(shlex.split(command), lambda: PACKAGE, {})
    assert (found.shown if found else None) == expected


DEBUG, RUN_RELOAD = "flask run with FLASK_DEBUG", "flask run with FLASK_RUN_RELOAD"
TOLD = [
    ("flask run", "FLASK_DEBUG=1", DEBUG),
    ("flask --app x run -p 80", "FLASK_DEBUG=True", DEBUG),
    ("python -m flask run", "FLASK_DEBUG=on", DEBUG),
    ("flask run", "", None),
    ("flask run", "FLASK_DEBUG=0", None),
    ("flask run", "FLASK_DEBUG=", None),
    ("flask run", "FLASK_DEBUG=perhaps", None),
    ("flask run --no-reload", "FLASK_DEBUG=1", None),
    ("flask run --no-debug", "FLASK_DEBUG=1", None),
    ("flask run --no-debug --reload", "", "flask --reload"),
    ("flask shell", "FLASK_DEBUG=1", None),
    ("flask run", "FLASK_RUN_RELOAD=yes", RUN_RELOAD),
    ("flask run", "FLASK_RUN_RELOAD=no FLASK_DEBUG=1", None),
    ("flask run --reload", "FLASK_RUN_RELOAD=no", "flask --reload"),
    ("sh -c 'FLASK_DEBUG=1 exec flask run'", "FLASK_DEBUG=0", DEBUG),
    ("sh -c 'FLASK_DEBUG=$X flask run'", "FLASK_DEBUG=1", None),
    ("env FLASK_DEBUG=1 flask run", "", DEBUG),
    ("env FLASK_DEBUG=0 flask run", "FLASK_DEBUG=1", None),
    ("uvicorn a:b", "UVICORN_RELOAD=true", "uvicorn with UVICORN_RELOAD"),
    ("granian a:b", "GRANIAN_RELOAD=1", "granian with GRANIAN_RELOAD"),
    ("gunicorn a:b", "FLASK_DEBUG=1", None),
]


@pytest.mark.parametrize(("command", "env", "expected"), TOLD)
def test_variables_have_a_say(command: str, env: str, expected: str | None) -> None:
    import shlex

    variables = {name: value for name, _, value in (each.partition("=") for each in env.split())}
    found = reload_of(shlex.split(command), lambda: None, variables)
    assert (found.shown if found else None) == expected


@pytest.mark.parametrize(
    ("lines", "given", "expected"),
    [
        ("ENV FLASK_DEBUG=1", {}, DEBUG),
        ("ARG FLASK_DEBUG=1", {}, None),
        ("ENV FLASK_DEBUG=0", {"FLASK_DEBUG": "1"}, DEBUG),
        ("ENV FLASK_DEBUG=1", {"FLASK_DEBUG": "0"}, None),
    ],
)
def test_the_image_sets_variables_and_the_manifest_others(
    tmp_path: Path, lines: str, given: dict[str, str], expected: str | None
) -> None:
    found = layout(tmp_path, f'FROM python\n{lines}\nCOPY . /app\nCMD ["flask", "run"]\n', "app.py", env=given)
    assert (found.reload.shown if found.reload else None) == expected


NEXT = """
FROM node AS deps
WORKDIR /app
COPY package.json package-lock.json* ./
RUN npm ci
FROM node AS builder
WORKDIR /app
COPY --from=deps /app/node_modules ./node_modules
COPY . .
RUN npm run build
FROM node AS runner
WORKDIR /app
COPY --from=builder /app/public ./public
COPY --from=builder --chown=1001:1001 /app/.next/standalone ./
CMD ["node", "server.js"]
"""
FILES = {
    "package.json": PACKAGE,
    "package-lock.json": "{}",
    "app/page.tsx": "",
    "public/x.svg": "",
    "next.config.js": "",
}


def test_a_build_rebuilds(tmp_path: Path) -> None:
    found = layout(tmp_path, NEXT, FILES)
    assert {path: says(found, path) for path in FILES} == {
        "package.json": "rebuild 5",
        "package-lock.json": "rebuild 5",
        "app/page.tsx": "rebuild 10",
        "public/x.svg": "rebuild 10",
        "next.config.js": "rebuild 10",
    }
    assert found.reload is None
    assert found.replaced() == ()


def test_a_command_that_compiles_lets_sources_sync(tmp_path: Path) -> None:
    found = layout(tmp_path, NEXT, FILES, target="builder", command=["npm", "run", "dev"])
    assert says(found, "app/page.tsx") == "sync /app/app/page.tsx"
    assert says(found, "package.json") == "rebuild 5"
    (one,) = found.replaced()
    assert (one.line, one.outputs) == (10, ("/app/.next/**",))


def test_a_target_without_sources_names_the_stage_that_has_them(tmp_path: Path) -> None:
    found = layout(tmp_path, NEXT, FILES, command=["npx", "next", "dev"])
    ruling = found.rule("app/page.tsx")
    assert (ruling.verdict, ruling.line) == (Verdict.REBUILD, 10)
    assert "the image has no sources that `next dev` could compile" in ruling.reason
    assert ruling.hint == "stage `builder` has them: `build.target` can name it"


def test_a_server_that_serves_assets_itself_needs_none_collected(tmp_path: Path) -> None:
    text = "FROM python:3\nWORKDIR /app\nCOPY . .\nRUN python manage.py collectstatic\n"
    files = {"manage.py": "", "x/static/a.css": ""}
    assert says(layout(tmp_path, text, files), "x/static/a.css") == "rebuild 4"
    found = layout(tmp_path, text, files, command=["python", "manage.py", "runserver"])
    assert says(found, "x/static/a.css") == "sync /app/x/static/a.css"


def test_the_images_own_command_counts_for_reloading_only(tmp_path: Path) -> None:
    found = layout(tmp_path, 'FROM node\nWORKDIR /a\nCOPY . .\nRUN npx next build\nCMD ["npm", "run", "dev"]\n', FILES)
    assert found.reload
    assert found.reload.shown == "next dev"
    assert says(found, "app/page.tsx") == "rebuild 4"


def test_the_manifest_has_the_last_word(tmp_path: Path) -> None:
    wishes = [
        Exemption(Verdict.ABSENT, ("**/*.md", "docs"), "only for people"),
        Exemption(Verdict.SYNC, ("src", "none.py"), "the tool does not read it"),
        Exemption(Verdict.REBUILD, ("src/model.proto",), "it is compiled by hand"),
    ]
    files = "src/a.py src/model.proto src/x.md docs/a other none.py .dockerignore"
    found = layout(tmp_path, "FROM debian\nCOPY . /app\nRUN ./tool\nRUN rm -f /app/none.py", files, exceptions=wishes)
    expected = {
        "src/a.py": "sync /app/src/a.py",
        "src/model.proto": "rebuild 3",
        "src/x.md": "sync /app/src/x.md",
        "docs/a": "absent",
        "other": "rebuild 3",
        "none.py": "rebuild 3",
    }
    assert {path: says(found, path) for path in expected} == expected
    assert found.rule("src/model.proto").reason == "devenv.toml says so: it is compiled by hand"
    assert "no place in the image" in found.rule("none.py").hint
