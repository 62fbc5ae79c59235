"""Disputes as treasury works on them: the queue by last day, one with what it is about, its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import account, actor, allow, vault
from consular.db import database_now, transaction
from consular.errors import FieldsInvalid
from consular.i18n import MEXICO_CITY
from consular.input.disputes import NO_ERROR, STATES, DisputeQuery, EndDisputeSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check_filters, money_of, next_page, pick, read_fields
from consular.pages.posting import reopen
from consular.pages.treasury.blueprint import LINES, READERS, TREASURY, pages
from services.disputes.claiming import list_actions
from services.disputes.queries import State, get_dispute, list_disputes, open_texts
from services.disputes.resolving import (
    ResolveDispute,
    give_documents,
    left_of,
    list_remedies,
    resolve,
    take,
)
from services.disputes.rules import correct_by, tell_by
from services.kernel import audit
from services.kernel.money import Money
from services.remittances.queries import get_remittance, list_history
from services.remittances.remedying import find_remedy
from services.remittances.rules import day_in_mexico
from services.staff.accounts import find_name

FILTERS = ("state", "next")


@pages.get("/disputes")
@allow(READERS)
def disputes() -> str:
    """List disputes about which something is to be done, the oldest first; or the others."""
    values = pick(request.args, *FILTERS)
    errors: Errors = {}
    query = check_filters(DisputeQuery(), values, errors)
    with transaction() as session:
        now = database_now(session)
        page = list_disputes(session, State(query["state"]), limit=LINES, after=query["next"])
        subjects = [audit.Subject.of("dispute", each) for each in page.items]
        audit.record(session, *subjects, action="dispute.list", now=now, actor=actor())
        lines = [_line(session, each, now) for each in page.items]
    return render_template(
        "treasury/disputes.html",
        disputes=lines,
        states=STATES,
        filters={"state": query["state"]},
        more=next_page("treasury.disputes", values, page.next),
        errors=errors,
    )


@pages.get("/disputes/<uuid:id>")
@allow(READERS)
def dispute(id: UUID) -> str:
    """Show one dispute with its remittance and what may be done; the read is audited."""
    errors = draft().errors(_read, also_under=True)
    with transaction() as session:
        now = database_now(session)
        claimed = get_dispute(session, id)
        subject = audit.Subject.of("dispute", claimed)
        audit.record(session, subject, action="dispute.read", now=now, actor=actor())
        return render_template(
            "treasury/dispute.html",
            dispute=_described(session, claimed, now),
            remittance=_remittance(session, claimed),
            may_act=actor().role in TREASURY,
            no_error=NO_ERROR,
            zone=MEXICO_CITY,
            form=draft().form,
            errors=errors,
        )


@pages.post("/disputes/<uuid:id>/take")
@allow(TREASURY)
def dispute_take(id: UUID) -> Response:
    """Investigate it."""
    with transaction() as session:
        take(session, id, now=database_now(session), actor=actor())
    return _back_to_dispute(id)


@pages.post("/disputes/<uuid:id>/resolve")
@allow(TREASURY)
def dispute_resolve(id: UUID) -> Response:
    """End it: put the error right, or explain why there is none."""
    command = ResolveDispute(id, **_read(answers(), None))
    with transaction() as session:
        resolve(session, command, now=database_now(session), actor=actor(), vault=vault())
    return _back_to_dispute(id)


@pages.post("/disputes/<uuid:id>/documents")
@allow(TREASURY)
def dispute_documents(id: UUID) -> Response:
    """Note that the documents went to the sender."""
    with transaction() as session:
        give_documents(session, id, now=database_now(session), actor=actor())
    return _back_to_dispute(id)


reopen(
    pages,
    ["/disputes/<uuid:id>/take", "/disputes/<uuid:id>/resolve", "/disputes/<uuid:id>/documents"],
    "treasury.dispute",
    READERS,
)


def _back_to_dispute(id: UUID) -> Response:
    return finish(url_for("treasury.dispute", id=id))


def _line(session: Session, claimed: Any, now: Any) -> dict[str, Any]:
    last = claimed.investigate_by
    return {
        "id": claimed.id,
        "folio": claimed.folio,
        "kind": claimed.kind,
        "status": claimed.status,
        "claimed_on": day_in_mexico(claimed.claimed_at),
        "investigate_by": last,
        "days_left": (last - day_in_mexico(now)).days,
        "taken_by": _who(session, claimed.taken_by),
        "mine": claimed.taken_by == account(),
        "owes_documents": bool(claimed.documents_asked_at and not claimed.documents_given_at),
    }


def _described(session: Session, claimed: Any, now: Any) -> dict[str, Any]:
    decided = claimed.decided_at and day_in_mexico(claimed.decided_at)
    return {
        **_line(session, claimed, now),
        "texts": open_texts(claimed, vault()),
        "actions": sorted(list_actions(claimed)),
        "decided_at": claimed.decided_at,
        "decided_by": _who(session, claimed.decided_by),
        "tell_by": decided and tell_by(decided),
        "correct_by": decided and correct_by(decided),
        "remedy": claimed.remedy,
        "given": Money(claimed.remedy_minor, "USD") if claimed.remedy_minor else None,
        "refund": find_remedy(session, claimed.id),
        "documents_asked_at": claimed.documents_asked_at,
        "documents_given_at": claimed.documents_given_at,
    }


def _remittance(session: Session, claimed: Any) -> dict[str, Any]:
    remittance = get_remittance(session, claimed.remittance_id)
    left = left_of(remittance)
    return {
        "folio": remittance.folio,
        "status": remittance.status,
        "total": remittance.total,
        "fees": Money(left.fees_minor, "USD"),
        "total_to_recipient": remittance.total_to_recipient,
        "date_available": remittance.date_available,
        "paid_at": remittance.paid_at,
        "agency_reference": remittance.agency_reference,
        "remedied": Money(left.remedied_minor, "USD") if left.remedied_minor else None,
        "left": Money(left.minor, "USD"),
        "remedies": [remedy.value for remedy in list_remedies(remittance)],
        "history": [
            {"status": step.status, "at": step.at} for step in list_history(session, remittance.id)
        ],
    }


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    """What was typed, as the use case takes it; an amount as people write it."""
    values: dict[str, Any] = pick(form, "remedy", "explanation")
    if form.get("remedy") == "amount":
        try:
            values["amount"] = money_of(form, "amount", "USD")
        except FieldsInvalid as invalid:
            if errors is None:
                raise
            errors |= invalid.errors
            return None
    return read_fields(EndDisputeSchema(), values, errors)


def _who(session: Session, staff: UUID | None) -> str | None:
    return find_name(session, staff) if staff else None
