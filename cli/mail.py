"""Delivers the monitor's messages by e-mail: SMTP with STARTTLS, through a server that the monitor's owner names.

Without TLS only a server on this very machine is spoken to, and no password is ever sent to it. What a log says
reaches the text of a message, never its headers.
"""

import ipaddress
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

TIMEOUT: Final = 15.0
"""Seconds for each exchange with the server."""
MAX_SUBJECT: Final = 150
IMPLICIT_TLS: Final = 465
_MAX_ADDRESS: Final = 254


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail goes, and through which server.

    Attributes:
        host: the SMTP server.
        port: 465 speaks TLS at once; any other begins with STARTTLS.
        sender: the address that it comes from.
        recipients: the addresses that it goes to; at least one.
        user: for a server that asks who one is; "" for none.
        password: the user's.
        authority: a file with the certificate of whoever vouches for the server; None for the system's.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None

    def __post_init__(self) -> None:
        """Refuse addresses that are none."""
        for address in (self.sender, *self.recipients):
            check_address(address)
        if not self.recipients:
            raise InvalidInput("expected an address to send mail to", code="bad-address")

    def send(self, message_id: str, subject: str, text: str, *, now: int) -> None:
        """Deliver one message to every recipient.

        Raises:
            Unavailable: the server cannot be reached, has no TLS or a certificate that nobody vouches for, or refuses.
        """
        message = self._message(message_id, subject, text, now)
        try:
            with self._connect() as server:
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            cause = str(error) or type(error).__name__
            raise Unavailable(
                Sentence("mail through {host}: {cause}", host=self.host, cause=cause)
            ) from error
        if refused:
            message_ = Sentence(
                "mail through {host}: refused for {names}", host=self.host, names=", ".join(refused)
            )
            raise Unavailable(message_)

    def _message(self, message_id: str, subject: str, text: str, now: int) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Subject"] = one_line(subject)
        message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=None if self.authority is None else str(self.authority))
        if self.port == IMPLICIT_TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            if self.port != IMPLICIT_TLS:
                self._encrypt(server, context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif self.user or not _is_this_machine(self.host):
            raise smtplib.SMTPException("the server offers no STARTTLS; nothing was sent")


def check_address(text: str) -> None:
    """Require one plain e-mail address, ASCII, without a name.

    Raises:
        InvalidInput: anything else, line ends included.
    """
    try:
        parsed = Address(addr_spec=text)
        good = bool(parsed.domain) and str(parsed) == text and text.isascii() and text.isprintable()
    except (ValueError, IndexError, MessageError):
        good = False
    if not good or len(text) > _MAX_ADDRESS:
        raise InvalidInput(
            Sentence("expected an e-mail address, found {text!r}", text=text[:80]), code="bad-address"
        )


def one_line(text: str) -> str:
    """Return text that fits into a header: printable, on one line, not too long."""
    return "".join(character if character.isprintable() else " " for character in text)[:MAX_SUBJECT]


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
