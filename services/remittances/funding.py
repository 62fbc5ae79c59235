"""Take the sender's payment through the provider, under the remittance's folio.

The provider takes each folio in once, and answers by it: a lost answer is asked for, and no retry
charges twice. Until it says that the sender has paid, nothing is posted and nothing is sent. What
their bank takes back later stops what isn't paid out yet; what is, is the house's loss and a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.incidents.reporting import Report, report, settled_before
from services.incidents.rules import Kind, Subject
from services.kernel.audit import SYSTEM
from services.kernel.db import text
from services.kernel.ids import parse_folio
from services.kernel.money import format_minor
from services.kernel.writes import update_row
from services.remittances import entries
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Charge, Remittance
from services.remittances.parts import lock_charged
from services.remittances.refunding import end_refund, give_back, settle_refund
from services.remittances.rules import (
    FUNDING_RETURNED,
    NOT_BACK_YET,
    OWED,
    TERM_OVER,
    UNPAID,
    ChargeStatus,
    Funding,
    Status,
    Tariff,
    day_in_mexico,
)
from services.remittances.tariffs import tariff_when_asked


class ChargeStep(StrEnum):
    """What to do at the provider: ask for the payment, ask what became of it, or stop it."""

    CHARGE = "charge"
    ASK = "ask"
    STOP = "stop"


@dataclass(frozen=True)
class ChargeTask:
    """What the sender is to pay, in cents, the same each time, and what to do about it."""

    step: ChargeStep
    remittance: UUID
    folio: str
    amount_minor: int
    funding: Funding
    registered_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class ChargeAnswer:
    """The provider's word on a charge. ``refunded``: it has given it back, whatever came since;
    ``refunds`` names by their folios the parts that it has given back."""

    status: ChargeStatus
    amount_minor: int | None = None
    currency: str | None = None
    reason_code: str | None = None
    provider_reference: str | None = None
    pay_address: str | None = None
    pay_reference: str | None = None
    refunded: bool = False
    refunds: frozenset[str] = frozenset()

    def gave_back(self, part: Remittance) -> bool:
        """Whether the sender has the money of this part again."""
        return self.refunded or part.folio in self.refunds


_ASK = text(
    """
    UPDATE charges SET asked_at = :now WHERE remittance_id = :remittance AND asked_at IS NULL
    RETURNING folio, amount_minor, expires_at
    """
)


def claim_charge(session: Session, remittance: Remittance, *, now: datetime) -> ChargeTask:
    """What to do about the payment of a locked remittance, written down: to be committed before
    the call. One that wasn't paid within its term is stopped."""
    first = session.execute(_ASK, {"remittance": remittance.id, "now": now}).first()
    if first is not None:
        return charge_task(remittance, first, ChargeStep.CHARGE)
    charge = session.get_one(Charge, remittance.id)
    step = ChargeStep.STOP if now >= charge.expires_at else ChargeStep.ASK
    return charge_task(remittance, charge, step)


def charge_task(remittance: Remittance, charge: Any, step: ChargeStep) -> ChargeTask:
    """The charge as the provider is told of it: a `Charge`, or its row."""
    return ChargeTask(
        step=step,
        remittance=remittance.id,
        folio=charge.folio or remittance.folio,
        amount_minor=charge.amount_minor or remittance.total_minor,
        funding=Funding(remittance.funding),
        registered_at=remittance.registered_at,
        expires_at=charge.expires_at,
    )


def find_charge(session: Session, folio: str | None, reference: str | None) -> ChargeTask | None:
    """The charge with that folio, or the newest that the provider calls ``reference``, to ask
    about."""
    query = select(Remittance, Charge).join(Charge, Charge.remittance_id == Remittance.id)
    if folio is None:
        query = query.where(Charge.provider_reference == reference)
    else:
        query = query.where(Remittance.folio == (parse_folio(folio) or ""))
    found = session.execute(query.order_by(Remittance.id.desc()).limit(1)).first()
    return charge_task(found[0], found[1], ChargeStep.ASK) if found else None


def was_asked(session: Session, remittance: UUID) -> bool:
    """The provider has the charge, or may have it: nobody else can stop it."""
    charge = session.get(Charge, remittance)
    return charge is not None and charge.asked_at is not None


def settle_charge(
    session: Session, remittance_id: UUID, answer: ChargeAnswer, *, now: datetime
) -> Status:
    """Take the provider's word and post what it means; returns the status afterwards.

    It is a word on every part of the order. Old news changes nothing; what can't be (paid after it
    ended, another amount than was asked for) becomes an incident.
    """
    parts = lock_charged(session, remittance_id)
    settle_parts(session, parts, answer, tariff_when_asked(session, day_in_mexico(now)), now=now)
    [remittance] = (part for part, _ in parts if part.id == remittance_id)
    return Status(remittance.status)


def settle_parts(
    session: Session,
    parts: Iterable[tuple[Remittance, Charge]],
    answer: ChargeAnswer,
    rules: Callable[[], Tariff],
    *,
    now: datetime,
) -> None:
    """`settle_charge` of an order whose parts and charges this transaction has locked."""
    for locked in parts:
        _settle(session, locked, answer, rules, now)
        update_row(session, locked[1], locked[0])
    session.flush()


def _settle(
    session: Session,
    locked: tuple[Remittance, Charge],
    answer: ChargeAnswer,
    rules: Callable[[], Tariff],
    now: datetime,
) -> None:
    remittance, charge = locked
    if _differs(remittance, charge, answer):
        _report(session, remittance, Kind.FUNDING_CONTRADICTS, answer, now)
        return
    _learn(charge, answer)
    match answer.status:
        case ChargeStatus.PAID:
            _take_payment(session, remittance, charge, answer, rules, now)
            if answer.gave_back(remittance):
                settle_refund(session, remittance, charge, now)
        case ChargeStatus.FAILED:
            _take_failure(session, remittance, charge, answer, now)
        case ChargeStatus.RETURNED:
            _take_return(session, remittance, charge, answer, now)
        case ChargeStatus.REFUNDED:
            settle_refund(session, remittance, charge, now)


def _differs(remittance: Remittance, charge: Charge, answer: ChargeAnswer) -> bool:
    """It speaks of another amount than was asked for, or of another currency."""
    asked_minor = charge.amount_minor or remittance.total_minor
    amount, currency = answer.amount_minor, answer.currency
    return amount not in (None, asked_minor) or currency not in (None, "USD")


def _learn(charge: Charge, answer: ChargeAnswer) -> None:
    charge.pay_address = answer.pay_address or charge.pay_address
    charge.pay_reference = answer.pay_reference or charge.pay_reference
    charge.provider_reference = answer.provider_reference or charge.provider_reference
    charge.reason_code = answer.reason_code or charge.reason_code
    if answer.status is ChargeStatus.PENDING and charge.state == ChargeStatus.DUE:
        charge.state = ChargeStatus.PENDING


def _take_payment(
    session: Session,
    remittance: Remittance,
    charge: Charge,
    answer: ChargeAnswer,
    rules: Callable[[], Tariff],
    now: datetime,
) -> None:
    """From now on it may be cancelled for as long as the law has it."""
    if remittance.funded_at is not None:
        return
    if not LIFECYCLE.allows(remittance.status, Status.FUNDED):
        _report(session, remittance, Kind.FUNDING_CONTRADICTS, answer, now)
        return
    stopped = remittance.status not in UNPAID
    charge.state = ChargeStatus.PAID
    update_row(session, charge, remittance)
    until = now + rules().cancel
    LIFECYCLE.move(session, remittance, Status.FUNDED, now=now, actor=SYSTEM, cancel_until=until)
    if stopped:
        give_back(session, remittance, now=now)


def _take_failure(
    session: Session, remittance: Remittance, charge: Charge, answer: ChargeAnswer, now: datetime
) -> None:
    """They won't pay any more: nothing was posted, nothing is owed."""
    if remittance.funded_at is not None:
        _report(session, remittance, Kind.FUNDING_CONTRADICTS, answer, now)
        return
    charge.state = ChargeStatus.FAILED
    after = Status.FAILED if remittance.status in UNPAID else Status.CANCELLED
    if LIFECYCLE.allows(remittance.status, after):
        reason = answer.reason_code or TERM_OVER
        LIFECYCLE.move(session, remittance, after, now=now, actor=SYSTEM, reason_code=reason)


def _take_return(
    session: Session, remittance: Remittance, charge: Charge, answer: ChargeAnswer, now: datetime
) -> None:
    """Their bank took it back: what isn't paid out is stopped, and what is, is lost."""
    if charge.returned_at is not None:
        return
    if remittance.funded_at is None:
        _take_failure(session, remittance, charge, answer, now)
        return
    if answer.gave_back(remittance):
        settle_refund(session, remittance, charge, now)
    charge.state = ChargeStatus.RETURNED
    charge.returned_at = now
    entries.post_return(session, remittance, now=now)
    _bear_return(session, remittance, now)


def _bear_return(session: Session, remittance: Remittance, now: datetime) -> None:
    """Who bears it, by how far the remittance is."""
    returned = remittance.total_minor - remittance.remedied_minor
    if remittance.status in OWED:
        remittance.returned_minor = returned
        give_back(session, remittance, now=now, reason_code=FUNDING_RETURNED)
    elif remittance.status in NOT_BACK_YET:
        entries.post_return_as_refund(session, remittance, now=now)
        end_refund(session, remittance, now=now, refunded_minor=0, returned_minor=returned)
    elif LIFECYCLE.allows(remittance.status, Status.CANCELLING):
        remittance.returned_minor, remittance.reason_code = returned, FUNDING_RETURNED
        LIFECYCLE.move(session, remittance, Status.CANCELLING, now=now, actor=SYSTEM)
    elif remittance.in_payout:
        remittance.returned_minor = returned
    else:
        if not remittance.refunded_minor:
            remittance.returned_minor = returned
        lose_return(session, remittance, now=now)


def lose_return(session: Session, remittance: Remittance, *, now: datetime) -> None:
    """What their bank took back was paid out, or given back, already: a loss, and a case."""
    entries.post_loss(session, remittance, now=now)
    remittance.lost_minor = remittance.total_minor
    answer = ChargeAnswer(ChargeStatus.RETURNED, remittance.total_minor)
    _report(session, remittance, Kind.FUNDING_RETURNED, answer, now)


def _report(
    session: Session, remittance: Remittance, kind: Kind, answer: ChargeAnswer, now: datetime
) -> None:
    if settled_before(session, kind, remittance.id):
        return
    detail: dict[str, object] = {"status": remittance.status, "answer": answer.status}
    if answer.amount_minor is not None:
        detail["amount"] = format_minor(answer.amount_minor)
    report(session, Report(kind, Subject.REMITTANCE, remittance.id, detail), now=now)
