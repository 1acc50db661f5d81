"""Users and groups of an image by their names: its own /etc/passwd and /etc/group, read from a container of it."""

from __future__ import annotations

from typing import NamedTuple

from devenv.engines.compose.api import Api, ApiError
from devenv.errors import EngineError

_LIMIT = 4 * 1024 * 1024


class Owner(NamedTuple):
    """Numbers, as an archive carries them."""

    uid: int
    gid: int


class Owners:
    """Looks owners up for one image; asks only if a name is to be looked up, and then once."""

    def __init__(self, api: Api, container: str) -> None:
        self._api = api
        self._container = container
        self._tables: dict[str, dict[str, list[str]]] = {}
        self._found: dict[str, Owner] = {}

    def of(self, owner: str) -> Owner:
        """The numbers of `user:group`, each a name or a number; a user alone brings its primary group, as in COPY.

        Raises `EngineError` for a name that the image does not have.
        """
        found = self._found.get(owner)
        if found is None:
            user, _, group = owner.partition(":")
            uid, primary = self._user(user or "0")
            found = Owner(uid, self._group(group) if group else primary)
            self._found[owner] = found
        return found

    def _user(self, name: str) -> tuple[int, int]:
        if name.isdecimal():
            return int(name), int(name)
        entry = self._table("passwd").get(name)
        if entry is None or len(entry) < 4:
            raise EngineError(f"the image has no user `{name}`")
        return int(entry[2]), int(entry[3])

    def _group(self, name: str) -> int:
        if name.isdecimal():
            return int(name)
        entry = self._table("group").get(name)
        if entry is None or len(entry) < 3:
            raise EngineError(f"the image has no group `{name}`")
        return int(entry[2])

    def _table(self, name: str) -> dict[str, list[str]]:
        if name not in self._tables:
            lines = read_file(self._api, self._container, f"/etc/{name}").decode(errors="replace").splitlines()
            self._tables[name] = {line.partition(":")[0]: line.split(":") for line in lines if ":" in line}
        return self._tables[name]


def read_file(api: Api, container: str, path: str) -> bytes:
    """A small file of a container, running or not; empty where it has none."""
    import io
    import posixpath
    import tarfile

    try:
        with api.stream("GET", f"/containers/{container}/archive", timeout=30.0, path=path) as response:
            data = b""
            while len(data) < _LIMIT and (part := response.read(65536)):
                data += part
    except ApiError as error:
        if error.status == 404:
            return b""
        raise
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for entry in tar:
            if entry.isfile() and (content := tar.extractfile(entry)):
                return content.read()
            if entry.issym():  # such as /etc/passwd → ../usr/etc/passwd
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.linkname))
                return read_file(api, container, target) if target != path else b""
    return b""
