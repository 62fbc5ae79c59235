"""Requests that go to their agency by file: queued one by one, collected, sent, ended row by row.

A request has one row at a time that hasn't ended (`uq_enrollment_batch_rows_open`): it is in one
batch or waits for one. What the agency says is taken as any word of an agency is
(`progress.record_progress`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.enrollments.batch_rules import MOST_ROWS, ON_ITS_WAY, BatchStatus, RowOutcome
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentBatch, EnrollmentBatchRow
from services.enrollments.progress import (
    AgencyStatus,
    Application,
    read_application,
    record_progress,
    still_undecided,
)
from services.enrollments.rules import HOME_ZONE, WAITING, Status
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue
from services.outbox.models import OutboxItem

_WAITS = and_(EnrollmentBatchRow.batch_id.is_(None), EnrollmentBatchRow.settled_at.is_(None))


@dataclass(frozen=True)
class BatchTask:
    """What to send or to ask about. ``begun``: an earlier attempt may have reached the agency."""

    batch: UUID
    key: str
    agency: str
    day: date
    status: BatchStatus
    created_at: datetime
    applications: tuple[Application, ...] = ()
    begun: bool = False


def queue(session: Session, enrollment: UUID, agency: str, *, now: datetime) -> None:
    """Let the request wait for the next batch, unless it waits or is in one already."""
    session.execute(
        postgresql.insert(EnrollmentBatchRow)
        .values(id=new_id(), agency=agency, enrollment_id=enrollment, queued_at=now)
        .on_conflict_do_nothing()
    )


def anything_waits(session: Session) -> bool:
    """Whether any request waits for a batch."""
    return session.scalars(select(EnrollmentBatchRow.id).where(_WAITS).limit(1)).first() is not None


def collect(session: Session, *, now: datetime) -> list[UUID]:
    """Make batches of all that waits, and ask the workers to send them."""
    row = EnrollmentBatchRow
    agencies = session.scalars(select(row.agency).where(_WAITS).distinct()).all()
    batches = []
    for agency in sorted(agencies):
        while batch := _collect_one(session, agency, now):
            batches.append(batch)
    return batches


def _collect_one(session: Session, agency: str, now: datetime) -> UUID | None:
    row = EnrollmentBatchRow
    waiting = session.scalars(
        select(row.id)
        .where(_WAITS, row.agency == agency)
        .order_by(row.id)
        .limit(MOST_ROWS)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return None
    id, day = new_id(), now.astimezone(ZoneInfo(HOME_ZONE)).date()
    key = f"B{day:%Y%m%d}{id.hex[-12:].upper()}"
    session.add(
        EnrollmentBatch(
            id=id,
            key=key,
            agency=agency,
            day=day,
            status=BatchStatus.OPEN,
            created_at=now,
            changed_at=now,
        )
    )
    session.flush()
    session.execute(update(row).where(row.id.in_(waiting)).values(batch_id=id))
    enqueue(session, "enrollments.batch", id)
    return id


def begin(session: Session, batch_id: UUID, *, now: datetime, vault: Vault) -> BatchTask | None:
    """What there is to do for the batch; None when nothing is left.

    One that is sent for the first time is written down as being sent, and its requests with it: to
    be committed before the agency is called. Raises NotFound.
    """
    batch = get_row(session, EnrollmentBatch, batch_id, lock=True)
    before = BatchStatus(batch.status)
    if before is BatchStatus.OPEN:
        _drop_withdrawn(session, batch, now)
        if not _begin_sending(session, batch, now):
            return None
    if before is BatchStatus.SENT:
        return _task(batch)
    if before is BatchStatus.ANSWERED:
        return None
    applications = _applications(session, batch, now=now, vault=vault)
    if not applications:
        _move(batch, BatchStatus.ANSWERED, now)
        return None
    begun = before is not BatchStatus.OPEN
    return _task(batch, applications=tuple(applications), begun=begun)


def record_sent(session: Session, batch_id: UUID, *, known: bool, now: datetime) -> None:
    """The agency has it, or nobody knows whether it has. Raises NotFound."""
    batch = get_row(session, EnrollmentBatch, batch_id, lock=True)
    if BatchStatus(batch.status) in ON_ITS_WAY:
        _move(batch, BatchStatus.SENT if known else BatchStatus.UNKNOWN, now)


def list_folios(session: Session, batch: UUID) -> tuple[list[str], list[str]]:
    """The folios of all rows of the batch, and of those that haven't ended."""
    row = EnrollmentBatchRow
    rows = session.execute(
        select(Enrollment.folio, row.settled_at)
        .join(Enrollment, Enrollment.id == row.enrollment_id)
        .where(row.batch_id == batch)
        .order_by(row.id)
    ).all()
    return [folio for folio, _ in rows], [folio for folio, ended in rows if ended is None]


def settle_rows(
    session: Session,
    batch_id: UUID,
    words: Mapping[str, AgencyStatus],
    lost: Collection[str],
    *,
    answered: bool,
    now: datetime,
    vault: Vault,
) -> bool:
    """Take what the agency says of some rows; those that it lost wait for the next batch.

    Returns whether every row of the batch has ended. Raises NotFound.
    """
    batch = get_row(session, EnrollmentBatch, batch_id, lock=True)
    for row, enrollment, folio in _open_rows(session, batch_id):
        if folio in lost:
            _end(row, RowOutcome.LOST, now)
            session.flush()
            queue(session, enrollment, batch.agency, now=now)
        elif folio in words:
            _take(session, row, words[folio], answered=answered, now=now, vault=vault)
    session.flush()
    over = not _open_rows(session, batch_id)
    if over and batch.status == BatchStatus.SENT:
        _move(batch, BatchStatus.ANSWERED, now)
    return over


def list_unattended(session: Session, *, before: datetime, limit: int) -> Sequence[UUID]:
    """Batches with something to do, unchanged since ``before``, with no job on its way."""
    open_still = or_(OutboxItem.done_at.is_(None), OutboxItem.outcome == "parked")
    attended = exists().where(and_(OutboxItem.ref == EnrollmentBatch.id, open_still))
    return session.scalars(
        select(EnrollmentBatch.id)
        .where(
            EnrollmentBatch.status != BatchStatus.ANSWERED,
            EnrollmentBatch.changed_at < before,
            ~attended,
        )
        .order_by(EnrollmentBatch.id)
        .limit(limit)
    ).all()


def _move(batch: EnrollmentBatch, status: BatchStatus, now: datetime) -> None:
    batch.status, batch.changed_at = status, now


def _task(
    batch: EnrollmentBatch, applications: tuple[Application, ...] = (), *, begun: bool = True
) -> BatchTask:
    return BatchTask(
        batch=batch.id,
        key=batch.key,
        agency=batch.agency,
        day=batch.day,
        status=BatchStatus(batch.status),
        created_at=batch.created_at,
        applications=applications,
        begun=begun,
    )


def _open_rows(session: Session, batch: UUID) -> list[tuple[EnrollmentBatchRow, UUID, str]]:
    row = EnrollmentBatchRow
    rows = session.execute(
        select(row, Enrollment.id, Enrollment.folio)
        .join(Enrollment, Enrollment.id == row.enrollment_id)
        .where(row.batch_id == batch, row.settled_at.is_(None))
        .order_by(row.id)
    ).all()
    return [(each, enrollment, folio) for each, enrollment, folio in rows]


def _drop_withdrawn(session: Session, batch: EnrollmentBatch, now: datetime) -> None:
    """What was withdrawn, or decided otherwise, since it was queued isn't sent any more."""
    for row, enrollment, _ in _open_rows(session, batch.id):
        if not still_undecided(LIFECYCLE.lock(session, enrollment)):
            _end(row, RowOutcome.WITHDRAWN, now)
    session.flush()


def _begin_sending(session: Session, batch: EnrollmentBatch, now: datetime) -> bool:
    rows = _open_rows(session, batch.id)
    for _, enrollment_id, _ in rows:
        enrollment = LIFECYCLE.lock(session, enrollment_id)
        if enrollment.status == Status.RECEIVED:
            LIFECYCLE.move(
                session, enrollment, Status.SENT_TO_AGENCY, now=now, actor=SYSTEM, reason_code=None
            )
    _move(batch, BatchStatus.SENDING if rows else BatchStatus.ANSWERED, now)
    return bool(rows)


def _applications(
    session: Session, batch: EnrollmentBatch, *, now: datetime, vault: Vault
) -> list[Application]:
    applications = []
    for row, enrollment, _ in _open_rows(session, batch.id):
        try:
            applications.append(read_application(session, enrollment, vault=vault))
        except PersonForgotten:
            _end(row, RowOutcome.FORGOTTEN, now)
    session.flush()
    return applications


def _take(
    session: Session,
    row: EnrollmentBatchRow,
    agency_status: AgencyStatus,
    *,
    answered: bool,
    now: datetime,
    vault: Vault,
) -> None:
    """Take one row's word. Where it isn't the last one, the request goes on being asked about."""
    try:
        enrollment = record_progress(
            session, row.enrollment_id, agency_status, now=now, vault=vault
        )
    except PersonForgotten:
        _end(row, RowOutcome.FORGOTTEN, now)
        return
    if answered or agency_status.status not in WAITING:
        _end(row, RowOutcome.TAKEN, now)
        if still_undecided(enrollment):
            enqueue(session, "enrollments.refresh", enrollment.id, delay_seconds=1)


def _end(row: EnrollmentBatchRow, outcome: RowOutcome, now: datetime) -> None:
    row.outcome, row.settled_at = outcome, now
