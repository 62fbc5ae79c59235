"""Indicators: what may be asked and what comes back."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from consular.api.answer_fields import CalendarDay, Instant, Word
from consular.api.fields import Choice, Code, Day, Moment
from services.monitoring.indicators import AskIndicator, Dimension, Unit

# There was nothing to count before, and clocks of other zones can't show the very first days.
EARLIEST_YEAR = 2000


class Dimensions(fields.String):
    """``program,consulate``: any of the dimensions, each at most once."""

    def __init__(self, **kwargs: Any) -> None:
        one = "|".join(Dimension)
        shape = {"pattern": f"^({one})(,({one}))*$", "examples": ["program,status"]}
        super().__init__(metadata=shape, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        names = [name.strip() for name in text.split(",") if name.strip()]
        try:
            found = tuple(Dimension(name) for name in names)
        except ValueError:
            found = ()
        if len(set(found)) != len(names):
            raise ValidationError(
                [_("Desglosa por program, consulate, day o status, una vez cada uno.")]
            )
        return found


class IndicatorQuery(Schema):
    """Days are included; ``as_of`` is the moment of an earlier answer, or any other.

    ``compare=previous`` puts beside each value that of as many days just before.
    """

    by = Dimensions(load_default=tuple)
    from_ = Day(data_key="from", load_default=None)
    to = Day(load_default=None)
    as_of = Moment(load_default=None)
    program = Code(load_default=None)
    consulate = Code(load_default=None)
    compare = Choice(("previous",), load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("from_") and data.get("to") and data["from_"] > data["to"]:
            raise ValidationError([_("El periodo termina antes de empezar.")], "to")
        if data.get("as_of") and data["as_of"].year < EARLIEST_YEAR:
            raise ValidationError([_("Esa fecha no se puede usar.")], "as_of")
        whole = data.get("from_") and data.get("to") and Dimension.DAY not in data.get("by", ())
        if data.get("compare") and not whole:
            raise ValidationError(
                [_("Para comparar, di desde y hasta cuándo, sin desglosar por día.")], "compare"
            )

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> AskIndicator:
        return AskIndicator(
            code="",
            by=data["by"],
            first=data["from_"],
            last=data["to"],
            as_of=data["as_of"],
            program=data["program"],
            consulate=data["consulate"],
            compare=data["compare"] is not None,
        )


class IndicatorItem(Schema):
    """An indicator that can be asked for: ``unit`` is what one is, ``counts`` says it in words."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = Word(Unit, required=True)
    counts = fields.String(required=True)


class FigureAnswer(Schema):
    """A value, and of which status; the other dimensions where they were asked for."""

    status = fields.String(required=True)
    value = fields.Integer(required=True)
    compared = fields.Integer(metadata={"description": "With compare: of the period before"})
    program = fields.String()
    consulate = fields.String(allow_none=True)
    day = CalendarDay()


class IndicatorAnswer(IndicatorItem):
    """``rows`` as of ``as_of``: asked with it again, they are the same."""

    as_of = Instant(required=True)
    rows = fields.List(fields.Nested(FigureAnswer), required=True)


class IndicatorList(Schema):
    """All of them."""

    items = fields.List(fields.Nested(IndicatorItem), required=True)
    next = fields.String(allow_none=True, required=True)
