"""The compose engine's verbs, each a short call of its module; gets a Stack and a Reporter, never prints or exits."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from devenv.artifacts.names import editor_name, image_of, is_editor, owner_of, volume_owner
from devenv.engines import (
    EXITED,
    MISSING,
    READY,
    STOPPED,
    UNHEALTHY,
    Command,
    ServiceStatus,
    Wish,
    addresses_of,
)
from devenv.engines.compose import fresh
from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.endpoint import find
from devenv.engines.compose.logs import follow
from devenv.engines.compose.observe import Container, labels, observe
from devenv.engines.compose.parallel import in_parallel
from devenv.engines.compose.runtime import Containers, age
from devenv.engines.live import Follower, Heard, Listener, Live, Told
from devenv.engines.readiness import Asker, standing
from devenv.errors import EngineError
from devenv.events import Notice, Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack, Text, Vantage, bind

_ENDED_WELL = (0, 130, 137, 143)
"""Exit codes of a container that was told to stop: by itself, or by SIGINT, SIGKILL, SIGTERM."""


@dataclass(frozen=True)
class ComposeEngine:
    """One project on one Docker engine."""

    project: Project
    api: Api
    name = "compose"

    @classmethod
    def of(cls, project: Project) -> ComposeEngine:
        """The engine that the docker CLI would use."""
        return cls(project, Api(find()))

    def check(self) -> None:
        """Raises `EngineUnavailableError` where no engine answers."""
        self.api.get("/version", timeout=10.0)

    def get_ready(self, *, builds: bool = True) -> None:
        """Load, in a thread of its own, what the first build or start of this process would wait for."""

        def load() -> None:
            import devenv.engines.compose.up  # noqa: F401
            from devenv.engines.compose.drive import warm

            warm(self.api.endpoint, builds=builds)

        threading.Thread(target=load, name="devenv-warm", daemon=True).start()

    def runtime(self, service: Service, bindings: Bindings) -> Containers:
        """What starting a service and waiting for it need of the engine."""
        return Containers(self.api, bindings)

    def live(self, stack: Stack, bindings: Bindings) -> Live:
        """The stack's sources and containers, for reload."""
        from devenv.engines.compose.live import Live as ComposeLive

        return ComposeLive(self.api, self.project, stack, bindings)

    def happenings(self, heard: Heard) -> Listener:
        """Tell what happens to the project's containers and to the engine."""
        from devenv.engines.compose.happenings import Happenings

        return Happenings(self.api, self.project, heard)

    def follower(self, told: Told) -> Follower:
        """Tell what the services write."""
        from devenv.engines.compose.follow import Follower as ComposeFollower

        return ComposeFollower(self.api, told)

    def up(self, stack: Stack, wish: Wish, reporter: Reporter) -> Bindings:
        """Bring services up and wait until they are ready; see `Up`."""
        from devenv.engines.compose.up import Up

        return Up(self.api, self.project, stack, wish, reporter).run()

    def stop(self, services: Sequence[str], reporter: Reporter, *, remove: bool) -> list[str]:
        """End the named services (all with none); gives what was there. Data is untouched.

        An editor's container ends only where it is removed, with all or by its own name: someone works in it.
        """
        observed = observe(self.api, self.project)
        chosen = [name for name in observed if not services or name in services or owner_of(name) in services]
        chosen = [name for name in chosen if not is_editor(name) or (remove and (not services or name in services))]
        if remove and fresh.load(self.project.state):
            fresh.settle(self.api, self.project.state, observed)
        found = [container for name in chosen for container in observed[name]]
        in_parallel(lambda container: self._end(container, reporter, remove=remove), found)
        if remove and not services:
            self._remove_networks()
        return sorted({owner_of(container.service) for container in found})

    def restart(self, services: Sequence[Service], bindings: Bindings, reporter: Reporter, timeout: float) -> None:
        """Restart the services' processes in their containers and wait until they are ready again."""
        from devenv.engines.launch import Job, Launch

        observed = observe(self.api, self.project)
        missing = [service.name for service in services if service.name not in observed]
        if missing:
            raise EngineError(f"`{missing[0]}` is not there to restart", hint="run `devenv up`")
        jobs = [Job(service, observed[service.name][0].id, start=True) for service in services]
        for job in jobs:
            reporter.emit(ServicePhase(job.service.name, Phase.STOPPING))
        in_parallel(self._halt, [observed[service.name][0] for service in services])
        Launch(Containers(self.api, bindings), bindings, reporter, timeout).run(jobs)

    def present(self) -> list[str]:
        """The services that have a container, running or not."""
        return list(observe(self.api, self.project))

    def status(self, stack: Stack, bindings: Bindings) -> list[ServiceStatus]:
        """What each service is doing, by asking the engine and the services themselves."""
        observed = observe(self.api, self.project)
        return in_parallel(lambda service: self._status(stack, service, observed, bindings), stack)

    def container(self, service: str) -> Container:
        """The running container of a service. Raises `EngineError` where there is none."""
        for container in observe(self.api, self.project).get(service, ()):
            if container.running:
                return container
        raise EngineError(f"`{service}` is not running", hint="run `devenv up`")

    def logs(self, services: Sequence[str], *, lines: str, stay: bool) -> Iterator[tuple[str, str]]:
        """(service, line) as they come: service by service, or with `stay` all at once until they end."""
        observed = observe(self.api, self.project)
        chosen = [(name, observed[name][0].id) for name in services if name in observed]
        if not stay:
            for name, container in chosen:
                for line in follow(self.api, container, lines=lines, stay=False):
                    yield name, line
            return
        from devenv.engines.merge import merged

        def lines_of(name: str, container: str) -> Iterator[tuple[str, str]]:
            return ((name, line) for line in follow(self.api, container, lines=lines, stay=True))

        yield from merged([lines_of(name, container) for name, container in chosen])

    def inside(self, service: Service, command: Sequence[Text], *, terminal: bool) -> Command:
        """`docker exec` in the service's container, on our terminal or on pipes."""
        from devenv.engines.compose.driver_command import docker

        value = self.project.state.bindings().resolver(Vantage.NETWORK)
        flags = ["-i", "-t"] if terminal else ["-i"]
        words = [bind(word, value) for word in command]
        container = self.container(service.name).id
        return Command((*docker(self.api.endpoint), "exec", *flags, container, *words))

    def beside(self, stack: Stack, service: Service, command: Sequence[str], *, terminal: bool) -> Command:
        """`docker compose run` of the service, from the file that `up` has written."""
        from devenv.artifacts.names import variables
        from devenv.engines.compose.driver_command import docker
        from devenv.engines.compose.render import files

        file, private = files(self.project)
        secrets = variables(stack, self.project.state.bindings())  # over the shell's own, which Compose would prefer
        place = ("--progress", "quiet", "-p", self.project.id, "-f", str(file), "--env-file", str(private))
        flags = ("--rm", "--no-deps", *(() if terminal else ("-T",)))
        return Command((*docker(self.api.endpoint), "compose", *place, "run", *flags, service.name, *command), secrets)

    def discard(self) -> None:
        """Remove all that there is of this project at once, DATA TOO; for copies. Needs no valid manifest."""
        from devenv.engines.compose.discard import discard

        discard(self.api, self.project)

    def volumes(self, services: Sequence[str] = ()) -> dict[str, str]:
        """The project's volumes and whose each is, of the named services only where some are named."""
        from devenv.engines.compose.observe import volumes

        owners = {name: volume_owner(self.project.id, name) for name in volumes(self.api, self.project)}
        return {name: owner for name, owner in owners.items() if not services or owner in services}

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove volumes by their exact names. No data comes back from this."""
        for name in names:
            self.api.delete(f"/volumes/{name}")

    def forget(self, stack: Stack, reporter: Reporter) -> None:
        """Remove the images that were built for this project, and its generated file."""
        for service in stack:
            if service.build:
                self._untag(image_of(stack, service, self.project.id), reporter)
                self._untag(f"{self.project.id}-{editor_name(service.name)}", reporter)
        for file in (*self.project.generated.glob("compose.yaml"), *self.project.generated.glob("editor-*.yaml")):
            file.unlink()

    def _untag(self, image: str, reporter: Reporter) -> None:
        try:
            self.api.delete(f"/images/{image}")
        except ApiError as error:
            reporter.emit(Notice(f"an image stays: {error.reason}"))

    def answered(self, stack: Stack, services: Iterable[Service], bindings: Bindings) -> list[ServiceStatus]:
        """The status of services that have just answered."""
        return [
            ServiceStatus(
                service.name,
                service.role,
                READY,
                image=image_of(stack, service, self.project.id),
                addresses=addresses_of(service, bindings),
            )
            for service in services
        ]

    def _status(
        self, stack: Stack, service: Service, observed: dict[str, list[Container]], bindings: Bindings
    ) -> ServiceStatus:
        image = image_of(stack, service, self.project.id)
        addresses = addresses_of(service, bindings)
        containers = observed.get(service.name)
        if not containers:
            return ServiceStatus(service.name, service.role, MISSING, "no container", None, image, addresses)
        container = containers[0]
        state = self.api.get(f"/containers/{container.id}/json")["State"]
        if not container.running or container.state == "restarting":
            name, reason = _resting(container)
            since = state["FinishedAt"] if container.state == "exited" else None
            return ServiceStatus(service.name, service.role, name, reason, since, image, addresses)
        answer = Asker(Containers(self.api, bindings), service, bindings).ask(container.id, timeout=1.0)
        since = state["StartedAt"]
        name, reason = standing(answer, age(since))
        return ServiceStatus(service.name, service.role, name, reason, since, image, addresses)

    def _end(self, container: Container, reporter: Reporter, *, remove: bool) -> None:
        name = owner_of(container.service)
        reporter.emit(ServicePhase(name, Phase.STOPPING))
        self._halt(container)
        if remove:
            self.api.delete(f"/containers/{container.id}", force=True)
        reporter.emit(ServicePhase(name, Phase.REMOVED if remove else Phase.STOPPED))

    def _halt(self, container: Container) -> None:
        """Stop with the container's own signal and grace; the engine answers 304 where it does not run."""
        if container.state in ("created", "exited", "dead"):
            return
        try:
            self.api.post(f"/containers/{container.id}/stop", timeout=120.0)
        except ApiError as error:
            if error.status not in (304, 404):
                raise

    def _remove_networks(self) -> None:
        for network in self.api.get("/networks", filters={"label": labels(self.project)}):
            self.api.delete(f"/networks/{network['Id']}")


def _resting(container: Container) -> tuple[str, str]:
    if container.state == "created":
        return STOPPED, "created, never started"
    if container.state == "paused":
        return STOPPED, "paused"
    if container.state == "restarting":
        return UNHEALTHY, "it ends and is started again and again"
    code = container.exit_code
    if code in _ENDED_WELL:
        return STOPPED, f"ended with exit code {code}"
    return EXITED, f"ended with exit code {code}"
