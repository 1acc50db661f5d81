"""A bucket for each process of tests, emptied between them; touches no other bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.etree import ElementTree

from devenv.errors import DevenvError
from devenv.probes.connection import Deadline
from devenv.probes.s3 import DEFAULT_REGION
from devenv.probes.s3_client import Account, Service
from devenv.testing.environment import Environment

_TIMEOUT = 30.0


@dataclass
class Bucket:
    """One process's own bucket; `settings` are what boto3's `client("s3", **settings)` takes."""

    name: str
    settings: dict[str, str] = field(repr=False)
    _account: Account = field(repr=False)
    _port: int = field(repr=False)
    _theirs: str = field(repr=False)  # the bucket that an app has

    def renamed(self, env: Mapping[str, str]) -> dict[str, str]:
        """Of an environment what is other here."""
        return {key: self.name for key, value in env.items() if value == self._theirs and key.endswith("BUCKET")}

    def make(self) -> None:
        """Create it; it may be there."""
        status, answer = self._ask("PUT", f"/{self.name}")
        if status not in (200, 409):
            raise DevenvError(f"the bucket `{self.name}` can't be made: {answer.decode(errors='replace')[:300]}")

    def reset(self) -> None:
        """Remove every object of it."""
        while keys := self._keys():
            for key in keys:
                status, _ = self._ask("DELETE", f"/{self.name}/{quote(key, safe='/~')}")
                if status not in (200, 204, 404):
                    raise DevenvError(f"`{key}` in the bucket `{self.name}` can't be removed: HTTP {status}")

    def close(self) -> None:
        """Remove it."""
        self.reset()
        self._ask("DELETE", f"/{self.name}")

    def _keys(self) -> list[str]:
        status, answer = self._ask("GET", f"/{self.name}", "list-type=2")
        if status == 404:  # a test has removed it
            self.make()
            return []
        if status != 200:
            raise DevenvError(f"the bucket `{self.name}` can't be listed: HTTP {status}")
        root = ElementTree.fromstring(answer)  # noqa: S314 - our own server's answer
        return [each.text or "" for each in root.iter() if each.tag.rpartition("}")[2] == "Key"]

    def _ask(self, method: str, path: str, query: str = "") -> tuple[int, bytes]:
        return Service(self._account, "127.0.0.1", self._port, Deadline(_TIMEOUT)).ask(method, path, query)


def open_bucket(environment: Environment) -> Bucket:
    """This process's bucket, empty. Raises `DevenvError`."""
    service = environment.service("s3")
    key, secret, region, theirs = (
        environment.value(service, name) for name in ("access_key", "secret_key", "region", "bucket")
    )
    account = Account(key, secret, region or DEFAULT_REGION)
    port = environment.port(service, "s3")
    name = f"devenv-test-{environment.run.id}-{environment.run.worker}".lower().replace("_", "-")[:63]
    settings = {
        "endpoint_url": f"http://127.0.0.1:{port}",
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
        "region_name": account.region,
    }
    bucket = Bucket(name, settings, account, port, theirs.partition(",")[0])
    bucket.make()
    bucket.reset()
    return bucket
