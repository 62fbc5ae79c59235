"""Read sessions, their agreements and the reports that were signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from services.commission.models import (
    AgendaItem,
    Agreement,
    Annex,
    Attendance,
    CommissionReport,
    CommissionSession,
    FollowUp,
    Result,
)
from services.commission.rules import CLOSED, FollowUpStatus, Part
from services.kernel.errors import NotFound
from services.kernel.tables import get_row
from services.monitoring.queries import last_session_loaded


@dataclass(frozen=True)
class Followed:
    """An agreement of an earlier session, as a session follows it up. ``now`` is what this session
    says of it, None until it says something; ``due_on`` the day that was in force before."""

    agreement: Agreement
    session_number: int
    before: FollowUpStatus
    due_on: date
    now: FollowUp | None


def list_sessions(session: Session) -> Sequence[CommissionSession]:
    """All of them, the newest first; examples last."""
    return session.scalars(
        select(CommissionSession).order_by(
            CommissionSession.example, CommissionSession.number.desc()
        )
    ).all()


def get_session(session: Session, id: UUID) -> CommissionSession:
    """One session. Raises NotFound."""
    return get_row(session, CommissionSession, id)


def list_attendance(session: Session, id: UUID) -> Sequence[Attendance]:
    """Agencies in their order."""
    return session.scalars(
        select(Attendance).where(Attendance.session_id == id).order_by(Attendance.position)
    ).all()


def list_agenda(session: Session, id: UUID) -> Sequence[AgendaItem]:
    """Points of the agenda in their order."""
    return session.scalars(
        select(AgendaItem).where(AgendaItem.session_id == id).order_by(AgendaItem.position)
    ).all()


def list_agreements(session: Session, id: UUID) -> Sequence[Agreement]:
    """What the session agreed on."""
    return session.scalars(
        select(Agreement).where(Agreement.session_id == id).order_by(Agreement.position)
    ).all()


def list_results(session: Session, id: UUID, group: int | None = None) -> Sequence[Result]:
    """Numbers of a session by group, or of one group."""
    rows = select(Result).where(Result.session_id == id)
    if group is not None:
        rows = rows.where(Result.working_group == group)
    return session.scalars(rows.order_by(Result.working_group, Result.position)).all()


def list_annexes(session: Session, id: UUID) -> Sequence[Annex]:
    """Tables at the end of the report."""
    return session.scalars(
        select(Annex).where(Annex.session_id == id).order_by(Annex.position)
    ).all()


def list_followed(session: Session, commission: CommissionSession) -> Sequence[Followed]:
    """Agreements of all earlier sessions that none of them closed: each comes over by itself."""
    rows = session.scalars(select(FollowUp).where(FollowUp.session_id == commission.id))
    here = {row.agreement_id: row for row in rows}
    return _list_open(session, commission.number, commission.example, here)


def list_open_agreements(session: Session) -> Sequence[Followed]:
    """Agreements of all sessions that none closed, of the examples none."""
    return _list_open(session, next_number(session), example=False, here={})


def _list_open(
    session: Session, number: int, example: bool, here: Mapping[UUID, FollowUp]
) -> Sequence[Followed]:
    """Those of the sessions before the one with that number."""
    before = (CommissionSession.number < number, CommissionSession.example == example)
    agreements = session.execute(
        select(Agreement, CommissionSession.number)
        .join(CommissionSession, CommissionSession.id == Agreement.session_id)
        .where(*before)
        .order_by(CommissionSession.number, Agreement.position)
    ).all()
    follow_ups = session.scalars(
        select(FollowUp)
        .join(CommissionSession, CommissionSession.id == FollowUp.session_id)
        .where(*before)
        .order_by(CommissionSession.number)
    )
    earlier: dict[UUID, list[FollowUp]] = {}
    for row in follow_ups:
        earlier.setdefault(row.agreement_id, []).append(row)
    return [
        _followed(agreement, made_at, earlier.get(agreement.id, ()), here.get(agreement.id))
        for agreement, made_at in agreements
        if not any(row.status in CLOSED for row in earlier.get(agreement.id, ()))
    ]


def _followed(
    agreement: Agreement, number: int, earlier: Sequence[FollowUp], here: FollowUp | None
) -> Followed:
    before = FollowUpStatus(earlier[-1].status) if earlier else FollowUpStatus.PENDING
    moved = [row.due_on for row in earlier if row.due_on]
    return Followed(agreement, number, before, moved[-1] if moved else agreement.due_on, here)


def find_english(session: Session, number: int, *, example: bool) -> Mapping[str, str]:
    """The English that the last session before that number has of what was typed, its own and what
    it began with."""
    known = session.scalar(
        select(CommissionSession.english)
        .where(CommissionSession.number < number, CommissionSession.example == example)
        .order_by(CommissionSession.number.desc())
        .limit(1)
    )
    return known or {}


def list_missing(session: Session, commission: CommissionSession) -> Sequence[Part]:
    """What the report still needs before it can be prepared."""
    held = {
        Part.DATE: commission.held_on,
        Part.PLACE: commission.place,
        Part.PERIOD: commission.first,
        Part.ATTENDANCE: list_attendance(session, commission.id),
        Part.AGENDA: list_agenda(session, commission.id),
        Part.FOLLOW_UP: all(each.now for each in list_followed(session, commission)),
        Part.RESULTS: list_results(session, commission.id),
    }
    return [part for part in Part if not held[part]]


def list_reports(session: Session, id: UUID) -> Sequence[CommissionReport]:
    """The signed versions of a session's report, the newest first, without their files."""
    return session.scalars(
        select(CommissionReport)
        .where(CommissionReport.session_id == id)
        .options(defer(CommissionReport.pdf_es), defer(CommissionReport.pdf_en))
        .order_by(CommissionReport.version.desc())
    ).all()


def find_report(session: Session, id: UUID, version: int | None = None) -> CommissionReport | None:
    """A version that was signed, the newest unless one is named."""
    rows = select(CommissionReport).where(CommissionReport.session_id == id)
    if version is not None:
        rows = rows.where(CommissionReport.version == version)
    return session.scalars(rows.order_by(CommissionReport.version.desc()).limit(1)).one_or_none()


def get_report(session: Session, id: UUID, version: int | None = None) -> CommissionReport:
    """`find_report`. Raises NotFound."""
    report = find_report(session, id, version)
    if report is None:
        raise NotFound()
    return report


def next_number(session: Session) -> int:
    """One more than the last session that is known: of a report, an example too, or of figures that
    came with the program. Groups may hand in figures for a session to come: they say nothing."""
    last = session.scalar(select(func.max(CommissionSession.number)))
    return max(last or 0, last_session_loaded(session) or 0) + 1
