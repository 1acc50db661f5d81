"""Starting services in the order of their needs, all at once where they have none, and waiting for each to be ready.

Carries no decision: the plan says what to start, the stack says what waits for what.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from devenv.artifacts.names import setup_names
from devenv.engines.readiness import COMMAND_TIMEOUT, Asker
from devenv.engines.runtime import Runtime
from devenv.errors import DevenvError, EngineError, ServiceNotReadyError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.probes import Answer
from devenv.stack import Bindings, Service, bind

REFUSED = frozenset({"28P01", "28000", "3D000"})
"""The server is up and refuses us for good: wrong password, no entry in pg_hba.conf, no such database."""
_LOG_LINES = 20
_FINDS_OUT = 2.0
_READ_LINES = 500


@dataclass(frozen=True, slots=True)
class Job:
    """What to do for one service: its instance, whether it must be started, and what runs around that."""

    service: Service
    instance: str
    start: bool
    setups: tuple[tuple[str, str], ...] = ()  # (name, instance) to run to their end before the start
    provision: bool = False  # the instance is new and its data is not
    held: bool = False  # only its setups are run


@dataclass
class Launch:
    """One run over all jobs. `setup_done` is told each setup that ended well, `answered` each service that is ready.

    Once everything is started, `hurry` is asked whether not to wait any longer.
    """

    runtime: Runtime
    bindings: Bindings
    reporter: Reporter
    timeout: float
    setup_done: Callable[[str], None] = lambda name: None
    answered: Callable[[str], None] = lambda name: None
    hurry: Callable[[], bool] = lambda: False
    _waited_for: set[str] = field(default_factory=set)
    _ready: dict[str, threading.Event] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _failures: list[BaseException] = field(default_factory=list)

    def run(self, jobs: Sequence[Job]) -> None:
        """Start and wait for all. Raises the first failure, after every other thread has seen it and ended."""
        self._ready = {job.service.name: threading.Event() for job in jobs}
        deadline = time.monotonic() + self.timeout
        threads = [threading.Thread(target=self._guard, args=(job, deadline), daemon=True) for job in jobs]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():  # a join without a timeout would not see Ctrl-C
                    thread.join(0.2)
                    if len(self._waited_for) == len(jobs) and self.hurry():
                        self._stop.set()
        except BaseException:
            self._stop.set()
            for thread in threads:
                if thread.ident is not None:  # it was started before Ctrl-C came
                    thread.join(5.0)
            raise
        if not self._failures and not self._stop.is_set() and any(job.start for job in jobs):
            self._look_again(jobs)
        if self._failures:
            raise next((f for f in self._failures if isinstance(f, ServiceNotReadyError)), self._failures[0])

    def _look_again(self, jobs: Sequence[Job]) -> None:
        """A service that answered may have ended while others were waited for."""
        started = [job for job in jobs if not job.held]
        running = self.runtime.running([job.instance for job in started])
        for job in started:
            if job.instance not in running and not self._is_done(job):
                how = self.runtime.ended(job.instance) or "it does not run"
                self._failures.append(self._not_ready(job, f"it answered, and then {how}", Answer(False, "")))
                self._emit(job, Phase.FAILED, how)

    def _guard(self, job: Job, deadline: float) -> None:
        try:
            self._one(job, deadline)
        except BaseException as error:  # carried to the thread that waits, whatever it is
            self._failures.append(error)
            self._emit(job, Phase.FAILED, error.message if isinstance(error, DevenvError) else str(error))
            self._stop.set()

    def _one(self, job: Job, deadline: float) -> None:
        if (job.start or job.setups) and not self._needs(job, deadline):
            return
        for name, instance in job.setups:
            self._setup(job, name, instance, deadline)
            if self._stop.is_set():
                return
        if job.held:
            self._waited_for.add(job.service.name)
            self._ready[job.service.name].set()
            self._emit(job, Phase.STOPPED, "set up, not started")
            return
        if job.start:
            self._emit(job, Phase.STARTING)
            self.runtime.start(job.service, job.instance)
        self._waited_for.add(job.service.name)
        asker = Asker(self.runtime, job.service, self.bindings)
        answer, gave_up = self._wait(asker, job, deadline)
        if gave_up == "cancelled":
            return
        if gave_up and self._is_done(job):
            self._ready[job.service.name].set()
            self._emit(job, Phase.STOPPED, "done")
            return
        if gave_up:
            raise self._not_ready(job, gave_up, answer)
        self.answered(job.service.name)
        self._ready[job.service.name].set()
        self._emit(job, Phase.READY)

    def _is_done(self, job: Job) -> bool:
        """Whether it had one thing to do, and has done it well: nothing else is asked of it."""
        asks_nothing = all(check.kind == "running" for check in job.service.ready)
        return asks_nothing and self.runtime.exit_code(job.instance) == 0

    def _wait(self, asker: Asker, job: Job, deadline: float) -> tuple[Answer, str | None]:
        """Wait for a good answer; data of an earlier time is brought in line with the manifest in between."""

        def told(detail: str) -> None:
            self._emit(job, Phase.WAITING, detail)

        answer, gave_up = asker.wait(job.instance, deadline, self._stop, told, REFUSED)
        if job.service.provision and (gave_up == "refused" or (job.provision and gave_up is None)):
            self._provision(job)
            answer, gave_up = asker.wait(job.instance, deadline, self._stop, told, REFUSED)
        return answer, gave_up

    def _provision(self, job: Job) -> None:
        service = job.service
        code, output = self.runtime.inside(service, job.instance, service.provision, 2 * COMMAND_TIMEOUT)
        if code != 0 and (how := self._ends_soon(job.instance)):
            raise self._not_ready(job, how, Answer(False, ""))
        if code != 0:
            raise ServiceNotReadyError(
                job.service.name,
                "its data was made with other settings, and can't be brought in line with the manifest",
                logs=tuple(output.strip().splitlines()[-_LOG_LINES:]),
                hint=f"put the settings back, or dump and remove its data: devenv destroy {job.service.name}",
            )

    def _ends_soon(self, instance: str) -> str | None:
        """How it ended: who answered on its port may be somebody else, and it is about to find that out itself."""
        deadline = time.monotonic() + _FINDS_OUT
        while (how := self.runtime.ended(instance)) is None and time.monotonic() < deadline:
            self._stop.wait(0.05)
        return how

    def _needs(self, job: Job, deadline: float) -> bool:
        """Wait for the services that this one needs; False when the whole run has failed or was cancelled."""
        for name in job.service.needs:
            event = self._ready.get(name)
            if event is None or event.is_set():
                continue
            self._emit(job, Phase.WAITING, f"for {name}")
            while not event.wait(0.05):
                if self._stop.is_set():
                    return False
        return not self._stop.is_set()

    def _setup(self, job: Job, name: str, instance: str, deadline: float) -> None:
        command = " ".join(
            bind(word, lambda ref: "…") for word in job.service.setup[setup_names(job.service).index(name)]
        )
        self._emit(job, Phase.SETUP, command)
        self.runtime.start(job.service, instance)
        while (code := self.runtime.exit_code(instance)) is None:
            if time.monotonic() > deadline:
                raise self._setup_failed(job, command, instance, "did not end in time")
            if self._stop.wait(0.03):
                return
        if code != 0:
            raise self._setup_failed(job, command, instance, f"exits with {code}")
        self.setup_done(name)

    def _setup_failed(self, job: Job, command: str, instance: str, what: str) -> ServiceNotReadyError:
        logs = tuple(self.runtime.tail(instance, lines=_LOG_LINES))
        return ServiceNotReadyError(job.service.name, f"its setup `{command}` {what}", logs=logs)

    def _not_ready(self, job: Job, reason: str, answer: Answer) -> EngineError:
        logs = tuple(self._last_words(job))
        if reason == "refused":
            reason = answer.detail
        elif answer.detail:
            reason = f"{reason}; last answer: {answer.detail}"
        hint = f"its whole log: devenv logs {job.service.name}"
        return ServiceNotReadyError(job.service.name, reason, logs=logs, hint=hint)

    def _last_words(self, job: Job) -> list[str]:
        """The end of its log, without the lines that our own questions left there."""
        paths = [str(dict(check.params).get("path", ("/",))[0]) for check in job.service.ready if check.kind == "http"]
        lines = self.runtime.tail(job.instance, lines=_READ_LINES, this_run=True)
        others = [line for line in lines if not any(f'"GET {path} HTTP' in line for path in paths)]
        return (others or lines)[-_LOG_LINES:]

    def _emit(self, job: Job, phase: Phase, detail: str = "") -> None:
        self.reporter.emit(ServicePhase(job.service.name, phase, detail))
