"""What a message needs to know, gathered from the slices that don't know each other.

Its address leads to the thing that it speaks of, behind signing in: opening it shows and does
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from textwrap import shorten
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name
from sqlalchemy.orm import Session

from services.appointments import watching
from services.appointments.boards import TAIL
from services.appointments.calendar import CalendarEvent, event_of
from services.appointments.calling_off import REASON
from services.appointments.models import Appointment
from services.appointments.nearest import nearest_times
from services.appointments.next_in_queue import find_call
from services.appointments.queries import (
    get_appointment,
    get_member_of,
    latest_office,
    list_attendees,
)
from services.appointments.reminding import is_still_due
from services.appointments.rules import LIVE
from services.appointments.rules import Status as AppointmentStatus
from services.appointments.whereabouts import where_is
from services.appointments.words import NO_TIMES
from services.citizens.accounts import find_contact, find_holder
from services.citizens.codes import LIFETIME
from services.citizens.models import Account, LoginCode
from services.citizens.people import full_name, open_person
from services.collection.models import ReadyDocument
from services.collection.queries import get_document
from services.consulates.queries import get_consulate, service_names
from services.disputes import queries as disputes
from services.disputes.rules import Remedy
from services.enrollments import queries as enrollments
from services.enrollments.planning import list_unblocked
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import (
    HOME_ZONE,
    IDENTITY_CHECKED,
    OVER,
    WAITING,
    may_resend_notice,
)
from services.enrollments.rules import Status as EnrollmentStatus
from services.enrollments.terms import home_day
from services.enrollments.words import STATUSES
from services.identity.checking import get_account_of
from services.kernel.catalogue import reading_language, translate
from services.kernel.crypto import Vault
from services.kernel.ids import spaced
from services.kernel.money import format_minor
from services.remittances import queries as remittances
from services.remittances.queries import get_remittance
from services.remittances.rules import GOING_WELL, RATE_OVER, REFUND_DAYS
from services.remittances.rules import Status as RemittanceStatus

_MONEY = {
    RemittanceStatus.PAID: "remittance_paid",
    RemittanceStatus.REFUNDING: "remittance_refunded",
    RemittanceStatus.REFUNDED: "remittance_refunded",
    RemittanceStatus.CANCELLED: "remittance_refunded",
}


# Status that an enrollment came to -> topic of its message (services/enrollments/lifecycle.py).
_NEWS = {
    EnrollmentStatus.MORE_INFORMATION_REQUESTED: "enrollments.asked",
    EnrollmentStatus.APPOINTMENT_SCHEDULED: "enrollments.appointment",
    EnrollmentStatus.PAYMENT_PENDING: "enrollments.payment",
    EnrollmentStatus.ACTIVE: "enrollments.decided",
    EnrollmentStatus.REJECTED: "enrollments.decided",
    EnrollmentStatus.ENDED: "enrollments.ended",
}
_DEADLINES = {
    EnrollmentStatus.MORE_INFORMATION_REQUESTED: "enrollment_answer_soon",
    EnrollmentStatus.PAYMENT_PENDING: "enrollment_pay_soon",
    EnrollmentStatus.ACTIVE: "enrollment_cover_ending",
}


@dataclass(frozen=True)
class MessageContext:
    """Which text of `services.words` goes to whom. Without an address there is nobody to tell.

    ``consulate`` is the office that tells them itself where nothing reaches them, ``account`` whose
    matter it is; ``event`` goes along as a calendar file.
    """

    message: str
    language: str
    values: Mapping[str, str]
    email: str | None = None
    phone: str | None = None
    consulate: str | None = None
    account: UUID | None = None
    event: CalendarEvent | None = None


@dataclass(frozen=True)
class Means:
    """What every message is gathered with; ``site`` is where the pages are."""

    now: datetime
    site: str
    vault: Vault


def one_time_code(
    session: Session, code: UUID, means: Means, message: str
) -> MessageContext | None:
    """The one-time code; None once it can't be used any more."""
    row = session.get(LoginCode, code)
    if row is None or row.used_at or row.expires_at <= means.now:
        return None
    key = means.vault.unwrap(row.data_key, row.id)
    address = key.open(row.destination_sealed, place="login_codes.destination", row=row.id)
    digits = key.open(row.code_sealed, place="login_codes.code", row=row.id)
    email = address if row.channel == "email" else None
    phone = address if row.channel == "sms" else None
    values = {"code": digits, "minutes": str(int(LIFETIME.total_seconds() // 60))}
    return MessageContext(message, row.language, values, email, phone)


# Who was next so long ago has been called, or walked in.
STILL_NEWS = timedelta(minutes=15)
# What a message says must still be so when it goes out: it may have waited for hours.
# Characters: a text message has three parts at the most.
REASON_IN_MESSAGE = 70
PLACE_IN_MESSAGE = 60
_STILL_TRUE = {
    "appointment_confirmation": frozenset({AppointmentStatus.BOOKED}),
    "appointment_reminder": frozenset({AppointmentStatus.BOOKED}),
    "appointment_rescheduled": frozenset({AppointmentStatus.BOOKED}),
    "appointment_cancelled": frozenset({AppointmentStatus.CANCELLED}),
    "appointment_orphaned": frozenset({AppointmentStatus.BOOKED}),
    "appointment_supported": frozenset({AppointmentStatus.BOOKED}),
    "identity_check": LIVE,
}


def appointment(
    session: Session, appointment_id: UUID, means: Means, message: str
) -> MessageContext | None:
    """About an appointment, to whoever made it; None once it isn't so any more. Raises NotFound."""
    row = get_appointment(session, appointment_id)
    over = row.ends_at <= means.now and row.status != AppointmentStatus.CANCELLED
    orphaned = row.orphaned_at is not None and row.status == AppointmentStatus.BOOKED
    # While the opening hours have no place for it, nothing else is said of it.
    so = row.status in _STILL_TRUE[message] and orphaned is (message == "appointment_orphaned")
    if not so or over:
        return None
    if message == "appointment_reminder" and not is_still_due(session, row):
        return None
    if orphaned:
        return _of_orphaned(session, row, means)
    called_off = message == "appointment_cancelled" and REASON in (row.outcome or {})
    return _of_appointment(session, row, "appointment_called_off" if called_off else message, means)


def _of_orphaned(session: Session, row: Appointment, means: Means) -> MessageContext:
    """With the nearest time and the way to others, and no file for a calendar."""
    context = _of_appointment(session, row, "appointment_orphaned", means)
    zone = get_consulate(session, row.consulate_code).time_zone
    # One, for a text message has three parts at the most; the page has the others.
    nearest = "".join(
        local_time(
            time.start, time.mobile.place.time_zone if time.mobile else zone, context.language
        )
        for time in nearest_times(session, row, now=means.now)[:1]
    )
    values = {
        **context.values,
        "nearest": nearest or translate(NO_TIMES, context.language),
        "address": f"{context.values['address']}/cambiar",
    }
    return replace(context, values=values, event=None)


def attendee_cancelled(session: Session, person: UUID, means: Means) -> MessageContext | None:
    """Who was taken off an appointment, to whoever made it; None once it is over. Raises
    NotFound."""
    row, member = get_member_of(session, person)
    if row.ends_at <= means.now or row.status not in LIVE:
        return None
    context = _of_appointment(session, row, "attendee_cancelled", means)
    return replace(context, values={**context.values, "person": full_name(member)})


def _of_appointment(
    session: Session, row: Appointment, message: str, means: Means
) -> MessageContext:
    office, there = get_consulate(session, row.consulate_code), where_is(session, row)
    language = reading_language(row.language)
    page = f"{means.site}/citas/{row.id}"
    cancelled = row.status == AppointmentStatus.CANCELLED
    values = {
        "folio": spaced(row.folio),
        "office": there.named(office.name_en if language == "en" else office.name_es),
        "when": local_time(row.starts_at, there.zone, language),
        "services": service_names(session, row.services, language),
        # Who has no appointment any more is led to another one.
        "address": f"{means.site}/citas/nueva" if cancelled else page,
        "reason": shorten((row.outcome or {}).get(REASON, ""), REASON_IN_MESSAGE, placeholder="…"),
    }
    email, phone = _contact(session, row, means.vault)
    return MessageContext(
        message,
        language,
        values,
        email,
        phone,
        row.consulate_code,
        row.account_id,
        event_of(session, row, language=language, address=page)
        if message.startswith("appointment_")
        else None,
    )


def next_in_queue(session: Session, person: UUID, means: Means) -> MessageContext | None:
    """Somebody who waits at the office is next, to whoever made the appointment; None once they
    aren't. No office tells it by itself: they are there. Raises NotFound."""
    call = find_call(session, person)
    if call is None or call[1] < means.now - STILL_NEWS:
        return None
    tail = call[0][-TAIL:]
    row, _person = get_member_of(session, person)
    context = _of_appointment(session, row, "next_in_queue", means)
    return replace(context, consulate=None, values={**context.values, "tail": tail})


def document_ready(session: Session, ready: UUID, means: Means) -> MessageContext | None:
    """A document lies at the office, to whoever made the appointment; None once it was collected,
    or wasn't ready after all."""
    row = session.get(ReadyDocument, ready)
    if row is None or row.collected_at is not None:
        return None
    document = get_document(session, ready)
    made_in = get_appointment(session, document.rendered.appointment_id)
    context = _of_appointment(session, made_in, "document_ready", means)
    service = service_names(session, [document.rendered.service_code], context.language)
    return replace(context, values={**context.values, "services": service})


def place_found(session: Session, watch: UUID, means: Means) -> MessageContext | None:
    """There is a place that somebody waits for; None once it is taken or nobody waits any more."""
    place = watching.still_found(session, watch, now=means.now)
    if place is None:
        return None
    row = watching.get_watch(session, watch)
    office, language = get_consulate(session, place.consulate), reading_language(row.language)
    name = office.name_en if language == "en" else office.name_es
    mobile = place.mobile
    values = {
        "services": service_names(session, [row.service_code], language),
        "office": f"{name}, {mobile.place.name}" if mobile else name,
        "when": local_time(
            place.start, mobile.place.time_zone if mobile else office.time_zone, language
        ),
        "address": f"{means.site}/citas/avisos/{watch}",
    }
    message = "earlier_place_found" if row.appointment_id else "place_found"
    email, phone = find_contact(session, row.account_id, means.vault)
    return MessageContext(message, row.language, values, email, phone, account=row.account_id)


def enrollment(
    session: Session, enrollment_id: UUID, means: Means, topic: str
) -> MessageContext | None:
    """What an enrollment came to, for the item of that topic; None once it isn't so any more.
    Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    # Who ended it after a check of identity has told so already.
    if _NEWS.get(notice.status) != topic or notice.reason_code == IDENTITY_CHECKED:
        return None
    return _about_enrollment(
        session, notice, f"enrollment_{notice.status}", enrollment_id, means.site
    )


def enrollment_repeated(
    session: Session, enrollment_id: UUID, means: Means
) -> MessageContext | None:
    """What an enrollment came to, once more at the staff's wish; None where nobody hears of its
    present status. Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    open_still = may_resend_notice(notice.status, paid=notice.paid)
    if not open_still or notice.reason_code == IDENTITY_CHECKED:
        return None
    return _about_enrollment(
        session, notice, f"enrollment_{notice.status}", enrollment_id, means.site
    )


def enrollment_received(
    session: Session, enrollment_id: UUID, means: Means
) -> MessageContext | None:
    """The message that a request was received and isn't decided; None once it is. Raises
    NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    if notice.status not in WAITING:
        return None
    return _about_enrollment(session, notice, "enrollment_received", enrollment_id, means.site)


def enrollment_deadline(
    session: Session, enrollment_id: UUID, means: Means
) -> MessageContext | None:
    """A last day of the applicant's is near; None once it has passed, or nothing is to be done, for
    one because a transfer pays. Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    if notice.paid:
        return None
    message = _DEADLINES.get(notice.status)
    today = home_day(means.now)
    if notice.renew_by is not None and notice.renew_by >= today:
        message, notice = "enrollment_renew_soon", replace(notice, last_day=notice.renew_by)
    if message is None or notice.last_day is None or notice.last_day < today:
        return None
    return _about_enrollment(session, notice, message, enrollment_id, means.site)


def enrollment_renewed(
    session: Session, enrollment_id: UUID, means: Means
) -> MessageContext | None:
    """That the cover of an active one goes on, and until when; None once that has passed, or it
    ended. Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    if notice.status is not EnrollmentStatus.ACTIVE or notice.last_day is None:
        return None
    if notice.last_day < home_day(means.now):
        return None
    return _about_enrollment(session, notice, "enrollment_renewed", enrollment_id, means.site)


def next_step(session: Session, enrollment_id: UUID, means: Means) -> MessageContext | None:
    """Which programs of the plan can be asked for now that this one is active; None when there are
    none any more. Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    programs = list_unblocked(session, enrollment_id, means.vault)
    if not programs:
        return None
    language = reading_language(notice.language)
    names = ", ".join(PROGRAMS[program].short.read_in(language) for program in programs)
    values = {
        "given_names": notice.given_names,
        "programs": names,
        "address": f"{means.site}/mi-carpeta",
    }
    return MessageContext(
        "enrollment_next_step",
        language,
        values,
        notice.email,
        notice.phone,
        notice.consulate,
        notice.account,
    )


def enrollment_withdrawn(session: Session, enrollment_id: UUID, means: Means) -> MessageContext:
    """The message that it ended because somebody else proved to be its person. Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    return _about_enrollment(session, notice, "enrollment_withdrawn", enrollment_id, means.site)


def enrollment_clash(session: Session, enrollment_id: UUID, means: Means) -> MessageContext | None:
    """Somebody else asked for the same, to whoever holds this enrollment; None once it is over.
    Raises NotFound."""
    notice = enrollments.get_notice(session, enrollment_id, means.vault)
    if notice.status in OVER:
        return None
    return _about_enrollment(
        session, notice, "enrollment_identity_check", enrollment_id, means.site
    )


def identity_corrected(session: Session, check: UUID, means: Means) -> MessageContext | None:
    """The holder of an account was corrected at a window; None where there is none any more."""
    account = get_account_of(session, check)
    holder = find_holder(session, account) if account else None
    if account is None or holder is None:
        return None
    reached = open_person(holder, means.vault)
    language = session.get_one(Account, account).language
    values = {"address": f"{means.site}/mis-datos"}
    return MessageContext(
        "identity_corrected", language, values, reached.email, reached.phone, account=account
    )


def _about_enrollment(
    session: Session, notice: enrollments.Notice, message: str, enrollment_id: UUID, site: str
) -> MessageContext:
    language = reading_language(notice.language)
    values = {
        "folio": spaced(notice.folio),
        "program": PROGRAMS[notice.program].short.read_in(language),
        "day": local_day(notice.last_day, language) if notice.last_day else "",
        "when": _both_clocks(session, notice, language),
        "address": f"{site}/inscripciones/{enrollment_id}",
        "status": translate(STATUSES[notice.status], language),
    }
    # Without an account there is nowhere to look: the folio and the office stand for the person.
    message = message if notice.account else "enrollment_at_office"
    return MessageContext(
        message,
        notice.language,
        values,
        notice.email,
        notice.phone,
        notice.consulate,
        notice.account,
    )


def _both_clocks(session: Session, notice: enrollments.Notice, language: str) -> str:
    """When the agency sees them, in Mexico City and at the office that they asked through."""
    if notice.appointment is None:
        return ""
    zones = [HOME_ZONE]
    if notice.consulate:
        zones.insert(0, get_consulate(session, notice.consulate).time_zone)
    times = (local_time(notice.appointment.starts_at, zone, language) for zone in zones)
    return " = ".join(dict.fromkeys(times))


def remittance_funded(session: Session, remittance_id: UUID, means: Means) -> MessageContext | None:
    """That the sender's money came; None once there is later news, which is told instead."""
    notice = remittances.get_notice(session, remittance_id, means.vault)
    # One payment, of which one message tells: that of the first part, with the sum of all.
    if notice is None or notice.status not in GOING_WELL or notice.dues:
        return None
    code = latest_office(session, notice.account)
    zone = get_consulate(session, code).time_zone if code else HOME_ZONE
    when = local_time(notice.cancel_until, zone, notice.language)
    total, pesos = (f"{each.amount} {each.currency}" for each in notice.order)
    return _about_remittance(
        "remittance_funded", remittance_id, notice, means, when=when, total=total, pesos=pesos
    )


def remittance_available(
    session: Session, remittance_id: UUID, means: Means
) -> MessageContext | None:
    """That the pesos can be collected; None once they were, or for what needs no collecting."""
    notice = remittances.get_notice(session, remittance_id, means.vault)
    if notice is None or notice.status != RemittanceStatus.AVAILABLE or not notice.collect_until:
        return None
    return _about_remittance(
        "remittance_available",
        remittance_id,
        notice,
        means,
        where=shorten(notice.branch or "Finabien", PLACE_IN_MESSAGE, placeholder="…"),
        day=local_day(notice.collect_until, notice.language),
    )


def remittance(session: Session, remittance_id: UUID, means: Means) -> MessageContext | None:
    """How a transfer ended, to its sender; None when it hasn't, or they are forgotten."""
    notice = remittances.get_notice(session, remittance_id, means.vault)
    message = _MONEY.get(notice.status) if notice else None
    if notice is None or message is None:
        return None
    if message == "remittance_refunded":
        return _given_back(session, remittance_id, notice, means)
    if notice.dues:
        message = "remittance_dues_paid"
    return _about_remittance(message, remittance_id, notice, means)


def _given_back(
    session: Session, remittance_id: UUID, notice: remittances.Notice, means: Means
) -> MessageContext | None:
    """What goes back now, and what of the payment doesn't; None where the sender's bank took it."""
    back = remittances.read_back(session, remittance_id)
    if not back.now.minor:
        return None
    message = "remittance_refunded"
    if notice.reason == RATE_OVER:
        message = "remittance_rate_over"
    elif notice.is_part:
        message = "remittance_dues_refunded" if notice.dues else "remittance_part_refunded"
    elif back.before.minor:
        message = "remittance_rest_refunded"
    values = {"back": back.now, "before": back.before, "stays": back.stays}
    told = {name: f"{money.amount} {money.currency}" for name, money in values.items()}
    told |= {"days": str(REFUND_DAYS), "other": spaced(back.other)}
    return _about_remittance(message, remittance_id, notice, means, **told)


def remittance_not_paid(
    session: Session, remittance_id: UUID, means: Means
) -> MessageContext | None:
    """That no payment came in its term, and what to do next; None where one came and the sender's
    bank took it back."""
    notice = remittances.get_notice(session, remittance_id, means.vault)
    if notice is None or notice.status != RemittanceStatus.FAILED or notice.was_paid:
        return None
    return _about_remittance("remittance_not_paid", remittance_id, notice, means)


def _about_remittance(
    message: str, remittance_id: UUID, notice: remittances.Notice, means: Means, **values: str
) -> MessageContext:
    told = {
        "folio": spaced(notice.folio),
        "address": f"{means.site}/envios/{remittance_id}",
        "total": f"{notice.total.amount} {notice.total.currency}",
        "pesos": f"{notice.pesos.amount} {notice.pesos.currency}",
        **values,
    }
    return MessageContext(
        message, notice.language, told, notice.email, notice.phone, account=notice.account
    )


def dispute(session: Session, dispute_id: UUID, means: Means) -> MessageContext | None:
    """That an error was claimed, or what became of it, to the sender in the language of the claim;
    None once they are forgotten. Raises NotFound."""
    claimed = disputes.get_dispute(session, dispute_id)
    notice = disputes.get_notice(session, claimed, means.vault)
    if notice is None:
        return None
    values = {
        "folio": spaced(claimed.folio),
        "remittance": spaced(get_remittance(session, claimed.remittance_id).folio),
        "day": local_day(claimed.investigate_by, notice.language),
        "amount": f"{format_minor(claimed.remedy_minor)} USD",
        "address": f"{means.site}/reclamaciones/{dispute_id}",
    }
    ending = "given_back" if claimed.remedy == Remedy.GIVEN_BACK else claimed.status
    return MessageContext(
        f"dispute_{ending}", notice.language, values, notice.email, notice.phone,
        account=claimed.account_id,
    )  # fmt: skip


def local_day(day: date, language: str) -> str:
    """A day in words."""
    return format_date(day, "full", locale="en_US" if language == "en" else "es_MX")


def local_time(moment: datetime, zone: str, language: str) -> str:
    """Day, time and the name of the zone, at the office."""
    local = moment.astimezone(ZoneInfo(zone))
    locale = "en_US" if language == "en" else "es_MX"
    day = format_date(local, "full", locale=locale)
    # As on the pages: «2:45 p. m.», «2:45 PM».
    clock = format_time(local, "h:mm a", tzinfo=ZoneInfo(zone), locale=locale)
    time = clock.replace("a.m.", "a. m.").replace("p.m.", "p. m.")
    return f"{day}, {time} ({get_timezone_name(local, locale=locale)})"


def _contact(session: Session, row: Appointment, vault: Vault) -> tuple[str | None, str | None]:
    """E-mail and phone given with the appointment, or else those of the account."""
    people = list_attendees(session, [row.id])[row.id]
    holder = find_holder(session, row.account_id) if row.account_id else None
    for person in [*people, *([holder] if holder else [])]:
        profile = open_person(person, vault)
        if profile.email or profile.phone:
            return profile.email, profile.phone
    return None, None
