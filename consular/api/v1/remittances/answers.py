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
    Number,
    One,
    Text,
    Texts,
    Word,
)
from services.messages.rules import Channel, State
from services.remittances.credit import CreditKind, Identification
from services.remittances.rules import Action, CorrectionState, Funding, Payout, ReceiptKind, Status


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
    """A price that holds until ``expires_at``. What isn't 12 CFR 1005.31's is null for a quote of
    the version before."""

    id = Id()
    expires_at = Instant()
    reference_rate = DecimalText(
        allow_none=True,
        says="The FIX of Banco de México; our rate is less a margin",
    )
    reference_rate_date = CalendarDay(attribute="rate_valid_on", says="The day of that FIX")
    cost = One(
        MoneyPair,
        allow_none=True,
        says="Margin, fee and tax in pesos: what the total would bring at the FIX, less what the"
        " recipient gets",
    )
    tax_if_cash = One(
        MoneyPair,
        allow_none=True,
        says="The excise when paid with cash, which a bank account or a US card saves",
    )
    agency_rebate = One(
        MoneyPair,
        allow_none=True,
        says="What the agency says that it gives back of the excise to its card (secondary"
        " source); in none of the totals",
    )
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


class CreditAnswer(Answer):
    """How the agency shows that the money arrived.

    ``reference``: tracking key of a transfer, or number of a branch's receipt; ``certificate``: the
    reference of Banco de México's certificate (CEP); ``identification``: kind of document shown.
    """

    kind = Word(CreditKind)
    reference = Text()
    credited_on = CalendarDay(allow_none=True)
    bank = Text(allow_none=True)
    certificate = Text(allow_none=True)
    identification = Word(Identification, allow_none=True)


class PlaceAnswer(Answer):
    """A place where cash is collected."""

    code = Text()
    name = Text()
    address = Text()
    hours = Text()


class NearPlaceAnswer(PlaceAnswer):
    """``kilometres`` in a straight line from the municipality's main town; 0 within it."""

    kilometres = Number()


class PlaceList(Answer):
    """Those in the municipality; where there is none, the nearest ones."""

    municipality = Text()
    items = Many(NearPlaceAnswer)


class CorrectionAnswer(Answer):
    """A correction of the recipient's name; ``reason_code`` says why it was refused."""

    state = Word(CorrectionState)
    reason_code = Text(allow_none=True)
    asked_at = Instant()
    settled_at = Instant(allow_none=True)


class RecipientMessageAnswer(Answer):
    """A message to the recipient, and what became of it."""

    channel = Word(Channel)
    state = Word(State)
    created_at = Instant()
    outcome_at = Instant(allow_none=True)


class ReceiptAnswer(Answer):
    """A version of a receipt that was given out; ``code`` is what its square code holds."""

    kind = Word(ReceiptKind)
    version = Number()
    code = Text()
    issued_at = Instant()


class PaymentAnswer(Answer):
    """Where, or with what reference at an agent, the sender pays until ``expires_at``."""

    address = Text(allow_none=True, attribute="pay_address")
    reference = Text(allow_none=True, attribute="pay_reference")
    expires_at = Instant()


class RemittanceAnswer(PriceAnswer):
    """``payment``: while the sender hasn't paid. ``answer_due_at``: by when an outcome that isn't
    known will be; ``actions``: for the sender; ``credit``: once it is paid, where the agency proves
    it; ``place``: where cash is collected, if that was chosen."""

    id = Id()
    folio = Text()
    status = Word(Status)
    cancel_until = Instant(allow_none=True)
    answer_due_at = Instant(allow_none=True)
    actions = Texts(Word(Action), required=False)
    recipient = One(RecipientAnswer, required=False)
    name_corrections = Many(CorrectionAnswer, required=False)
    recipient_messages = Many(RecipientMessageAnswer, required=False)
    history = Many(StepAnswer, required=False)
    credit = One(CreditAnswer, allow_none=True)
    place = One(PlaceAnswer, allow_none=True)
    receipts = Many(ReceiptAnswer, required=False)
    payment = One(PaymentAnswer, required=False)


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
    place = One(PlaceAnswer, allow_none=True)
    collect_with = Texts()
    collect_until = CalendarDay(allow_none=True)
    date_available = CalendarDay()
    answer_by = Instant(allow_none=True)
