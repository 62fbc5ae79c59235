"""Session reports of the Commission: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from consular.input.fields import (
    MISSING,
    Choice,
    Day,
    Flag,
    Moment,
    NumberInQuery,
    Text,
    WholeNumber,
)
from consular.input.paging import SliceQuery
from services.commission.editing import MakeReport, NewAgreement
from services.commission.rules import FollowUpStatus
from services.monitoring.rules import GROUPS

ORDER = _("El periodo termina antes de empezar.")
MOST_LINES = 60
# Characters of a text that is typed into a report, in either language.
MOST_TYPED = 1000
_NUMBER = validate.Range(1, 9999, error=_("Escribe el número de la sesión, desde {min}."))
_LINES = validate.Length(max=MOST_LINES)
_TEXTS = validate.Length(max=5 * MOST_LINES)


class AttendanceSchema(Schema):
    """An agency that was called, and whether it came. Never a person's name."""

    agency = Text(most=200, required=True)
    attended = Flag(load_default=True)


class AgreementSchema(Schema):
    """What was agreed, which agency answers for it, and by when."""

    agreed = Text(most=MOST_TYPED, required=True)
    responsible = Text(most=200, required=True)
    due = Day(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> NewAgreement:
        return NewAgreement(data["agreed"], data["responsible"], data["due"])


class ResultsSchema(Schema):
    """What a working group reports: codes of `GET /monitoring/reports/choices`."""

    group = WholeNumber(
        required=True, validate=validate.Range(GROUPS[0], GROUPS[-1], error=_("De {min} a {max}."))
    )
    codes = fields.List(Text(most=100), required=True, validate=_LINES)


class EnglishSchema(Schema):
    """A text as it is typed in Spanish, and its English."""

    es = Text(most=MOST_TYPED, required=True)
    en = Text(most=MOST_TYPED, required=True)


class ChangedEnglishSchema(Schema):
    """A text that is typed into the report, and its English; null takes that away."""

    es = Text(most=MOST_TYPED, required=True)
    en = Text(most=MOST_TYPED, required=True, allow_none=True)


class TypedSchema(Schema):
    """The English of some of the typed texts; the others keep theirs."""

    example: ClassVar[dict[str, Any]] = {
        "english": [
            {"es": "Publicar el informe de la sesión", "en": "Publish the report of the session"}
        ]
    }

    english = fields.List(fields.Nested(ChangedEnglishSchema), required=True, validate=_TEXTS)


class ReportSchema(Schema):
    """A session and what is known of it. Without ``results`` every group reports all that it has;
    numbers are never sent, they are asked of their sources as of ``as_of``, or now. ``english``: of
    what is typed, for the report in English; what an earlier session said in the same words has its
    own already, and the rest stays in Spanish."""

    example: ClassVar[dict[str, Any]] = {
        "number": 12,
        "date": "2026-12-10",
        "place": "Sede de la Cancillería",
        "from": "2026-07-01",
        "to": "2026-11-30",
        "attendance": [{"agency": "Secretaría de Relaciones Exteriores", "attended": True}],
        "agenda": ["Resultados de los grupos de trabajo"],
        "agreements": [
            {
                "agreed": "Publicar el informe de la sesión",
                "responsible": "Secretaría de Relaciones Exteriores",
                "due": "2027-01-15",
            }
        ],
        "english": [
            {"es": "Publicar el informe de la sesión", "en": "Publish the report of the session"}
        ],
    }

    number = WholeNumber(required=True, validate=_NUMBER)
    date = Day(load_default=None, allow_none=True)
    place = Text(most=200, load_default=None, allow_none=True)
    from_ = Day(data_key="from", load_default=None, allow_none=True)
    to = Day(load_default=None, allow_none=True)
    as_of = Moment(load_default=None, allow_none=True)
    attendance = fields.List(
        fields.Nested(AttendanceSchema), load_default=None, allow_none=True, validate=_LINES
    )
    agenda = fields.List(Text(most=500), load_default=None, allow_none=True, validate=_LINES)
    results = fields.List(
        fields.Nested(ResultsSchema), load_default=None, allow_none=True, validate=_LINES
    )
    agreements = fields.List(
        fields.Nested(AgreementSchema), load_default=None, allow_none=True, validate=_LINES
    )
    english = fields.List(
        fields.Nested(EnglishSchema),
        load_default=None,
        allow_none=True,
        validate=_TEXTS,
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first, last = data.get("from_"), data.get("to")
        if (first is None) != (last is None):
            raise ValidationError([_("Di desde y hasta qué día.")], "to" if first else "from")
        if first and last and first > last:
            raise ValidationError([ORDER], "to")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> MakeReport:
        chosen = data["results"]
        return MakeReport(
            number=data["number"],
            held_on=data["date"],
            place=data["place"],
            first=data["from_"],
            last=data["to"],
            as_of=data["as_of"],
            attendance=[(each["agency"], each["attended"]) for each in data["attendance"] or ()],
            agenda=data["agenda"] or (),
            results=None if chosen is None else {e["group"]: e["codes"] for e in chosen},
            agreements=data["agreements"] or (),
            english={each["es"]: each["en"] for each in data["english"] or ()},
        )


class AmendmentSchema(Schema):
    """Why a signed report is amended."""

    example: ClassVar[dict[str, Any]] = {"reason": "La fuente corrigió una cifra"}

    reason = Text(most=500, required=True)


class ReportQuery(Schema):
    """Which version that was signed, and in which language; the report as it stands without one."""

    version = NumberInQuery(
        load_default=None,
        validate=validate.Range(1, 9999, error=_("Pide una versión desde {min}.")),
    )
    language = Choice(("es", "en"), load_default=None)


class ChoiceQuery(SliceQuery):
    """Of which session."""

    session = NumberInQuery(load_default=None, validate=_NUMBER)


class NumberForm(Schema):
    """The number of a session."""

    number = WholeNumber(required=True, validate=_NUMBER)


class DateForm(Schema):
    """When a session was held."""

    held_on = Day(required=True)


class PlaceForm(Schema):
    """Where it was held."""

    place = Text(most=200, required=True)


class PeriodForm(Schema):
    """The days that a report is about."""

    first = Day(required=True, data_key="from")
    last = Day(required=True, data_key="to")

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["first"] > data["last"]:
            raise ValidationError([ORDER], "to")


class AttendanceForm(Schema):
    """Agencies that came and those that didn't, a line each."""

    came = fields.List(
        Text(most=200), required=True, validate=validate.Length(1, MOST_LINES, error=MISSING)
    )
    absent = fields.List(Text(most=200), load_default=tuple, validate=_LINES)


class AgendaForm(Schema):
    """Points of the agenda, a line each."""

    items = fields.List(
        Text(most=500), required=True, validate=validate.Length(1, MOST_LINES, error=MISSING)
    )


class FollowUpSchema(Schema):
    """How far an agreement of an earlier session is, what shows it, and its new day where it gets
    one."""

    example: ClassVar[dict[str, Any]] = {
        "status": "under_way",
        "evidence": "Oficio 7 de 2027",
        "due": "2027-03-01",
    }

    status = Choice(tuple(FollowUpStatus), required=True)
    evidence = Text(most=MOST_TYPED, required=True)
    due_on = Day(load_default=None, allow_none=True, data_key="due")
