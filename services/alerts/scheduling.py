"""Reports by schedule: subscribe somebody of staff to a question, stop it, and begin what is due.

A report that is due is a row, once for each of its days, with the moment up to which it counts;
the item of the outbox that carries it is written with it. One that came due while nothing ran is
sent late, of several the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.alerts.making import find_readers, may_read
from services.alerts.models import ReportRun, ScheduledReport
from services.alerts.names import check_narrowed
from services.alerts.rules import Covers, Every, covered_days, due_at, last_due, narrowed
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, refuse_others, require_moment
from services.monitoring.indicators import INDICATORS, Flow
from services.outbox.delivery import enqueue
from services.staff.accounts import find_active

TOPIC = "alerts.report"
# By what a report may list its figure: few enough lines for a message.
BY = (Dimension.CONSULATE, Dimension.COUNTRY, Dimension.PROGRAM, Dimension.STATUS)


@dataclass(frozen=True)
class ScheduleReport:
    """A question, its days, and when to answer it to whom."""

    indicator: str
    by: str
    covers: Covers
    every: Every
    hour: int
    readers: Sequence[str]
    language: str
    consulate: str | None = None
    country: str | None = None
    program: str | None = None
    status: str | None = None


def schedule_report(
    session: Session, command: ScheduleReport, *, now: datetime, actor: Actor
) -> Sequence[ScheduledReport]:
    """One report for each reader. Raises what `find_readers` and `check_narrowed` raise, Invalid
    ``alert_unknown_status``."""
    indicator = INDICATORS[command.indicator]
    if command.status and command.status not in indicator.statuses:
        raise Invalid("alert_unknown_status", field="status")
    check_narrowed(session, command.consulate, command.country, command.program)
    only = narrowed(command.consulate, command.country, command.program, command.status)
    refuse_others(indicator, {Dimension(command.by), *only})
    rows = [
        ScheduledReport(
            id=new_id(),
            staff_id=reader.id,
            indicator=command.indicator,
            by=command.by,
            consulate_code=command.consulate,
            country=command.country,
            program=command.program,
            status=command.status,
            covers=command.covers,
            every=command.every,
            hour=command.hour,
            language=command.language,
            made_at=now,
            made_by=actor.account_id,
        )
        for reader in find_readers(session, command.readers, None)
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        _audit(session, row, "report.schedule", now, actor)
    return rows


def list_reports(session: Session, actor: Actor) -> Sequence[ScheduledReport]:
    """Those that go on: to whoever asks, or that they made."""
    mine = or_(
        ScheduledReport.staff_id == actor.account_id, ScheduledReport.made_by == actor.account_id
    )
    rows = select(ScheduledReport).where(mine, ScheduledReport.stopped_at.is_(None))
    return session.scalars(rows.order_by(ScheduledReport.made_at.desc(), ScheduledReport.id)).all()


def get_report(session: Session, id: UUID, actor: Actor) -> ScheduledReport:
    """One that is theirs, or that they made, stopped or not. Raises NotFound."""
    row = session.get(ScheduledReport, id)
    if row is None or actor.account_id not in (row.staff_id, row.made_by):
        raise NotFound()
    return row


def list_runs(session: Session, report: UUID, *, limit: int = 50) -> Sequence[ReportRun]:
    """What was sent of it, the newest first."""
    rows = select(ReportRun).where(ReportRun.report_id == report)
    return session.scalars(rows.order_by(ReportRun.due_on.desc()).limit(limit)).all()


def stop_report(session: Session, id: UUID, *, now: datetime, actor: Actor) -> ScheduledReport:
    """Send it no more; nothing happens to one that was stopped. Raises NotFound."""
    row = get_report(session, id, actor)
    stopped = session.execute(
        update(ScheduledReport)
        .where(ScheduledReport.id == id, ScheduledReport.stopped_at.is_(None))
        .values(stopped_at=now, stopped_by=actor.account_id)
        .returning(ScheduledReport.id)
    ).first()
    if stopped:
        _audit(session, row, "report.stop", now, actor)
        session.refresh(row)
    return row


def begin_due(session: Session, *, now: datetime) -> int:
    """Begin the reports that are due by now and weren't begun; returns how many."""
    reports = session.scalars(select(ScheduledReport).where(ScheduledReport.stopped_at.is_(None)))
    due = [report for report in reports if _is_due(session, report, now)]
    as_of = require_moment(session, None) if due else now
    return sum(_begin(session, report, now, as_of) for report in due)


def _is_due(session: Session, report: ScheduledReport, now: datetime) -> bool:
    day = last_due(Every(report.every), report.hour, now)
    begun = select(ReportRun.id).where(ReportRun.report_id == report.id, ReportRun.due_on == day)
    return due_at(day, report.hour) > report.made_at and session.scalar(begun) is None


def _begin(session: Session, report: ScheduledReport, now: datetime, as_of: datetime) -> bool:
    day = last_due(Every(report.every), report.hour, now)
    first, last = covered_days(Covers(report.covers), due_at(day, report.hour))
    run = {"id": new_id(), "report_id": report.id, "due_on": day, "first": first, "last": last}
    statement = insert(ReportRun).values(**run, as_of=as_of)
    begun = session.scalar(
        statement.on_conflict_do_nothing(constraint="uq_report_runs_due").returning(ReportRun.id)
    )
    if begun is not None:
        enqueue(session, TOPIC, begun)
    return begun is not None


def question_of(report: ScheduledReport, run: ReportRun) -> AskIndicator:
    """What a report asks: of a stock how many there are at the end, which is compared with nothing
    before."""
    indicator = INDICATORS[report.indicator]
    first, last = indicator.days(run.first, run.last)
    return AskIndicator(
        report.indicator,
        by=(Dimension(report.by),),
        first=first,
        last=last,
        as_of=run.as_of,
        only=narrowed(report.consulate_code, report.country, report.program, report.status),
        compare=indicator.flow is not Flow.STOCK,
    )


def find_run(session: Session, id: UUID) -> tuple[ScheduledReport, ReportRun, str] | None:
    """(report, run, address) of what is to be sent; None where it was stopped, or its reader is no
    longer there, may not look any more, or has no address."""
    run = session.get(ReportRun, id)
    if run is None:
        return None
    report = session.get_one(ScheduledReport, run.report_id)
    member = find_active(session, report.staff_id)
    if report.stopped_at or member is None or not member.email or not may_read(member, None):
        return None
    return report, run, member.email


def _audit(
    session: Session, report: ScheduledReport, action: str, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject("scheduled_report", report.id)
    audit.record(session, subject, action=action, now=now, actor=actor)
