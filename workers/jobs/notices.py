"""Tell people: by the first channel that reaches them, by the next one when that fails.

The gateway takes a message once per key. The key is the id of its row in `messages`, which follows
from the outbox item and the channel; of a one-time code, of which nothing is kept, the item's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.contracts import Attachment, Message, MessageChannel, MessageReport, MessageState
from integrations.errors import OutcomeUnknown, Refused
from integrations.registry import Purpose
from services.appointments.calendar import content_type, make_calendar
from services.kernel.catalogue import translate
from services.messages import delivering
from services.messages.delivering import Notice
from services.messages.queries import find_message
from services.messages.rules import LOST, Channel, State, addresses
from services.messages.words import PDF_LINE, WHERE_LINE
from services.outbox.delivery import Lease, enqueue, enqueue_once_a_day, is_overtaken
from services.outbox.inbox import find_folio
from services.remittances.telling import TOPIC as TELL_RECIPIENT
from workers import alert_context, message_context, recipient_context
from workers.agencies import code_of
from workers.message_context import Means, MessageContext
from workers.messages import write
from workers.runtime import JobContext
from workers.sms import as_sms
from workers.steps import Claim, Parts, RetryLater, Settled, run_steps

AGENCY = code_of(Purpose.MESSAGES)
NEXT_CHANNEL = "messages.next_channel"
Gather = Callable[[Session, UUID, Means], MessageContext | None]


def _appointment(message: str) -> Gather:
    return partial(message_context.appointment, message=message)


def _news(topic: str) -> Gather:
    return partial(message_context.enrollment, topic=topic)


# Topic of the outbox -> what its message says now; nothing once that is no longer so.
GATHER: Mapping[str, Gather] = {
    "alerts.notice": alert_context.alert_notice,
    "alerts.report": alert_context.scheduled_report,
    "alerts.agreements": alert_context.agreements_due,
    "appointments.confirmation": _appointment("appointment_confirmation"),
    "appointments.cancelled": _appointment("appointment_cancelled"),
    "appointments.attendee_cancelled": message_context.attendee_cancelled,
    "appointments.reminder": _appointment("appointment_reminder"),
    "appointments.rescheduled": _appointment("appointment_rescheduled"),
    "appointments.orphaned": _appointment("appointment_orphaned"),
    "appointments.supported": _appointment("appointment_supported"),
    "appointments.place_found": message_context.place_found,
    "appointments.next_in_queue": message_context.next_in_queue,
    "appointments.identity_check": _appointment("identity_check"),
    "collection.ready": message_context.document_ready,
    "enrollments.identity_check": message_context.enrollment_clash,
    "enrollments.withdrawn": message_context.enrollment_withdrawn,
    "enrollments.next_step": message_context.next_step,
    "enrollments.told_again": message_context.enrollment_repeated,
    "enrollments.received": message_context.enrollment_received,
    "enrollments.deadline": message_context.enrollment_deadline,
    "enrollments.renewed": message_context.enrollment_renewed,
    **{
        topic: _news(topic)
        for topic in (
            "enrollments.asked",
            "enrollments.appointment",
            "enrollments.payment",
            "enrollments.decided",
            "enrollments.ended",
        )
    },
    "disputes.received": message_context.dispute,
    "disputes.decided": message_context.dispute,
    "identity.corrected": message_context.identity_corrected,
    "remittances.funded": message_context.remittance_funded,
    "remittances.available": message_context.remittance_available,
    "remittances.paid": message_context.remittance,
    "remittances.refunded": message_context.remittance,
    "remittances.not_paid": message_context.remittance_not_paid,
    TELL_RECIPIENT: recipient_context.recipient_news,
}
CODES = {"citizens.login_code": "login_code", "citizens.consent_code": "consent_code"}


def send_code(job: JobContext, lease: Lease) -> None:
    """A one-time code, while it can still be used. To the address it was asked for, and no other;
    no row is kept of it."""

    def claim(session: Session, now: datetime) -> Message | Settled | None:
        means = Means(now, job.public_url, job.vault)
        context = message_context.one_time_code(session, lease.ref, means, CODES[lease.topic])
        if context is None:
            return None
        [channel, *_] = reached = addresses(context.email, context.phone)
        return _message(lease.id, channel, reached[channel], context, job.public_url)

    run_steps(job, lease, claim, _send_code, agency=AGENCY)


def send_confirmation(job: JobContext, lease: Lease) -> None:
    """An appointment was booked; its people are compared with others' once that is known here,
    so that a booking writes one item only."""
    with job.transaction() as session:
        enqueue_once_a_day(session, "appointments.compare_people", lease.ref)
    telling = send(job, lease)
    run_steps(job, lease, telling.claim, telling.call, agency=AGENCY)


def send(job: JobContext, lease: Lease) -> Parts[Message]:
    """What the item's topic says about what it refers to."""
    telling = _Telling(job, lease.id, lease.topic, lease.ref, first=lease.attempts == 1)
    return Parts(telling.claim, telling.call, AGENCY)


def send_by_next_channel(job: JobContext, lease: Lease) -> None:
    """A message didn't arrive: the same by the next channel, if it is still so."""
    with job.transaction() as session:
        lost = find_message(session, lease.ref)
    if lost is None:
        with job.settle(lease, "moot"):
            return
    telling = _Telling(job, lost.item, lost.topic, lost.ref)
    run_steps(job, lease, telling.claim, telling.call, agency=AGENCY)


def take_receipt(_job: JobContext, lease: Lease) -> Parts[UUID]:
    """The gateway calls back about a message: ask it what is true."""

    def claim(session: Session, _now: datetime) -> UUID | Settled | None:
        key = find_folio(session, lease.ref)
        message = UUID(key) if key else None
        return message if message and find_message(session, message) else None

    def ask(job: JobContext, message: UUID) -> Settled:
        report = job.agencies.notices.report(str(message))
        return Settled("asked", lambda session, now: _note(session, message, report, now))

    return Parts(claim, ask, AGENCY)


_STATES = {
    MessageState.DELIVERED: State.DELIVERED,
    MessageState.BOUNCED: State.BOUNCED,
    MessageState.FAILED: State.FAILED,
}


def _note(session: Session, message: UUID, report: MessageReport, now: datetime) -> None:
    state = _STATES.get(report.state)
    if state is None:
        return
    changed = delivering.note_outcome(session, message, state, reason=report.reason, now=now)
    if changed and state in LOST:
        enqueue(session, NEXT_CHANNEL, message)


@dataclass(frozen=True)
class _Telling:
    """The parts of telling somebody one thing. ``item`` is the outbox item that it began with;
    ``first``: nothing was handed over for it yet."""

    job: JobContext
    item: UUID
    topic: str
    ref: UUID
    first: bool = False

    def claim(self, session: Session, now: datetime) -> Message | Settled | None:
        """The message by the channel whose turn it is; nothing once it is no longer so."""
        return self._claim(session, now, first=self.first)

    def _claim(self, session: Session, now: datetime, *, first: bool) -> Message | Settled | None:
        means = Means(now, self.job.public_url, self.job.vault)
        context = GATHER[self.topic](session, self.ref, means)
        if context is None or is_overtaken(session, self.item):
            delivering.supersede(session, self.item, now=now)
            return None
        notice = self._notice(context)
        outgoing = delivering.prepare(session, notice, now=now, vault=means.vault, first=first)
        if outgoing is None:
            return Settled("no_address")
        return _message(outgoing.id, outgoing.channel, outgoing.address, context, means.site)

    def call(self, job: JobContext, message: Message) -> Claim[Message] | Settled | RetryLater:
        """Hand it over; where the gateway says that nobody is there, the next channel's turn."""
        try:
            provider_id = job.agencies.notices.send(message)
        except OutcomeUnknown:
            # Resending is harmless: the key makes it the same message.
            return RetryLater()
        except Refused as refusal:
            if refusal.code == "recipient_invalid":
                return Claim(partial(self._claim_after, UUID(message.key), refusal.code))
            if refusal.code != "key_reused":
                raise
            # Taken before under this key, in other words.
            provider_id = None
        key = UUID(message.key)
        return Settled(
            "sent", lambda session, now: delivering.note_sent(session, key, provider_id, now=now)
        )

    def _claim_after(
        self, lost: UUID, reason: str, session: Session, now: datetime
    ) -> Message | Settled | None:
        delivering.note_outcome(session, lost, State.FAILED, reason=reason, now=now)
        claimed = self._claim(session, now, first=False)
        return Settled(reason) if isinstance(claimed, Settled) else claimed

    def _notice(self, context: MessageContext) -> Notice:
        return Notice(
            item=self.item,
            topic=self.topic,
            ref=self.ref,
            kind=context.message,
            language=context.language,
            consulate=context.consulate,
            account=context.account,
            addresses=addresses(context.email, context.phone),
        )


def _send_code(job: JobContext, message: Message) -> Settled | RetryLater:
    try:
        job.agencies.notices.send(message)
    except OutcomeUnknown:
        return RetryLater()
    except Refused as refusal:
        if refusal.code not in ("key_reused", "recipient_invalid"):
            raise
        return Settled("sent" if refusal.code == "key_reused" else refusal.code)
    return Settled("sent")


def _message(key: UUID, channel: Channel, to: str, context: MessageContext, site: str) -> Message:
    text = write(context.message, context.language, context.values)
    message = partial(Message, str(key), MessageChannel(channel), to, language=context.language)
    if channel is Channel.EMAIL:
        body = f"{text.body}{_visit_lines(context)}"
        return message(text.subject, body, attachments=_files(context, site))
    if channel is Channel.VOICE:
        return message("", text.body)
    sms = as_sms(text.body)
    return message("", sms.text, sms.encoding, sms.parts)


def _visit_lines(context: MessageContext) -> str:
    """Where it is and where to print it, of an appointment that stands; an SMS is too short for
    that."""
    event = context.event
    if event is None or event.cancelled:
        return ""
    where = translate(WHERE_LINE, context.language) % {"place": event.location}
    printed = translate(PDF_LINE, context.language) % {"address": f"{event.address}/cita.pdf"}
    return f"\n\n{where}\n\n{printed}"


def _files(context: MessageContext, site: str) -> tuple[Attachment, ...]:
    """The event for their calendar, where the message is about an appointment's time."""
    if context.event is None:
        return ()
    domain = urlsplit(site).hostname or "localhost"
    calendar = make_calendar(context.event, domain=domain)
    return (Attachment("cita.ics", content_type(context.event), calendar),)
