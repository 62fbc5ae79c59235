"""Quotes and remittances over the API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.lists import list_page
from consular.api.v1.remittances.answers import (
    ChargeCopyAnswer,
    LookupAnswer,
    NearPlaceAnswer,
    PartAnswer,
    PlaceList,
    QuoteAnswer,
    ReceiptAnswer,
    RecipientAnswer,
    RemittanceAnswer,
    RemittanceCopyAnswer,
    RemittanceList,
    ScreeningCopyAnswer,
    ShareAnswer,
)
from consular.auth import ANYONE, CITIZEN, account, actor, vault
from consular.commands import order_remittance
from consular.db import database_now, transaction
from consular.input.appointments import NothingSchema
from consular.input.remittances import (
    LookupSchema,
    PlacesQuery,
    QuoteSchema,
    ReceiptQuery,
    RecipientNameSchema,
    RemittanceQuery,
    RemittanceSchema,
)
from consular.lookups import find_for_recipient
from consular.printing.remittances import quote_pdf, read_receipt, receipt_pdf
from consular.session_reports import PDF, as_file
from services.processes import dues
from services.remittances import verify_receipt
from services.remittances.cancelling import cancel, list_actions
from services.remittances.correcting import RecipientName, correct_name, list_corrections
from services.remittances.municipalities import Municipality
from services.remittances.ordering import OrderRemittance
from services.remittances.parts import list_parts
from services.remittances.places import list_near
from services.remittances.queries import (
    find_charge,
    get_charge,
    get_remittance,
    list_history,
    list_hits,
    list_remittances,
)
from services.remittances.quoting import RequestQuote
from services.remittances.receipts import code_of, list_receipts
from services.remittances.rules import UNPAID, Status
from services.remittances.telling import list_told

api = Blueprint("remittances", __name__, url_prefix="/api/v1")


@endpoint(
    api,
    "POST",
    "/quotes",
    operation="requestQuote",
    who=CITIZEN,
    body=QuoteSchema(),
    answer=QuoteAnswer(),
    status=201,
    errors={
        404: ("not_found",),
        409: ("no_dues",),
        422: (
            "amount_out_of_range",
            "amount_required",
            "currency_not_offered",
            "dues_exceed_amount",
        ),
        503: ("rate_unavailable", "tariff_unavailable"),
    },
)
def create_quote(command: RequestQuote) -> dict[str, Any]:
    """Quote a price with its rate locked.

    With an `enrollment` that waits for a payment to IMSS, a part of it pays those dues: fee, tax
    and limits are those of one transfer.
    """
    return run_once(lambda session: _quote(session, command), status=201)


@endpoint(
    api,
    "GET",
    "/quotes/<uuid:quote>/disclosure.pdf",
    operation="printDisclosure",
    who=CITIZEN,
    content=(PDF,),
)
def print_disclosure(quote: UUID) -> Response:
    """Return what a sender is told before paying as PDF, in Spanish and English."""
    with transaction() as session:
        data = quote_pdf(session, quote)
    return as_file(data, "disclosure.pdf")


@endpoint(
    api,
    "POST",
    "/remittances",
    operation="orderRemittance",
    who=CITIZEN,
    body=RemittanceSchema(),
    answer=RemittanceAnswer(),
    status=202,
    needs_key=True,
    errors={
        404: ("not_found",),
        409: (
            "quote_expired",
            "quote_used",
            "profile_required",
            "limit_exceeded",
            "no_place_to_collect",
            "no_dues",
            "dues_changed",
            "dues_ordered",
        ),
        422: (
            "required",
            "clabe_invalid",
            "card_invalid",
            "not_expected",
            "place_unknown",
            "house_account",
            "recipient_not_confirmed",
        ),
        503: ("funding_unavailable", "tariff_unavailable"),
    },
)
def create_remittance(command: OrderRemittance) -> Any:
    """Order a remittance from a quote. Its outcome comes later: ask by its address.

    Where the quote also pays dues, both parts are ordered, or none; the answer is the one that goes
    to the recipient, and `parts` names both. Each has its own outcome.
    """
    body = run_once(lambda session: _order(session, command), status=202)
    return body, {"Location": url_for("remittances.show_remittance", remittance=body["id"])}


@endpoint(
    api,
    "GET",
    "/places",
    operation="listPlaces",
    who=ANYONE,
    query=PlacesQuery(),
    answer=PlaceList(),
)
def list_places(query: Municipality) -> dict[str, Any]:
    """List where cash is collected in a municipality, or the nearest places to it."""
    with transaction() as session:
        near = list_near(session, query)
        return PlaceList.render(
            municipality=query.code,
            items=[NearPlaceAnswer.render(each.place, kilometres=each.kilometres) for each in near],
        )


@endpoint(
    api,
    "GET",
    "/remittances",
    operation="listRemittances",
    who=CITIZEN,
    query=RemittanceQuery(),
    answer=RemittanceList(),
)
def list_own_remittances(query: dict[str, Any]) -> dict[str, Any]:
    """List one's own remittances, the newest first."""
    status = Status(query["status"]) if query["status"] else None
    return list_page(RemittanceList, query, list_remittances, account=account(), status=status)


@endpoint(
    api,
    "GET",
    "/remittances/<uuid:remittance>",
    operation="showRemittance",
    who=CITIZEN,
    answer=RemittanceAnswer(),
)
def show_remittance(remittance: UUID) -> dict[str, Any]:
    """Return one remittance with its recipient and history."""
    with transaction() as session:
        return detailed(session, get_remittance(session, remittance, account=account()))


@endpoint(
    api,
    "GET",
    "/remittances/<uuid:remittance>/receipt.pdf",
    operation="printReceipt",
    who=CITIZEN,
    query=ReceiptQuery(),
    content=(PDF,),
    errors={
        409: ("recipient_forgotten",),
        503: ("signing_key_missing", "signing_key_withdrawn"),
    },
)
def print_receipt(remittance: UUID, query: dict[str, Any]) -> Response:
    """Return a receipt as PDF, in Spanish and English, signed.

    Of the payment, the delivery or the refund; a version is always the same bytes. 404 as long as
    that hasn't happened.
    """
    with transaction() as session:
        receipt = read_receipt(session, remittance, query["kind"], query["version"])
    return as_file(receipt_pdf(receipt), f"receipt-{receipt.kind}-v{receipt.version}.pdf")


@endpoint(
    api,
    "GET",
    "/verify_receipt.py",
    operation="downloadReceiptVerifier",
    who=ANYONE,
    content=("text/x-python",),
)
def download_receipt_verifier() -> Response:
    """Return the program that verifies a receipt's code without asking anybody."""
    data = Path(verify_receipt.__file__).read_bytes()
    return as_file(data, "verify_receipt.py", "text/x-python; charset=utf-8")


@endpoint(
    api,
    "POST",
    "/remittances/<uuid:remittance>/cancel",
    operation="cancelRemittance",
    who=CITIZEN,
    body=NothingSchema(),
    answer=RemittanceAnswer(),
    errors={409: ("already_paid", "cancel_window_over", "wrong_state")},
)
def cancel_remittance(remittance: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Cancel a remittance; the sender gets everything back."""
    return run_once(
        lambda session: detailed(
            session, cancel(session, remittance, now=database_now(session), actor=actor())
        )
    )


@endpoint(
    api,
    "POST",
    "/remittances/<uuid:remittance>/correct-name",
    operation="correctRecipientName",
    who=CITIZEN,
    body=RecipientNameSchema(),
    answer=RemittanceAnswer(),
    errors={409: ("already_paid", "wrong_state", "correction_pending", "too_many_corrections")},
)
def correct_recipient_name(remittance: UUID, command: RecipientName) -> dict[str, Any]:
    """Correct the recipient's name before they are paid; free.

    `name_corrections` tells what came of it: where the agency has the order, it has to take it.
    """

    def do(session: Session) -> dict[str, Any]:
        row = correct_name(
            session, remittance, command, now=database_now(session), actor=actor(), vault=vault()
        )
        return detailed(session, row)

    return run_once(do)


@endpoint(
    api,
    "POST",
    "/remittances/lookup",
    operation="lookUpRemittance",
    who=ANYONE,
    body=LookupSchema(),
    answer=LookupAnswer(),
    errors={404: ("not_found",), 429: ("too_many_requests",)},
)
def look_up(command: dict[str, str]) -> dict[str, Any]:
    """Find a remittance for its recipient: status, pesos, where and with what to collect."""
    return LookupAnswer.render(find_for_recipient(command["folio"], command["first_surname"]))


def copied(session: Session, remittance: Any) -> dict[str, Any]:
    """All that is held of the remittance, for whom it belongs to."""
    charge = find_charge(session, remittance.id)
    paid = {"funding": remittance.funding, "amount": remittance.total}
    return detailed(
        session,
        remittance,
        RemittanceCopyAnswer,
        charge=charge and ChargeCopyAnswer.render(charge, **paid, paid_at=remittance.funded_at),
        screening=[ScreeningCopyAnswer.render(hit) for hit in list_hits(session, remittance.id)],
    )


def detailed(
    session: Session,
    remittance: Any,
    answer: type[RemittanceAnswer] = RemittanceAnswer,
    **further: Any,
) -> dict[str, Any]:
    """The remittance with its recipient and history."""
    unpaid = remittance.status in UNPAID
    payment = {"payment": get_charge(session, remittance.id)} if unpaid else {}
    return answer.render(
        remittance,
        **payment,
        **further,
        actions=sorted(list_actions(session, remittance, now=database_now(session))),
        recipient=RecipientAnswer.render(remittance.payee, account_hint=remittance.account_hint),
        parts=parts_of(session, remittance),
        name_corrections=list_corrections(session, remittance.id),
        recipient_messages=list_told(session, remittance.id),
        history=list_history(session, remittance.id),
        receipts=[
            ReceiptAnswer.render(row, code=code_of(row))
            for row in list_receipts(session, remittance.id)
        ],
    )


def _quote(session: Session, command: RequestQuote) -> dict[str, Any]:
    priced = dues.quote(session, command, now=database_now(session), actor=actor(), vault=vault())
    return QuoteAnswer.render(priced, parts=shares_of(priced))


def _order(session: Session, command: OrderRemittance) -> dict[str, Any]:
    ordered = order_remittance(session, command)
    return RemittanceAnswer.render(ordered.first, parts=_several(ordered.parts))


def parts_of(session: Session, remittance: Any) -> list[dict[str, Any]]:
    """The parts of its order; none where it is all of it."""
    return _several(list_parts(session, remittance.id))


def _several(parts: Sequence[Any]) -> list[dict[str, Any]]:
    return [PartAnswer.render(part) for part in parts] if len(parts) > 1 else []


def shares_of(priced: Any) -> list[dict[str, Any]]:
    """What each part of a quote takes; none where it isn't divided."""
    return [ShareAnswer.render(share) for share in priced.shares]
