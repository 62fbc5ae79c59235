"""Opening hours: series, sessions, closures, desks, slots and their capacity constraints; and
appointments, seats and live claims."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from services.appointments.rules import (
    MOST_ATTACHED,
    ClosureSource,
    OfflineStep,
    Skilled,
    Status,
    WatchEnding,
)
from services.citizens.models import PersonClaim
from services.facts.people import AgeBand
from services.files.rules import Stored
from services.kernel.db import Base, Owners, PartOf
from services.kernel.tables import one_of

_NOW = sa.DateTime(timezone=True)


class SessionSeries(Base):
    """Sessions that recur by an RRULE (RFC 5545, without DTSTART: that is ``first_day``).

    The rest is the template of each day's session: hours and breaks by the office's wall clock,
    desks as ``[{"name", "services"}]``. Days up to ``made_until`` have their sessions; ``exdates``
    never get one.
    """

    __tablename__ = "session_series"
    __table_args__ = (
        sa.CheckConstraint("slot_minutes BETWEEN 5 AND 240", name="slot_minutes"),
        sa.CheckConstraint("opens < closes", name="hours"),
        sa.Index("ix_session_series_consulate_code", "consulate_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    rrule: Mapped[str] = mapped_column(sa.Text)
    first_day: Mapped[date]
    exdates: Mapped[list[date]] = mapped_column(ARRAY(sa.Date), server_default=sa.text("'{}'"))
    made_until: Mapped[date | None]
    opens: Mapped[time]
    closes: Mapped[time]
    slot_minutes: Mapped[int] = mapped_column(sa.SmallInteger)
    breaks: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    desks: Mapped[list[Any]] = mapped_column(JSONB)
    place_name: Mapped[str | None] = mapped_column(sa.Text)
    place_address: Mapped[str | None] = mapped_column(sa.Text)
    place_zone: Mapped[str | None] = mapped_column(sa.Text)
    # As `reserves` writes them, and as `OpeningSession.daily_maximums`.
    reserves: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    daily_maximums: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_NOW)


class OpeningSession(Base):
    """An office's opening hours on one day, cut into slots of one length.

    ``breaks``, as ``[["11:00", "11:30"], …]``, have no slots. One with a place of its own is a
    mobile consulate: its hours are by the clock there. ``closed_at``: it takes no more bookings,
    those that it has stay. ``cancelled_at``: it isn't held. ``edited_apart``: changes of its
    series leave it alone.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        sa.CheckConstraint("slot_minutes BETWEEN 5 AND 240", name="slot_minutes"),
        sa.CheckConstraint("release IN ('open', 'draw')", name="release"),
        sa.CheckConstraint("opens < closes", name="hours"),
        sa.CheckConstraint(
            "(place_name IS NULL) = (place_zone IS NULL)"
            " AND (place_name IS NULL) = (place_address IS NULL)",
            name="place",
        ),
        sa.Index("ix_sessions_consulate_code_day", "consulate_code", "day"),
        sa.Index("uq_sessions_series_id_day", "series_id", "day", unique=True),
        sa.Index(
            "ix_sessions_release_at",
            "release_at",
            postgresql_where=sa.text("release_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    day: Mapped[date]
    opens: Mapped[time]
    closes: Mapped[time]
    slot_minutes: Mapped[int] = mapped_column(sa.SmallInteger)
    release: Mapped[str] = mapped_column(sa.Text)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_NOW)
    closed_at: Mapped[datetime | None] = mapped_column(_NOW)
    closed_by: Mapped[UUID | None]
    series_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("session_series.id"))
    edited_apart: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    breaks: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    place_name: Mapped[str | None] = mapped_column(sa.Text)
    place_address: Mapped[str | None] = mapped_column(sa.Text)
    place_zone: Mapped[str | None] = mapped_column(sa.Text)
    cancelled_at: Mapped[datetime | None] = mapped_column(_NOW)
    # As it was opened with: minutes that a service takes here, whatever the office's durations.
    service_minutes: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    # How many slots a service takes, where it is more than one; see `durations`.
    service_slots: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    # Places kept at each of its times, as `reserves` writes them, and when the next of them are let
    # go: those of before are everybody's.
    reserves: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    release_at: Mapped[datetime | None] = mapped_column(_NOW)
    # As it was opened with: how many people a service may have on its day, whatever the office's
    # maximums.
    daily_maximums: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    # Of the version before, while it still runs; a later migration drops it.
    by_desk: Mapped[bool] = mapped_column(server_default=sa.text("false"))


class Closure(Base):
    """Days, or hours of each of them, on which an office is closed, whatever its sessions say; the
    whole network without an office. Hours are by the wall clock there.

    ``cancels``: who is booked then is cancelled, not only left without a place. Lifted, its places
    are there again.
    """

    __tablename__ = "closures"
    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="days"),
        sa.CheckConstraint(
            "(begins IS NULL) = (ends IS NULL) AND (begins IS NULL OR begins < ends)", name="hours"
        ),
        sa.CheckConstraint(one_of("source", ClosureSource), name="source"),
        sa.Index("ix_closures_consulate_code_last_day", "consulate_code", "last_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    begins: Mapped[time | None]
    ends: Mapped[time | None]
    reason: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    cancels: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_NOW)
    lifted_at: Mapped[datetime | None] = mapped_column(_NOW)
    lifted_by: Mapped[UUID | None]


class OpeningChange(Base):
    """Who changed opening hours, when and why: ``before`` and ``after`` as they were said."""

    __tablename__ = "opening_changes"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.Index("ix_opening_changes_subject_id", "subject_id"),
        sa.Index("ix_opening_changes_consulate_code_at", "consulate_code", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_NOW)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    subject_kind: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str] = mapped_column(sa.Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ServiceDuration(Base):
    """How long a service takes at an office, from a day on; without ``minutes`` it is a slot."""

    __tablename__ = "service_durations"
    __table_args__ = (sa.CheckConstraint("minutes BETWEEN 5 AND 240", name="minutes"),)

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    minutes: Mapped[int | None] = mapped_column(sa.SmallInteger)
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime] = mapped_column(_NOW)


class DailyMaximum(Base):
    """How many people an office's day takes of a service, from a day on; without ``most`` as many
    as there are places."""

    __tablename__ = "daily_maximums"
    __table_args__ = (sa.CheckConstraint("most BETWEEN 0 AND 1000", name="most"),)

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    most: Mapped[int | None] = mapped_column(sa.SmallInteger)
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime] = mapped_column(_NOW)


class DayMaximum(Base):
    """The maximum of a service on one day, at the office or at a mobile consulate's own place, and
    how many are booked then. ``allowed`` is more than ``most`` only while more than that are
    booked: they keep their places when a maximum is set, and it comes down as they leave."""

    __tablename__ = "day_maximums"
    __table_args__ = (
        sa.CheckConstraint("taken BETWEEN 0 AND allowed AND most <= allowed", name="allowed"),
        sa.UniqueConstraint(
            "consulate_code",
            "day",
            "service_code",
            "place_id",
            name="uq_day_maximums_consulate_code",
            postgresql_nulls_not_distinct=True,
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    day: Mapped[date]
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"))
    place_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sessions.id"))
    most: Mapped[int] = mapped_column(sa.SmallInteger)
    allowed: Mapped[int] = mapped_column(sa.SmallInteger)
    taken: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("0"))


class Desk(Skilled, Base):
    """A window that is staffed for the whole session, with the services it can give.

    ``held`` is when it is, by the office's wall clock: two sessions can't hold one window at one
    time. The database copies office and hours from the session; a session that is closed holds
    its windows as long as somebody is booked, or not at all. ``overlap_group`` is the session,
    or nil for those that were opened before this was held: they may overlap one another.
    ``skills`` is what else it can, as `rules.skills_of` says it.
    ``place``: a window of a mobile consulate is another than the office's of that name; empty at
    the office. ``removed_at``: it was taken out of the session.
    """

    __tablename__ = "desks"
    __table_args__ = (
        sa.CheckConstraint("cardinality(services) > 0", name="services"),
        sa.UniqueConstraint("session_id", "name", name="uq_desks_session_id"),
        ExcludeConstraint(
            (sa.column("consulate_code"), "="),
            (sa.column("place"), "="),
            (sa.func.lower(sa.column("name")), "="),
            (sa.column("held"), "&&"),
            (sa.column("overlap_group"), "<>"),
            using="gist",
            name="ex_desks_held",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sessions.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    services: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    skills: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    consulate_code: Mapped[str | None] = mapped_column(sa.Text, server_default=sa.FetchedValue())
    place: Mapped[str] = mapped_column(sa.Text, server_default=sa.FetchedValue())
    held: Mapped[Range[datetime] | None] = mapped_column(TSRANGE, server_default=sa.FetchedValue())
    overlap_group: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    removed_at: Mapped[datetime | None] = mapped_column(_NOW)


class Slot(Base):
    """One time of a session. ``open`` slots can be booked directly. ``place_id`` is the session
    where that has a place of its own: people of one appointment are never sent to two places."""

    __tablename__ = "slots"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "starts_at", name="uq_slots_session_id"),
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        sa.Index(
            "ix_slots_consulate_code_starts_at",
            "consulate_code",
            "starts_at",
            postgresql_where=sa.text("open"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sessions.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    open: Mapped[bool]
    place_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sessions.id"))


class SlotCapacityConstraint(Base):
    """A capacity constraint: how many desks can serve any of one set of services, and how many
    bookings these have. The CHECK refuses exactly the bookings that no assignment could seat.

    A named desk that is held counts as one more. ``exempt``: reserved shares whose bookings don't
    count here; such a row keeps their places from everybody else, and its capacity comes down to
    ``planned`` as others leave who had a place before it was kept.
    One without services is left of an earlier plan and constrains nothing."""

    __tablename__ = "slot_sets"
    __table_args__ = (
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name="capacity"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    slot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("slots.id"), primary_key=True)
    set_no: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    services: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    capacity: Mapped[int] = mapped_column(sa.SmallInteger)
    taken: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("0"))
    exempt: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    planned: Mapped[int | None] = mapped_column(sa.SmallInteger)


class DeskHold(Base):
    """A named desk, held for one person's service: a longer one than a slot, or one that needs
    something of the desk. Who holds it may be seated at another desk, at the same time, to make
    room. ``move_id``: that move left it, and its item frees it.
    """

    __tablename__ = "desk_holds"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        ExcludeConstraint(
            (sa.column("desk_id"), "="),
            (sa.func.tstzrange(sa.column("starts_at"), sa.column("ends_at")), "&&"),
            using="gist",
            name="ex_desk_holds_desk",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        sa.Index("ix_desk_holds_session_id", "session_id"),
        sa.Index("ix_desk_holds_move_id", "move_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sessions.id"))
    desk_id: Mapped[UUID] = mapped_column(sa.ForeignKey("desks.id"))
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"))
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    skills: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    share: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("''"))
    move_id: Mapped[UUID | None]


def _known(column: str) -> sa.Index:
    """Index for counting the appointments of one contact or address."""
    where = sa.text(f"{column} IS NOT NULL")
    return sa.Index(f"ix_appointments_{column}", column, postgresql_where=where)


class Appointment(Base):
    """One visit: one or more people, one or more services, from one start.

    ``email_index``, ``phone_index`` and ``address_index`` are keyed hashes of who booked, for the
    limits of what one hand may hold; the address's goes when the appointment ends.
    ``orphaned_at``: since then the opening hours have no place for it, and its person has been
    told; what was promised stays as it was. None while it is supported.
    """

    __tablename__ = "appointments"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.Index("ix_appointments_consulate_code_day", "consulate_code", "day"),
        sa.CheckConstraint("people > 0", name="people"),
        sa.Index("ix_appointments_account_id", "account_id"),
        _known("email_index"),
        _known("phone_index"),
        _known("address_index"),
        sa.Index(
            "ix_appointments_orphaned",
            "consulate_code",
            "day",
            postgresql_where=sa.text("orphaned_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    services: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    day: Mapped[date]
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    status: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    desk: Mapped[str | None] = mapped_column(sa.Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    document_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    changed_at: Mapped[datetime] = mapped_column(_NOW)
    people: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("1"))
    # Came without an appointment: it has no seats, and its time is that of the ticket.
    walk_in: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    email_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    address_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    # Of its calendar file: grows when it moves or is cancelled.
    sequence: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("0"))
    orphaned_at: Mapped[datetime | None] = mapped_column(_NOW)


class Member(Base):
    """One person of an appointment, with a folio and a status of their own. Who comes alone has
    the folio of the appointment.

    The appointment's status follows from those of its members: see `rules.status_of_party`.
    """

    __tablename__ = "attendees"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint("n > 0", name="n"),
        sa.CheckConstraint(one_of("age_band", AgeBand), name="age_band"),
        sa.UniqueConstraint("person_id", name="uq_attendees_person_id"),
        sa.UniqueConstraint("folio", name="uq_attendees_folio"),
    )

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    folio: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text)
    desk: Mapped[str | None] = mapped_column(sa.Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(_NOW)
    # Of people: under which names they were booked, once an officer corrected these.
    booked_as: Mapped[UUID | None]
    # Under which they are counted: as of the appointment's day, if their birth date is known.
    age_band: Mapped[str | None] = mapped_column(sa.Text)


class Seat(Base):
    """One person's place for one service, from one slot on; ``hold_id`` while a named desk is held
    for it. ``share``: which reserved share it may use, if any; ``skills``: what it needs of a desk.
    ``counted``: it is one of those that the slots' constraints have as taken."""

    __tablename__ = "seats"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (
        sa.Index("ix_seats_hold_id", "hold_id", postgresql_where=sa.text("hold_id IS NOT NULL")),
    )

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("slots.id"))
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    hold_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("desk_holds.id", ondelete="SET NULL")
    )
    share: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("''"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    counted: Mapped[bool] = mapped_column(server_default=sa.text("true"))


class BookingHold(Base):
    """Places that somebody signed in holds for some minutes while they write down who comes.

    One at a time for each holder, a citizen's account or a member of staff, until ``expires_at``.
    The places are free for others at ``frees_at``, a moment drawn by lot, when the row goes.
    """

    __tablename__ = "booking_holds"
    owners = Owners(office="consulate_code", account="holder_id")
    __table_args__ = (
        sa.CheckConstraint("people > 0", name="people"),
        sa.CheckConstraint(
            "created_at <= expires_at AND expires_at <= created_at + interval '20 minutes'"
            " AND expires_at <= frees_at",
            name="length",
        ),
        ExcludeConstraint(
            (sa.column("holder_id"), "="),
            (sa.func.tstzrange(sa.column("created_at"), sa.column("expires_at")), "&&"),
            using="gist",
            name="ex_booking_holds_holder",
        ),
        sa.Index("ix_booking_holds_consulate_code_starts_at", "consulate_code", "starts_at"),
        sa.Index("ix_booking_holds_holder_id", "holder_id"),
        sa.Index("ix_booking_holds_frees_at", "frees_at"),
        sa.Index(
            "ix_booking_holds_address_index",
            "address_index",
            postgresql_where=sa.text("address_index IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    holder_id: Mapped[UUID]
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    services: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    people: Mapped[int] = mapped_column(sa.SmallInteger)
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    expires_at: Mapped[datetime] = mapped_column(_NOW)
    extended: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    frees_at: Mapped[datetime] = mapped_column(_NOW)
    address_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class HeldSeat(Base):
    """A place of a `BookingHold`, as a `Seat` is one of an appointment: of person number ``n``.
    It tells nothing of anybody."""

    __tablename__ = "held_seats"
    __table_args__ = (
        sa.Index("ix_held_seats_slot_id", "slot_id"),
        sa.Index("ix_held_seats_desk_hold_id", "desk_hold_id"),
    )

    booking_hold_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("booking_holds.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("slots.id"))
    starts_at: Mapped[datetime] = mapped_column(_NOW)
    ends_at: Mapped[datetime] = mapped_column(_NOW)
    desk_hold_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("desk_holds.id", ondelete="SET NULL")
    )
    share: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("''"))


class Visit(Base):
    """Somebody of an appointment is at the office, on ``day``: their place in the queue.

    ``due_at`` is the time that counts there: the appointment's own, or when they arrived where
    that was of another day. They wait for ``services``, at ``for_desk`` or at any; while parked
    they aren't called and keep their place. ``called_by`` is the officer who has them;
    ``at_desk_at``, when they came to the window. ``wants_message``: when they are next, which they
    were told at ``notified_at``.
    """

    __tablename__ = "visits"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ("appointment_id", "n"),
            ("attendees.appointment_id", "attendees.n"),
            name="fk_visits_appointment_id_n",
        ),
        sa.CheckConstraint("services <> '{}'", name="services"),
        sa.Index("ix_visits_consulate_code_day", "consulate_code", "day"),
    )

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    day: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(_NOW)
    arrived_at: Mapped[datetime] = mapped_column(_NOW)
    priority: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    services: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    for_desk: Mapped[str | None] = mapped_column(sa.Text)
    parked_at: Mapped[datetime | None] = mapped_column(_NOW)
    called_at: Mapped[datetime | None] = mapped_column(_NOW)
    called_by: Mapped[UUID | None]
    wants_message: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    notified_at: Mapped[datetime | None] = mapped_column(_NOW)
    at_desk_at: Mapped[datetime | None] = mapped_column(_NOW)


class DeskStep(Base):
    """A step that the desk took with somebody, and what it changed: to undo it within a minute.

    One ``id`` for all people whom the step moved; ``status`` is what it brought them to.
    """

    __tablename__ = "desk_steps"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ("appointment_id", "n"),
            ("attendees.appointment_id", "attendees.n"),
            name="fk_desk_steps_appointment_id_n",
        ),
        sa.Index("ix_desk_steps_appointment_id_n", "appointment_id", "n"),
        sa.Index("ix_desk_steps_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    step: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(_NOW)
    status: Mapped[str] = mapped_column(sa.Text)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    undone_at: Mapped[datetime | None] = mapped_column(_NOW)


class NotedOffline(Base):
    """What an officer noted while the network was away, as it arrived afterwards: once, by the
    ``id`` that the browser gave it.

    ``made_by`` is who noted it, as the browser said; ``received_by`` is who was signed in when it
    arrived. ``refusal`` is the code of why it wasn't applied, with ``params`` of its words and of
    how the person stood; the office reads it until somebody says that they did.
    """

    __tablename__ = "noted_offline"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint(one_of("step", OfflineStep), name="step"),
        sa.Index(
            "ix_noted_offline_unread",
            "consulate_code",
            postgresql_where=sa.text("refusal IS NOT NULL AND read_at IS NULL"),
        ),
        sa.Index("ix_noted_offline_received_at", "received_at"),
    )

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(sa.Text)
    appointment_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(sa.SmallInteger)
    made_at: Mapped[datetime] = mapped_column(_NOW)
    made_by: Mapped[UUID]
    received_at: Mapped[datetime] = mapped_column(_NOW)
    received_by: Mapped[UUID]
    refusal: Mapped[str | None] = mapped_column(sa.Text)
    params: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    read_at: Mapped[datetime | None] = mapped_column(_NOW)
    read_by: Mapped[UUID | None]


class BoardLink(Base):
    """An address under which a screen in the room shows who is called, without a sign-in."""

    __tablename__ = "board_links"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="uq_board_links_token_hash"),
        sa.Index("ix_board_links_consulate_code", "consulate_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    name: Mapped[str] = mapped_column(sa.Text)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None] = mapped_column(_NOW)


class VacatedPlace(Base):
    """Places that an appointment left by moving: ``counted`` as taken until the move's item frees
    them. Like other capacity they are nobody's own: the office that it left counts them too."""

    __tablename__ = "vacated_places"
    __table_args__ = (
        sa.CheckConstraint("places > 0", name="places"),
        sa.Index("ix_vacated_places_appointment_id", "appointment_id"),
    )

    move_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("slots.id"), primary_key=True)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    places: Mapped[int] = mapped_column(sa.SmallInteger)
    vacated_at: Mapped[datetime] = mapped_column(_NOW)
    share: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("''"))
    # At named desks, which their holds count: see `DeskHold`.
    by_desk: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    # Counted of its day's maximum: not of a day that the move stayed on.
    of_day: Mapped[bool] = mapped_column(server_default=sa.text("true"))
    counted: Mapped[bool] = mapped_column(server_default=sa.text("true"))


class BookingCalledOff(Base):
    """An appointment that the office cancels because of ``subject_id``, a closure or a session
    that isn't held. ``failure``: the code of why it couldn't be."""

    __tablename__ = "bookings_called_off"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (sa.Index("ix_bookings_called_off_appointment_id", "appointment_id"),)

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    failure: Mapped[str | None] = mapped_column(sa.Text)


class PlaceWatch(Base):
    """Somebody wants to know when there is a place: any, or one before that of their appointment.

    ``people`` have to fit, at windows with the ``skills``, also in places that are kept for the
    ``share``. ``before`` is the time of the appointment when they asked; a watch ends
    with it. The keys are those of the account's holder, who may book through any channel; they go
    when the watch ends. ``notified_at`` is when a place was last told.
    """

    __tablename__ = "place_watches"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint("cardinality(consulate_codes) BETWEEN 1 AND 10", name="consulate_codes"),
        sa.CheckConstraint("people BETWEEN 1 AND 40", name="people"),
        sa.CheckConstraint("(appointment_id IS NULL) = (before IS NULL)", name="before"),
        sa.CheckConstraint(
            f"(ended_at IS NULL) = (ending IS NULL) AND {one_of('ending', WatchEnding)}",
            name="ending",
        ),
        sa.Index(
            "uq_place_watches_service",
            "account_id",
            "service_code",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL AND appointment_id IS NULL"),
        ),
        sa.Index(
            "uq_place_watches_appointment",
            "appointment_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL AND appointment_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_place_watches_checked_at",
            "checked_at",
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"))
    before: Mapped[datetime | None] = mapped_column(_NOW)
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"))
    consulate_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    people: Mapped[int] = mapped_column(sa.SmallInteger)
    skills: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    share: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("''"))
    language: Mapped[str] = mapped_column(sa.Text)
    person_keys: Mapped[list[bytes]] = mapped_column(ARRAY(sa.LargeBinary))
    email_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    expires_at: Mapped[datetime] = mapped_column(_NOW)
    checked_at: Mapped[datetime] = mapped_column(_NOW)
    notified_at: Mapped[datetime | None] = mapped_column(_NOW)
    ended_at: Mapped[datetime | None] = mapped_column(_NOW)
    ending: Mapped[str | None] = mapped_column(sa.Text)


class PreApplication(Base):
    """What a person of an appointment wrote down before coming, sealed under the person's own key,
    so that it goes with them. An officer who compared it with the documents verified it."""

    __tablename__ = "pre_applications"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (
        sa.CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified"),
    )

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    answers_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(_NOW)
    verified_at: Mapped[datetime | None] = mapped_column(_NOW)
    verified_by: Mapped[UUID | None]


class PreApplicationDocument(Base):
    """A document that a person of an appointment sent before coming, as `services.files` made it
    anew: ``n`` is its place among theirs. ``name_sealed`` (how its owner calls the file) and
    ``file_sealed`` are under the person's own key, bound to this row; ``size`` is the file's."""

    __tablename__ = "pre_application_documents"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (
        sa.CheckConstraint(one_of("stored", Stored), name="stored"),
        sa.CheckConstraint(f"n BETWEEN 1 AND {MOST_ATTACHED}", name="n"),
        sa.UniqueConstraint(
            "appointment_id", "person_id", "n", name="uq_pre_application_documents_n"
        ),
        sa.Index("ix_pre_application_documents_person_id", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    n: Mapped[int] = mapped_column(sa.SmallInteger)
    stored: Mapped[str] = mapped_column(sa.Text)
    pages: Mapped[int] = mapped_column(sa.SmallInteger)
    size: Mapped[int] = mapped_column(sa.Integer)
    name_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    file_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_at: Mapped[datetime] = mapped_column(_NOW)


class AppointmentReminder(Base):
    """People were reminded of an appointment, so many days before the time that it had then."""

    __tablename__ = "appointment_reminders"
    owners = PartOf("appointment_id", Appointment)

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    days_before: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(_NOW, primary_key=True)
    reminded_at: Mapped[datetime] = mapped_column(_NOW)


class ReturnPass(Base):
    """Not served: may come back without another booking, until ``valid_until``. That day is gone
    once the pass is used or expired; ``returned_on`` is when the person last came. ``person_keys``
    are those of the claims, which are given back meanwhile. Each person of a party has their
    own, ``n`` as in `Member`."""

    __tablename__ = "return_passes"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.Index(
            "ix_return_passes_consulate_code_returned_on",
            "consulate_code",
            "returned_on",
            postgresql_where=sa.text("returned_on IS NOT NULL"),
        ),
        sa.Index(
            "ix_return_passes_valid_until",
            "valid_until",
            postgresql_where=sa.text("valid_until IS NOT NULL"),
        ),
    )

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, server_default=sa.text("1"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    valid_until: Mapped[date | None]
    person_keys: Mapped[list[bytes]] = mapped_column(ARRAY(sa.LargeBinary))
    returned_on: Mapped[date | None]


class ImportedAppointment(Base):
    """An appointment that was taken over from another system, by its key there."""

    __tablename__ = "imported_appointments"
    owners = Owners(office="consulate_code")

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    source_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), unique=True)
    imported_by: Mapped[UUID | None]
    imported_at: Mapped[datetime] = mapped_column(_NOW)


class Claim(PersonClaim, Base):
    """A person (as a keyed hash) holds a live place for a service; gone when it ends.

    ``n`` is who of the appointment, as in `Member`; null in parties of before they were numbered,
    which hold such claims until all of them are done.
    """

    __tablename__ = "claims"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (sa.Index("ix_claims_appointment_id", "appointment_id"),)

    service_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    n: Mapped[int | None] = mapped_column(sa.SmallInteger)


_REASON = "reason IN ('names', 'birth_date')"


class ResemblanceKey(Base):
    """A keyed hash of a reduced form of somebody's name and birth date, while they have a live
    appointment: two people who share one may be one person."""

    __tablename__ = "resemblance_keys"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (
        sa.CheckConstraint(_REASON, name="reason"),
        sa.Index("ix_resemblance_keys_key", "key"),
    )

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text)


class Resemblance(Base):
    """A person of an appointment looks like one of another live appointment: the desk is told
    why, and looks twice at the document. Nobody is refused for it."""

    __tablename__ = "resemblances"
    owners = PartOf("appointment_id", Appointment)
    __table_args__ = (sa.CheckConstraint(_REASON, name="reason"),)

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text, primary_key=True)
