"""The layout of the image that a service is built to, by what the manifest says of it; asks no engine by itself."""

from __future__ import annotations

from devenv.layout.exceptions import Exemption
from devenv.layout.image import Facts, nothing_known
from devenv.layout.read import Layout, read_layout
from devenv.layout.reloading import telling
from devenv.layout.ruling import Verdict
from devenv.project import Project
from devenv.stack import Bindings, Service, Text, Vantage, bind

_VERDICTS = {"sync": Verdict.SYNC, "rebuild": Verdict.REBUILD, "ignore": Verdict.ABSENT}


def layout_of(project: Project, service: Service, bindings: Bindings, facts: Facts = nothing_known) -> Layout:
    """Read the Dockerfile of a service. Raises InputError, DevenvError."""
    assert service.build
    build = service.build
    value = bindings.resolver(Vantage.NETWORK)
    exceptions = [Exemption(_VERDICTS[each.verdict], each.paths, each.reason) for each in service.reload.exceptions]
    context = project.root / build.context
    return read_layout(
        context,
        context / build.dockerfile,
        target=build.target,
        args={name: bind(text, value) for name, text in build.args},
        facts=facts,
        command=[bind(word, value) for word in service.command] if service.command else None,
        env={name: bind(text, value) for name, text in telling_env(service)},
        exceptions=exceptions,
    )


def telling_env(service: Service) -> tuple[tuple[str, Text], ...]:
    """Those of a service's variables that say whether its process takes changed files up by itself."""
    return tuple(each for each in service.env if each[0] in telling())
