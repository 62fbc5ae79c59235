"""Appointments: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    One,
    SignedAmount,
    Table,
    Text,
    Texts,
    Word,
)
from consular.api.v1.sessions.answers import PlaceAnswer
from services.appointments.rules import PAST, Status
from services.cashier.rules import Act, Kind, Means
from services.kernel.money import CURRENCIES


class AttendeeAnswer(Answer):
    """As bound to the appointment, with a folio and a status of their own."""

    n = Number(says="Which person of the appointment, for its own steps")
    folio = Text()
    status = Word(Status)
    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay()


class ReturnPassAnswer(Answer):
    """To come back with the same folio and no other booking."""

    folio = Text()
    valid_until = CalendarDay(says="The last day, at the office")
    bring = Texts()


class FeeLineAnswer(Answer):
    """What changes the price of the list, by which article and on what ground."""

    kind = Word(Kind)
    code = Text()
    article = Text(allow_none=True)
    amount = SignedAmount()
    ground = Text(allow_none=True)


class RenderedAnswer(Answer):
    """A service that was given, or one that is taken back (``reverses``). ``listed``: the price of
    the list, null where none is known."""

    id = Id()
    attendee = Number(allow_none=True)
    service = Text()
    act = Word(Act, allow_none=True)
    day = CalendarDay()
    listed = SignedAmount(allow_none=True)
    lines = Many(FeeLineAnswer)
    charged = SignedAmount()
    currency = Word(CURRENCIES)
    payment = Word(Means, allow_none=True)
    receipt_number = Number(allow_none=True)
    reverses = Id(allow_none=True)
    reason = Text(allow_none=True)
    ready_at = Instant(allow_none=True, says="Since when its document can be collected")
    collected_at = Instant(allow_none=True)


class AppointmentAnswer(Answer):
    """``start`` and ``end`` carry the offset of where it is: the office, or a mobile consulate's
    own ``place``."""

    id = Id()
    folio = Text()
    status = Word(Status)
    place = One(PlaceAnswer, required=False)
    consulate = Text(attribute="consulate_code")
    service = Text()
    services = Texts()
    start = Instant()
    end = Instant()
    desk = Text(allow_none=True)
    outcome = Table(
        allow_none=True,
        says="What the desk noted: service, fee, reason, what to bring, return pass",
    )
    services_rendered = Many(RenderedAnswer)
    return_pass = One(ReturnPassAnswer, allow_none=True)
    attendees = Many(AttendeeAnswer)


class PlaceWatchAnswer(Answer):
    """Whoever waits to hear of a place, or of one before that of an ``appointment``."""

    id = Id()
    appointment = Id(attribute="appointment_id", allow_none=True)
    service = Text(attribute="service_code")
    consulates = Texts(attribute="consulate_codes")
    people = Number()
    skills = Texts()
    share = Text()
    since = Instant(attribute="created_at")
    until = Instant(attribute="expires_at")
    notified_at = Instant(allow_none=True)


class PreApplicationAnswer(Answer):
    """What one person wrote down before coming; ``data`` is empty before that."""

    attendee = Number(attribute="person")
    asks = Texts(says="What the appointment's services ask for")
    data = Table(attribute="answers")
    changed_at = Instant(allow_none=True)
    verified_at = Instant(allow_none=True, says="When an officer compared it with the documents")


class AppointmentList(ListAnswer):
    """A page."""

    items = Many(AppointmentAnswer)


class FindAnswer(Answer):
    """No names: whoever asks knows them. ``past``: the time went by and nothing was noted yet."""

    folio = Text()
    status = Word([*Status, PAST])
    consulate = Text(attribute="consulate_code")
    service = Text()
    services = Texts()
    start = Instant()
    end = Instant()
    message = Text(says="How it stands and what to do, in words")
    book_url = Text(allow_none=True, says="Where to book another one, where this one is over")
