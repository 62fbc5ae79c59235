"""Errors that senders claim, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.disputes.answers import DisputeAnswer, DisputeList, RefundAnswer
from consular.auth import CITIZEN, account, actor, vault
from consular.db import database_now, transaction
from consular.input.disputes import DisputeSchema
from consular.input.paging import SliceQuery, slice_of
from services.disputes.claiming import ClaimError, claim
from services.disputes.queries import list_of_remittance, open_texts
from services.kernel.money import Money
from services.remittances.queries import get_remittance
from services.remittances.remedying import find_remedy

api = Blueprint("disputes", __name__, url_prefix="/api/v1")


@endpoint(
    api,
    "POST",
    "/remittances/<uuid:remittance>/disputes",
    operation="claimError",
    who=CITIZEN,
    body=DisputeSchema(),
    answer=DisputeAnswer(),
    status=201,
    errors={409: ("dispute_open", "dispute_window_over", "nothing_to_dispute")},
)
def create_dispute(remittance: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Claim an error of a remittance: it is investigated, and its outcome told in writing."""
    return run_once(lambda session: _claim(session, ClaimError(remittance, **command)), status=201)


@endpoint(
    api,
    "GET",
    "/remittances/<uuid:remittance>/disputes",
    operation="listClaimedErrors",
    who=CITIZEN,
    query=SliceQuery(),
    answer=DisputeList(),
)
def list_claimed_errors(remittance: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """List the errors that were claimed of a remittance, the newest first."""
    with transaction() as session:
        get_remittance(session, remittance, account=account())
        return slice_of(of_remittance(session, remittance), query, key="folio")


def of_remittance(session: Session, remittance: UUID) -> list[dict[str, Any]]:
    """Each error that was claimed of a remittance, in the clear."""
    return [shown(session, dispute) for dispute in list_of_remittance(session, remittance)]


def shown(session: Session, dispute: Any) -> dict[str, Any]:
    """A dispute, in the clear."""
    texts, given = open_texts(dispute, vault()), dispute.remedy_minor
    refund = find_remedy(session, dispute.id)
    return DisputeAnswer.render(
        dispute,
        description=texts.claim,
        explanation=texts.explanation,
        refunded=Money(given, "USD") if given else None,
        refund=refund and RefundAnswer.render(refund, status=refund.state),
    )


def _claim(session: Session, command: ClaimError) -> dict[str, Any]:
    now = database_now(session)
    return shown(session, claim(session, command, now=now, actor=actor(), vault=vault()))
