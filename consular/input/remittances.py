"""Quotes and remittances: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from consular.i18n import current_language
from consular.input.fields import (
    Card,
    Choice,
    Clabe,
    Identifier,
    MoneyField,
    Name,
    SearchText,
    SecondSurname,
)
from consular.input.paging import PageQuery
from services.kernel.ids import MOST_TYPED
from services.remittances.ordering import OrderRemittance, Recipient
from services.remittances.quoting import RequestQuote
from services.remittances.rules import Funding, Payout, Purpose, Status

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


class RemittanceQuery(PageQuery):
    """Filters of a list of remittances."""

    status = Choice(STATUSES, load_default=None)


class LookupSchema(Schema):
    """What the recipient knows: the folio and their own first surname."""

    example: ClassVar[dict[str, Any]] = {"folio": "E7K3M9QX2W5A", "first_surname": "Demo"}

    folio = SearchText(most=MOST_TYPED, required=True)
    first_surname = Name(required=True)
