"""Whether the four services that the shop stands on answer, asked in their own protocols."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy import text

from shop import connections, mail
from shop.settings import settings

SECONDS = 2


def postgres() -> None:
    """Ask for nothing but an answer."""
    with connections.database().connect() as connection:
        connection.execute(text("SELECT 1"))


def redis() -> None:
    """Ping."""
    connections.redis().ping()


def s3() -> None:
    """Ask whether our bucket is there."""
    connections.s3().head_bucket(Bucket=settings().s3_bucket)


def smtp() -> None:
    """Say hello and leave."""
    with mail.connect(SECONDS) as server:
        server.noop()


CHECKS: dict[str, Callable[[], None]] = {"postgres": postgres, "redis": redis, "s3": s3, "smtp": smtp}

# A thread for each: a service that hangs can then spoil nothing but its own answer.
THREADS = {name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}") for name in CHECKS}


def report() -> dict[str, str]:
    """Every service with "ok" or with what is wrong, all asked at once."""
    answers = {name: THREADS[name].submit(check) for name, check in CHECKS.items()}
    wait(answers.values(), timeout=SECONDS)
    return {name: _verdict(answer) for name, answer in answers.items()}


def _verdict(answer: Future[None]) -> str:
    """One check in words."""
    if not answer.done():
        answer.cancel()
        return f"failed: no answer within {SECONDS} s"
    error = answer.exception()
    if error is None:
        return "ok"
    reason, _, _ = str(error).partition("\n")
    return f"failed: {type(error).__name__}: {reason}"
