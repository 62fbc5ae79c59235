"""Order a remittance from a quote: it is registered, and its payment put into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.citizens.accounts import bind_identity, identity_key
from services.citizens.people import PersonData, full_name, get_key, make_person
from services.facts.recording import Counted
from services.facts.recording import line as new_fact
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import text, violated_constraint
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from services.kernel.identifiers import normalise_name, parse_card, parse_clabe
from services.kernel.ids import FolioKind, new_folio, new_id
from services.kernel.money import Money
from services.kernel.writes import Write, insert_together, write
from services.remittances.errors import (
    DuesChanged,
    DuesOrdered,
    FundingUnavailable,
    LimitExceeded,
    PersonLimitExceeded,
    ProfileRequired,
    QuoteExpired,
    QuoteUsed,
)
from services.remittances.holders import possible_subject
from services.remittances.house_accounts import refuse_house_account
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance
from services.remittances.payees import ACCOUNT_PLACE, Recipient
from services.remittances.places import Collect, choose_place
from services.remittances.rules import (
    NOT_COUNTED,
    TO_DUES,
    TO_PERSON,
    ChargeStatus,
    Funding,
    HolderMatch,
    Payout,
    Price,
    Purpose,
    Status,
    Tariff,
    day_in_mexico,
    divide,
    next_day_begins,
    next_month_begins,
)
from services.remittances.tariffs import tariff_of


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


@dataclass(frozen=True)
class DuesLine:
    """A payment line of IMSS as it stands now, and in whose name it is."""

    reference: str = field(repr=False)
    amount: Money
    due_on: date
    given_names: str
    first_surname: str
    second_surname: str | None = None


@dataclass(frozen=True)
class Order:
    """What was ordered: ``parts``, that to the recipient first, by the day's ``rules``. ``holder``
    is what the agency said of the recipient's account, if it was asked and has answered."""

    parts: Sequence[Remittance]
    rules: Mapping[str, str]
    holder: HolderMatch | None

    @property
    def first(self) -> Remittance:
        """What goes to the recipient."""
        return self.parts[0]


# The payment line of an enrollment as it stands now.
ReadDues = Callable[[UUID], DuesLine]


@dataclass(frozen=True)
class _Payee:
    """Who gets a part of it, and its purpose; ``number`` is an account, or a payment line."""

    person: PersonData
    number: str | None = field(repr=False)
    payout: Payout
    purpose: Purpose


def order(
    session: Session,
    command: OrderRemittance,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    takes_payments: bool = True,
    house_accounts: Collection[str] = (),
    read_dues: ReadDues | None = None,
) -> Order:
    """Take the order, and hand it to the workers, who have the sender pay: all or none. Where the
    quote also pays dues, ``read_dues`` tells their line, which is its other part.

    ``takes_payments`` is whether this instance has a provider; ``house_accounts`` are nobody's.
    Raises `FundingUnavailable`, NotFound for a quote of somebody else, `QuoteExpired`, `QuoteUsed`,
    `ProfileRequired`, `DuesChanged`, `DuesOrdered`, `LimitExceeded`, `PersonLimitExceeded`,
    `NoPlaceToCollect`, `HouseAccount`, Invalid with the recipient's field.
    """
    if not takes_payments:
        raise FundingUnavailable()
    if actor.account_id is None:
        raise Forbidden()
    begun = _begin(session, command, actor.account_id, now, vault)
    number = _account_number(command.recipient, Payout(begun.payout))
    refuse_house_account(house_accounts, number)
    rules = tariff_of(begun.rules)
    _refuse_used_or_expired(begun, now)
    dues = _dues(begun, read_dues)
    sender = _sender(begun)
    _hold_to_limits(begun, rules, now)
    # After the limits, which lock the rows of one person in order.
    key = identity_key(sender, vault)
    if not begun.bound or key != begun.name_index:
        bind_identity(session, begun.sender, actor.account_id, key, now=now)
    payees = [_to_person(command, number, Payout(begun.payout))]
    if dues is not None:
        payees.append(_to_dues(dues))
    parts = [
        _remittance(
            command, begun, payee, rules, account=actor.account_id,
            sender_name=full_name(sender), now=now, vault=vault,
        )
        for payee in payees
    ]  # fmt: skip
    first = parts[0]
    if first.payout == Payout.BRANCH:
        first.collect_until = day_in_mexico(now + rules.collect)
        if command.collect:
            first.place_code = choose_place(session, command.collect).code
    _store(session, parts, begun, now + rules.term_of(Funding(begun.funding)), now=now, actor=actor)
    return Order(parts, begun.rules, HolderMatch(begun.holder) if begun.holder else None)


_BEGIN = text(
    """
    SELECT funding, payout, send_minor, fee_minor, tax_minor, total_minor, receive_minor, rate, fix,
        created_at, expires_at, used, rules, sender, given_names, first_surname, second_surname,
        birth_date, name_index, bound, own_month, own_day, person_month, person_day,
        dues_enrollment_id, dues_minor, dues_due_on, holder
    FROM begin_order_v3(
        :account, :quote, :language, :month, :day, :not_counted, :asked_account, :asked_card)
    """
)


def _begin(
    session: Session, command: OrderRemittance, account: UUID, now: datetime, vault: Vault
) -> Any:
    """Lock the sender's account by writing down how to speak to them: from here on its orders
    follow one another, and its profile stays as it is. What the order is decided by, as
    `begin_order_v3` has it. Raises NotFound."""
    today = day_in_mexico(now)
    asked = {
        f"asked_{payout}": possible_subject(command.recipient, payout, vault)
        for payout in (Payout.ACCOUNT, Payout.CARD)
    }
    begun = session.execute(
        _BEGIN,
        {
            "account": account,
            "quote": command.quote_id,
            "language": command.language,
            "month": today.replace(day=1),
            "day": today,
            "not_counted": sorted(NOT_COUNTED),
            **asked,
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


def _dues(begun: Any, read: ReadDues | None) -> DuesLine | None:
    """The line that is to be paid, if any. Raises `DuesChanged` unless it still asks for what was
    quoted: whatever else is paid settles nothing."""
    if begun.dues_enrollment_id is None:
        return None
    dues = read(begun.dues_enrollment_id) if read else None
    if dues is None or (dues.amount.minor, dues.due_on) != (begun.dues_minor, begun.dues_due_on):
        raise DuesChanged()
    return dues


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


def _to_person(command: OrderRemittance, number: str | None, payout: Payout) -> _Payee:
    recipient = command.recipient
    person = PersonData(
        recipient.given_names,
        recipient.first_surname,
        recipient.second_surname,
        None,
        phone=recipient.phone,
    )
    return _Payee(person, number, payout, command.purpose)


def _to_dues(dues: DuesLine) -> _Payee:
    person = PersonData(dues.given_names, dues.first_surname, dues.second_surname, None)
    return _Payee(person, dues.reference, Payout.DUES, Purpose.IMSS_DUES)


def _remittance(
    command: OrderRemittance,
    begun: Any,
    payee: _Payee,
    rules: Tariff,
    *,
    account: UUID,
    sender_name: str,
    now: datetime,
    vault: Vault,
) -> Remittance:
    """One part of the order, and its payee's row, with the number under their key."""
    row, number = new_id(), payee.number
    person = make_person(payee.person, account=account, now=now, vault=vault)
    sealed = get_key(person, vault).seal(number, place=ACCOUNT_PLACE, row=row) if number else None
    return Remittance(
        id=row,
        folio=new_folio(FolioKind.REMITTANCE),
        account_id=account,
        quote_id=command.quote_id,
        sender_id=begun.sender,
        sender_name=sender_name,
        recipient=person,
        recipient_id=person.id,
        account_sealed=sealed,
        account_hint=number[-4:] if number else None,
        purpose=payee.purpose.value,
        funding=begun.funding,
        payout=payee.payout.value,
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
        rate=begun.rate,
        fix=begun.fix,
        **_share(begun, to_dues=payee.payout is Payout.DUES),
    )


def _share(begun: Any, *, to_dues: bool) -> dict[str, Any]:
    """Which part of the quote it is."""
    whole = Price(
        begun.send_minor, begun.fee_minor, begun.tax_minor, begun.receive_minor, begun.rate
    )
    if not begun.dues_minor:
        return {"part": TO_PERSON, **whole.amounts}
    division = divide(whole, begun.dues_minor)
    if not to_dues:
        return {"part": TO_PERSON, **division.person.amounts}
    whose = {"enrollment_id": begun.dues_enrollment_id, "dues_due_on": begun.dues_due_on}
    return {"part": TO_DUES, **whose, **division.dues.amounts}


_CHARGE = """
    INSERT INTO charges (remittance_id, folio, amount_minor, state, expires_at)
    VALUES (:remittance, :folio, :amount, :state, :expires)
"""
# Each says why the order can't be stored.
_REFUSALS: dict[str | None, type[Conflict]] = {
    "uq_remittances_quote_id": QuoteUsed,
    "uq_remittances_dues": DuesOrdered,
}


def _store(
    session: Session,
    parts: Sequence[Remittance],
    begun: Any,
    expires_at: datetime,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    try:
        insert_together(session, *(part.recipient for part in parts), *parts)
    except IntegrityError as error:
        refusal = _REFUSALS.get(violated_constraint(error))
        if refusal is not None:
            raise refusal() from error
        raise
    # One payment for all of them, under the first one's folio.
    whole = (parts[0].folio, begun.total_minor) if len(parts) > 1 else (None, None)
    write(
        session,
        *(
            each
            for part in parts
            for each in (
                _charge(part, whole, expires_at),
                new_fact(
                    Counted("remittance", part.id, part.day), part.status, now=now,
                    payout=part.payout,
                ),
                *LIFECYCLE.begun(session, part, now=now, actor=actor, action="remittance.order"),
            )
        ),
    )  # fmt: skip


def _charge(part: Remittance, whole: tuple[str | None, int | None], expires_at: datetime) -> Write:
    folio, amount = whole
    values = {
        "remittance": part.id,
        "folio": folio,
        "amount": amount,
        "state": ChargeStatus.DUE.value,
        "expires": expires_at,
    }
    return Write(_CHARGE, values)
