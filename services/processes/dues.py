"""Pay the dues of an own or a relative's enrollment as a part of a transfer.

What is to be paid is read from the payment line when the price is asked for and again when it is
ordered: another amount, or another day, needs another quote.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.enrollments.details import PaymentDetails
from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import (
    find_payment,
    get_applicant,
    get_with_applicant,
    list_enrollments,
    open_details,
)
from services.enrollments.rules import PAYABLE
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.remittances import ordering, quoting
from services.remittances.errors import NoDues
from services.remittances.models import Quote, Remittance
from services.remittances.ordering import DuesLine, Order, OrderRemittance
from services.remittances.queries import find_dues_paid_by
from services.remittances.quoting import Dues, RequestQuote
from services.remittances.rules import day_in_mexico

MOST = 50


@dataclass(frozen=True)
class Payable:
    """An enrollment whose dues can be paid with a transfer now."""

    enrollment: Enrollment
    dues: Dues
    line: DuesLine


def list_payable(session: Session, *, now: datetime, actor: Actor, vault: Vault) -> list[Payable]:
    """Enrollments of the account with a payment which no transfer makes yet: that wait for it, or
    are active and go on by it."""
    found = [list_enrollments(session, limit=MOST, status=status) for status in sorted(PAYABLE)]
    own = [each for page in found for each in page.items if _is_own(each, actor)]
    payable = [_payable(session, each, now=now, vault=vault) for each in own]
    return [
        each
        for each in payable
        if each and not find_dues_paid_by(session, each.dues.enrollment, each.dues.due_on)
    ]


def find_transfer(session: Session, enrollment: Enrollment) -> Remittance | None:
    """The transfer of the account that pays what it waits for, also once the last day has passed:
    nobody is to pay it twice. Consulates see none."""
    if enrollment.status not in PAYABLE or enrollment.pay_by is None:
        return None
    return find_dues_paid_by(session, enrollment.id, enrollment.pay_by)


def quote(
    session: Session, command: RequestQuote, *, now: datetime, actor: Actor, vault: Vault
) -> Quote:
    """The price of a transfer, with the dues that it pays. Raises as `quoting.quote`; NotFound,
    `NoDues`."""
    payable = _find(session, command.enrollment, now=now, actor=actor, vault=vault)
    dues = payable.dues if payable else None
    return quoting.quote(session, command, now=now, actor=actor, dues=dues)


def price(
    session: Session, command: RequestQuote, *, now: datetime, actor: Actor | None, vault: Vault
) -> Quote:
    """The price now, which isn't stored. Raises as `quoting.price_at`; NotFound, `NoDues`."""
    payable = None
    if actor is not None:
        payable = _find(session, command.enrollment, now=now, actor=actor, vault=vault)
    return quoting.price_at(
        session,
        command,
        now=now,
        account=actor.account_id if actor else None,
        dues=payable.dues if payable else None,
    )


def order(
    session: Session,
    command: OrderRemittance,
    *,
    takes_payments: bool = True,
    house_accounts: Collection[str] = (),
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Order:
    """Order both parts, or none. Raises as `ordering.order`; NotFound, `NoDues`."""

    def read_dues(enrollment: UUID) -> DuesLine:
        return _get(session, enrollment, now=now, actor=actor, vault=vault).line

    return ordering.order(
        session,
        command,
        read_dues=read_dues,
        takes_payments=takes_payments,
        house_accounts=house_accounts,
        now=now,
        actor=actor,
        vault=vault,
    )


def _find(
    session: Session, enrollment_id: UUID | None, *, now: datetime, actor: Actor, vault: Vault
) -> Payable | None:
    if enrollment_id is None:
        return None
    return _get(session, enrollment_id, now=now, actor=actor, vault=vault)


def _get(
    session: Session, enrollment_id: UUID, *, now: datetime, actor: Actor, vault: Vault
) -> Payable:
    enrollment, _applicant = get_with_applicant(session, enrollment_id)
    if not _is_own(enrollment, actor):
        raise NotFound()
    payable = _payable(session, enrollment, now=now, vault=vault)
    if payable is None:
        raise NoDues()
    return payable


def _is_own(enrollment: Enrollment, actor: Actor) -> bool:
    return actor.account_id is not None and enrollment.account_id == actor.account_id


def _payable(
    session: Session, enrollment: Enrollment, *, now: datetime, vault: Vault
) -> Payable | None:
    if enrollment.status not in PAYABLE or enrollment.pay_by is None:
        return None
    if not PROGRAMS[enrollment.program].paid_by_transfer:
        return None
    today = day_in_mexico(now)
    payment = find_payment(enrollment, open_details(session, enrollment, vault), today)
    if payment is None:
        return None
    return Payable(
        enrollment,
        Dues(enrollment.id, payment.amount, payment.due_on),
        _line(session, enrollment, payment),
    )


def _line(session: Session, enrollment: Enrollment, payment: PaymentDetails) -> DuesLine:
    person = get_applicant(session, enrollment)
    return DuesLine(
        payment.reference,
        payment.amount,
        payment.due_on,
        person.given_names,
        person.first_surname,
        person.second_surname,
    )
