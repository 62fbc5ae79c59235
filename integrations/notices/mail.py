"""E-mail through a relay by SMTP, and the rest through the gateway.

A relay keeps no keys: the Message-ID carries ours, so that whoever takes the same message twice can
tell. The gateway of the same provider says by that key what became of it.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from integrations.contracts import Attachment, Message, MessageChannel, MessageReport, MessageSender
from integrations.errors import NeverSent, OutcomeUnknown, Refused

AGENCY = "notices"
OPERATION = "send_mail"
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Relay:
    """A mail server that takes our messages: ``tls`` is implicit, otherwise STARTTLS, but for one
    on this machine."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, address: str) -> Relay:
        """The server in ``smtps://user:password@host:465`` or ``smtp://host:587``. Raises
        ValueError."""
        parts = urlsplit(address)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("a relay is smtps://host or smtp://host")
        tls = parts.scheme == "smtps"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, parts.port or (465 if tls else 587), tls, user, password)

    @property
    def here(self) -> bool:
        """Whether the server is on this machine."""
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost"


class MailSender:
    """Implements `contracts.MessageSender`: e-mail goes to the relay, all else to ``gateway``."""

    def __init__(self, relay: Relay, gateway: MessageSender, *, sender: str) -> None:
        self._relay = relay
        self._gateway = gateway
        self._sender = sender

    def send(self, message: Message) -> str | None:
        """Hand the message over; an e-mail's name at the relay is its Message-ID."""
        if message.channel is not MessageChannel.EMAIL:
            return self._gateway.send(message)
        mail = compose(message, sender=self._sender)
        self._deliver(mail)
        return str(mail["Message-ID"])

    def report(self, key: str) -> MessageReport:
        """Ask the gateway what became of the message."""
        return self._gateway.report(key)

    def _deliver(self, mail: EmailMessage) -> None:
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise NeverSent(AGENCY, OPERATION, "connect_failed") from error
        try:
            _hand_over(server, mail)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        relay, context = self._relay, ssl.create_default_context()
        if relay.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT_SECONDS)
            if not relay.here:
                server.starttls(context=context)
        if relay.user:
            server.login(relay.user, relay.password)
        return server


def compose(message: Message, *, sender: str) -> EmailMessage:
    """The e-mail. Long and accented subjects are folded and encoded by RFC 2047."""
    mail = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2]
    mail["From"] = Address("Consular", addr_spec=sender)
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["Content-Language"] = message.language
    # Nobody's holiday answers it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    for attachment in message.attachments:
        _attach(mail, attachment)
    return mail


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    media, *rest = attachment.media_type.split(";")
    maintype, _, subtype = media.strip().partition("/")
    parameters = dict(part.strip().split("=", 1) for part in rest)
    if maintype == "text":
        parameters.pop("charset", None)
        mail.add_attachment(
            attachment.content.decode(),
            subtype=subtype,
            filename=attachment.name,
            params=parameters,
        )
        return
    mail.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.name,
        params=parameters,
    )


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refused:
        [(code, _)] = refused.recipients.values()
        raise _refusal(code, "recipient_invalid") from refused
    except smtplib.SMTPSenderRefused as refused:
        raise NeverSent(AGENCY, OPERATION, "sender_refused") from refused
    except smtplib.SMTPDataError as refused:
        raise _refusal(refused.smtp_code, "data_invalid") from refused
    except smtplib.SMTPNotSupportedError as refused:
        # An address with an ñ before its @, and a relay that can't write it.
        raise Refused(AGENCY, OPERATION, "recipient_invalid", "SMTPUTF8") from refused
    except (smtplib.SMTPException, OSError) as lost:
        raise OutcomeUnknown(AGENCY, OPERATION, "connection_lost") from lost


def _refusal(code: int, final: str) -> Exception:
    """What the relay may take later, and what it never will."""
    if code < 500:
        return NeverSent(AGENCY, OPERATION, "unavailable")
    return Refused(AGENCY, OPERATION, final, str(code))
