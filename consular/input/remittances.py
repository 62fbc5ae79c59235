"""Quotes and remittances: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from consular.i18n import current_language
from consular.input.fields import (
    MISSING,
    Card,
    Choice,
    Clabe,
    Flag,
    Identifier,
    MexicanPhone,
    MoneyField,
    Name,
    NumberInQuery,
    SearchText,
    SecondSurname,
    Text,
)
from consular.input.paging import PageQuery
from services.kernel.ids import MOST_TYPED
from services.remittances.correcting import RecipientName
from services.remittances.municipalities import Municipality, NotOneMunicipality, find_municipality
from services.remittances.ordering import OrderRemittance
from services.remittances.payees import Recipient
from services.remittances.places import Collect
from services.remittances.quoting import RequestQuote
from services.remittances.recipients import BookEntry
from services.remittances.rules import (
    FOR_PEOPLE,
    TO_PEOPLE,
    Funding,
    Payout,
    Purpose,
    ReceiptKind,
    Status,
)

# INEGI's codes of the states.
STATES = tuple(f"{number:02d}" for number in range(1, 33))
MOST_PLACE = 80
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
    payout = Choice(tuple(p.value for p in TO_PEOPLE), required=True)
    enrollment = Identifier(load_default=None, allow_none=True)

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
            data["send"],
            data["receive"],
            Funding(data["funding"]),
            Payout(data["payout"]),
            data["enrollment"],
        )


class RecipientNameSchema(Schema):
    """A recipient's name as it stands on their identification."""

    example: ClassVar[dict[str, Any]] = {"given_names": "Rosa", "first_surname": "Demo"}

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        return RecipientName(**data)


class RecipientSchema(RecipientNameSchema):
    """Whoever gets the pesos: with ``clabe`` for a quote to an account, with ``card`` for one to
    a card, with neither for one to a branch. With a ``phone`` in Mexico they are told what to
    collect."""

    clabe = Clabe(load_default=None, allow_none=True)
    card = Card(load_default=None, allow_none=True)
    phone = MexicanPhone(load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Recipient:
        return Recipient(**data)


class CollectSchema(Schema):
    """Where cash is collected: at a ``place``, or in the ``municipality`` of a ``state``."""

    place = SearchText(most=MOST_PLACE, load_default=None, allow_none=True)
    state = Choice(STATES, load_default=None, allow_none=True)
    municipality = SearchText(most=MOST_PLACE, load_default=None, allow_none=True)

    @post_load
    def _collect(self, data: dict[str, Any], **_kwargs: Any) -> Collect | None:
        if data["place"]:
            return Collect(place=data["place"])
        for name in ("state", "municipality"):
            if not data[name]:
                raise ValidationError([MISSING], name)
        return Collect(municipality=municipality_of(data["state"], data["municipality"]).code)


class PlacesQuery(Schema):
    """Where somebody wants to collect cash."""

    state = Choice(STATES, required=True)
    municipality = SearchText(most=MOST_PLACE, required=True)

    @post_load
    def _municipality(self, data: dict[str, Any], **_kwargs: Any) -> Municipality:
        return municipality_of(data["state"], data["municipality"])


def municipality_of(state: str, written: str) -> Municipality:
    """The municipality that was written. Raises ValidationError."""
    try:
        return find_municipality(state, written)
    except NotOneMunicipality as unclear:
        choices = ", ".join(f"{each.code} ({each.seat})" for each in unclear.called)
        words = (
            _(
                "Hay más de un municipio con ese nombre. Escribe la clave del que es: %(choices)s.",
                choices=choices,
            )
            if choices
            else _(
                "No encontramos ese municipio. Revisa cómo se escribe y que el estado sea el suyo."
            )
        )
        raise ValidationError([words], "municipality") from None


class BookEntrySchema(RecipientSchema):
    """A recipient as their sender keeps them, with either account, both or none."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Rosa",
        "first_surname": "Demo",
        "second_surname": None,
        "clabe": "032180000118359719",
        "phone": "5512345678",
        "nickname": "Mamá",
    }

    state = Choice(STATES, load_default=None, allow_none=True)
    municipality = SearchText(most=MOST_PLACE, load_default=None, allow_none=True)
    nickname = Text(most=40, load_default=None, allow_none=True)

    @validates_schema
    def _known(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("municipality"):
            if not data.get("state"):
                raise ValidationError([MISSING], "state")
            municipality_of(data["state"], data["municipality"])

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> BookEntry:
        return BookEntry(**data)


class RecipientCheckSchema(Schema):
    """A recipient, and the quote of what they are going to be sent."""

    example: ClassVar[dict[str, Any]] = {
        "quote": "019aa000-0000-7000-8000-000000000000",
        "recipient": {
            "given_names": "Rosa",
            "first_surname": "Demo",
            "second_surname": None,
            "clabe": "032180000118359719",
        },
    }

    quote = Identifier(required=True)
    recipient = fields.Nested(RecipientSchema, required=True)


class RemittanceSchema(RecipientCheckSchema):
    """An order from a quote. ``recipient_confirmed``: the sender knows the recipient and has asked
    them; needed for a first large transfer to somebody, and where the account's holder is called
    otherwise (``recipient_not_confirmed``). ``POST /recipients/check`` tells before."""

    example: ClassVar[dict[str, Any]] = {**RecipientCheckSchema.example, "purpose": "family"}

    recipient_confirmed = Flag(load_default=False)

    purpose = Choice(tuple(p.value for p in FOR_PEOPLE), load_default=Purpose.FAMILY.value)
    collect = fields.Nested(CollectSchema, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> OrderRemittance:
        return OrderRemittance(
            data["quote"],
            data["recipient"],
            Purpose(data["purpose"]),
            current_language(),
            data["collect"],
            data["recipient_confirmed"],
        )


class RemittanceQuery(PageQuery):
    """Filters of a list of remittances."""

    status = Choice(STATUSES, load_default=None)


class LookupSchema(Schema):
    """What the recipient knows: the folio and their own first surname."""

    example: ClassVar[dict[str, Any]] = {"folio": "E7K3M9QX2W5A", "first_surname": "Demo"}

    folio = SearchText(most=MOST_TYPED, required=True)
    first_surname = Name(required=True)


class ReceiptQuery(Schema):
    """Which receipt: that of what happened last, and its newest version, where nothing is said."""

    kind = Choice(tuple(kind.value for kind in ReceiptKind), load_default=None)
    version = NumberInQuery(
        load_default=None,
        validate=validate.Range(1, 9999, error=_("Pide una versión desde {min}.")),
    )

    @post_load
    def _kind(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**values, "kind": ReceiptKind(values["kind"]) if values["kind"] else None}
