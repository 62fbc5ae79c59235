"""Appointments: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from consular.input.fields import (
    BirthDate,
    Choice,
    Code,
    Curp,
    Day,
    Email,
    Flag,
    Folio,
    Identifier,
    Moment,
    MoneyField,
    Name,
    Pattern,
    Phone,
    SecondSurname,
    Text,
    WholeNumber,
)
from consular.input.needs import skills_needed
from consular.input.paging import PageQuery
from services.appointments.booking import BookAppointment
from services.appointments.completing import Served
from services.appointments.holding import HoldPlaces
from services.appointments.people import Attendee
from services.appointments.reserves import Share
from services.appointments.rules import Status
from services.cashier.rules import BY_CODE, Act, Means
from services.cashier.rules import Choice as ChosenCase
from services.kernel.identifiers import curp_birth_date

MOST_PEOPLE = 10
MOST_SERVICES = 4
LANGUAGES = Pattern("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", error=_("Idioma BCP 47."))


class AttendeeSchema(Schema):
    """A person who comes. The CURP is optional, always."""

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()
    birth_date = BirthDate(required=True)
    birth_place = Code(load_default=None, allow_none=True)
    curp = Curp(load_default=None, allow_none=True)

    @validates_schema
    def _dates_agree(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Of a CURP and a birth date that differ, one is somebody else's."""
        curp, born = data.get("curp"), data.get("birth_date")
        if curp and born and curp_birth_date(curp) != born:
            raise ValidationError([_("La CURP no coincide con la fecha de nacimiento.")], "curp")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Attendee:
        return Attendee(**data)


class DependantSchema(AttendeeSchema):
    """Somebody to save, to book for later."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Luis",
        "first_surname": "Demo",
        "second_surname": "Prueba",
        "birth_date": "2019-02-03",
    }


class ContactSchema(Schema):
    """How to reach whoever booked."""

    email = Email(load_default=None, allow_none=True)
    phone = Phone(load_default=None, allow_none=True)


class NeedsSchema(Schema):
    """What whoever comes needs of the window: a language, an interpreter (as desks have them), or
    that it is accessible."""

    language = Code(load_default=None, allow_none=True)
    interpreter = Code(load_default=None, allow_none=True)
    accessible = Flag(load_default=False)

    @post_load
    def _skills(self, data: dict[str, Any], **_kwargs: Any) -> tuple[str, ...]:
        return skills_needed(data)


class VisitSchema(Schema):
    """Where, when and what for. Exactly one of ``service`` (one) and ``services`` (several in one
    visit, one after another). ``share``: places that are kept for some may be used, by citizens
    only those for the elderly and disabled. ``place``: at that mobile consulate."""

    consulate = Code(required=True)
    service = Code(load_default=None)
    services = fields.List(Code(), load_default=None, validate=validate.Length(1, MOST_SERVICES))
    start = Moment(required=True)
    needs = fields.Nested(NeedsSchema, load_default=None, allow_none=True)
    share = Choice(tuple(Share), load_default=None, allow_none=True)
    place = Identifier(load_default=None, allow_none=True)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if bool(data.get("service")) == bool(data.get("services")):
            raise ValidationError([_("Elige un servicio, o una lista de servicios.")], "service")
        services = data.get("services") or []
        if len(set(services)) != len(services):
            raise ValidationError([_("Cada servicio va una sola vez.")], "services")


class HoldSchema(VisitSchema):
    """Places to hold for so many people."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "service": "PAS10",
        "start": "2026-12-07T09:00:00-08:00",
        "people": 2,
    }

    people = WholeNumber(
        load_default=1,
        validate=validate.Range(1, MOST_PEOPLE, error=_("De {min} a {max} personas.")),
    )

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> HoldPlaces:
        return HoldPlaces(
            consulate=data["consulate"],
            services=tuple(data["services"] or [data["service"]]),
            start=data["start"],
            people=data["people"],
            skills=data["needs"] or (),
            share=data["share"] or "",
            place=str(data["place"] or ""),
        )


class BookSchema(VisitSchema):
    """Exactly one of ``service`` (one) and ``services`` (several in one visit)."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "service": "PAS10",
        "start": "2026-12-07T09:00:00-08:00",
        "attendees": [
            {
                "given_names": "Ana",
                "first_surname": "Demo",
                "second_surname": "Prueba",
                "birth_date": "1990-05-12",
            }
        ],
        "contact": {"email": "ana@example.com"},
        "language": "es",
    }

    attendees = fields.List(
        fields.Nested(AttendeeSchema),
        required=True,
        validate=validate.Length(1, MOST_PEOPLE, error=_("De {min} a {max} personas.")),
    )
    contact = fields.Nested(ContactSchema, load_default=dict, allow_none=True)
    language = fields.String(load_default="es", allow_none=True, validate=LANGUAGES)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> BookAppointment:
        contact = data["contact"] or {}
        return BookAppointment(
            consulate=data["consulate"],
            services=tuple(data["services"] or [data["service"]]),
            start=data["start"],
            attendees=tuple(data["attendees"]),
            email=contact.get("email"),
            phone=contact.get("phone"),
            language=data["language"] or "es",
            skills=data["needs"] or (),
            share=data["share"] or "",
            place=str(data["place"] or ""),
        )


class FindSchema(Schema):
    """What whoever comes knows: the folio, and their own birth date or that of one of theirs."""

    example: ClassVar[dict[str, Any]] = {"folio": "C7K3-M9QX-2W5F", "birth_date": "1990-05-12"}

    folio = Folio(required=True)
    birth_date = BirthDate(required=True)


class PersonSearchSchema(Schema):
    """Somebody's name and birth date, as they say them."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Ana",
        "first_surname": "Demo",
        "birth_date": "1990-05-12",
    }

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()
    birth_date = BirthDate(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Attendee:
        return Attendee(**data)


class AppointmentQuery(PageQuery):
    """Staff may ask for a day and a status, and network-wide roles for an office; of another
    office than one's own there is nothing."""

    date = Day(load_default=None)
    status = Choice(tuple(s.value for s in Status), load_default=None)
    consulate = Code(load_default=None)


class NothingSchema(Schema):
    """A body without fields."""


class RescheduleSchema(Schema):
    """When, and at which office when it moves there too; ``place``: at that mobile consulate."""

    example: ClassVar[dict[str, Any]] = {"start": "2026-12-08T09:00:00-08:00"}

    start = Moment(required=True)
    consulate = Code(load_default=None, allow_none=True)
    place = Identifier(load_default=None, allow_none=True)


class CheckInSchema(Schema):
    """The officer saw the person and their document."""

    example: ClassVar[dict[str, Any]] = {"identity_checked": True}

    identity_checked = Flag(
        required=True,
        validate=validate.Equal(True, error=_("Comprueba primero la identidad.")),
    )


class NamesSchema(Schema):
    """Somebody's names."""

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()


class SpellingSchema(NamesSchema, CheckInSchema):
    """Names as in the document that the officer saw. The birth date stays."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Ana María",
        "first_surname": "Demo",
        "second_surname": "Prueba",
        "identity_checked": True,
    }


class CallSchema(Schema):
    """Which window calls."""

    example: ClassVar[dict[str, Any]] = {"desk": "A"}

    desk = Text(most=20, required=True)


class NotServedSchema(Schema):
    """Why, and what to bring next time."""

    example: ClassVar[dict[str, Any]] = {
        "reason": "Falta el acta de nacimiento",
        "bring": ["Acta de nacimiento original"],
    }

    reason = Text(most=300, required=True)
    bring = fields.List(Text(most=200), load_default=list, validate=validate.Length(0, 20))


class CaseSchema(Schema):
    """A discount, exemption or surcharge of the law, and what proves it."""

    code = Choice(tuple(BY_CODE), required=True)
    ground = Text(most=200, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ChosenCase:
        return ChosenCase(**data)


class CompleteSchema(Schema):
    """What was given and charged. ``service``: another than what was booked; ``reason``: why the
    fee isn't the one that list and cases give."""

    example: ClassVar[dict[str, Any]] = {
        "document_number": "N00000001",
        "fee": {"amount": "209.00", "currency": "USD"},
    }

    service = Code(load_default=None)
    document_number = Text(most=40, load_default=None, allow_none=True)
    fee = MoneyField(load_default=None, allow_none=True)
    act = Choice(tuple(Act), load_default=None, allow_none=True)
    cases = fields.List(
        fields.Nested(CaseSchema), load_default=list, validate=validate.Length(0, 3)
    )
    payment = Choice(tuple(Means), load_default=Means.NOT_TOLD.value)
    reason = Text(most=300, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Served:
        return Served(
            document_number=data["document_number"],
            fee=data["fee"],
            service=data["service"],
            act=Act(data["act"]) if data["act"] else None,
            cases=tuple(data["cases"]),
            means=Means(data["payment"]),
            reason=data["reason"],
        )
