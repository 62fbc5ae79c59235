"""Tell people. The gateway takes a message once per key, and the key is the outbox id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from integrations.contracts import Message, MessageChannel
from integrations.errors import OutcomeUnknown, Refused
from integrations.registry import Purpose
from services.outbox.delivery import Lease, enqueue_once_a_day
from workers import message_context
from workers.agencies import code_of
from workers.message_context import MessageContext
from workers.messages import write
from workers.runtime import JobContext
from workers.sms import as_sms
from workers.steps import RetryLater, Settled, run_steps

AGENCY = code_of(Purpose.MESSAGES)
# Already sent under this key, or there is nobody at that address.
_FINAL = {"key_reused": "sent", "recipient_invalid": "recipient_invalid"}


def send_login_code(job: JobContext, lease: Lease) -> None:
    """The one-time code to sign in with, while it can still be used."""
    _send_code(job, lease, "login_code")


def send_consent_code(job: JobContext, lease: Lease) -> None:
    """The one-time code to tell whoever of the staff helps."""
    _send_code(job, lease, "consent_code")


def _send_code(job: JobContext, lease: Lease, message: str) -> None:
    _tell(
        job,
        lease,
        lambda session, now: message_context.one_time_code(
            session, lease.ref, message, now=now, vault=job.vault
        ),
    )


def send_confirmation(job: JobContext, lease: Lease) -> None:
    """An appointment was booked; its people are compared with others' once that is known here,
    so that a booking writes one item only."""
    with job.transaction() as session:
        enqueue_once_a_day(session, "appointments.compare_people", lease.ref)
    _about_appointment(job, lease, "appointment_confirmation")


def send_cancellation(job: JobContext, lease: Lease) -> None:
    """An appointment was cancelled."""
    _about_appointment(job, lease, "appointment_cancelled")


def send_attendee_cancellation(job: JobContext, lease: Lease) -> None:
    """Somebody of an appointment was taken off it; the others keep theirs."""
    _tell(
        job,
        lease,
        lambda session, now: message_context.attendee_cancelled(
            session, lease.ref, now=now, site=job.public_url, vault=job.vault
        ),
    )


def send_rescheduling(job: JobContext, lease: Lease) -> None:
    """An appointment moved to another time or office."""
    _about_appointment(job, lease, "appointment_rescheduled")


def send_reminder(job: JobContext, lease: Lease) -> None:
    """An appointment is near."""
    _about_appointment(job, lease, "appointment_reminder")


def send_identity_check(job: JobContext, lease: Lease) -> None:
    """Somebody else asked for an appointment in the name of one of its persons."""
    _about_appointment(job, lease, "identity_check")


def send_enrollment_news(job: JobContext, lease: Lease) -> None:
    """An enrollment came to a status of which its applicant hears."""
    _tell_of(job, lease, partial(message_context.enrollment, topic=lease.topic))


def send_enrollment_again(job: JobContext, lease: Lease) -> None:
    """Staff had the applicant told again."""
    _tell_of(job, lease, message_context.enrollment_again)


def send_enrollment_received(job: JobContext, lease: Lease) -> None:
    """An enrollment was received and isn't decided at once."""
    _tell_of(job, lease, message_context.enrollment_received)


def send_enrollment_deadline(job: JobContext, lease: Lease) -> None:
    """A last day of an enrollment's applicant is near."""
    _tell(
        job,
        lease,
        lambda session, now: message_context.enrollment_deadline(
            session, lease.ref, now=now, site=job.public_url, vault=job.vault
        ),
    )


def send_next_step(job: JobContext, lease: Lease) -> None:
    """An enrollment is active, and others of the person's plan can be asked for now."""
    _tell_of(job, lease, message_context.next_step)


def send_identity_corrected(job: JobContext, lease: Lease) -> None:
    """The holder of an account was corrected at a window."""
    _tell_of(job, lease, message_context.identity_corrected)


def send_enrollment_withdrawn(job: JobContext, lease: Lease) -> None:
    """An enrollment ended because somebody else proved to be its person."""
    _tell_of(job, lease, message_context.enrollment_withdrawn)


def send_enrollment_identity_check(job: JobContext, lease: Lease) -> None:
    """Somebody else asked for an enrollment in the name of a person who has one."""
    _tell_of(job, lease, message_context.enrollment_clash)


def send_remittance_news(job: JobContext, lease: Lease) -> None:
    """A transfer was paid, or its money was given back."""
    _tell_of(job, lease, message_context.remittance)


def _about_appointment(job: JobContext, lease: Lease, message: str) -> None:
    def gather(session: Session, now: datetime) -> MessageContext | None:
        return message_context.appointment(
            session, lease.ref, message, now=now, site=job.public_url, vault=job.vault
        )

    _tell(job, lease, gather)


def _tell_of(job: JobContext, lease: Lease, gather: Callable[..., MessageContext | None]) -> None:
    """Of the thing that the item is about; ``gather`` is one of `workers.message_context`."""
    _tell(
        job,
        lease,
        lambda session, _now: gather(session, lease.ref, site=job.public_url, vault=job.vault),
    )


def _tell(
    job: JobContext, lease: Lease, gather: Callable[[Session, datetime], MessageContext | None]
) -> None:
    """Send what ``gather`` says; without anything to say or an address the item just ends."""

    def claim(session: Session, now: datetime) -> Message | Settled | None:
        context = gather(session, now)
        if context is None:
            return None
        return _message(lease, context) or Settled("no_address")

    run_steps(job, lease, claim, _send, agency=AGENCY)


def _send(job: JobContext, message: Message) -> Settled | RetryLater:
    try:
        job.agencies.notices.send(message)
    except OutcomeUnknown:
        # Resending is harmless: the key makes it the same message.
        return RetryLater()
    except Refused as refusal:
        if refusal.code not in _FINAL:
            raise
        return Settled(_FINAL[refusal.code])
    return Settled("sent")


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
