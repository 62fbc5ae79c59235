"""Block what a law has kept of remittances: sealed apart until its day, and gone from the rest.

A remittance stays with its amounts, folio and history, and names nobody. Who sent, who received
and to which account is sealed under a key of its own in ``blocked_records``, is found by the folio
alone, and is deleted once ``record_retention`` of the dated rules is over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.citizens.models import Person
from services.citizens.people import find_key, open_person
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.remittances.models import BlockedRecord, Charge, Remittance, ScreeningHit
from services.remittances.payees import ACCOUNT_PLACE
from services.remittances.queries import find_by_folio, list_hits
from services.remittances.rules import FINAL, Status, day_in_mexico
from services.remittances.tariffs import retention_years

_PLACE = "blocked_records.content"


def list_ids(session: Session, erased: Erased) -> Sequence[UUID]:
    """List the ids of the account's remittances."""
    return session.scalars(select(Remittance.id).where(_theirs(erased))).all()


def has_open(session: Session, erased: Erased) -> bool:
    """Whether the account has a remittance under way."""
    still = Remittance.status.in_(sorted(set(Status) - FINAL))
    remittances = select(Remittance.id).where(_theirs(erased), still)
    return session.scalars(remittances.limit(1)).first() is not None


def sent_this_month(session: Session, erased: Erased, *, now: datetime) -> bool:
    """The limit of a month goes by person: who is forgotten within it could send it twice."""
    since = day_in_mexico(now).replace(day=1)
    remittances = select(Remittance.id).where(_theirs(erased), Remittance.day >= since)
    return session.scalars(remittances.limit(1)).first() is not None


def block(session: Session, erased: Erased, *, now: datetime, vault: Vault) -> None:
    """Seal apart who sent and who received, and take it out of the remittances."""
    remittances = session.scalars(
        select(Remittance).where(_theirs(erased), Remittance.erased_at.is_(None)).with_for_update()
    ).all()
    years = retention_years(session, day_in_mexico(now)) if remittances else 0
    for remittance in remittances:
        _seal(session, remittance, years, now=now, vault=vault)
    session.execute(
        update(Remittance)
        .where(_theirs(erased), Remittance.erased_at.is_(None))
        .values(
            sender_name="",
            account_sealed=case((Remittance.account_sealed.is_(None), null()), else_=b""),
            account_hint=None,
            # With it anybody can ask Banco de México for the name.
            credit_proof=None,
            erased_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    # That they were compared, and what was decided, is part of what is kept apart.
    session.execute(
        delete(ScreeningHit)
        .where(ScreeningHit.remittance_id.in_([remittance.id for remittance in remittances]))
        .execution_options(synchronize_session=False)
    )
    # Where they paid: with it the provider's page tells whose the charge is.
    session.execute(
        update(Charge)
        .where(Charge.remittance_id.in_([remittance.id for remittance in remittances]))
        .values(pay_address=None, pay_reference=None)
        .execution_options(synchronize_session=False)
    )


def open_blocked(
    session: Session, folio: str, *, now: datetime, actor: Actor, vault: Vault
) -> dict[str, Any]:
    """The sender and recipient, for an authority that may know. Noted in the audit. Raises
    NotFound, also once its time is over."""
    remittance = find_by_folio(session, folio)
    record = session.scalars(
        select(BlockedRecord).where(BlockedRecord.remittance_id == remittance)
    ).first()
    if record is None:
        raise NotFound()
    subject = audit.Subject("remittance", record.remittance_id)
    audit.record(session, subject, action="remittance.read_blocked", now=now, actor=actor)
    key = vault.unwrap(record.data_key, record.id)
    content: dict[str, Any] = json.loads(
        key.open(record.content_sealed, place=_PLACE, row=record.id)
    )
    return {**content, "blocked_until": record.blocked_until.isoformat()}


def _seal(
    session: Session, remittance: Remittance, years: int, *, now: datetime, vault: Vault
) -> None:
    row = new_id()
    key = vault.new_key(row)
    content = json.dumps(_content(session, remittance, vault), default=str)
    session.execute(
        insert(BlockedRecord)
        .values(
            id=row,
            remittance_id=remittance.id,
            data_key=key.wrapped,
            content_sealed=key.seal(content, place=_PLACE, row=row),
            blocked_until=_years_after(remittance.changed_at, years),
            created_at=now,
        )
        .on_conflict_do_nothing()
    )


def _content(session: Session, remittance: Remittance, vault: Vault) -> dict[str, Any]:
    sender, recipient = session.get_one(Person, remittance.sender_id), remittance.recipient
    key = find_key(recipient, vault)
    sealed = remittance.account_sealed
    number = key.open(sealed, place=ACCOUNT_PLACE, row=remittance.id) if key and sealed else None
    return {
        "sender": asdict(open_person(sender, vault)),
        "sender_name": remittance.sender_name,
        "recipient": asdict(open_person(recipient, vault)),
        "recipient_corrected": asdict(open_person(remittance.corrected, vault))
        if remittance.corrected
        else None,
        "account": number,
        "credit": remittance.credit_proof,
        # A listed name is like theirs: it would tell whose the remittance is.
        "screening": [
            {
                "party": hit.party,
                "list": hit.list_name,
                "reference": hit.reference,
                "name": hit.name,
                "found_at": hit.found_at,
                "decision": hit.decision,
                "reason": hit.reason,
                "decided_by": hit.decided_by,
                "decided_at": hit.decided_at,
            }
            for hit in list_hits(session, remittance.id)
        ],
    }


def _years_after(moment: datetime, years: int) -> date:
    """From the first of January after it ended, so that no leap day is missing."""
    return date(day_in_mexico(moment).year + years + 1, 1, 1)


def _theirs(erased: Erased) -> ColumnElement[bool]:
    return erased.owns(Remittance.account_id)
