"""Record services that were given at the desk, and charge for them under one receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.cashier.models import CashUp, FeeLine, Receipt, ReceiptNumber, ServiceRendered
from services.cashier.rules import DOCUMENT_PLACE, Act, Choice, Line, Means, Price, charge, price
from services.citizens.models import Person
from services.citizens.people import get_key
from services.consulates.models import Service
from services.consulates.queries import fees_on
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.kernel.money import Money


@dataclass(frozen=True)
class Visit:
    """Whose visit it is, at which office and window, on which day there."""

    appointment: UUID
    consulate: str
    account: UUID | None
    day: date
    desk: str | None = None


@dataclass(frozen=True)
class Rendered:
    """A service for a person; ``cases`` are those of `rules.CASES` that were chosen for it."""

    service: str
    person: Person
    attendee: int | None = None
    act: Act | None = None
    document_number: str | None = None
    cases: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class RecordServices:
    """What was given, and ``charged`` for all of it together; ``reason``: why that isn't the sum
    that the list and the law give."""

    visit: Visit
    services: tuple[Rendered, ...]
    charged: Money | None = None
    means: Means = Means.NOT_TOLD
    reason: str | None = None


@dataclass(frozen=True)
class Priced:
    """A service with its price."""

    service: Rendered
    price: Price
    lines: tuple[Line, ...] = field(default=())


def price_services(
    session: Session, services: Sequence[Rendered], *, day: date, currency: str = "USD"
) -> list[Priced]:
    """The price of each service on that day. Raises Invalid, as `rules.price` does."""
    listed = list_prices(session, day, currency)
    return [
        Priced(
            each,
            price(
                listed.get(each.service),
                each.cases,
                service=each.service,
                day=day,
                born=each.person.birth_date,
            ),
        )
        for each in services
    ]


def list_prices(session: Session, day: date, currency: str = "USD") -> dict[str, Money]:
    """The price of each service by the list of that day; a service of unknown price is missing."""
    free = session.scalars(select(Service.code).where(Service.free))
    known = {code: fee.money for code, fee in fees_on(session, day, currency).items()}
    return {**known, **{code: Money(0, currency) for code in free}}


def record_services(
    session: Session, command: RecordServices, *, now: datetime, actor: Actor, vault: Vault
) -> list[ServiceRendered]:
    """Write a row for each service, its price with its parts, and one receipt for the sum.

    A sum that differs from the price is a line of its own, on the last of the services. Raises
    Invalid, as `rules.price` does.
    """
    currency = command.charged.currency if command.charged else "USD"
    priced = price_services(session, command.services, day=command.visit.day, currency=currency)
    sums = _share_out(priced, command)
    total = Money(sum(sum_ for _each, sum_ in sums), currency)
    receipt = (
        issue_receipt(session, command.visit, total, command.means, now=now, actor=actor)
        if total.minor
        else None
    )
    return [
        _add(session, each, sum_, command, currency, receipt, now=now, actor=actor, vault=vault)
        for each, sum_ in sums
    ]


def issue_receipt(
    session: Session, visit: Visit, total: Money, means: Means, *, now: datetime, actor: Actor
) -> Receipt:
    """A receipt under the next number of the office's day, in the officer's open cash-up."""
    receipt = Receipt(
        id=new_id(),
        consulate_code=visit.consulate,
        account_id=visit.account,
        appointment_id=visit.appointment,
        day=visit.day,
        number=0,
        total_minor=total.minor,
        currency=total.currency,
        means=means.value,
        officer_id=actor.account_id,
        cash_up_id=_open_cash_up(session, visit, now, actor),
        issued_at=now,
    )
    # Last, for whoever issues the next one waits from here on.
    receipt.number = _next_number(session, visit)
    session.add(receipt)
    session.flush()
    return receipt


def _share_out(priced: Sequence[Priced], command: RecordServices) -> list[tuple[Priced, int]]:
    """How much of what was charged is for which service: its price, and the last one the rest."""
    rest = command.charged.minor if command.charged else 0
    shares: list[tuple[Priced, int]] = []
    for each in priced[:-1]:
        own = min(each.price.total.minor if each.price.total else 0, rest)
        shares.append((each, own))
        rest -= own
    return [*shares, (priced[-1], rest)]


def _add(
    session: Session,
    priced: Priced,
    charged: int,
    command: RecordServices,
    currency: str,
    receipt: Receipt | None,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> ServiceRendered:
    given, visit, listed = priced.service, command.visit, priced.price.listed
    row = ServiceRendered(
        id=new_id(),
        appointment_id=visit.appointment,
        attendee=given.attendee,
        person_id=given.person.id,
        consulate_code=visit.consulate,
        account_id=visit.account,
        day=visit.day,
        service_code=given.service,
        act=given.act.value if given.act else None,
        listed_minor=listed.minor if listed else None,
        charged_minor=charged,
        currency=currency,
        receipt_id=receipt.id if receipt and charged else None,
        officer_id=actor.account_id,
        desk=visit.desk,
        rendered_at=now,
    )
    if given.document_number:
        row.document_sealed = get_key(given.person, vault).seal(
            given.document_number, place=DOCUMENT_PLACE, row=row.id
        )
    session.add(row)
    session.flush()
    lines = charge(priced.price, Money(charged, currency), command.reason)
    _add_lines(session, row.id, lines)
    return row


def _add_lines(session: Session, rendered: UUID, lines: Sequence[Line]) -> None:
    rows = [
        {
            "rendered_id": rendered,
            "position": position,
            "kind": line.kind.value,
            "code": line.code,
            "article": line.article,
            "minor": line.minor,
            "ground": line.ground,
        }
        for position, line in enumerate(lines, 1)
    ]
    if rows:
        session.execute(insert(FeeLine), rows)


def _open_cash_up(session: Session, visit: Visit, now: datetime, actor: Actor) -> UUID:
    """The officer's cash-up of the day that isn't counted yet, or the next one."""
    mine = {
        "consulate_code": visit.consulate,
        "day": visit.day,
        "officer_id": actor.account_id,
    }
    before = select(func.coalesce(func.max(CashUp.number), 0) + 1).filter_by(**mine)
    row = upsert(CashUp).values(id=new_id(), number=before.scalar_subquery(), opened_at=now, **mine)
    return session.execute(
        row.on_conflict_do_update(
            index_elements=list(mine),
            index_where=CashUp.closed_at.is_(None),
            set_={"opened_at": CashUp.opened_at},
        ).returning(CashUp.id)
    ).scalar_one()


def _next_number(session: Session, visit: Visit) -> int:
    row = upsert(ReceiptNumber).values(consulate_code=visit.consulate, day=visit.day, last=1)
    return session.execute(
        row.on_conflict_do_update(
            index_elements=["consulate_code", "day"], set_={"last": ReceiptNumber.last + 1}
        ).returning(ReceiptNumber.last)
    ).scalar_one()
