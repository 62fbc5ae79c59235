"""Prepare a report, return it, sign it, and open the next version of one that was signed.

Two people, by their subjects: whoever prepared a report doesn't sign it. What is signed is what
was prepared: nothing of it can change in between, and its files are made from the same content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from services.commission.assembling import Content, assemble, by, content_hash, content_text
from services.commission.errors import NothingChanged, ReportIncomplete, SelfSigning
from services.commission.lifecycle import LIFECYCLE
from services.commission.models import CommissionReport, CommissionSession
from services.commission.queries import get_report, list_missing
from services.commission.rules import Action, Status, actions
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import WrongState
from services.kernel.ids import new_id
from services.kernel.signatures import Signed, Signer

LANGUAGES = ("es", "en")


# Makes the PDF of a content in each of these languages.
MakeFiles = Callable[[Content], Mapping[str, bytes]]


def prepare(session: Session, id: UUID, *, now: datetime, actor: Actor) -> CommissionSession:
    """Hand a draft over to whoever signs. Raises `ReportIncomplete`, `NothingChanged` for an
    amended version that says what the one before says."""
    commission = LIFECYCLE.lock(session, id)
    _refuse(commission, Action.PREPARE, actor)
    if missing := list_missing(session, commission):
        raise ReportIncomplete(missing)
    amends = assemble(session, commission)["amends"]
    if amends and not amends["changes"]:
        raise NothingChanged()
    commission.prepared_by = actor.account_id
    LIFECYCLE.move(
        session, commission, Status.PREPARED, now=now, actor=actor, action="commission.prepare"
    )
    return commission


def return_draft(session: Session, id: UUID, *, now: datetime, actor: Actor) -> CommissionSession:
    """Make a draft of a prepared report again, to be corrected."""
    commission = LIFECYCLE.lock(session, id)
    _refuse(commission, Action.RETURN, actor)
    _reopen(session, commission, now=now, actor=actor, action="commission.return")
    return commission


def amend(
    session: Session, id: UUID, reason: str, *, now: datetime, actor: Actor
) -> CommissionSession:
    """Open the next version of a signed report; the signed one stays as it is."""
    commission = LIFECYCLE.lock(session, id)
    _refuse(commission, Action.AMEND, actor)
    commission.version, commission.amends = commission.version + 1, reason
    _reopen(session, commission, now=now, actor=actor, action="commission.amend")
    return commission


def sign(
    session: Session,
    id: UUID,
    make_files: MakeFiles,
    signer: Signer,
    *,
    now: datetime,
    actor: Actor,
) -> CommissionReport:
    """Freeze what was prepared, with its files, and sign it. Raises `SelfSigning`, WrongState,
    Unavailable where this system has no key to sign with."""
    commission = LIFECYCLE.lock(session, id)
    if commission.status != Status.PREPARED:
        raise WrongState(state=commission.status)
    if Action.SIGN not in actions(commission.status, actor.account_id, commission.prepared_by):
        raise SelfSigning()
    content = {**assemble(session, commission), "signed": by(session, actor.account_id, now)}
    files = make_files(content)
    signed = signer.sign(session, statement(commission, content, files, now), now=now)
    report = _report(commission, content, files, signed, now, actor)
    _add(session, report)
    LIFECYCLE.move(
        session, commission, Status.SIGNED, now=now, actor=actor, action="commission.sign"
    )
    return report


def statement(
    commission: CommissionSession, content: Content, files: Mapping[str, bytes], now: datetime
) -> dict[str, Any]:
    """What the signature is of."""
    return {
        "kind": "commission_report",
        "id": str(commission.id),
        "session": commission.number,
        "version": commission.version,
        "example": commission.example,
        "signed_at": now.isoformat(),
        "content": content_hash(content),
        "files": {language: sha256(files[language]).hexdigest() for language in LANGUAGES},
    }


def signature_of(report: CommissionReport) -> Signed:
    """The signature of a version, as it is given out."""
    return Signed(report.statement, report.signature, report.key)


def file_of(session: Session, id: UUID, language: str, version: int | None = None) -> bytes:
    """The signed PDF. Raises NotFound."""
    report = get_report(session, id, version)
    return report.pdf_en if language == "en" else report.pdf_es


def find_signed(session: Session, sha256: str) -> tuple[CommissionReport, str] | None:
    """The version of which a PDF with that SHA-256 was signed, without its files, and the PDF's
    language; None where no such file was signed."""
    reports = (
        select(CommissionReport)
        .where(CommissionReport.statement.contains(sha256, autoescape=True))
        .options(defer(CommissionReport.pdf_es), defer(CommissionReport.pdf_en))
    )
    for report in session.scalars(reports):
        for language, signed in json.loads(report.statement)["files"].items():
            if signed == sha256:
                return report, language
    return None


def _add(session: Session, report: CommissionReport) -> None:
    session.add(report)
    try:
        session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "ck_commission_reports_two_people":
            raise SelfSigning() from error
        raise


def _report(
    commission: CommissionSession,
    content: Content,
    files: Mapping[str, bytes],
    signed: Signed,
    now: datetime,
    actor: Actor,
) -> CommissionReport:
    return CommissionReport(
        id=new_id(),
        session_id=commission.id,
        version=commission.version,
        content=content_text(content),
        content_sha256=content_hash(content),
        pdf_es=files["es"],
        pdf_en=files["en"],
        statement=signed.statement,
        signature=signed.signature,
        key=signed.key,
        prepared_by=commission.prepared_by,
        signed_by=actor.account_id,
        # The database writes them.
        prepared_subject="",
        signed_subject="",
        signed_at=now,
    )


def _reopen(
    session: Session, commission: CommissionSession, *, now: datetime, actor: Actor, action: str
) -> None:
    commission.prepared_by, commission.prepared_at = None, None
    LIFECYCLE.move(session, commission, Status.DRAFT, now=now, actor=actor, action=action)


def _refuse(commission: CommissionSession, action: Action, actor: Actor) -> None:
    if action not in actions(commission.status, actor.account_id, commission.prepared_by):
        raise WrongState(state=commission.status)
