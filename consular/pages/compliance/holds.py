"""Remittances with a name that is like a listed one: the queue, both parties, and the decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import actor, allow
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY
from consular.input.compliance import DecideHoldSchema
from consular.input.loading import load_fields
from consular.input.paging import PageQuery
from consular.pages.compliance.blueprint import COMPLIANCE, READERS, pages
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, next_page, pick, read_fields
from consular.pages.posting import reopen
from services.compliance.holds import list_lists, read_parties
from services.kernel import audit
from services.remittances.holding import describe_hold, list_holds, refuse, release
from services.remittances.rules import HoldDecision
from services.staff.accounts import find_name

LINES = 50


@pages.get("/")
@allow(READERS)
def holds() -> str:
    """List what waits for a decision, the longest first, and the lists in force."""
    query = load_fields(PageQuery(), pick(request.args, "next"))
    with transaction() as session:
        now = database_now(session)
        page = list_holds(session, limit=LINES, after=query["next"])
        subjects = [audit.Subject.of("remittance", each) for each in page.items]
        audit.record(session, *subjects, action="remittance.list", now=now, actor=actor())
        lines = [_line(session, each, now) for each in page.items]
        lists = [
            {
                "name": each.name,
                "published_on": each.published_on,
                "source": each.source,
                "entries": each.entries,
                "loaded_at": each.loaded_at,
            }
            for each in list_lists(session)
        ]
    more = next_page("compliance.holds", {}, page.next)
    return render_template(
        "compliance/holds.html", holds=lines, lists=lists, more=more, zone=MEXICO_CITY
    )


@pages.get("/holds/<uuid:id>")
@allow(READERS)
def hold(id: UUID) -> str:
    """Show both parties and what they are like; the read is audited."""
    errors = draft().errors(_read, also_under=True)
    with transaction() as session:
        now = database_now(session)
        parties = read_parties(session, id, now=now, actor=actor())
        detail, remittance = parties.detail, parties.remittance
        return render_template(
            "compliance/hold.html",
            hold={
                **_line(session, remittance, now),
                "amount": remittance.transfer_amount,
                "total_to_recipient": remittance.total_to_recipient,
                "sender": {"name": detail.sender, "born": parties.sender_born},
                "recipient": {"name": detail.recipient, "born": parties.recipient_born},
                "hits": [_hit(session, each) for each in detail.hits],
                "undecided": any(each.decided_at is None for each in detail.hits),
            },
            may_decide=actor().role in COMPLIANCE,
            zone=MEXICO_CITY,
            form=draft().form,
            errors=errors,
        )


@pages.post("/holds/<uuid:id>/decide")
@allow(COMPLIANCE)
def hold_decide(id: UUID) -> Response:
    """Let it go on, or have the sender's money go back, with the reason."""
    decided = _read(answers(), None)
    act = release if decided["decision"] is HoldDecision.RELEASED else refuse
    with transaction() as session:
        act(session, id, decided["reason"], now=database_now(session), actor=actor())
    return finish(url_for("compliance.holds"))


reopen(pages, ["/holds/<uuid:id>/decide"], "compliance.hold", READERS)


def _line(session: Session, remittance: Any, now: Any) -> dict[str, Any]:
    described = describe_hold(session, remittance)
    return {
        "id": described.id,
        "folio": described.folio,
        "status": described.status,
        "since": described.since,
        "due": described.due,
        "late": described.due is not None and described.due < now,
        "count": described.hits,
    }


def _hit(session: Session, hit: Any) -> dict[str, Any]:
    return {
        "party": hit.party,
        "list": hit.list_name,
        "reference": hit.reference,
        "name": hit.name,
        "decision": hit.decision,
        "reason": hit.reason,
        "decided_at": hit.decided_at,
        "decided_by": find_name(session, hit.decided_by) if hit.decided_by else None,
    }


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(DecideHoldSchema(), pick(form, "decision", "reason"), errors)
