"""Host ports as the manifest asks for them, where no machine is there to look at; binds nothing."""

from __future__ import annotations

import itertools

from devenv.stack import Stack


def numbers(stack: Stack) -> dict[tuple[str, int], int]:
    """The host port of each published one, by service and container port: the one asked for, and none twice."""
    asked = {port.host for service in stack for port in service.ports}
    taken: set[int] = set()
    result = {}
    for service in stack:
        for port in service.ports:
            number = port.host
            if number in taken:
                number = next(n for n in itertools.count(number + 1) if n not in asked | taken)
            taken.add(number)
            result[service.name, port.container] = number
    return result
