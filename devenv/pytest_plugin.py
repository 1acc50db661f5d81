"""The pytest plugin: fixtures that give tests the project's servers; every pytest with devenv beside it loads it.

So it imports nothing of devenv before a test asks for a fixture.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from devenv.testing import Database, Environment, Mailbox
    from devenv.testing.early import Early
    from devenv.testing.redis import Index
    from devenv.testing.s3 import Bucket

T = TypeVar("T")
_RUN = "devenv_run"
_START = "devenv_start"
_ID = pytest.StashKey[str]()
_USED = pytest.StashKey[bool]()
_EARLY: pytest.StashKey[Early] = pytest.StashKey()


def _run_id(config: pytest.Config) -> str:
    """The same in all processes of one run: pytest-xdist's workers get it from the process that starts them."""
    if hasattr(config, "workerinput"):
        return str(config.workerinput[_RUN])
    if _ID not in config.stash:
        config.stash[_ID] = os.urandom(4).hex()
    return config.stash[_ID]


def _worker(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("workerid", "master"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """When the servers come up."""
    parser.addini(_START, "when devenv brings servers up: eager (all, as pytest starts) or lazy (by the first test)")


def pytest_sessionstart(session: pytest.Session) -> None:
    """With `devenv_start = eager`, in the process that starts workers: servers come up while tests are collected."""
    config = session.config
    if config.getini(_START) == "eager" and not hasattr(config, "workerinput") and not config.option.collectonly:
        from devenv.testing.early import Early

        config.stash[_USED] = True
        config.stash[_EARLY] = Early(config.rootpath, _run_id(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In pytest-xdist's controller, for each worker."""
    node.workerinput[_RUN] = _run_id(node.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: tell the controller whether a test used devenv."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_RUN] = session.config.stash.get(_USED, False)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the controller: a worker that was killed may have used devenv as well."""
    if getattr(node, "workeroutput", {}).get(_RUN, True):
        node.config.stash[_USED] = True


def pytest_unconfigure(config: pytest.Config) -> None:
    """In the process that began the run: what was brought up for it is removed before it ends."""
    if early := config.stash.get(_EARLY, None):
        early.close()
    if config.stash.get(_USED, False) and not hasattr(config, "workerinput"):
        from devenv.copies import finish

        finish(_run_id(config))


def pytest_exception_interact(call: pytest.CallInfo[Any]) -> None:
    """What is wrong with the servers fails every test that asks for them; it is told at length once."""
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, DevenvFailed):
        error.msg = error.short


class DevenvFailed(pytest.fail.Exception):  # type: ignore[name-defined, misc]  # pytest gives no other name
    """A failure of devenv is the user's to read: its words, without the code that it went through."""

    def __init__(self, words: list[str]) -> None:
        super().__init__("\n".join(words), pytrace=False)
        self.short = words[0].rstrip(":") + (" (told above)" if len(words) > 1 else "")


DevenvFailed.__module__ = "builtins"  # reports show a name with its module, as they don't with pytest's own


@contextlib.contextmanager
def _told() -> Iterator[None]:
    from devenv.errors import DevenvError

    failure = None
    try:
        yield
    except DevenvError as error:
        failure = error
    if failure:
        from devenv.console.failure import error_lines

        raise DevenvFailed(list(error_lines(failure, color=False))) from None


@pytest.fixture(scope="session")
def devenv(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """The project's servers: `devenv.env` is what an app is told of them."""
    config = request.config
    with contextlib.ExitStack() as end:
        with _told():
            from devenv.testing.environment import Run, begin

            config.stash[_USED] = True
            environment = begin(config.rootpath, Run(_run_id(config), _worker(config)), end)
        yield environment
        if hasattr(config, "workerinput"):  # the process lives to the end of the run, and others may still begin
            atexit.register(end.pop_all().close)


def _opened(open_it: Callable[[Environment], T], environment: Environment) -> T:
    with _told():
        return open_it(environment)


@pytest.fixture(scope="session")
def postgres_setup() -> Callable[[str], object] | None:
    """Tests that define it anew give a function: it sets up the database at an address, once a run for all processes.

    It runs after the apps' `setup`.
    """
    return None


@pytest.fixture(scope="session")
def postgres_database(devenv: Environment, postgres_setup: Callable[[str], object] | None) -> Iterator[Database]:
    """This process's own database, set up; its `url` stays the same, and `reset()` brings it back to how it was."""
    from devenv.testing.postgres import open_database

    database = _opened(lambda environment: open_database(environment, postgres_setup), devenv)
    yield database
    database.close()


@pytest.fixture
def postgres_url(postgres_database: Database) -> str:
    """The address of this process's own database, for each test as the setup left it."""
    with _told():
        postgres_database.reset()
    return postgres_database.url


@pytest.fixture(scope="session")
def redis_index(devenv: Environment) -> Iterator[Index]:
    """This process's own index of redis."""
    from devenv.testing.redis import open_index

    index = _opened(open_index, devenv)
    yield index
    index.close()


@pytest.fixture
def redis_url(redis_index: Index) -> str:
    """The address of this process's own index of redis, for each test empty."""
    with _told():
        redis_index.reset()
    return redis_index.url


@pytest.fixture(scope="session")
def _bucket(devenv: Environment) -> Iterator[Bucket]:
    from devenv.testing.s3 import open_bucket

    bucket = _opened(open_bucket, devenv)
    yield bucket
    bucket.close()


@pytest.fixture
def s3_bucket(_bucket: Bucket) -> str:
    """The name of this process's own bucket, for each test empty."""
    with _told():
        _bucket.reset()
    return _bucket.name


@pytest.fixture
def s3_settings(_bucket: Bucket) -> dict[str, str]:
    """What a client takes: `boto3.client("s3", **s3_settings)`."""
    return dict(_bucket.settings)


@pytest.fixture
def mailbox(devenv: Environment) -> Mailbox:
    """The mails that are caught while the test runs: `mailbox.wait(lambda mail: "Welcome" in mail.subject)`."""
    from devenv.testing.mailbox import open_mailbox

    box = _opened(open_mailbox, devenv)
    box.begin()
    return box


@pytest.fixture
def devenv_environ(
    devenv: Environment, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """`os.environ` as the app under test expects it, with this process's own database, index and bucket."""
    with _told():
        values = devenv.env
        for probe, names in _OWN.items():
            if devenv.has(probe):
                for name in names:
                    request.getfixturevalue(name)
                values |= request.getfixturevalue(names[0]).renamed(values)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


_OWN = {
    "postgres": ("postgres_database", "postgres_url"),
    "redis": ("redis_index", "redis_url"),
    "s3": ("_bucket", "s3_bucket"),
}
"""By protocol the fixture that knows what is a process's own, and the one that makes it new for a test."""
