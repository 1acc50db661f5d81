"""Makes docs/up.svg: `devenv up -d` and `devenv status` on the example shop, run in a terminal and drawn as they look.

Needs tmux, a Docker engine, and the environment that `make` sets up: `.venv/bin/python docs/record.py`. The shop is
copied to a folder of its own, and removed afterwards with all that it made. What is recorded is a start with the images
there and the data kept.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parent.parent
COLUMNS, LINES = 100, 40
PROMPT = "\x1b[1m$\x1b[0m "
PATIENCE = 300

NORMAL = "2a2d33 b82828 247a3e 966800 1f5aa8 873c96 147680 60646c"
BRIGHT = "787c84 cd3c3c 2e914c b07e0a 3070c4 9e52ac 1e8c96 82868e"


def _colors(words: str) -> list[tuple[int, int, int]]:
    return [(color[0], color[1], color[2]) for color in map(bytes.fromhex, words.split())]


THEME = TerminalTheme((250, 250, 248), (42, 45, 51), _colors(NORMAL), _colors(BRIGHT))
"""Dark on light, readable on both backgrounds that a reader may have."""

FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>devenv up and devenv status in a terminal</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own frame without the fonts that it would fetch from elsewhere."""


class Terminal:
    """A shell in a tmux server of its own, which nobody else sees."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._socket = str(folder / "tmux.sock")
        self._env = env
        self._tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "-c", str(folder / "shop"), "sh")
        self._tmux("send-keys", f"PS1={shlex.quote(PROMPT)}; clear", "Enter")
        self.wait()

    def run(self, command: str) -> None:
        """Type a command and wait until the prompt is back."""
        self._tmux("send-keys", command, "Enter")
        time.sleep(0.5)
        self.wait()

    def wait(self) -> None:
        """Until the last line is an empty prompt."""
        end = time.monotonic() + PATIENCE
        while self.screen().rstrip("\n").rpartition("\n")[2].strip() != "$":
            if time.monotonic() > end:
                raise TimeoutError(self.screen())
            time.sleep(0.1)

    def screen(self, *options: str) -> str:
        """What is seen."""
        return self._tmux("capture-pane", "-p", *options)

    def close(self) -> None:
        """End the shell and the server."""
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", env=self._env).stdout


def main() -> int:
    """Record and write the picture."""
    with tempfile.TemporaryDirectory(prefix="devenv-record-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples" / "shop", folder / "shop", ignore=shutil.ignore_patterns(".*", "__pycache__"))
        shutil.copy(ROOT / "examples" / "shop" / ".dockerignore", folder / "shop")
        env = environment(folder)

        def devenv(*words: str) -> None:
            subprocess.run(["devenv", *words], cwd=folder / "shop", env=env, check=True)

        try:
            devenv("up", "-d")
            devenv("down")
            screen = record(folder, env)
        finally:
            devenv("destroy", "--yes", "--no-dump")
    (ROOT / "docs" / "up.svg").write_text(picture(screen), encoding="utf-8")
    return 0


def environment(folder: Path) -> dict[str, str]:
    """An environment with a `devenv` that is this checkout's, state of its own, and a terminal with colours."""
    script = folder / "bin" / "devenv"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m devenv "$@"\n')
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "TMUX")}
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "DEVENV_STATE_HOME": str(folder / "state"), "LC_ALL": "C.UTF-8"}


def record(folder: Path, env: dict[str, str]) -> str:
    """The screen after both commands, with its colours and without the prompt that waits at the end."""
    terminal = Terminal(folder, env)
    try:
        terminal.run("devenv up -d")
        terminal.run("devenv status")
        return terminal.screen("-e").rstrip().rpartition("\n")[0]
    finally:
        terminal.close()


def picture(screen: str) -> str:
    """The screen as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(screen), soft_wrap=True)
    return console.export_svg(title="", theme=THEME, code_format=FRAME, unique_id="devenv")


if __name__ == "__main__":
    sys.exit(main())
