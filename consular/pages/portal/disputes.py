"""Claim an error of a remittance, read what was found, and ask for the documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from sqlalchemy.orm import Session

from consular.auth import CITIZEN, account, actor, allow, vault
from consular.commands import run_idempotent
from consular.db import database_now, transaction
from consular.input.disputes import KINDS, DisputeSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.blueprint import pages
from consular.pages.posting import reopen, submission_key
from services.disputes import rules
from services.disputes.claiming import ClaimError, ask_for_documents, claim, list_actions
from services.disputes.queries import get_dispute, list_of_remittance, open_texts
from services.disputes.rules import OPEN, Action, Status, last_day_to_claim, may_claim
from services.kernel.money import Money
from services.remittances.queries import get_remittance
from services.remittances.remedying import find_remedy
from services.remittances.rules import Status as RemittanceStatus
from services.remittances.rules import day_in_mexico


@pages.get("/envios/<uuid:id>/reclamar")
@allow(CITIZEN)
def dispute_new(id: UUID) -> str:
    """Ask what went wrong with a remittance."""
    with transaction() as session:
        remittance = get_remittance(session, id, account=account())
        return render_template(
            "portal/dispute_new.html",
            remittance={"id": id, "folio": remittance.folio},
            kinds=KINDS,
            terms={"investigate": rules.INVESTIGATE_DAYS, "tell": rules.TELL_DAYS},
            form=draft().form,
            errors=draft().errors(_read),
        )


@pages.post("/envios/<uuid:id>/reclamar")
@allow(CITIZEN)
def dispute_claim(id: UUID) -> Response:
    """Take the claim in; the form's key makes a second press the same claim."""
    command = ClaimError(id, **_read(answers(), None))

    def do(session: Session) -> dict[str, str]:
        now = database_now(session)
        return {"id": str(claim(session, command, now=now, actor=actor(), vault=vault()).id)}

    dispute = run_idempotent(submission_key(command), do, status=201)["id"]
    return finish(url_for("portal.dispute", id=dispute, nueva=1))


@pages.get("/reclamaciones/<uuid:id>")
@allow(CITIZEN)
def dispute(id: UUID) -> str:
    """Show one's claim: how far it is, what was found, and the right to the documents."""
    errors = draft().errors(also_under=True)
    with transaction() as session:
        claimed = get_dispute(session, id, account=account())
        return render_template(
            "portal/dispute.html",
            dispute={
                **_line(claimed),
                "remittance": claimed.remittance_id,
                "remittance_folio": get_remittance(session, claimed.remittance_id).folio,
                "texts": open_texts(claimed, vault()),
                "refunded": Money(claimed.remedy_minor, "USD") if claimed.remedy_minor else None,
                "refund": _refund(session, claimed.id),
                "remedy": claimed.remedy,
                "decided_on": claimed.decided_at and day_in_mexico(claimed.decided_at),
                "may_ask": Action.ASK_DOCUMENTS in list_actions(claimed),
                "asked": claimed.documents_asked_at is not None,
                "given": claimed.documents_given_at is not None,
            },
            errors=errors,
        )


reopen(pages, ["/reclamaciones/<uuid:id>/documentos"], "portal.dispute", CITIZEN)


@pages.post("/reclamaciones/<uuid:id>/documentos")
@allow(CITIZEN)
def dispute_documents(id: UUID) -> Response:
    """Ask for the documents that the explanation rests on."""
    with transaction() as session:
        ask_for_documents(session, id, now=database_now(session), actor=actor())
    return go(url_for("portal.dispute", id=id))


def claims(session: Session, remittance: Any, now: Any) -> dict[str, Any]:
    """What the page of a remittance shows of claims: those made, and whether one may be made."""
    lines = [_line(each) for each in list_of_remittance(session, remittance.id)]
    status, available = RemittanceStatus(remittance.status), remittance.date_available
    under_way = any(line["open"] for line in lines)
    return {
        "made": lines,
        "may": may_claim(status, available, day_in_mexico(now)) and not under_way,
        "until": last_day_to_claim(available),
    }


def _line(claimed: Any) -> dict[str, Any]:
    return {
        "id": claimed.id,
        "folio": claimed.folio,
        "kind": claimed.kind,
        "status": claimed.status,
        "open": Status(claimed.status) in OPEN,
        "claimed_on": day_in_mexico(claimed.claimed_at),
        "investigate_by": claimed.investigate_by,
    }


def _refund(session: Session, dispute: UUID) -> dict[str, Any] | None:
    """How far the money is that goes back; None where a person sees to it."""
    refund = find_remedy(session, dispute)
    if refund is None:
        return None
    settled_on = refund.settled_at and day_in_mexico(refund.settled_at)
    return {"state": refund.state, "due_on": refund.due_on, "settled_on": settled_on}


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(DisputeSchema(), pick(form, "kind", "description"), errors)
