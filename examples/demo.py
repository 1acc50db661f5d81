"""`make demo`: `devenv up` on the shop; on a terminal with logs until Ctrl-C, elsewhere detached, with one request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

SHOP = Path(__file__).parent / "shop"
DEVENV = [str(Path(sys.executable).with_name("devenv")), "-C", str(SHOP)]


def prepare() -> None:
    """Without a Docker engine the shop runs as processes of this machine, and needs its packages here."""
    status = subprocess.run([*DEVENV, "status", "--json"], stdout=subprocess.PIPE, check=False)
    if status.returncode or json.loads(status.stdout)["engine"] != "native":
        return
    python = SHOP / ".venv" / "bin" / "python"
    if not python.exists():
        print("no Docker engine answers: installing what the shop needs into examples/shop/.venv", flush=True)
        subprocess.check_call([sys.executable, "-m", "venv", str(SHOP / ".venv")])
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(SHOP / "requirements.txt")]
    subprocess.check_call([str(python), *install])


def main() -> int:
    """Run the demo; gives devenv's exit code."""
    prepare()
    if sys.stdin.isatty() and sys.stdout.isatty():
        os.execv(DEVENV[0], [*DEVENV, "up"])
    code = subprocess.call([*DEVENV, "up", "-d"])
    if code:
        return code
    status = json.loads(subprocess.check_output([*DEVENV, "status", "--json"]))
    web = next(service for service in status["services"] if service["name"] == "web")
    url = web["addresses"][0]["url"]
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        print(f"\nGET {url}/healthz\n{answer.status} {answer.read().decode()}")
    print("\nit runs; to see it:   make demo in a terminal, or the addresses above")
    shown = [os.path.relpath(word) if word.startswith("/") else word for word in DEVENV]
    print(f"to stop it:           {' '.join(shown)} down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
