"""Quotes and remittances: what the API answers. Amounts are named as in 12 CFR 1005.31(b)."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.messages.rules import Channel, State
from services.remittances.credit import CreditKind, Identification
from services.remittances.rules import (
    Action,
    ChargeStatus,
    CorrectionState,
    Funding,
    HoldDecision,
    Party,
    Payout,
    Purpose,
    ReceiptKind,
    Status,
)


class PriceAnswer(fields.Answer):
    """The price of a remittance, and what arrives."""

    transfer_amount = fields.One(fields.MoneyPair)
    transfer_fees = fields.One(fields.MoneyPair)
    transfer_taxes = fields.One(fields.MoneyPair)
    total = fields.One(fields.MoneyPair)
    exchange_rate = fields.DecimalText()
    other_fees = fields.One(fields.MoneyPair)
    total_to_recipient = fields.One(fields.MoneyPair)
    date_available = fields.CalendarDay()


class ShareAnswer(fields.Answer):
    """What one part of an order takes of the whole; all parts add up to it. ``enrollment``: whose
    dues it pays; null for what goes to the recipient."""

    transfer_amount = fields.One(fields.MoneyPair)
    transfer_fees = fields.One(fields.MoneyPair)
    transfer_taxes = fields.One(fields.MoneyPair)
    total = fields.One(fields.MoneyPair)
    total_to_recipient = fields.One(fields.MoneyPair)
    enrollment = fields.Id(allow_none=True, attribute="enrollment_id")


class PartAnswer(ShareAnswer):
    """A part of an order, which is paid, refused or given back by itself."""

    id = fields.Id()
    folio = fields.Text()
    purpose = fields.Word(Purpose)
    status = fields.Word(Status)


class QuoteAnswer(PriceAnswer):
    """A price that holds until ``expires_at``. What isn't 12 CFR 1005.31's is null for a quote of
    the version before."""

    id = fields.Id()
    expires_at = fields.Instant()
    reference_rate = fields.DecimalText(
        allow_none=True,
        says="The FIX of Banco de México; our rate is less a margin",
    )
    reference_rate_date = fields.CalendarDay(attribute="rate_valid_on", says="The day of that FIX")
    cost = fields.One(
        fields.MoneyPair,
        allow_none=True,
        says="Margin, fee and tax in pesos: what the total would bring at the FIX, less what the"
        " recipient gets",
    )
    tax_if_cash = fields.One(
        fields.MoneyPair,
        allow_none=True,
        says="The excise when paid with cash, which a bank account or a US card saves",
    )
    agency_rebate = fields.One(
        fields.MoneyPair,
        allow_none=True,
        says="What the agency says that it gives back of the excise to its card (secondary"
        " source); in none of the totals",
    )
    funding = fields.Word(Funding)
    payout = fields.Word(Payout)
    parts = fields.Many(ShareAnswer)


class StepAnswer(fields.Answer):
    """One step of the history."""

    status = fields.Word(Status)
    at = fields.Instant()


class RecipientAnswer(fields.Answer):
    """Whoever gets the pesos; of the account its last digits."""

    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    account_hint = fields.Text(allow_none=True)


class CreditAnswer(fields.Answer):
    """How the agency shows that the money arrived.

    ``reference``: tracking key of a transfer, or number of a branch's receipt; ``certificate``: the
    reference of Banco de México's certificate (CEP); ``identification``: kind of document shown.
    """

    kind = fields.Word(CreditKind)
    reference = fields.Text()
    credited_on = fields.CalendarDay(allow_none=True)
    bank = fields.Text(allow_none=True)
    certificate = fields.Text(allow_none=True)
    identification = fields.Word(Identification, allow_none=True)


class PlaceAnswer(fields.Answer):
    """A place where cash is collected."""

    code = fields.Text()
    name = fields.Text()
    address = fields.Text()
    hours = fields.Text()


class NearPlaceAnswer(PlaceAnswer):
    """``kilometres`` in a straight line from the municipality's main town; 0 within it."""

    kilometres = fields.Number()


class PlaceList(fields.Answer):
    """Those in the municipality; where there is none, the nearest ones."""

    municipality = fields.Text()
    items = fields.Many(NearPlaceAnswer)


class CorrectionAnswer(fields.Answer):
    """A correction of the recipient's name; ``reason_code`` says why it was refused."""

    state = fields.Word(CorrectionState)
    reason_code = fields.Text(allow_none=True)
    asked_at = fields.Instant()
    settled_at = fields.Instant(allow_none=True)


class RecipientMessageAnswer(fields.Answer):
    """A message to the recipient, and what became of it."""

    channel = fields.Word(Channel)
    state = fields.Word(State)
    created_at = fields.Instant()
    outcome_at = fields.Instant(allow_none=True)


class ReceiptAnswer(fields.Answer):
    """A version of a receipt that was given out; ``code`` is what its square code holds."""

    kind = fields.Word(ReceiptKind)
    version = fields.Number()
    code = fields.Text()
    issued_at = fields.Instant()


class PaymentAnswer(fields.Answer):
    """Where, or with what reference at an agent, the sender pays until ``expires_at``."""

    address = fields.Text(allow_none=True, attribute="pay_address")
    reference = fields.Text(allow_none=True, attribute="pay_reference")
    expires_at = fields.Instant()


class RemittanceAnswer(PriceAnswer):
    """``payment``: while the sender hasn't paid. ``reason_code``: why it wasn't paid out; our own
    are `rate_promise_over`, `dues_term_over`, `not_approved`, `funding_returned` and
    `not_paid_in_time`. ``answer_due_at``: by when an outcome that isn't known will be; ``actions``:
    for the sender; ``credit``: once it is paid, where the agency proves it; ``place``: where cash
    is collected, if that was chosen; ``parts``: of its order, where it has more than one."""

    id = fields.Id()
    folio = fields.Text()
    status = fields.Word(Status)
    reason_code = fields.Text(allow_none=True)
    cancel_until = fields.Instant(allow_none=True)
    answer_due_at = fields.Instant(allow_none=True)
    actions = fields.Texts(fields.Word(Action), required=False)
    recipient = fields.One(RecipientAnswer, required=False)
    name_corrections = fields.Many(CorrectionAnswer, required=False)
    recipient_messages = fields.Many(RecipientMessageAnswer, required=False)
    history = fields.Many(StepAnswer, required=False)
    credit = fields.One(CreditAnswer, allow_none=True)
    place = fields.One(PlaceAnswer, allow_none=True)
    receipts = fields.Many(ReceiptAnswer, required=False)
    payment = fields.One(PaymentAnswer, required=False)
    parts = fields.Many(PartAnswer, required=False)


class ChargeCopyAnswer(fields.Answer):
    """How and when it was paid for, and given back. The number of an account or card is the
    provider's, and never ours."""

    funding = fields.Word(Funding)
    state = fields.Word(ChargeStatus)
    amount = fields.One(fields.MoneyPair)
    expires_at = fields.Instant()
    address = fields.Text(allow_none=True, attribute="pay_address")
    reference = fields.Text(allow_none=True, attribute="pay_reference")
    provider_reference = fields.Text(allow_none=True)
    asked_at = fields.Instant(allow_none=True)
    paid_at = fields.Instant(allow_none=True)
    refund_asked_at = fields.Instant(allow_none=True)
    refunded_at = fields.Instant(allow_none=True)
    returned_at = fields.Instant(allow_none=True)


class ScreeningCopyAnswer(fields.Answer):
    """A name of the transfer was like one of a list that the law has us compare: whose, which list,
    and what a person decided. Who is on the list are the data of somebody else."""

    party = fields.Word(Party)
    list_name = fields.Text()
    found_at = fields.Instant()
    decision = fields.Word(HoldDecision, allow_none=True)
    decided_at = fields.Instant(allow_none=True)


class RemittanceCopyAnswer(RemittanceAnswer):
    """All that is held of it."""

    purpose = fields.Word(Purpose)
    charge = fields.One(ChargeCopyAnswer, allow_none=True)
    screening = fields.Many(ScreeningCopyAnswer)


class RemittanceList(fields.ListAnswer):
    """A page, the newest first."""

    items = fields.Many(RemittanceAnswer)


class LookupAnswer(fields.Answer):
    """No names: whoever asks knows them."""

    folio = fields.Text()
    status = fields.Word(Status)
    total_to_recipient = fields.One(fields.MoneyPair, attribute="pesos")
    payout = fields.Word(Payout)
    branch = fields.Text(allow_none=True)
    place = fields.One(PlaceAnswer, allow_none=True)
    collect_with = fields.Texts()
    collect_until = fields.CalendarDay(allow_none=True)
    date_available = fields.CalendarDay()
    answer_by = fields.Instant(allow_none=True)
