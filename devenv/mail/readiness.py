"""Asks a running mail catcher whether it is ready; starts nothing."""

from __future__ import annotations

import http.client
import time

from .settings import Settings


def check(settings: Settings) -> str | None:
    """None if it is ready, else why it is not."""
    host = "127.0.0.1" if settings.http.everywhere else settings.http.host
    connection = http.client.HTTPConnection(host, settings.http.port, timeout=5)
    try:
        connection.request("GET", f"{settings.webroot}readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return None if status == 200 else f"unhealthy: status {status}"


def wait(settings: Settings, seconds: float) -> str | None:
    """Ask again until it is ready or the time is over."""
    end = time.monotonic() + seconds
    while (problem := check(settings)) and time.monotonic() < end:
        time.sleep(0.1)
    return problem
