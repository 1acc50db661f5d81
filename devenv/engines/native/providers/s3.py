"""SeaweedFS as S3, in one process (`weed mini`), bound to this machine only.

The flags are those with which it answers boto3 best and hands out nothing without a signature; each was measured.
"""

from __future__ import annotations

from dataclasses import replace

from devenv.engines.native.program import Program, Seen
from devenv.engines.native.providers.base import Run, Server
from devenv.engines.ports import is_free
from devenv.errors import EngineError
from devenv.probes.connection import Deadline, NotReadyError
from devenv.probes.s3_client import Account, Service

_PORT = 9090
_FLAGS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
    "-s3.domainName=localhost",
    "-disableHttp",  # else its filer hands out objects that nobody signed for
    "-master.telemetry=false",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-volume.preStopSeconds=0",
)
_PORTS = (
    "-master.port",
    "-master.port.grpc",
    "-volume.port",
    "-volume.port.grpc",
    "-filer.port",
    "-filer.port.grpc",
    "-s3.port.grpc",
    "-admin.port",
)
_FIRST_PORT, _LAST_PORT = 20000, 32000
"""Below the ports that systems give to clients (Linux from 32768, others from 49152)."""
_MEMORY = "150MiB"
_GRACE = 0.3
"""Seconds to take leave: what was put is on the disk before it is answered, and its own end takes a second more.
Without any the next start takes no object for 15 s, as its parts still count on each other."""
_PROBE = ".devenv-ready"


class S3(Server):
    """See `Server`."""

    row = "s3"

    def prepare(self, run: Run) -> Program:
        """One process for what SeaweedFS is made of, each part on a port that nobody else has."""
        data = self.place.data("data")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        ports = [f"{flag}={port}" for flag, port in zip(_PORTS, self._free_ports(len(_PORTS)), strict=True)]
        own = {
            "AWS_ACCESS_KEY_ID": self.place.param("access_key"),
            "AWS_SECRET_ACCESS_KEY": self.place.param("secret_key"),
            "GOMEMLIMIT": _MEMORY,
        }
        words = ["mini", f"-dir={data}", f"-s3.port={self.place.port(_PORT)}", *_FLAGS, *ports]
        return replace(self.place.program(self.found.program, *words, own=own), grace=_GRACE)

    def opened(self, seen: Seen, run: Run) -> None:
        """Make the buckets, and see an object written: it lists its buckets long before it takes one.

        Raises `EngineError` where it ends or does not take one in time.
        """
        buckets = self.place.param("buckets").split(",")

        def lacks() -> str:
            while buckets:
                if (said := self._take(buckets[0])) is not None:
                    return f"take its bucket `{buckets[0]}`: {said}"
                del buckets[0]
            return ""

        self.wait(seen, lacks, every=0.02)  # where it ends, whoever waits for it sees how

    def _take(self, bucket: str) -> str | None:
        """Make a bucket and put a probe into it and out of it again; gives what it says against it."""
        account = Account(self.place.param("access_key"), self.place.param("secret_key"), self.place.param("region"))
        service = Service(account, "127.0.0.1", self.place.port(_PORT), Deadline(10.0))
        try:
            status, said = service.ask("PUT", f"/{bucket}")
            if status not in (200, 409):
                return f"HTTP {status} {said[:200].decode(errors='replace')}"
            status, said = service.ask("PUT", f"/{bucket}/{_PROBE}", content=b"-")
            if status == 200:
                status, said = service.ask("DELETE", f"/{bucket}/{_PROBE}")
        except NotReadyError as error:
            return error.detail
        return None if status in (200, 204) else f"HTTP {status} {said[:200].decode(errors='replace')}"

    def _free_ports(self, count: int) -> list[int]:
        """Ports of this project's own corner first, so that two projects rarely look at the same ones."""
        span = _LAST_PORT - _FIRST_PORT
        corner = int(self.place.project.id[-8:], 16) % span
        found: list[int] = []
        taken = set(self.place.bindings.ports.values())
        for step in range(span):
            port = _FIRST_PORT + (corner + step) % span
            if port not in taken and is_free(port):
                found.append(port)
            if len(found) == count:
                return found
        raise EngineError("no free ports on 127.0.0.1")
