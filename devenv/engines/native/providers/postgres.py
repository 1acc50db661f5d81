"""PostgreSQL as a process: a cluster of the project's own, made as the image's entrypoint makes it.

A new cluster takes no client over TCP until all that has to be in it is there: then one file says that it is complete.
One that has no such file was cut off while it was made and holds nobody's data: it is made again.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from devenv.engines import Command
from devenv.engines.native import identity
from devenv.engines.native.account import User, reachable, substitute
from devenv.engines.native.client import runtime_folder
from devenv.engines.native.find import Found
from devenv.engines.native.place import Place
from devenv.engines.native.program import Program, Seen
from devenv.engines.native.providers.base import OPENING, Run, Server
from devenv.errors import EngineError
from devenv.stack import File

_PORT = 5432
_COMPLETE = "complete"
_LOCAL_ONLY = "local all all trust\n"
_EVERYONE = "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"
_SCRIPTS = 600.0
"""Seconds that a user's own script may take when the data is first made."""


class Postgres(Server):
    """See `Server`."""

    row = "postgres"
    remedy = 'install a PostgreSQL that has it, and name it: native = "/usr/lib/postgresql/17/bin"'

    @classmethod
    def options(cls, place: Place) -> Iterator[Found]:
        """Only those whose data this is; first who has all extensions, of the version asked for or else a later one."""
        found = list(super().options(place))
        version = _major(_text(place.data("data") / _COMPLETE))
        if version and found:
            same = [each for each in found if _major(each.version) == version]
            if not same:
                here = ", ".join(each.version for each in found)
                message = f"the data of `{place.service.name}` was made by version {version}, and here is {here}"
                hint = f"install that version, or save the data and run: devenv destroy {place.service.name}"
                raise EngineError(message, hint=hint)
            found = same
        asked = _number(place.service.data_version)
        wanted = set(filter(None, place.param("extensions").split(",")))
        for each in sorted(found, key=lambda each: (not wanted <= _extensions(each), *_distance(each, asked))):
            lacks = tuple(f"extension {name} missing" for name in sorted(wanted - _extensions(each)))
            yield replace(each, differs=each.differs + lacks, lacks=lacks)

    def prepare(self, run: Run) -> Program:
        """A cluster where there is none, and its settings as they are wanted by now."""
        if self.found.lacks:
            raise EngineError(
                f"`{self.place.service.name}`: {', '.join(self.found.lacks)} in {self.found.shown}",
                hint=self.remedy,
            )
        user = substitute()
        sockets = self._sockets(user)
        if not self._is_complete:
            self._create(user, run)
        if user and _cluster(self.place).stat().st_uid != user.number:
            user.owns(self.place.base)  # since the data was made, this machine got an account for it
        self._unlock(sockets)
        hba = _cluster(self.place) / "pg_hba.conf"
        hba.write_text(_LOCAL_ONLY + (_EVERYONE if self._is_complete else ""))
        words: list[str | Path] = [
            *("-D", _cluster(self.place), "-p", str(self.place.port(_PORT))),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={sockets}"),
            *(_CARELESS if self.place.project.original else ()),
            *self.arguments(),
        ]
        program = self.place.program(self._beside("postgres"), *words)
        return self._as(user, replace(program, stop=int(signal.SIGINT)))

    def opened(self, seen: Seen, run: Run) -> None:
        """Fill a new cluster, then let everyone in."""
        if self._is_complete:
            return
        if not self.wait(seen, self._lacks, every=0.005):
            return  # whoever waits for it sees how it ended
        for number, words in enumerate(self._scripts()):
            name = f"{self.place.service.name}.init-{number}"
            program = self.place.program(*words, name=name, own=self._client())
            code, said = run(program, _SCRIPTS)
            if code != 0:
                last = said.strip().splitlines()[-3:] or ["it said nothing"]
                raise EngineError(f"`{self.place.service.name}` can't be filled: {'; '.join(last)}")
        _marker(self.place).write_text(self.found.version)  # first: what clients write from here on is theirs
        with (_cluster(self.place) / "pg_hba.conf").open("a") as hba:
            hba.write(_EVERYONE)
        os.kill(seen.pid, signal.SIGHUP)  # it reads who may come anew

    def command(self, words: Sequence[str]) -> Command:
        """Its clients find the server by their own variables."""
        found = super().command(words)
        program = self._beside(words[0])
        first = str(program) if program.is_file() else found.words[0]
        return replace(found, words=(first, *words[1:]), env={**found.env, **self._client()})

    @property
    def _is_complete(self) -> bool:
        return _marker(self.place).exists()

    def _beside(self, name: str) -> Path:
        program = reachable(self.found.program, substitute(), self.found.version)
        return program.parent / name

    def _sockets(self, user: User | None) -> Path:
        """A folder for its socket that is short, and ours alone."""
        folder = runtime_folder(self.place.project)
        if user:
            folder = self.place.base / "run"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            user.owns(folder)
        return folder

    def _unlock(self, sockets: Path) -> None:
        """Remove the locks of a server that was killed, and that nobody has buried yet, as in many containers.

        postgres takes the remains of a process for a living one (its miscinit.c asks by kill(2)).
        """
        cluster, mark = _cluster(self.place), f"{self.place.supervision.mark}/{self.place.service.name}"
        if identity.marked(mark, [os.path.realpath(cluster)]):
            return
        for lock in (cluster / "postmaster.pid", sockets / f".s.PGSQL.{self.place.port(_PORT)}.lock"):
            number = _text(lock).partition("\n")[0]
            if number and not identity.identity(int(number)):
                lock.unlink(missing_ok=True)

    def _create(self, user: User | None, run: Run) -> None:
        """Make the cluster anew. Raises `EngineError`."""
        data = self.place.data("data")
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        password = data / "password"
        password.write_text(self.place.param("password") + "\n")
        if user:
            for folder in (self.place.base, self.place.base / "data"):
                os.chown(folder, user.number, user.group)
            user.owns(data)
        words: list[str | Path] = [
            *("-D", _cluster(self.place), "-U", self.place.param("user"), f"--pwfile={password}", "--encoding=UTF8"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions", *self._locale()),
        ]
        name = f"{self.place.service.name}.initdb"
        program = self.place.program(self._beside("initdb"), *words, name=name, own={"LC_ALL": "C", "LANG": "C"})
        code, said = run(self._as(user, program), OPENING)
        password.unlink()
        if code != 0:
            last = said.strip().splitlines()[-3:] or [f"initdb ends with {code}"]
            raise EngineError(f"the data of `{self.place.service.name}` can't be made: {'; '.join(last)}")

    def _locale(self) -> list[str]:
        """UTF-8 with the order of its code points, whatever this machine knows of languages."""
        if _number(self.found.version) >= 17:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C", *(["--lc-ctype=C.UTF-8"] if Path("/usr/lib/locale/C.utf8").exists() else [])]

    def _lacks(self) -> str:
        """What it does not do yet; pg_ctl too sees that it is up by a line of postmaster.pid (miscadmin.h)."""
        lines = _text(_cluster(self.place) / "postmaster.pid").split("\n")
        return "" if re.fullmatch(r"ready\s*", (lines + [""] * 8)[7]) else "come up to be filled"

    def _scripts(self) -> list[list[str]]:
        """What the image's entrypoint runs on new data, in its order: ours first, as its names say, then the user's."""
        database, found = self.place.param("database"), []
        for file in sorted(self.place.service.files, key=lambda file: file.path):
            folder, _, name = file.path.rpartition("/")
            if folder != "/docker-entrypoint-initdb.d":
                continue
            path = self._script(file)
            if name.endswith(".sh"):
                found.append(["sh", str(path)])
            else:
                where = database if file.source else "postgres"  # ours makes the databases
                found.append(
                    [str(self._beside("psql")), "-v", "ON_ERROR_STOP=1", "-X", "-q", "-d", where, "-f", str(path)]
                )
        return found

    def _script(self, file: File) -> Path:
        if not file.source:
            return self.place.files / file.path.lstrip("/")
        path = self.place.project.root / file.source
        if path.suffix != ".gz":
            return path
        plain = self.place.files / path.stem
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        return plain

    def _client(self) -> dict[str, str]:
        return {
            "PGHOST": str(self._sockets(substitute())),
            "PGPORT": str(self.place.port(_PORT)),
            "PGUSER": self.place.param("user"),
            "PGPASSWORD": self.place.param("password"),
            "PGDATABASE": self.place.param("database"),
        }

    @staticmethod
    def _as(user: User | None, program: Program) -> Program:
        return replace(program, user=user.number, group=user.group) if user else program


_CARELESS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
"""For copies of a project: what a crash of the machine would lose is not missed."""


def _cluster(place: Place) -> Path:
    return place.data("data") / "cluster"


def _marker(place: Place) -> Path:
    """The file that says that the cluster holds all that it has to."""
    return place.data("data") / _COMPLETE


def _major(version: str) -> str:
    return version.partition(".")[0]


def _number(version: str) -> int:
    return int(re.sub(r"\D.*", "", version) or 0)


def _distance(found: Found, asked: int) -> tuple[bool, bool]:
    """The version asked for comes first, then later ones: what an app needs of it is there."""
    major = _number(found.version)
    return major != asked, major < asked


def _extensions(found: Found) -> set[str]:
    """What its folder of extensions holds: beside its programs, or where Debian puts it."""
    root = found.program.parent.parent
    folders = [root / "share/postgresql/extension", root / "share/extension"]
    folders.append(Path("/usr/share/postgresql") / _major(found.version) / "extension")
    here = next((folder for folder in folders if folder.is_dir()), None)
    return {control.stem for control in here.glob("*.control")} if here else set()


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
