"""Order a remittance from a quote: it is registered, and its payment put into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.citizens.accounts import bind_identity, identity_key
from services.citizens.models import Person
from services.citizens.people import PersonData, full_name, get_key, make_person
from services.facts.recording import Counted
from services.facts.recording import line as new_fact
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import text, violated_constraint
from services.kernel.errors import Forbidden, Invalid, NotFound
from services.kernel.identifiers import normalise_name, parse_card, parse_clabe
from services.kernel.ids import FolioKind, new_folio, new_id
from services.kernel.money import Money
from services.kernel.writes import Write, insert_together
from services.remittances.errors import (
    FundingUnavailable,
    LimitExceeded,
    PersonLimitExceeded,
    ProfileRequired,
    QuoteExpired,
    QuoteUsed,
)
from services.remittances.house_accounts import refuse_house_account
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance
from services.remittances.places import Collect, choose_place
from services.remittances.rules import (
    NOT_COUNTED,
    ChargeStatus,
    Funding,
    Payout,
    Purpose,
    Status,
    Tariff,
    day_in_mexico,
    next_day_begins,
    next_month_begins,
)
from services.remittances.tariffs import tariff_of

ACCOUNT_PLACE = "remittances.account"


@dataclass(frozen=True)
class Recipient:
    """The recipient of the pesos: ``clabe`` for an account, ``card`` for a card, neither at a
    branch. With a ``phone`` they are told what to collect."""

    given_names: str
    first_surname: str
    second_surname: str | None = None
    clabe: str | None = field(default=None, repr=False)
    card: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OrderRemittance:
    """Send what the quote says to this recipient, who gets cash where ``collect`` says. News of it
    is told in ``language``."""

    quote_id: UUID
    recipient: Recipient
    purpose: Purpose
    language: str = "es"
    collect: Collect | None = None
    # The sender says that they know the recipient, and have asked them.
    confirmed: bool = False


def order(
    session: Session,
    command: OrderRemittance,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    takes_payments: bool = True,
    house_accounts: Collection[str] = (),
) -> Remittance:
    """Take the order, and hand it to the workers, who have the sender pay: all or none.

    ``takes_payments`` is whether this instance has a provider; ``house_accounts`` are nobody's.
    Raises `FundingUnavailable`, NotFound for a quote of somebody else, `QuoteExpired`, `QuoteUsed`,
    `ProfileRequired`, `LimitExceeded`, `PersonLimitExceeded`, `NoPlaceToCollect`, `HouseAccount`,
    Invalid with the recipient's field.
    """
    if not takes_payments:
        raise FundingUnavailable()
    if actor.account_id is None:
        raise Forbidden()
    begun = _begin(session, command, actor.account_id, now)
    number = _account_number(command.recipient, Payout(begun.payout))
    refuse_house_account(number, house_accounts)
    rules = tariff_of(begun.rules)
    _refuse_used_or_expired(begun, now)
    sender = _sender(begun)
    _hold_to_limits(begun, rules, now)
    # After the limits, which lock the rows of one person in order.
    key = identity_key(sender, vault)
    if not begun.bound or key != begun.name_index:
        bind_identity(session, begun.sender, actor.account_id, key, now=now)
    remittance = _remittance(
        session, command, begun, number, rules, account=actor.account_id,
        sender_name=full_name(sender), now=now, vault=vault,
    )  # fmt: skip
    expires_at = now + rules.term_of(Funding(begun.funding))
    _store(session, remittance, expires_at, now=now, actor=actor)
    return remittance


_BEGIN = text(
    """
    SELECT funding, payout, send_minor, fee_minor, tax_minor, total_minor, receive_minor, rate, fix,
        created_at, expires_at, used, rules, sender, given_names, first_surname, second_surname,
        birth_date, name_index, bound, own_month, own_day, person_month, person_day
    FROM begin_order_v1(:account, :quote, :language, :month, :day, :not_counted)
    """
)


def _begin(session: Session, command: OrderRemittance, account: UUID, now: datetime) -> Any:
    """Lock the sender's account by writing down how to speak to them: from here on its orders
    follow one another, and its profile stays as it is. What the order is decided by, as
    `begin_order_v1` has it. Raises NotFound."""
    today = day_in_mexico(now)
    begun = session.execute(
        _BEGIN,
        {
            "account": account,
            "quote": command.quote_id,
            "language": command.language,
            "month": today.replace(day=1),
            "day": today,
            "not_counted": sorted(NOT_COUNTED),
        },
    ).first()
    if begun is None:
        raise NotFound()
    return begun


def _account_number(recipient: Recipient, payout: Payout) -> str | None:
    """The digits that this way of payout needs; others are not kept. Raises Invalid."""
    for part in ("given_names", "first_surname"):
        if not normalise_name(getattr(recipient, part)):
            raise Invalid("required", field=f"recipient.{part}")
    if payout is Payout.BRANCH:
        return None
    if payout is Payout.CARD and recipient.card:
        return _parsed("card", parse_card, recipient.card)
    # A card has a CLABE of its own, which serves as well.
    return _parsed("clabe" if payout is Payout.ACCOUNT else "card", parse_clabe, recipient.clabe)


def _parsed(field: str, parse: Callable[[str], str], text: str | None) -> str:
    if not text:
        raise Invalid("required", field=f"recipient.{field}")
    try:
        return parse(text)
    except ValueError:
        raise Invalid(f"{field}_invalid", field=f"recipient.{field}") from None


def _refuse_used_or_expired(begun: Any, now: datetime) -> None:
    """The unique constraint decides; a look gives the better word to whoever repeats."""
    if begun.used:
        raise QuoteUsed()
    if now >= begun.expires_at:
        held = (begun.expires_at - begun.created_at) // timedelta(minutes=1)
        raise QuoteExpired(expires_at=begun.expires_at, minutes=held)


def _sender(begun: Any) -> PersonData:
    """The sender, by name and birth date at least. Raises `ProfileRequired`."""
    if begun.sender is None or begun.birth_date is None:
        raise ProfileRequired()
    return PersonData(
        begun.given_names, begun.first_surname, begun.second_surname, begun.birth_date
    )


def _hold_to_limits(begun: Any, rules: Tariff, now: datetime) -> None:
    """By person: by CURP, and by name and birth date, in whatever accounts."""
    today = day_in_mexico(now)
    for limit, own, by_person, most, frees_at in (
        ("month", begun.own_month, begun.person_month, rules.per_month_minor, next_month_begins),
        ("day", begun.own_day, begun.person_day, rules.per_day_minor, next_day_begins),
    ):
        if own + begun.send_minor > most:
            available = Money(max(most - own, 0), "USD").amount
            raise LimitExceeded(limit=limit, available=available, frees_at=frees_at(today))
        if by_person + begun.send_minor > most:
            raise PersonLimitExceeded(limit=limit, frees_at=frees_at(today))


def _remittance(
    session: Session,
    command: OrderRemittance,
    begun: Any,
    number: str | None,
    rules: Tariff,
    *,
    account: UUID,
    sender_name: str,
    now: datetime,
    vault: Vault,
) -> Remittance:
    remittance = Remittance(
        id=new_id(),
        folio=new_folio(FolioKind.REMITTANCE),
        account_id=account,
        quote_id=command.quote_id,
        sender_id=begun.sender,
        sender_name=sender_name,
        purpose=command.purpose.value,
        day=day_in_mexico(now),
        status=Status.REGISTERED.value,
        registered_at=now,
        cancel_until=now + rules.cancel,
        date_available=day_in_mexico(now + rules.settlement),
        changed_at=now,
        refunded_minor=0,
        remedied_minor=0,
        returned_minor=0,
        lost_minor=0,
        **{name: getattr(begun, name) for name in _QUOTED},
    )
    if remittance.payout == Payout.BRANCH:
        remittance.collect_until = day_in_mexico(now + rules.collect)
        if command.collect:
            remittance.place_code = choose_place(session, command.collect).code
    person, sealed = _recipient(command.recipient, number, remittance, now=now, vault=vault)
    remittance.recipient, remittance.recipient_id = person, person.id
    remittance.account_sealed = sealed
    remittance.account_hint = number[-4:] if number else None
    return remittance


def _recipient(
    recipient: Recipient, number: str | None, remittance: Remittance, *, now: datetime, vault: Vault
) -> tuple[Person, bytes | None]:
    """The recipient's row, and the account number under the recipient's key."""
    named = PersonData(
        recipient.given_names,
        recipient.first_surname,
        recipient.second_surname,
        None,
        phone=recipient.phone,
    )
    person = make_person(named, account=remittance.account_id, now=now, vault=vault)
    if number is None:
        return person, None
    key = get_key(person, vault)
    return person, key.seal(number, place=ACCOUNT_PLACE, row=remittance.id)


# What the remittance takes over from the quote as it stands.
_QUOTED = (
    "funding", "payout", "send_minor", "fee_minor", "tax_minor", "total_minor", "receive_minor",
    "rate", "fix",
)  # fmt: skip
_CHARGE = """
    INSERT INTO charges (remittance_id, state, expires_at) VALUES (:remittance, :state, :expires)
"""


def _store(
    session: Session, remittance: Remittance, expires_at: datetime, *, now: datetime, actor: Actor
) -> None:
    try:
        insert_together(session, remittance.recipient, remittance)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_remittances_quote_id":
            raise QuoteUsed() from error
        raise
    counted = Counted("remittance", remittance.id, remittance.day)
    fact = new_fact(counted, remittance.status, now=now, payout=remittance.payout)
    charge = Write(
        _CHARGE,
        {"remittance": remittance.id, "state": ChargeStatus.DUE.value, "expires": expires_at},
    )
    LIFECYCLE.record(
        session, remittance, fact, charge, now=now, actor=actor, action="remittance.order"
    )
