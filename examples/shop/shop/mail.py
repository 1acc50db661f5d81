"""Confirmations by SMTP."""

from email.message import EmailMessage
from email.utils import localtime
from smtplib import SMTP

from shop import receipts
from shop.database import Order
from shop.settings import settings

SENDER = "Shop <orders@shop.example>"


def confirmation(order: Order) -> EmailMessage:
    """The mail that confirms an order."""
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = order.customer_email
    message["Subject"] = f"Your order no. {order.id}"
    message["Date"] = localtime()
    message["Message-ID"] = f"<order-{order.id}@shop.example>"  # sent twice, it is still one mail
    message.set_content(receipts.text(order))
    return message


def send(message: EmailMessage) -> None:
    """Hand a message to the mail server."""
    with connect() as smtp:
        smtp.send_message(message)


def connect(timeout: float = 5) -> SMTP:
    """A connection to the mail server, to be used in a `with`."""
    return SMTP(settings().smtp_host, settings().smtp_port, timeout=timeout)
