"""Quotes and remittances: what the API answers. Amounts are named as in 12 CFR 1005.31(b)."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    DecimalText,
    Id,
    Instant,
    ListAnswer,
    Many,
    MoneyPair,
    One,
    Text,
    Texts,
    Word,
)
from services.remittances.rules import Action, Funding, Payout, Status


class PriceAnswer(Answer):
    """The price of a remittance, and what arrives."""

    transfer_amount = One(MoneyPair)
    transfer_fees = One(MoneyPair)
    transfer_taxes = One(MoneyPair)
    total = One(MoneyPair)
    exchange_rate = DecimalText()
    other_fees = One(MoneyPair)
    total_to_recipient = One(MoneyPair)
    date_available = CalendarDay()


class QuoteAnswer(PriceAnswer):
    """A price that holds until ``expires_at``."""

    id = Id()
    expires_at = Instant()
    funding = Word(Funding)
    payout = Word(Payout)


class StepAnswer(Answer):
    """One step of the history."""

    status = Word(Status)
    at = Instant()


class RecipientAnswer(Answer):
    """Whoever gets the pesos; of the account its last digits."""

    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    account_hint = Text(allow_none=True)


class RemittanceAnswer(PriceAnswer):
    """``answer_due_at``: by when an unknown outcome will be known; ``actions``: for the sender."""

    id = Id()
    folio = Text()
    status = Word(Status)
    cancel_until = Instant(allow_none=True)
    answer_due_at = Instant(allow_none=True)
    actions = Texts(Word(Action), required=False)
    recipient = One(RecipientAnswer, required=False)
    history = Many(StepAnswer, required=False)


class RemittanceList(ListAnswer):
    """A page, the newest first."""

    items = Many(RemittanceAnswer)


class LookupAnswer(Answer):
    """No names: whoever asks knows them."""

    folio = Text()
    status = Word(Status)
    total_to_recipient = One(MoneyPair, attribute="pesos")
    payout = Word(Payout)
    branch = Text(allow_none=True)
    collect_with = Texts()
    collect_until = CalendarDay(allow_none=True)
    date_available = CalendarDay()
