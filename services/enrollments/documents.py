"""Which documents a program takes, and whose they are: those of the folder of its person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from services.enrollments.models import Enrollment
from services.enrollments.programs.files import OTHER
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Document as DocumentKind
from services.enrollments.programs.schema import Program
from services.enrollments.rules import DECIDED, applicant_fields
from services.folders.documents import list_kinds, mark_sent
from services.folders.models import Document, Folder
from services.folders.rules import DocumentState, document_retention
from services.kernel.errors import Invalid, NotFound


def file_kinds(program: Program) -> Sequence[DocumentKind]:
    """The program's documents of which a file can be sent, and any other at the end."""
    documents = program.form.documents if program.form else ()
    return [*(each for each in documents if each.file), OTHER]


def refuse_kind(program: Program, kind: str) -> None:
    """Raise Invalid ``document_kind_unknown`` for what the program takes no file of."""
    if kind not in {each.code for each in file_kinds(program)}:
        raise Invalid("document_kind_unknown", field="kind")


def requested_documents(enrollment: Enrollment, requested: Sequence[str]) -> list[str]:
    """The documents among what an agency wants corrected: what is neither of the applicant nor
    asked for by the program."""
    fields = {field.name for field in PROGRAMS[enrollment.program].fields}
    return [name for name in requested if name not in fields and not applicant_fields([name])]


def list_missing(session: Session, enrollment: Enrollment, requested: Sequence[str]) -> list[str]:
    """The documents among ``requested`` of which none was uploaded since the agency asked.

    One that the program knows no file of is uploaded as another document. Nothing is missing for
    whoever can't see the folder, nor where there is none any more.
    """
    documents = requested_documents(enrollment, requested)
    folder = (
        session.get(Folder, enrollment.folder_id) if documents and enrollment.folder_id else None
    )
    if folder is None or folder.person_key is None:
        return []
    known = {each.code for each in file_kinds(PROGRAMS[enrollment.program])}
    there = list_kinds(session, folder.id, since=enrollment.changed_at)
    return [name for name in documents if (name if name in known else OTHER.code) not in there]


def folder_of(enrollment: Enrollment) -> UUID:
    """The folder of the request's person. Raises NotFound when there is none any more."""
    if enrollment.folder_id is None:
        raise NotFound()
    return enrollment.folder_id


def mark_documents_sent(
    session: Session, enrollment: Enrollment, program: Program, at: datetime
) -> bool:
    """The request went to its agency, and the person's documents of its kinds belong to it. Whether
    there are any."""
    if enrollment.folder_id is None:
        return False
    kinds = [each.code for each in file_kinds(program)]
    return mark_sent(session, enrollment.folder_id, enrollment.account_id, kinds, now=at)


def delete_expired_documents(session: Session, *, now: datetime) -> int:
    """Delete documents past their period; how many. Needs the workers' login and the scope of the
    network."""
    kept = document_retention(now.date())
    requests = Enrollment.folder_id == Document.folder_id
    under_way = exists().where(requests, Enrollment.status.not_in(sorted(DECIDED)))
    last_change = (
        select(func.max(Enrollment.changed_at))
        .where(requests)
        .correlate(Document)
        .scalar_subquery()
    )
    unused = and_(last_change.is_(None), Document.uploaded_at < now - kept.unused)
    over = and_(
        ~under_way,
        func.greatest(last_change, Document.uploaded_at) < now - kept.after_end,
        last_change.is_not(None),
    )
    ended = and_(Document.state != DocumentState.IN_USE, Document.ended_at < now - kept.replaced)
    deleted = session.execute(
        delete(Document)
        .where(or_(ended, unused, over))
        .execution_options(synchronize_session=False)
    )
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return]
