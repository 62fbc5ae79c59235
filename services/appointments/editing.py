"""A supervisor changes a session, or a whole series: hours, breaks, desks and their services.

Bookings keep what they were promised: see `fitting`. A day that was edited apart is left alone by
changes of its series.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from services.appointments.calling_off import call_off
from services.appointments.closures import lock_openings
from services.appointments.errors import SessionTooShort
from services.appointments.fitting import Fitted, fit_days
from services.appointments.hours import Hours, Span, breaks_as_json, breaks_from_json, slot_times
from services.appointments.models import Desk, OpeningSession, SessionSeries
from services.appointments.opening_history import described, record_change
from services.appointments.planning import (
    DeskPlan,
    bookable_codes,
    checked_constraints,
    desks_as_json,
    desks_from_json,
    naming_desks,
)
from services.appointments.recurring import make_days, today_of
from services.appointments.reserves import Reserve, reserves_as_json, reserves_from_json
from services.consulates.queries import get_consulate
from services.kernel import audit
from services.kernel.errors import NotFound, WrongState
from services.kernel.ids import new_id

Opening = TypeVar("Opening", OpeningSession, SessionSeries)

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Changes:
    """What changes; None stays as it is. Desks, reserves and maximums are all that there are
    then."""

    opens: time | None = None
    closes: time | None = None
    breaks: tuple[Span, ...] | None = None
    desks: tuple[DeskPlan, ...] | None = None
    reserves: tuple[Reserve, ...] | None = None
    daily_maximums: Mapping[str, int] | None = None


@dataclass(frozen=True)
class EditSession:
    """One session, apart from its series."""

    session: UUID
    changes: Changes
    reason: str | None = None


@dataclass(frozen=True)
class EditSeries:
    """A series from ``first`` on, or all that is to come. ``exdates`` are further days without a
    session; after ``until`` there are none."""

    series: UUID
    changes: Changes
    first: date | None = None
    exdates: tuple[date, ...] = ()
    until: date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class CancelSession:
    """One session isn't held. ``cancels``: who is booked is cancelled; else they keep the booking,
    without a place."""

    session: UUID
    reason: str
    cancels: bool = False


@dataclass(frozen=True)
class _Planned:
    hours: Hours
    desks: tuple[DeskPlan, ...]
    reserves: tuple[Reserve, ...]
    daily_maximums: Mapping[str, int]


def edit_session(
    session: Session, command: EditSession, *, now: datetime, actor: audit.Actor
) -> Fitted:
    """Change one session; returns whose bookings lost or regained their place.

    Raises NotFound, also for another office's, `WrongState` once it is closed, canceled or over,
    and as `open_session` about hours, desks and services.
    """
    opening = _lock(session, OpeningSession, command.session, actor)
    _refuse_over(session, opening, now)
    before = described(opening, _desks(session, opening))
    _apply(session, opening, command.changes, bookable_codes(session))
    opening.edited_apart = True
    session.flush()
    after = described(opening, _desks(session, opening))
    record_change(
        session, opening, "edit", now=now, actor=actor,
        reason=command.reason, before=before, after=after,
    )  # fmt: skip
    return fit_days(session, opening.consulate_code, [opening.day], now=now)


def cancel_session(
    session: Session,
    command: CancelSession,
    *,
    now: datetime,
    actor: audit.Actor,
) -> Fitted:
    """Hold a session not at all; its desks are free for others. Who is booked is told, and offered
    other times. Raises NotFound, `WrongState` when it is cancelled or over."""
    opening = _lock(session, OpeningSession, command.session, actor)
    if opening.cancelled_at is not None or _is_over(session, opening, now):
        raise WrongState(state="cancelled" if opening.cancelled_at else "over")
    cancel_days(session, [opening], now=now, actor=actor, reason=command.reason)
    day, tell = opening.day, not command.cancels
    fitted = fit_days(session, opening.consulate_code, [day], now=now, tell=tell)
    if command.cancels:
        call_off(session, opening.id, fitted.orphaned)
    return fitted


def cancel_days(
    session: Session,
    openings: Sequence[OpeningSession],
    *,
    now: datetime,
    actor: audit.Actor,
    reason: str | None,
) -> None:
    """Mark sessions as not held and give their desks back; the caller fits their days."""
    for opening in openings:
        opening.cancelled_at, opening.edited_apart = now, True
        record_change(session, opening, "cancel", now=now, actor=actor, reason=reason)
    session.flush()
    session.execute(_FREE_DESKS, {"sessions": [opening.id for opening in openings]})


def edit_series(
    session: Session, command: EditSeries, *, now: datetime, actor: audit.Actor
) -> Fitted:
    """Change a series and its sessions to come, those edited apart excepted.

    Raises as `edit_session`, and `DeskTaken` where another session holds a desk on one of them.
    """
    series = _lock(session, SessionSeries, command.series, actor)
    first = max(command.first or date.min, today_of(session, series.consulate_code, now) + _DAY)
    before = {**described(series, series.desks), "rrule": series.rrule}
    openings = _to_come(session, series, first)
    bookable = bookable_codes(session)
    for opening in openings:
        _apply(session, opening, command.changes, bookable)
    _change_template(series, command.changes, bookable)
    ended = _end_days(session, series, command, openings, now, actor)
    session.flush()
    after = {
        **described(series, series.desks),
        "rrule": series.rrule,
        "from": first.isoformat(),
        "ended": [day.isoformat() for day in ended],
    }
    record_change(
        session, series, "edit", now=now, actor=actor,
        reason=command.reason, before=before, after=after,
    )  # fmt: skip
    make_days(session, series, now=now, actor=actor)
    return fit_days(session, series.consulate_code, [o.day for o in openings], now=now)


def _lock(session: Session, model: type[Opening], id: UUID, actor: audit.Actor) -> Opening:
    """A session or series of the actor's office, while nobody else changes the hours there.
    Raises NotFound."""
    lock_openings(session, actor.consulate)
    row = session.get(model, id, populate_existing=True)
    if row is None or row.consulate_code != actor.consulate:
        raise NotFound()
    return row


def _refuse_over(session: Session, opening: OpeningSession, now: datetime) -> None:
    if opening.cancelled_at is not None:
        raise WrongState(state="cancelled")
    if opening.closed_at is not None:
        raise WrongState(state="closed")
    if _is_over(session, opening, now):
        raise WrongState(state="over")


def _is_over(session: Session, opening: OpeningSession, now: datetime) -> bool:
    zone = opening.place_zone or get_consulate(session, opening.consulate_code).time_zone
    return datetime.combine(opening.day, opening.closes, ZoneInfo(zone)) <= now


def _to_come(session: Session, series: SessionSeries, first: date) -> list[OpeningSession]:
    return list(
        session.scalars(
            select(OpeningSession)
            .where(
                OpeningSession.series_id == series.id,
                OpeningSession.day >= first,
                OpeningSession.edited_apart.is_(False),
                OpeningSession.cancelled_at.is_(None),
                OpeningSession.closed_at.is_(None),
            )
            .order_by(OpeningSession.day)
            .execution_options(populate_existing=True)
        )
    )


def _desks(session: Session, opening: OpeningSession) -> Sequence[Desk]:
    return session.scalars(
        select(Desk)
        .where(Desk.session_id == opening.id, Desk.removed_at.is_(None))
        .order_by(Desk.name)
        .execution_options(populate_existing=True)
    ).all()


def _apply(
    session: Session, opening: OpeningSession, changes: Changes, bookable: Container[str]
) -> None:
    """Check and write the changes of one session; its slots follow by `fitting`."""
    planned = _changed(opening, changes, _plans(_desks(session, opening)))
    checked_constraints(planned, bookable)
    if not slot_times(opening.day, planned.hours, ZoneInfo("UTC")):
        raise SessionTooShort(field="closes")
    _write(opening, planned)
    session.flush()
    _write_desks(session, opening, planned.desks)


def _changed(
    thing: OpeningSession | SessionSeries, changes: Changes, desks: tuple[DeskPlan, ...]
) -> _Planned:
    """As it is with the changes."""
    breaks = breaks_from_json(thing.breaks) if changes.breaks is None else changes.breaks
    hours = Hours(
        changes.opens or thing.opens, changes.closes or thing.closes, thing.slot_minutes, breaks
    )
    reserves, most = changes.reserves, changes.daily_maximums
    return _Planned(
        hours,
        changes.desks or desks,
        reserves_from_json(thing.reserves) if reserves is None else reserves,
        thing.daily_maximums if most is None else most,
    )


def _write(thing: OpeningSession | SessionSeries, planned: _Planned) -> None:
    """Hours, breaks, what is kept and the maximums; desks are kept in two ways."""
    thing.opens, thing.closes = planned.hours.opens, planned.hours.closes
    thing.breaks = breaks_as_json(planned.hours.breaks)
    thing.reserves = reserves_as_json(planned.reserves)
    thing.daily_maximums = dict(planned.daily_maximums)


def _plans(desks: Sequence[Desk]) -> tuple[DeskPlan, ...]:
    return tuple(DeskPlan(desk.name, tuple(desk.services), tuple(desk.skills)) for desk in desks)


# Desks hold the hours that their session has now.
_HOLD = text(
    """
    UPDATE desks SET held = tsrange(s.day + s.opens, s.day + s.closes)
    FROM sessions s WHERE s.id = desks.session_id AND s.id = :session
        AND s.consulate_code = desks.consulate_code AND removed_at IS NULL
    """
)
_FREE_DESKS = text("UPDATE desks SET held = 'empty' WHERE session_id = ANY (:sessions)")
_REMOVE = text(
    """
    UPDATE desks SET held = 'empty', removed_at = now()
    WHERE session_id = :session AND removed_at IS NULL AND lower(name) <> ALL (:names)
    """
)


def _write_desks(session: Session, opening: OpeningSession, desks: Sequence[DeskPlan]) -> None:
    names = [desk.name.lower() for desk in desks]
    session.execute(_REMOVE, {"session": opening.id, "names": names})
    known = {
        desk.name.lower(): desk
        for desk in session.scalars(select(Desk).where(Desk.session_id == opening.id))
    }
    with naming_desks({desk.name for desk in desks}):
        for plan in sorted(desks, key=lambda desk: desk.name.lower()):
            _write_desk(session, opening, plan, known.get(plan.name.lower()))
        session.flush()
        session.execute(_HOLD, {"session": opening.id})


def _write_desk(
    session: Session, opening: OpeningSession, plan: DeskPlan, present: Desk | None
) -> None:
    if present is None:
        session.add(
            Desk(
                id=new_id(),
                session_id=opening.id,
                name=plan.name,
                services=list(plan.services),
                skills=list(plan.skills),
            )
        )
        return
    session.execute(
        update(Desk)
        .where(Desk.id == present.id)
        .values(services=list(plan.services), skills=list(plan.skills), removed_at=None)
        .execution_options(synchronize_session=False)
    )


def _change_template(series: SessionSeries, changes: Changes, bookable: Container[str]) -> None:
    planned = _changed(series, changes, desks_from_json(series.desks))
    checked_constraints(planned, bookable)
    _write(series, planned)
    series.desks = desks_as_json(planned.desks)


def _end_days(
    session: Session,
    series: SessionSeries,
    command: EditSeries,
    openings: Sequence[OpeningSession],
    now: datetime,
    actor: audit.Actor,
) -> list[date]:
    """Days that the series has no more: by name, or after its end."""
    if command.until is not None:
        series.rrule, series.made_until = _ending(series.rrule, command.until), None
    series.exdates = sorted({*series.exdates, *command.exdates})
    after = command.until or date.max
    ended = [o for o in openings if o.day in command.exdates or o.day > after]
    cancel_days(session, ended, now=now, actor=actor, reason=command.reason)
    return [opening.day for opening in ended]


def _ending(rule: str, until: date) -> str:
    parts = [part for part in rule.split(";") if not part.startswith("UNTIL=")]
    return ";".join([*parts, f"UNTIL={until:%Y%m%d}"])


def summary(fitted: Fitted) -> dict[str, Any]:
    """How many bookings lost or regained their place."""
    return {"orphaned": len(fitted.orphaned), "supported": len(fitted.supported)}
