"""Tell people. The gateway takes a message once per key, and the key is the outbox id."""

from __future__ import annotations

from integrations.contracts import Message, MessageChannel
from integrations.errors import OutcomeUnknown, Refused
from services.outbox.delivery import Claim, put_once_a_day
from workers import letters
from workers.letters import Letter
from workers.messages import write
from workers.runtime import Work
from workers.sms import as_sms

# The same key came before, so the message is out. Or there is nobody at that address.
_FINAL = {"key_reused": "sent", "recipient_invalid": "recipient_invalid"}


def send_login_code(work: Work, claim: Claim) -> None:
    """The one-time code, while it can still be used."""
    with work.transaction() as session:
        letter = letters.login_code(session, claim.ref, now=work.now(session), vault=work.vault)
    deliver(work, claim, letter)


def send_confirmation(work: Work, claim: Claim) -> None:
    """An appointment was booked; its people are compared with others' once that is known here,
    so that a booking writes one item only."""
    with work.transaction() as session:
        put_once_a_day(session, "appointments.compare_people", claim.ref)
    _about_appointment(work, claim, "appointment_confirmation")


def send_cancellation(work: Work, claim: Claim) -> None:
    """An appointment was cancelled."""
    _about_appointment(work, claim, "appointment_cancelled")


def send_identity_check(work: Work, claim: Claim) -> None:
    """Somebody else asked for an appointment in the name of one of its persons."""
    _about_appointment(work, claim, "identity_check")


def send_decision(work: Work, claim: Claim) -> None:
    """An enrolment was decided."""
    with work.transaction() as session:
        letter = letters.enrollment(session, claim.ref, site=work.public_url, vault=work.vault)
    deliver(work, claim, letter)


def send_enrollment_identity_check(work: Work, claim: Claim) -> None:
    """Somebody else asked for an enrolment in the name of a person who has one."""
    with work.transaction() as session:
        letter = letters.enrollment_clash(
            session, claim.ref, site=work.public_url, vault=work.vault
        )
    deliver(work, claim, letter)


def send_remittance_news(work: Work, claim: Claim) -> None:
    """A transfer was paid, or its money was given back."""
    with work.transaction() as session:
        letter = letters.remittance(session, claim.ref, site=work.public_url, vault=work.vault)
    deliver(work, claim, letter)


def deliver(work: Work, claim: Claim, letter: Letter | None) -> None:
    """Send the letter and end the item; without letter or address it just ends."""
    message = _message(claim, letter) if letter else None
    if message is None:
        with work.settle(claim, "moot" if letter is None else "no_address"):
            return
    try:
        work.agencies.notices.send(message)
        outcome = "sent"
    except OutcomeUnknown:
        # Resending is harmless: the key makes it the same message.
        work.again(claim)
        return
    except Refused as refusal:
        if refusal.code not in _FINAL:
            raise
        outcome = _FINAL[refusal.code]
    with work.settle(claim, outcome):
        return


def _message(claim: Claim, letter: Letter) -> Message | None:
    text = write(letter.message, letter.language, letter.values)
    key = str(claim.id)
    if letter.email:
        return Message(key, MessageChannel.EMAIL, letter.email, text.subject, text.body)
    if letter.phone:
        sms = as_sms(text.body)
        return Message(key, MessageChannel.SMS, letter.phone, "", sms.text, sms.encoding, sms.parts)
    return None


def _about_appointment(work: Work, claim: Claim, message: str) -> None:
    with work.transaction() as session:
        letter = letters.appointment(
            session,
            claim.ref,
            message,
            now=work.now(session),
            site=work.public_url,
            vault=work.vault,
        )
    deliver(work, claim, letter)
