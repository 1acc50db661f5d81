"""What somebody writes who starts the four servers without devenv: all at once, and asked until each gives its first
good answer. Run as `python -m benchmarks.by_hand up FOLDER [--new]` or `… down FOLDER`; reads its programs from the
environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from devenv.probes import Probe, attempt
from devenv.probes.connection import Deadline, NotReadyError
from devenv.probes.s3_client import Account, Service

PORTS = {"postgres": 35432, "redis": 36379, "s3": 39090, "http": 38025, "smtp": 31025}


def answered(probe: Probe) -> None:
    """Wait for a good answer."""
    deadline = time.monotonic() + 60
    while not attempt(probe, "127.0.0.1", probe.port, timeout=1).ok:
        if time.monotonic() > deadline:
            raise SystemExit(f"{probe} does not answer")
        time.sleep(0.005)


def background(*words: str | Path, folder: Path, **env: str) -> int:
    """Start a server and give its process."""
    with (folder / "log").open("ab") as log:
        command = [str(word) for word in words]
        options = {"stdout": log, "stderr": log, "env": {**os.environ, **env}, "start_new_session": True}
        return subprocess.Popen(command, **options).pid  # type: ignore[call-overload, no-any-return]


def as_user() -> list[str]:
    """What goes before a command that may not run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


def initdb(folder: Path, programs: Path) -> list[str]:
    """The shell commands that make a cluster."""
    data, password = folder / "pg", folder / "password"
    words = [f"{programs}/initdb -D {data} -U bench --pwfile={password} --no-sync --no-instructions"]
    words += ["--auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C"]
    owner = [f"chown nobody {data} {password}"] if os.geteuid() == 0 else []
    make = [f"mkdir {data}", f"chmod 700 {data}", f"printf secret > {password}", *owner, f"cd {data}"]
    return [*make, " ".join([*as_user(), *words])]


def postgres_words(folder: Path, programs: Path) -> list[str]:
    """What starts PostgreSQL."""
    where = [f"-p {PORTS['postgres']} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder / 'pg'}"]
    return [*as_user(), f"{programs}/postgres -D {folder / 'pg'}", *where]


def postgres(folder: Path) -> int:
    programs = Path(os.environ["POSTGRES_BIN"])
    if not (folder / "pg").exists():
        subprocess.check_call(["sh", "-c", " && ".join(initdb(folder, programs))], stdout=subprocess.DEVNULL)
    pid = background(*" ".join(postgres_words(folder, programs)).split(), folder=folder)
    whom = (("user", "bench"), ("password", "secret"), ("database", "postgres"))
    answered(Probe("postgres", PORTS["postgres"], whom))
    return pid


def redis(folder: Path) -> int:
    pid = background(os.environ["REDIS"], "--port", str(PORTS["redis"]), "--dir", folder, folder=folder)
    answered(Probe("redis", PORTS["redis"]))
    return pid


def weed_words(folder: Path, program: str) -> list[str]:
    """What starts SeaweedFS."""
    flags = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-disableHttp", "-webdav=false", "-admin.ui=false"]
    flags += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false", "-admin.port=19004"]
    for number, name in enumerate(("master.port", "volume.port", "filer.port")):
        flags += [f"-{name}={19001 + number}", f"-{name}.grpc={29001 + number}"]
    return [program, "mini", f"-dir={folder / 's3'}", *flags, f"-s3.port={PORTS['s3']}", "-s3.port.grpc=29009"]


def s3(folder: Path) -> int:
    (folder / "s3").mkdir(exist_ok=True)
    keys = {"AWS_ACCESS_KEY_ID": "devenv", "AWS_SECRET_ACCESS_KEY": "devenv"}
    pid = background(*weed_words(folder, os.environ["WEED"]), folder=folder, **keys)
    service = Service(Account("devenv", "devenv", "us-east-1"), "127.0.0.1", PORTS["s3"], Deadline(60))
    while True:
        try:
            if service.ask("PUT", "/bench")[0] in (200, 409) and service.ask("PUT", "/bench/x", content=b"-")[0] == 200:
                return pid
        except NotReadyError:
            pass
        time.sleep(0.005)


def mail(folder: Path) -> int:
    where = {"MP_SMTP_BIND_ADDR": f"127.0.0.1:{PORTS['smtp']}", "MP_UI_BIND_ADDR": f"127.0.0.1:{PORTS['http']}"}
    pid = background(sys.executable, "-m", "devenv.mail", folder=folder, **where)
    answered(Probe("http", PORTS["http"], (("path", "/readyz"),)))
    answered(Probe("smtp", PORTS["smtp"]))
    return pid


def up(folder: Path) -> None:
    """Start all four at once and wait for their first good answers."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    found: dict[str, int] = {}

    def start(name: str, server: Callable[[Path], int]) -> None:
        found[name] = server(folder)

    servers: dict[str, Callable[[Path], int]] = {"postgres": postgres, "redis": redis, "s3": s3, "mail": mail}
    threads = [threading.Thread(target=start, args=each) for each in servers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (folder / "pids").write_text(json.dumps(found))


def down(folder: Path) -> None:
    """End all four and wait for that."""
    pids: dict[str, int] = json.loads((folder / "pids").read_text())
    for name, pid in pids.items():
        os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    while any(Path(f"/proc/{pid}").exists() for pid in pids.values()):
        time.sleep(0.005)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](Path(sys.argv[2]))
