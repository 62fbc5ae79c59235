"""Tell people. The gateway takes a message once per key, and the key is the outbox id."""

from __future__ import annotations

from integrations.contracts import Message, MessageChannel
from integrations.errors import OutcomeUnknown, Refused
from services.outbox.delivery import Lease, enqueue_once_a_day
from workers import message_context
from workers.message_context import MessageContext
from workers.messages import write
from workers.runtime import JobContext
from workers.sms import as_sms

# Already sent under this key, or there is nobody at that address.
_FINAL = {"key_reused": "sent", "recipient_invalid": "recipient_invalid"}


def send_login_code(job: JobContext, lease: Lease) -> None:
    """The one-time code, while it can still be used."""
    with job.transaction() as session:
        context = message_context.login_code(
            session, lease.ref, now=job.now(session), vault=job.vault
        )
    deliver(job, lease, context)


def send_confirmation(job: JobContext, lease: Lease) -> None:
    """An appointment was booked; its people are compared with others' once that is known here,
    so that a booking writes one item only."""
    with job.transaction() as session:
        enqueue_once_a_day(session, "appointments.compare_people", lease.ref)
    _about_appointment(job, lease, "appointment_confirmation")


def send_cancellation(job: JobContext, lease: Lease) -> None:
    """An appointment was cancelled."""
    _about_appointment(job, lease, "appointment_cancelled")


def send_identity_check(job: JobContext, lease: Lease) -> None:
    """Somebody else asked for an appointment in the name of one of its persons."""
    _about_appointment(job, lease, "identity_check")


def send_decision(job: JobContext, lease: Lease) -> None:
    """An enrollment was decided."""
    with job.transaction() as session:
        context = message_context.enrollment(
            session, lease.ref, site=job.public_url, vault=job.vault
        )
    deliver(job, lease, context)


def send_identity_corrected(job: JobContext, lease: Lease) -> None:
    """The holder of an account was corrected at a window."""
    with job.transaction() as session:
        context = message_context.identity_corrected(
            session, lease.ref, site=job.public_url, vault=job.vault
        )
    deliver(job, lease, context)


def send_enrollment_withdrawn(job: JobContext, lease: Lease) -> None:
    """An enrollment ended because somebody else proved to be its person."""
    with job.transaction() as session:
        context = message_context.enrollment_withdrawn(
            session, lease.ref, site=job.public_url, vault=job.vault
        )
    deliver(job, lease, context)


def send_enrollment_identity_check(job: JobContext, lease: Lease) -> None:
    """Somebody else asked for an enrollment in the name of a person who has one."""
    with job.transaction() as session:
        context = message_context.enrollment_clash(
            session, lease.ref, site=job.public_url, vault=job.vault
        )
    deliver(job, lease, context)


def send_remittance_news(job: JobContext, lease: Lease) -> None:
    """A transfer was paid, or its money was given back."""
    with job.transaction() as session:
        context = message_context.remittance(
            session, lease.ref, site=job.public_url, vault=job.vault
        )
    deliver(job, lease, context)


def deliver(job: JobContext, lease: Lease, context: MessageContext | None) -> None:
    """Send the message and end the item; without anything to say or an address it just ends."""
    message = _message(lease, context) if context else None
    if message is None:
        with job.settle(lease, "moot" if context is None else "no_address"):
            return
    try:
        job.agencies.notices.send(message)
        outcome = "sent"
    except OutcomeUnknown:
        # Resending is harmless: the key makes it the same message.
        job.retry_later(lease)
        return
    except Refused as refusal:
        if refusal.code not in _FINAL:
            raise
        outcome = _FINAL[refusal.code]
    with job.settle(lease, outcome):
        return


def _message(lease: Lease, context: MessageContext) -> Message | None:
    text = write(context.message, context.language, context.values)
    key = str(lease.id)
    if context.email:
        return Message(key, MessageChannel.EMAIL, context.email, text.subject, text.body)
    if context.phone:
        sms = as_sms(text.body)
        return Message(
            key, MessageChannel.SMS, context.phone, "", sms.text, sms.encoding, sms.parts
        )
    return None


def _about_appointment(job: JobContext, lease: Lease, message: str) -> None:
    with job.transaction() as session:
        context = message_context.appointment(
            session,
            lease.ref,
            message,
            now=job.now(session),
            site=job.public_url,
            vault=job.vault,
        )
    deliver(job, lease, context)
