"""Generated files into a container before it starts: one plain tar through the archive API.

Compose does this for `configs` with content when it starts a container itself; here the Engine API starts it. Never
compressed: the engine unpacks a compressed archive with the container's own tools, as root (CVE-2026-41567).
"""

from __future__ import annotations

from devenv.engines.compose.api import Api
from devenv.stack import Bindings, Service, Vantage, bind

_READABLE = 0o444


def inject(api: Api, container: str, service: Service, bindings: Bindings) -> None:
    """Put the service's generated files into its container, running or not."""
    value = bindings.resolver(Vantage.NETWORK)
    generated = [(file.path, bind(file.content, value).encode()) for file in service.files if not file.source]
    if not generated:
        return
    import io
    import tarfile

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in generated:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), _READABLE
            tar.addfile(entry, io.BytesIO(content))
    api.put(f"/containers/{container}/archive", archive.getvalue(), path="/")
