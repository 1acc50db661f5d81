"""`python -m shop.worker`: confirm the orders that the web process has queued, one after the other."""

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shop import mail, queue, receipts
from shop.database import Order, transaction
from shop.settings import configure_logging

STOP = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger("shop.worker")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal to stop wait until the block is done."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)


def confirm(order_id: int) -> None:
    """Upload the receipt, send the mail, mark the order; an order that is confirmed already is left alone."""
    with transaction() as session:
        order = session.get(Order, order_id, with_for_update=True)  # two workers never confirm the same one
        if order is None or order.status == "confirmed":
            return
        receipts.upload(order)
        mail.send(mail.confirmation(order))
        order.status = "confirmed"
    log.info("order %d confirmed", order_id)


def work() -> None:
    """Confirm orders as they come."""
    queue.recover()
    log.info("worker ready")
    while True:
        order_id = queue.take()
        if order_id is not None:
            with uninterrupted():
                confirm(order_id)
                queue.done(order_id)


def main() -> None:
    """Work until told to stop; when a service is away, say so and begin again."""
    configure_logging()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `docker stop` is to mean the same as Ctrl-C
    try:
        while True:
            try:
                work()
            except Exception:
                log.exception("could not go on, trying again in a second")
                time.sleep(1)
    except KeyboardInterrupt:
        log.info("stopped")


if __name__ == "__main__":
    main()
