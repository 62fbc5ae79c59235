"""Quotes and remittances. Amounts are text; the names of 12 CFR 1005.31(b)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from consular.api.answer_fields import CalendarDay, DecimalText, Id, Instant, Word
from consular.api.fields import (
    Card,
    Choice,
    Clabe,
    Identifier,
    MoneyField,
    MoneyPair,
    Name,
    SearchText,
    SecondSurname,
)
from consular.api.paging import PageQuery
from consular.i18n import current_language
from services.kernel.ids import MOST_TYPED
from services.remittances.ordering import OrderRemittance, Recipient
from services.remittances.quoting import RequestQuote
from services.remittances.rules import Action, Funding, Payout, Purpose, Status

STATUSES = tuple(s.value for s in Status)


class QuoteSchema(Schema):
    """Exactly one of ``send`` (USD) and ``receive`` (MXN)."""

    example: ClassVar[dict[str, Any]] = {
        "send": {"amount": "300.00", "currency": "USD"},
        "funding": "bank_account",
        "payout": "account",
    }

    send = MoneyField(load_default=None)
    receive = MoneyField(load_default=None)
    funding = Choice(tuple(f.value for f in Funding), required=True)
    payout = Choice(tuple(p.value for p in Payout), required=True)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_kwargs: Any) -> None:
        send, receive = data.get("send"), data.get("receive")
        if (send is None) == (receive is None):
            raise ValidationError([_("Di cuánto envías o cuánto debe llegar.")], "send")
        if send is not None and send.currency != "USD":
            raise ValidationError([_("Lo que envías va en dólares (USD).")], "send")
        if receive is not None and receive.currency != "MXN":
            raise ValidationError([_("Lo que llega va en pesos (MXN).")], "receive")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> RequestQuote:
        return RequestQuote(
            data["send"], data["receive"], Funding(data["funding"]), Payout(data["payout"])
        )


class PriceAnswer(Schema):
    """What it costs and what arrives."""

    transfer_amount = fields.Nested(MoneyPair, required=True)
    transfer_fees = fields.Nested(MoneyPair, required=True)
    transfer_taxes = fields.Nested(MoneyPair, required=True)
    total = fields.Nested(MoneyPair, required=True)
    exchange_rate = DecimalText(required=True)
    other_fees = fields.Nested(MoneyPair, required=True)
    total_to_recipient = fields.Nested(MoneyPair, required=True)
    date_available = CalendarDay(required=True)


class QuoteAnswer(PriceAnswer):
    """Holds until ``expires_at``."""

    id = Id(required=True)
    expires_at = Instant(required=True)
    funding = Word(Funding, required=True)
    payout = Word(Payout, required=True)


class RecipientSchema(Schema):
    """Whoever gets the pesos: with ``clabe`` for a quote to an account, with ``card`` for one to
    a card, with neither for one to a branch."""

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()
    clabe = Clabe(load_default=None, allow_none=True)
    card = Card(load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Recipient:
        return Recipient(**data)


class RemittanceSchema(Schema):
    """An order from a quote."""

    example: ClassVar[dict[str, Any]] = {
        "quote": "019aa000-0000-7000-8000-000000000000",
        "recipient": {
            "given_names": "Rosa",
            "first_surname": "Demo",
            "second_surname": None,
            "clabe": "032180000118359719",
        },
        "purpose": "family",
    }

    quote = Identifier(required=True)
    recipient = fields.Nested(RecipientSchema, required=True)
    purpose = Choice(tuple(p.value for p in Purpose), load_default=Purpose.FAMILY.value)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> OrderRemittance:
        return OrderRemittance(
            data["quote"], data["recipient"], Purpose(data["purpose"]), current_language()
        )


class StepAnswer(Schema):
    """One step of the history."""

    status = Word(Status, required=True)
    at = Instant(required=True)


class RecipientAnswer(Schema):
    """Whoever gets the pesos; of the account its last digits."""

    given_names = fields.String(required=True)
    first_surname = fields.String(required=True)
    second_surname = fields.String(allow_none=True, required=True)
    account_hint = fields.String(allow_none=True, required=True)


class RemittanceAnswer(PriceAnswer):
    """``answer_due_at``: by when an unknown outcome will be known; ``actions``: for the sender."""

    id = Id(required=True)
    folio = fields.String(required=True)
    status = Word(Status, required=True)
    cancel_until = Instant(allow_none=True, required=True)
    answer_due_at = Instant(allow_none=True, required=True)
    actions = fields.List(Word(Action))
    recipient = fields.Nested(RecipientAnswer)
    history = fields.List(fields.Nested(StepAnswer))


class RemittanceList(Schema):
    """A page, the newest first."""

    items = fields.List(fields.Nested(RemittanceAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class RemittanceQuery(PageQuery):
    """Filters."""

    status = Choice(STATUSES, load_default=None)


class LookupSchema(Schema):
    """What the recipient knows: the folio and their own first surname."""

    example: ClassVar[dict[str, Any]] = {"folio": "E7K3M9QX2W5A", "first_surname": "Demo"}

    folio = SearchText(most=MOST_TYPED, required=True)
    first_surname = Name(required=True)


class LookupAnswer(Schema):
    """No names: whoever asks knows them."""

    folio = fields.String(required=True)
    status = Word(Status, required=True)
    total_to_recipient = fields.Nested(MoneyPair, required=True)
    payout = Word(Payout, required=True)
    branch = fields.String(allow_none=True, required=True)
    collect_with = fields.List(fields.String(), required=True)
    collect_until = CalendarDay(allow_none=True, required=True)
    date_available = CalendarDay(required=True)
