"""Which consents a program needs, and what withdrawing one means for its request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.programs.schema import Program
from services.enrollments.rules import OVER, Action, Status, actions
from services.folders.consenting import GiveConsent, withdraw_consents
from services.folders.models import Consent
from services.folders.queries import hold_folder
from services.folders.rules import ConsentKind
from services.kernel.audit import Actor
from services.kernel.catalogue import reading_language
from services.kernel.tables import get_row

# Files of what the program's list of requirements asks for.
DOCUMENTS = "documents"
# What every agency receives besides what its program asks for.
TRANSFERRED = ("names", "birth_date", "curp", "email", DOCUMENTS)


def consents_to(program: Program, kinds: Collection[str], language: str) -> list[GiveConsent]:
    """The consents of these kinds, in the program's words."""
    texts = {
        ConsentKind.TRANSFER: program.form.consent,
        ConsentKind.SENSITIVE: program.form.sensitive,
    }
    reading = reading_language(language)
    return [
        GiveConsent(
            program=program.code,
            agency=program.agency,
            kind=kind,
            data=(*TRANSFERRED, *(field.name for field in program.fields)),
            text=getattr(text, reading),
            language=reading,
        )
        for kind, text in texts.items()
        if text and kind in kinds
    ]


@dataclass(frozen=True)
class WithdrawnConsent:
    """``request``: the status of the request that it was for, if one was live. ``at_agency``: the
    agency has what was sent before."""

    program: str
    request: Status | None = None
    at_agency: bool = False


def withdraw_consent(
    session: Session, consent_id: UUID, *, now: datetime, actor: Actor
) -> WithdrawnConsent:
    """From now on the consent's agency gets nothing more of the person for that program.

    A request that isn't decided is withdrawn; what the agency has can't be called back. Raises
    NotFound.
    """
    consent = get_row(session, Consent, consent_id)
    folder = hold_folder(session, consent.folder_id)
    withdraw_consents(session, folder, consent.program, now=now, actor=actor)
    live = session.scalars(
        select(Enrollment.id).where(
            Enrollment.folder_id == folder.id,
            Enrollment.program == consent.program,
            Enrollment.status.not_in(sorted(OVER)),
        )
    ).first()
    if live is None:
        return WithdrawnConsent(consent.program)
    enrollment = LIFECYCLE.lock(session, live)
    at_agency = enrollment.status != Status.RECEIVED
    if Action.WITHDRAW in actions(Status(enrollment.status)):
        LIFECYCLE.move(
            session, enrollment, Status.WITHDRAWN, now=now, actor=actor, reason_code=None
        )
    return WithdrawnConsent(consent.program, Status(enrollment.status), at_agency)
