"""Handing a mail to a server, within limits; by STARTTLS where the server offers it."""

import smtplib
import socket
from email.message import EmailMessage

from serviceheft.outside import tls
from serviceheft.outside.conversation import MEGABYTE, ConversationEnded, Limits, operation

SILENCE_SECONDS = 30.0
LIMITS = Limits(
    request_seconds=120.0, operation_seconds=120.0, answer_bytes=MEGABYTE, operation_bytes=MEGABYTE
)


class NotTaken(Exception):
    """The server took nothing."""


class _Server(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        return tls.GuardedPlainSocket.instead_of(plain)


def hand_over(message: EmailMessage, host: str, port: int, limits: Limits = LIMITS) -> None:
    """Raises NotTaken."""
    try:
        with operation(limits), _Server(host, port, timeout=SILENCE_SECONDS) as server:
            if server.has_extn("starttls") and host != "localhost":
                server.starttls(context=tls.trusting(None))
            server.send_message(message)
    except (ConversationEnded, OSError, smtplib.SMTPException, ValueError):
        raise NotTaken from None
