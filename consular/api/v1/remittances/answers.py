"""Quotes and remittances: what the API answers. Amounts are named as in 12 CFR 1005.31(b)."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import CalendarDay, DecimalText, Id, Instant, Word
from consular.input.fields import (
    MoneyPair,
)
from services.remittances.rules import Action, Funding, Payout, Status


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
