"""Quotes, remittances and their history, attempts; the ledger; rates and rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.citizens.models import Person, SavedRow
from services.citizens.people import full_name
from services.kernel.db import Base, Owners, PartOf
from services.kernel.money import Money
from services.kernel.tables import one_of
from services.remittances.credit import CreditProof
from services.remittances.credit import read as read_proof
from services.remittances.rules import (
    ENDED_UNPAID,
    FINAL,
    GIVEN_BACK,
    IN_PAYOUT,
    MOST_CORRECTIONS,
    OPEN,
    TO_PEOPLE,
    UNPAID_ENDINGS,
    AttemptOutcome,
    ChargeStatus,
    CorrectionState,
    Division,
    Funding,
    HoldDecision,
    HolderMatch,
    Party,
    Price,
    ReceiptKind,
    RemedyState,
    Status,
    cost_minor,
    divide,
    shown_rate,
)

_NOW = sa.DateTime(timezone=True)
_RATE = sa.Numeric(18, 8)


class ExchangeRate(Base):
    """Units of ``quote`` for one ``base``, as published for a day."""

    __tablename__ = "exchange_rates"
    __table_args__ = (sa.CheckConstraint("value > 0", name="value"),)

    series: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    valid_on: Mapped[date] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(sa.Text)
    quote: Mapped[str] = mapped_column(sa.Text)
    value: Mapped[Decimal] = mapped_column(_RATE)
    fetched_at: Mapped[datetime] = mapped_column(_NOW)


class RemittanceRule(Base):
    """A fee, limit, tax or time, from a day on, with where it was read."""

    __tablename__ = "remittance_rules"

    rule: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[Decimal] = mapped_column(sa.Numeric(18, 4))
    unit: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)


class Priced:
    """Amounts as they are stored (minor units) and as 12 CFR 1005.31 has them disclosed."""

    funding: Mapped[str] = mapped_column(sa.Text)
    payout: Mapped[str] = mapped_column(sa.Text)
    send_minor: Mapped[int] = mapped_column(sa.BigInteger)
    fee_minor: Mapped[int] = mapped_column(sa.BigInteger)
    tax_minor: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    receive_minor: Mapped[int] = mapped_column(sa.BigInteger)
    rate: Mapped[Decimal] = mapped_column(_RATE)
    date_available: Mapped[date]

    @property
    def transfer_amount(self) -> Money:
        """The amount sent, in USD."""
        return Money(self.send_minor, "USD")

    @property
    def transfer_fees(self) -> Money:
        """The fee that we charge, in USD."""
        return Money(self.fee_minor, "USD")

    @property
    def transfer_taxes(self) -> Money:
        """Excise on cash, zero otherwise."""
        return Money(self.tax_minor, "USD")

    @property
    def total(self) -> Money:
        """The amount that the sender pays."""
        return Money(self.total_minor, "USD")

    @property
    def exchange_rate(self) -> str:
        """Pesos for a dollar with four decimals; amounts were computed with the unrounded one."""
        return shown_rate(self.rate)

    @property
    def other_fees(self) -> Money:
        """Charged by others to the recipient: none, in MXN."""
        return Money(0, "MXN")

    @property
    def total_to_recipient(self) -> Money:
        """The amount that the recipient gets, in MXN."""
        return Money(self.receive_minor, "MXN")


@dataclass(frozen=True)
class Share:
    """A part of a quote, with its amounts as they are shown."""

    price: Price
    enrollment_id: UUID | None = None

    @property
    def transfer_amount(self) -> Money:
        """The amount sent, in USD."""
        return Money(self.price.send_minor, "USD")

    @property
    def transfer_fees(self) -> Money:
        """Its share of the fee."""
        return Money(self.price.fee_minor, "USD")

    @property
    def transfer_taxes(self) -> Money:
        """Its share of the excise."""
        return Money(self.price.tax_minor, "USD")

    @property
    def total(self) -> Money:
        """Its share of what the sender pays."""
        return Money(self.price.total_minor, "USD")

    @property
    def total_to_recipient(self) -> Money:
        """What arrives, in MXN."""
        return Money(self.price.receive_minor, "MXN")


class Quote(Priced, Base):
    """A price that holds until ``expires_at``. Never changed; used at most once."""

    __tablename__ = "quotes"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint("total_minor = send_minor + fee_minor + tax_minor", name="total"),
        sa.CheckConstraint(
            "send_minor > 0 AND receive_minor > 0 AND fee_minor >= 0 AND tax_minor >= 0",
            name="positive",
        ),
        sa.CheckConstraint(one_of("funding", Funding), name="funding"),
        sa.CheckConstraint(one_of("payout", TO_PEOPLE), name="payout"),
        # Nobody is promised more than the rate brings, nor a better rate than the FIX.
        sa.CheckConstraint("receive_minor <= floor(send_minor * rate)", name="receive"),
        sa.CheckConstraint("rate <= fix", name="rate"),
        sa.CheckConstraint("rebate_minor BETWEEN 0 AND tax_minor", name="rebate"),
        sa.CheckConstraint(
            "num_nulls(dues_enrollment_id, dues_minor, dues_due_on) IN (0, 3)"
            " AND dues_minor BETWEEN 1 AND receive_minor - 1",
            name="dues",
        ),
        sa.Index("ix_quotes_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    rate_series: Mapped[str] = mapped_column(sa.Text)
    rate_valid_on: Mapped[date]
    # These three are null for what the version before quoted.
    fix: Mapped[Decimal | None] = mapped_column(_RATE)
    cash_tax_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    rebate_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    expires_at: Mapped[datetime] = mapped_column(_NOW)
    # Where a part of it pays the dues of an enrollment: centavos, of a line that is due then.
    dues_enrollment_id: Mapped[UUID | None]
    dues_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    dues_due_on: Mapped[date | None]

    @property
    def division(self) -> Division | None:
        """How it is divided where it also pays dues."""
        return divide(self.whole, self.dues_minor) if self.dues_minor else None

    @property
    def shares(self) -> list[Share]:
        """What each part takes, to show; none where it isn't divided."""
        division, enrollment = self.division, self.dues_enrollment_id
        if division is None:
            return []
        person, dues = division.person, division.dues
        return [Share(person), Share(dues, enrollment)]

    @property
    def whole(self) -> Price:
        """All of it as one price."""
        return Price(self.send_minor, self.fee_minor, self.tax_minor, self.receive_minor, self.rate)

    @property
    def reference_rate(self) -> str | None:
        """The FIX that the rate was made from, with four decimals."""
        return None if self.fix is None else shown_rate(self.fix)

    @property
    def cost(self) -> Money | None:
        """Margin, fee and tax together, in pesos: what all that is paid would bring at the FIX,
        less what the recipient gets."""
        if self.fix is None:
            return None
        return Money(cost_minor(self.total_minor, self.fix, self.receive_minor), "MXN")

    @property
    def tax_if_cash(self) -> Money | None:
        """The excise on the same transfer when it is paid with cash: what another way saves."""
        return None if self.cash_tax_minor is None else Money(self.cash_tax_minor, "USD")

    @property
    def agency_rebate(self) -> Money | None:
        """What the agency says that it gives back of the excise. It is in none of the totals."""
        return None if self.rebate_minor is None else Money(self.rebate_minor, "USD")


class CollectionPlace(Base):
    """A branch where the agency pays cash out, as listed last; ``closed_at`` since it doesn't.

    ``municipality`` is INEGI's code.
    """

    __tablename__ = "collection_places"

    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    municipality: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str] = mapped_column(sa.Text)
    hours: Mapped[str] = mapped_column(sa.Text)
    latitude: Mapped[float] = mapped_column(sa.Double)
    longitude: Mapped[float] = mapped_column(sa.Double)
    seen_at: Mapped[datetime] = mapped_column(_NOW)
    closed_at: Mapped[datetime | None] = mapped_column(_NOW)


class Remittance(Priced, Base):
    """One transfer: its amounts, who sends, who receives, and how far it is.

    An order has one, with the quote's amounts, or two, each with its share of them (trigger
    ``whole_order``): part 1 goes to a person, part 2 pays the dues of ``enrollment_id`` by the
    payment line that is due on ``dues_due_on``. The sender pays for both at once
    (`services.remittances.parts`); from then on each goes its own way.

    ``account_sealed`` is a CLABE or card number under the recipient's key (place
    ``remittances.account``, row = id); ``account_hint`` its last four digits. ``sender_name`` is
    what the order says, kept so that a repeated order is the same to the letter.
    ``registered_at`` is when it was ordered, ``funded_at`` when the sender paid, ``cancelled_at``
    when they took it back, ``paid_at`` when the recipient was paid.

    Of what the sender paid (in cents): ``refunded_minor`` goes back or has gone back,
    ``remedied_minor`` was given for an error, ``returned_minor`` their bank took back. Together
    never more than they paid. ``lost_minor`` is what their bank took back at the house's loss.
    ``answer_due_at``: by when it is known what becomes of it, as the sender is told.
    """

    __tablename__ = "remittances"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint("total_minor = send_minor + fee_minor + tax_minor", name="total"),
        sa.CheckConstraint(
            "send_minor > 0 AND receive_minor > 0 AND fee_minor >= 0 AND tax_minor >= 0",
            name="positive",
        ),
        sa.CheckConstraint("rate <= fix", name="rate"),
        sa.CheckConstraint("(payout = 'branch') = (account_sealed IS NULL)", name="account"),
        sa.UniqueConstraint("quote_id", "part", name="uq_remittances_quote_id"),
        sa.CheckConstraint(
            "part IN (1, 2) AND (part = 2) = (payout = 'dues')"
            " AND num_nulls(enrollment_id, dues_due_on) = CASE part WHEN 2 THEN 0 ELSE 2 END",
            name="part",
        ),
        # Nobody pays the same dues twice.
        sa.Index(
            "uq_remittances_dues",
            "enrollment_id",
            "dues_due_on",
            unique=True,
            postgresql_where=sa.text(
                f"enrollment_id IS NOT NULL AND NOT ({one_of('status', ENDED_UNPAID)})"
            ),
        ),
        sa.CheckConstraint("place_code IS NULL OR payout = 'branch'", name="place"),
        sa.CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="paid_at"),
        sa.CheckConstraint(
            f"({one_of('status', GIVEN_BACK)}) = (refunded_at IS NOT NULL)",
            name="refunded_at",
        ),
        sa.CheckConstraint(
            f"funded_at IS NOT NULL OR {one_of('status', UNPAID_ENDINGS)}", name="funded_at"
        ),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND remedied_minor >= 0 AND returned_minor >= 0"
            " AND refunded_minor + remedied_minor + returned_minor"
            " <= CASE WHEN funded_at IS NULL THEN 0 ELSE total_minor END",
            name="no_more_than_paid",
        ),
        sa.CheckConstraint("lost_minor BETWEEN 0 AND total_minor", name="lost"),
        sa.CheckConstraint(
            "erased_at IS NULL OR (sender_name = '' AND account_hint IS NULL"
            f" AND coalesce(account_sealed, '') = '' AND {one_of('status', FINAL)})",
            name="erased",
        ),
        sa.CheckConstraint("credit_proof IS NULL OR status = 'paid'", name="credit_proof"),
        sa.Index("ix_remittances_account_id_day", "account_id", "day"),
        sa.Index(
            "ix_remittances_open", "changed_at", postgresql_where=sa.text(one_of("status", OPEN))
        ),
        sa.Index(
            "ix_remittances_agency_reference",
            "agency_reference",
            postgresql_where=sa.text("agency_reference IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    quote_id: Mapped[UUID] = mapped_column(sa.ForeignKey("quotes.id"))
    part: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("1"))
    enrollment_id: Mapped[UUID | None]
    dues_due_on: Mapped[date | None]
    sender_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    recipient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    corrected_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    # The FIX that the rate was made from; null for what earlier versions took.
    fix: Mapped[Decimal | None] = mapped_column(_RATE)
    sender_name: Mapped[str] = mapped_column(sa.Text)
    account_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    account_hint: Mapped[str | None] = mapped_column(sa.Text)
    purpose: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date]
    status: Mapped[str] = mapped_column(sa.Text)
    registered_at: Mapped[datetime] = mapped_column(_NOW, server_default=sa.text("now()"))
    funded_at: Mapped[datetime | None] = mapped_column(_NOW)
    cancelled_at: Mapped[datetime | None] = mapped_column(_NOW)
    cancel_until: Mapped[datetime] = mapped_column(_NOW)
    answer_due_at: Mapped[datetime | None] = mapped_column(_NOW)
    paid_at: Mapped[datetime | None] = mapped_column(_NOW)
    refunded_at: Mapped[datetime | None] = mapped_column(_NOW)
    refunded_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    remedied_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    returned_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    lost_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    screened_at: Mapped[datetime | None] = mapped_column(_NOW)
    collect_until: Mapped[date | None]
    # Where it is going to be collected, as the sender chose; ``branch`` is what the agency says.
    place_code: Mapped[str | None] = mapped_column(sa.ForeignKey("collection_places.code"))
    branch: Mapped[str | None] = mapped_column(sa.Text)
    agency_reference: Mapped[str | None] = mapped_column(sa.Text)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)
    # As `services.remittances.credit` writes it.
    credit_proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[datetime] = mapped_column(_NOW)
    # Since then it names nobody: see `services.remittances.erasing`.
    erased_at: Mapped[datetime | None] = mapped_column(_NOW)

    sender: Mapped[Person] = relationship(foreign_keys="Remittance.sender_id")
    recipient: Mapped[Person] = relationship(
        foreign_keys="Remittance.recipient_id", lazy="joined", innerjoin=True
    )
    corrected: Mapped[Person | None] = relationship(foreign_keys="Remittance.corrected_id")

    @property
    def payee(self) -> Person:
        """Under whose name it is paid: as it was ordered, or as it was corrected since."""
        return (self.corrected_id and self.corrected) or self.recipient

    # Where none was chosen nothing is asked.
    place: Mapped[CollectionPlace | None] = relationship()

    @property
    def recipient_name(self) -> str:
        """As the sender wrote it."""
        return full_name(self.payee)

    @property
    def credit(self) -> CreditProof | None:
        """The agency's proof that the money arrived."""
        return read_proof(self.credit_proof) if self.credit_proof else None

    @property
    def in_payout(self) -> bool:
        """Its pesos are ordered, and their outcome isn't final."""
        return self.status in IN_PAYOUT and self.funded_at is not None


class BlockedRecord(Base):
    """Who sent and received a remittance that names nobody any more, sealed until the law lets it
    go. Found by the remittance alone."""

    __tablename__ = "blocked_records"
    __table_args__ = (sa.UniqueConstraint("remittance_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"))
    data_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    content_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    blocked_until: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(_NOW)


class RemittanceEvent(Base):
    """Entry of a remittance's history, append-only."""

    __tablename__ = "remittance_events"
    owners = Owners(account="account_id")

    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    account_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(_NOW)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)


class PayoutAttempt(Base):
    """One sending of the order, written down and committed before the call is made."""

    __tablename__ = "payout_attempts"
    owners = PartOf("remittance_id", Remittance)
    __table_args__ = (sa.CheckConstraint(one_of("outcome", AttemptOutcome), name="outcome"),)

    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    outcome: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime] = mapped_column(_NOW)
    settled_at: Mapped[datetime | None] = mapped_column(_NOW)


class Charge(Base):
    """What the sender is asked to pay, at the provider under the remittance's folio. Where an order
    has parts, each has a row of its own with its share's ``state`` and refund, and all name the one
    payment: ``folio`` and ``amount_minor`` of the whole.

    ``asked_at`` is written and committed before the provider is first called. ``pay_address`` and
    ``pay_reference`` are where, and with what, the sender pays, until ``expires_at``.
    ``refund_asked_at`` is written before the provider is told to give it back.
    """

    __tablename__ = "charges"
    owners = PartOf("remittance_id", Remittance)
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ChargeStatus), name="state"),
        sa.CheckConstraint("(state = 'refunded') <= (refunded_at IS NOT NULL)", name="refunded_at"),
        sa.CheckConstraint("(state = 'returned') <= (returned_at IS NOT NULL)", name="returned_at"),
        sa.CheckConstraint("num_nulls(folio, amount_minor) IN (0, 2)", name="whole"),
        sa.Index(
            "ix_charges_provider_reference",
            "provider_reference",
            postgresql_where=sa.text("provider_reference IS NOT NULL"),
        ),
    )

    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"), primary_key=True)
    # Null where the remittance is all that is paid for.
    folio: Mapped[str | None] = mapped_column(sa.Text)
    amount_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(_NOW)
    asked_at: Mapped[datetime | None] = mapped_column(_NOW)
    pay_address: Mapped[str | None] = mapped_column(sa.Text)
    pay_reference: Mapped[str | None] = mapped_column(sa.Text)
    provider_reference: Mapped[str | None] = mapped_column(sa.Text)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)
    refund_asked_at: Mapped[datetime | None] = mapped_column(_NOW)
    refunded_at: Mapped[datetime | None] = mapped_column(_NOW)
    returned_at: Mapped[datetime | None] = mapped_column(_NOW)


class RemedyRefund(Base):
    """What goes back to a sender for an error, at the provider a part of the charge under the key
    ``folio``: that of what it is for, whose id this is.

    ``asked_at`` is written and committed before the provider is first told.
    """

    __tablename__ = "remedy_refunds"
    owners = PartOf("remittance_id", Remittance)
    __table_args__ = (
        sa.CheckConstraint(one_of("state", RemedyState), name="state"),
        sa.CheckConstraint("amount_minor > 0", name="amount_minor"),
        sa.CheckConstraint("(state = 'owed') = (settled_at IS NULL)", name="settled"),
        sa.Index("ix_remedy_refunds_remittance_id", "remittance_id"),
        sa.Index("ix_remedy_refunds_owed", "due_on", postgresql_where=sa.text("state = 'owed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"))
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date]
    owed_at: Mapped[datetime] = mapped_column(_NOW)
    asked_at: Mapped[datetime | None] = mapped_column(_NOW)
    settled_at: Mapped[datetime | None] = mapped_column(_NOW)


class ScreeningList(Base):
    """A list of names that orders are compared with, as published; in force until another of its
    ``name`` replaces it."""

    __tablename__ = "screening_lists"
    __table_args__ = (
        sa.Index(
            "uq_screening_lists_name",
            "name",
            unique=True,
            postgresql_where=sa.text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    published_on: Mapped[date]
    source: Mapped[str] = mapped_column(sa.Text)
    entries: Mapped[int]
    loaded_at: Mapped[datetime] = mapped_column(_NOW)
    replaced_at: Mapped[datetime | None] = mapped_column(_NOW)


class ScreeningEntry(Base):
    """Somebody on a list. ``words``: their name as names are compared."""

    __tablename__ = "screening_entries"
    __table_args__ = (
        sa.CheckConstraint("cardinality(words) > 1", name="words"),
        sa.Index("ix_screening_entries_words", "words", postgresql_using="gin"),
    )

    list_id: Mapped[UUID] = mapped_column(sa.ForeignKey("screening_lists.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    birth_date: Mapped[date | None]


class ScreeningHit(Base):
    """A name of a remittance is like one on a list, and what a person has decided about it."""

    __tablename__ = "screening_hits"
    owners = PartOf("remittance_id", Remittance)
    __table_args__ = (
        sa.UniqueConstraint("remittance_id", "party", "list_name", "reference"),
        sa.CheckConstraint(one_of("party", Party), name="party"),
        sa.CheckConstraint(one_of("decision", HoldDecision), name="decision"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"))
    party: Mapped[str] = mapped_column(sa.Text)
    list_name: Mapped[str] = mapped_column(sa.Text)
    reference: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    found_at: Mapped[datetime] = mapped_column(_NOW)
    decision: Mapped[str | None] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_NOW)


class SavedRecipient(SavedRow):
    """Somebody whom an account's holder sends money to, with their accounts."""

    __tablename__ = "recipients"
    __table_args__ = (
        sa.CheckConstraint("position BETWEEN 1 AND 50", name="position"),
        sa.UniqueConstraint("account_id", "position", name="uq_recipients_account_id"),
    )


class HolderCheck(Base):
    """Whether an account belongs to whom its sender names (`services.remittances.holders`)."""

    __tablename__ = "holder_checks"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("match", HolderMatch), name="match"),
        sa.CheckConstraint("(match IS NULL) = (answered_at IS NULL)", name="answered"),
        sa.CheckConstraint(
            "num_nonnulls(data_key, content_sealed) = CASE WHEN match IS NULL THEN 2 ELSE 0 END",
            name="sealed_until_answered",
        ),
        sa.UniqueConstraint("account_id", "subject", name="uq_holder_checks_account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    subject: Mapped[bytes] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    content_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    match: Mapped[str | None] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(_NOW)
    answered_at: Mapped[datetime | None] = mapped_column(_NOW)


class NameCorrection(Base):
    """A correction of the recipient's name to that of ``person_id``."""

    __tablename__ = "name_corrections"
    owners = PartOf("remittance_id", Remittance)
    __table_args__ = (
        sa.CheckConstraint(one_of("state", CorrectionState), name="state"),
        sa.CheckConstraint(f"position BETWEEN 1 AND {MOST_CORRECTIONS}", name="position"),
        sa.CheckConstraint("(state = 'asked') = (settled_at IS NULL)", name="settled"),
        sa.Index(
            "uq_name_corrections_asked",
            "remittance_id",
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
        ),
    )

    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    state: Mapped[str] = mapped_column(sa.Text)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(_NOW)
    settled_at: Mapped[datetime | None] = mapped_column(_NOW)


class StoppedPhone(Base):
    """A telephone, as a keyed hash, whose owner wants no messages about money sent to them."""

    __tablename__ = "stopped_phones"

    phone_index: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    stopped_at: Mapped[datetime] = mapped_column(_NOW)


class RemittanceReceipt(Base):
    """A version of a receipt as it was given out. Never changed: a correction is the next version.

    ``code`` is what was signed: folio, amounts, rate and time, and nobody's name. What is printed,
    names too, is in ``content_sealed`` under the key of the person ``sealed_for`` (place
    ``remittance_receipts.content``, row = id), and goes with them.
    """

    __tablename__ = "remittance_receipts"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.UniqueConstraint(
            "remittance_id", "kind", "version", name="uq_remittance_receipts_version"
        ),
        sa.Index("ix_remittance_receipts_key", "key"),
        sa.Index("ix_remittance_receipts_sealed_for", "sealed_for"),
        sa.CheckConstraint(one_of("kind", ReceiptKind), name="kind"),
        sa.CheckConstraint("version > 0", name="version"),
        sa.CheckConstraint("octet_length(signature) = 64", name="signature"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"))
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(sa.SmallInteger)
    code: Mapped[str] = mapped_column(sa.Text)
    signature: Mapped[bytes] = mapped_column(sa.LargeBinary)
    key: Mapped[str] = mapped_column(sa.ForeignKey("signing_keys.key"))
    sealed_for: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    content_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(_NOW)
