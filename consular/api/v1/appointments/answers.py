"""Appointments: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from consular.api.v1.sessions.answers import PlaceAnswer
from services.appointments.rules import PAST, Status
from services.cashier.rules import Act, Kind, Means
from services.kernel.money import CURRENCIES


class AttendeeAnswer(fields.Answer):
    """As bound to the appointment, with a folio and a status of their own."""

    n = fields.Number(says="Which person of the appointment, for its own steps")
    folio = fields.Text()
    status = fields.Word(Status)
    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay()


class ReturnPassAnswer(fields.Answer):
    """To come back with the same folio and no other booking."""

    folio = fields.Text()
    valid_until = fields.CalendarDay(says="The last day, at the office")
    bring = fields.Texts()


class FeeLineAnswer(fields.Answer):
    """What changes the price of the list, by which article and on what ground."""

    kind = fields.Word(Kind)
    code = fields.Text()
    article = fields.Text(allow_none=True)
    amount = fields.SignedAmount()
    ground = fields.Text(allow_none=True)


class RenderedAnswer(fields.Answer):
    """A service that was given, or one that is taken back (``reverses``). ``listed``: the price of
    the list, null where none is known."""

    id = fields.Id()
    attendee = fields.Number(allow_none=True)
    service = fields.Text()
    act = fields.Word(Act, allow_none=True)
    day = fields.CalendarDay()
    listed = fields.SignedAmount(allow_none=True)
    lines = fields.Many(FeeLineAnswer)
    charged = fields.SignedAmount()
    currency = fields.Word(CURRENCIES)
    payment = fields.Word(Means, allow_none=True)
    receipt_number = fields.Number(allow_none=True)
    reverses = fields.Id(allow_none=True)
    reason = fields.Text(allow_none=True)
    ready_at = fields.Instant(allow_none=True, says="Since when its document can be collected")
    collected_at = fields.Instant(allow_none=True)


class AppointmentAnswer(fields.Answer):
    """``start`` and ``end`` carry the offset of where it is: the office, or a mobile consulate's
    own ``place``."""

    id = fields.Id()
    folio = fields.Text()
    status = fields.Word(Status)
    place = fields.One(PlaceAnswer, required=False)
    consulate = fields.Text(attribute="consulate_code")
    service = fields.Text()
    services = fields.Texts()
    start = fields.Instant()
    end = fields.Instant()
    desk = fields.Text(allow_none=True)
    outcome = fields.Table(
        allow_none=True,
        says="What the desk noted: service, fee, reason, what to bring, return pass",
    )
    services_rendered = fields.Many(RenderedAnswer)
    return_pass = fields.One(ReturnPassAnswer, allow_none=True)
    attendees = fields.Many(AttendeeAnswer)


class PlaceWatchAnswer(fields.Answer):
    """Whoever waits to hear of a place, or of one before that of an ``appointment``."""

    id = fields.Id()
    appointment = fields.Id(attribute="appointment_id", allow_none=True)
    service = fields.Text(attribute="service_code")
    consulates = fields.Texts(attribute="consulate_codes")
    people = fields.Number()
    skills = fields.Texts()
    share = fields.Text()
    since = fields.Instant(attribute="created_at")
    until = fields.Instant(attribute="expires_at")
    notified_at = fields.Instant(allow_none=True)


class PreApplicationAnswer(fields.Answer):
    """What one person wrote down before coming; ``data`` is empty before that."""

    attendee = fields.Number(attribute="person")
    asks = fields.Texts(says="What the appointment's services ask for")
    data = fields.Table(attribute="answers")
    changed_at = fields.Instant(allow_none=True)
    verified_at = fields.Instant(
        allow_none=True, says="When an officer compared it with the documents"
    )


class AppointmentList(fields.ListAnswer):
    """A page."""

    items = fields.Many(AppointmentAnswer)


class FindAnswer(fields.Answer):
    """No names: whoever asks knows them. ``past``: the time went by and nothing was noted yet."""

    folio = fields.Text()
    status = fields.Word([*Status, PAST])
    consulate = fields.Text(attribute="consulate_code")
    service = fields.Text()
    services = fields.Texts()
    start = fields.Instant()
    end = fields.Instant()
    message = fields.Text(says="How it stands and what to do, in words")
    book_url = fields.Text(
        allow_none=True, says="Where to book another one, where this one is over"
    )
