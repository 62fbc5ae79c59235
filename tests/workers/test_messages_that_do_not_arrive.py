"""A message that doesn't arrive goes by the next channel, once each, and then to the office."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.appointments.desk import cancel
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.messages.queries import list_about, list_untold
from services.outbox.delivery import enqueue
from services.outbox.inbox import receive_callback
from tests.workers.conftest import EMAIL, book_for_monday, deliver, fault, messages, outcomes, until
from workers.runtime import JobContext

LOST_MAIL, NO_TEXTS, NO_CALLS = "rebota@example.org", "+13235550000", "+13235500000"
CONFIRMATION = "appointments.confirmation"


def _rows(job: JobContext, ref: UUID) -> dict[str, str]:
    """Channel -> state of what was sent about it."""
    with job.transaction() as session:
        return {row.channel: row.state for row in list_about(session, ref)}


def _receipt(job: JobContext, ref: UUID, channel: str) -> None:
    """The provider calls back about the message, twice."""
    with job.transaction() as session:
        [message] = [row.id for row in list_about(session, ref) if row.channel == channel]
        for _ in range(2):
            receive_callback(session, "notices", f"{message}-1", str(message), system_clock())


def _bounces(job: JobContext, pump: Callable[[], int], ref: UUID, channel: str) -> None:
    _receipt(job, ref, channel)
    until(lambda: pump() == 0)


@pytest.mark.parametrize(
    ("phone", "states"),
    [
        ("+13235550123", {"email": "bounced", "sms": "sent"}),
        (NO_TEXTS, {"email": "bounced", "sms": "failed", "voice": "sent"}),
        (
            NO_CALLS,
            {"email": "bounced", "sms": "failed", "voice": "failed", "desk": "queued"},
        ),
        (None, {"email": "bounced", "desk": "queued"}),
    ],
)
def test_a_lost_message_goes_by_each_further_channel_once(
    job: JobContext, pump: Callable[[], int], phone: str | None, states: dict[str, str]
) -> None:
    appointment, _ = book_for_monday(job, email=LOST_MAIL, phone=phone)
    until(lambda: pump() == 0)
    for channel in ("email", "sms", "voice"):
        if states.get(channel) in ("bounced", "failed"):
            _bounces(job, pump, appointment, channel)
    assert _rows(job, appointment) == states
    with job.transaction() as session:
        untold = list_untold(session, "villanueva", now=system_clock())
        assert [row.ref for row in untold] == ([appointment] if "desk" in states else [])


def test_a_receipt_that_comes_again_or_of_nothing_changes_nothing(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job, email=LOST_MAIL, phone="+13235550123")
    until(lambda: pump() == 0)
    _bounces(job, pump, appointment, "email")
    with job.transaction() as session:
        unknown = str(uuid4())
        receive_callback(session, "notices", "again", unknown, system_clock())
        [mail] = [row.id for row in list_about(session, appointment) if row.channel == "email"]
        receive_callback(session, "notices", "late", str(mail), system_clock())
    until(lambda: pump() == 0)
    assert _rows(job, appointment) == {"email": "bounced", "sms": "sent"}
    assert len(messages(agencies_url, "+13235550123")) == 1
    assert outcomes(job, "notices.callback").count("moot") == 1


def test_what_was_cancelled_meanwhile_is_not_sent_by_the_next_channel(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job, email=LOST_MAIL, phone="+13235550123")
    deliver(job, CONFIRMATION, appointment)
    with job.transaction() as session:
        cancel(session, appointment, now=system_clock(), actor=SYSTEM)
        gone = text("UPDATE outbox SET done_at = now() WHERE topic = 'appointments.cancelled'")
        session.execute(gone)
    _bounces(job, pump, appointment, "email")
    assert outcomes(job, "messages.next_channel") == ["moot"]
    assert messages(agencies_url, "+13235550123") == []


def test_a_message_that_waits_when_it_is_no_longer_so_is_superseded(
    job: JobContext, agencies_url: str
) -> None:
    fault(agencies_url, "notices", drop_after_effect_rate=1)
    appointment, _ = book_for_monday(job)
    deliver(job, CONFIRMATION, appointment)
    assert _rows(job, appointment) == {"email": "queued"}
    with job.transaction() as session:
        cancel(session, appointment, now=system_clock(), actor=SYSTEM)
        session.execute(text("UPDATE outbox SET lease_until = NULL"))
    deliver(job, CONFIRMATION, appointment)
    assert _rows(job, appointment) == {"email": "superseded"}


def test_of_two_messages_that_say_the_same_only_the_newer_goes_out(
    job: JobContext, agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job)
    with job.transaction() as session:
        first = enqueue(session, "appointments.rescheduled", appointment)
    with job.transaction() as session:
        second = enqueue(session, "appointments.rescheduled", appointment)
    deliver(job, "appointments.rescheduled", appointment, item=first)
    deliver(job, "appointments.rescheduled", appointment, item=second)
    assert outcomes(job, "appointments.rescheduled") == ["moot", "sent"]
    assert len(messages(agencies_url, EMAIL)) == 1


def test_the_address_is_sealed_and_nothing_of_the_text_is_kept(job: JobContext) -> None:
    appointment, folio = book_for_monday(job)
    deliver(job, CONFIRMATION, appointment)
    with job.transaction() as session:
        kept = session.execute(text("SELECT messages::text FROM messages")).scalar_one()
    assert EMAIL not in kept
    assert folio not in kept


def test_who_gave_no_address_is_on_the_offices_list(job: JobContext) -> None:
    appointment, _ = book_for_monday(job, email=None)
    deliver(job, CONFIRMATION, appointment)
    assert _rows(job, appointment) == {"desk": "queued"}
