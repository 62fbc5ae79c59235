"""Erase what an enrollment was asked with and what its agency gave; its folio and history stay."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.enrollments.models import AssistedRequest, Enrollment, EnrollmentClaim
from services.enrollments.rules import OVER, Status


def has_open(session: Session, erased: Erased) -> bool:
    """The agency, or the person, has something to do still."""
    ended = OVER | {Status.ACTIVE}
    still = select(Enrollment.id).where(
        _theirs(erased), Enrollment.status.in_(sorted(set(Status) - ended))
    )
    return session.scalars(still.limit(1)).first() is not None


def list_ids(session: Session, erased: Erased) -> Sequence[UUID]:
    """Every enrollment of the account, or of one of the people."""
    return session.scalars(select(Enrollment.id).where(_theirs(erased))).all()


def erase(session: Session, erased: Erased) -> None:
    """Data, results, and the keys under which an active one holds its place."""
    enrollments = list_ids(session, erased)
    session.execute(delete(EnrollmentClaim).where(EnrollmentClaim.enrollment_id.in_(enrollments)))
    session.execute(
        update(Enrollment)
        .where(Enrollment.id.in_(enrollments))
        .values(data_sealed=b"", result_sealed=None, details_sealed=None, curp_differs=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(AssistedRequest)
        .where(
            AssistedRequest.enrollment_id.in_(enrollments), AssistedRequest.document.is_not(None)
        )
        .values(document="")
        .execution_options(synchronize_session=False)
    )


def _theirs(erased: Erased) -> ColumnElement[bool]:
    return or_(erased.owns(Enrollment.account_id), Enrollment.person_id.in_(erased.people))
