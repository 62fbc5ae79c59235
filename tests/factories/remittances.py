"""Senders, rates and orders to test with. Every person here is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from clabe import compute_control_digit
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from services.citizens.accounts import set_profile
from services.citizens.models import Account
from services.citizens.people import PersonData
from services.kernel.audit import Actor, Role
from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.remittances import listing, loading
from services.remittances.funding import ChargeAnswer, settle_charge
from services.remittances.models import Charge, Quote, Remittance, RemittanceRule
from services.remittances.ordering import DuesLine, OrderRemittance, order
from services.remittances.parts import list_parts
from services.remittances.payees import Recipient
from services.remittances.quoting import Dues, RequestQuote, quote
from services.remittances.rates import store_rate
from services.remittances.refunding import claim_refund
from services.remittances.rules import (
    TRANSITIONS,
    ChargeStatus,
    Funding,
    Payout,
    Purpose,
    Status,
    day_in_mexico,
)

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
RATE = Decimal("18.4567")
VAULT = Vault({1: b"m" * 32}, b"i" * 32)
SERIES = "SF43718"


# Limits hold by name and birth date.
_BIRTHDAYS = (date(1984, 2, 29) - timedelta(days=n % 9000) for n in count())


_LINES = count(10**9)


def make_clabe(number: int = 1) -> str:
    """A well-formed CLABE of a made-up account."""
    body = f"012180{number:011d}"
    return body + compute_control_digit(body)


def prepare_reference(
    session: Session,
    *,
    now: datetime = NOW,
    value: Decimal = RATE,
    valid_on: date | None = None,
    margin: Decimal | None = Decimal(0),
) -> None:
    """The rules that travel with the code, and a FIX of today, which is also the customers' rate:
    without a margin, unless it is None for the code's own."""
    loading.load_reference(session)
    if margin is not None:
        set_rule(session, "rate_margin", margin)
    listing.load_demonstration(session, now=now)
    store_rate(
        session,
        series=SERIES,
        base="USD",
        quote="MXN",
        value=value,
        valid_on=valid_on or day_in_mexico(now),
        now=now,
    )


def set_rule(session: Session, rule: str, value: Decimal, since: date = date(2025, 1, 2)) -> None:
    """A dated rule of a test's own."""
    row = RemittanceRule(
        rule=rule, valid_from=since, value=value, unit="", note="", source="a test"
    )
    session.merge(row)
    session.flush()


def make_sender(
    session: Session,
    *,
    now: datetime = NOW,
    vault: Vault = VAULT,
    email: str | None = None,
    phone: str | None = None,
    born: date | None = None,
    curp: str | None = None,
) -> Actor:
    """A citizen whose name is known; each one is another person."""
    account = new_id()
    session.execute(insert(Account).values(id=account, created_at=now))
    profile = PersonData(
        "Marisol", "Quiroga", "Núñez", born or next(_BIRTHDAYS), email=email, phone=phone, curp=curp
    )
    set_profile(session, account, profile, now=now, vault=vault)
    return Actor(Role.CITIZEN, account)


def make_recipient(
    payout: Payout = Payout.ACCOUNT, surname: str = "Ibarra", phone: str | None = None
) -> Recipient:
    """Somebody who is paid in that way."""
    return Recipient(
        given_names="Hermelinda",
        first_surname=surname,
        second_surname="Zepeda",
        clabe=make_clabe() if payout is Payout.ACCOUNT else None,
        card="4111111111111111" if payout is Payout.CARD else None,
        phone=phone,
    )


def ask_quote(
    session: Session,
    actor: Actor,
    *,
    send: int | None = 300_00,
    receive: int | None = None,
    funding: Funding = Funding.BANK_ACCOUNT,
    payout: Payout = Payout.ACCOUNT,
    now: datetime = NOW,
) -> Quote:
    """A quote; amounts in minor units."""
    command = RequestQuote(
        send=Money(send, "USD") if send is not None and receive is None else None,
        receive=Money(receive, "MXN") if receive is not None else None,
        funding=funding,
        payout=payout,
    )
    return quote(session, command, now=now, actor=actor)


def order_from(
    session: Session,
    actor: Actor,
    quoted: UUID,
    *,
    recipient: Recipient | None = None,
    now: datetime = NOW,
    vault: Vault = VAULT,
    paid: bool = True,
) -> Remittance:
    """Order from a quote that exists; ``paid`` for at once, unless the provider is to be asked."""
    command = OrderRemittance(quoted, recipient or make_recipient(), Purpose.FAMILY)
    remittance = order(session, command, now=now, actor=actor, vault=vault).first
    if paid:
        pay_for(session, remittance, now=now)
    return remittance


def pay_for(session: Session, remittance: Remittance, *, now: datetime = NOW) -> None:
    """The provider says that the sender has paid."""
    session.get_one(Charge, remittance.id).asked_at = now
    settle_charge(session, remittance.id, ChargeAnswer(ChargeStatus.PAID), now=now)


def give_back(session: Session, remittance: Remittance, *, now: datetime = NOW) -> Status:
    """The provider says that the sender has it back; the status afterwards."""
    assert claim_refund(session, remittance.id, now=now)
    return settle_charge(session, remittance.id, ChargeAnswer(ChargeStatus.REFUNDED), now=now)


def make_remittance(
    session: Session,
    actor: Actor,
    *,
    surname: str = "Ibarra",
    phone: str | None = None,
    payout: Payout = Payout.ACCOUNT,
    send: int = 300_00,
    funding: Funding = Funding.BANK_ACCOUNT,
    now: datetime = NOW,
    vault: Vault = VAULT,
    paid: bool = True,
) -> Remittance:
    """Quote and order at once."""
    quoted = ask_quote(session, actor, send=send, funding=funding, payout=payout, now=now)
    recipient = make_recipient(payout, surname, phone)
    return order_from(
        session, actor, quoted.id, recipient=recipient, now=now, vault=vault, paid=paid
    )


def make_line(
    *, pesos: int = 500_00, due_on: date | None = None, reference: str | None = None
) -> DuesLine:
    """A payment line of IMSS; each one is another."""
    return DuesLine(
        reference or f"{next(_LINES):024d}",
        Money(pesos, "MXN"),
        due_on or day_in_mexico(NOW) + timedelta(days=20),
        "Hermelinda",
        "Ibarra",
        "Zepeda",
    )


def make_divided(
    session: Session,
    actor: Actor,
    *,
    line: DuesLine | None = None,
    enrollment: UUID | None = None,
    send: int = 300_00,
    funding: Funding = Funding.BANK_ACCOUNT,
    payout: Payout = Payout.ACCOUNT,
    surname: str = "Ibarra",
    paid: bool = True,
    now: datetime = NOW,
    vault: Vault = VAULT,
) -> list[Remittance]:
    """One order of two parts: to somebody, and for dues."""
    line = line or make_line(due_on=day_in_mexico(now) + timedelta(days=20))
    dues = Dues(enrollment or new_id(), line.amount, line.due_on)
    command = RequestQuote(Money(send, "USD"), None, funding, payout, dues.enrollment)
    quoted = quote(session, command, now=now, actor=actor, dues=dues)
    wanted = OrderRemittance(quoted.id, make_recipient(payout, surname), Purpose.FAMILY)
    ordered = order(session, wanted, now=now, actor=actor, vault=vault, read_dues=lambda _: line)
    if paid:
        pay_for(session, ordered.first, now=now)
    return list(list_parts(session, ordered.first.id))


_BRING = text(
    """
    UPDATE remittances SET status = :status,
        funded_at = CASE WHEN :status = 'funded' THEN now() ELSE funded_at END,
        paid_at = CASE WHEN :status = 'paid' THEN now() END,
        refunded_at = CASE WHEN :status IN ('cancelled', 'refunded') THEN now() END
    WHERE id = :id
    """
)


def bring_to(session: Session, status: Status) -> None:
    """Bring every remittance to that status, by the shortest way that the rules have and without
    anything that it means."""
    for row in session.execute(text("SELECT id, status FROM remittances")).all():
        for step in _way(Status(row.status), status):
            session.execute(_BRING, {"id": row.id, "status": step})


def _way(start: Status, end: Status) -> list[Status]:
    ways = [[start]]
    for way in ways:
        if way[-1] is end:
            return way[1:]
        # As one that was paid for, where it can be.
        following = TRANSITIONS[way[-1]] - ({Status.CANCELLING} if len(way) == 1 else set())
        ways.extend([*way, after] for after in sorted(following) if after not in way)
    raise AssertionError(f"no way leads from {start} to {end}")


@dataclass
class ManualClock:
    """A clock that moves when told."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        """By so many seconds, minutes, hours, days."""
        self.at += timedelta(**by)
