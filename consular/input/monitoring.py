"""Indicators: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from consular.auth import actor
from consular.input.fields import Choice, Code, Day, Moment
from services.facts.people import AgeBand, Sex
from services.kernel.audit import Role
from services.monitoring.dimensions import FILTERS, PERSONAL, Dimension
from services.monitoring.figures import AskIndicator

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
            dimensions = tuple(Dimension(name) for name in names)
        except ValueError:
            dimensions = ()
        if len(set(dimensions)) != len(names):
            raise ValidationError(
                [_("Desglosa por %(names)s, una vez cada uno.", names=", ".join(Dimension))]
            )
        return dimensions


class IndicatorQuery(Schema):
    """Days are included; ``as_of`` is the moment of an earlier answer, or any other.

    ``compare=previous`` puts beside each value that of as many days just before. ``since`` keeps
    only the figures that have changed since that moment, with what they were ``before``.
    """

    by = Dimensions(load_default=tuple)
    from_ = Day(data_key="from", load_default=None)
    to = Day(load_default=None)
    as_of = Moment(load_default=None)
    program = Code(load_default=None)
    consulate = Code(load_default=None)
    country = Code(load_default=None)
    mode = Code(load_default=None)
    election = Code(load_default=None)
    state_of_origin = Code(load_default=None)
    sex = Choice(tuple(Sex), load_default=None)
    age_band = Choice(tuple(AgeBand), load_default=None)
    status = Code(load_default=None)
    compare = Choice(("previous",), load_default=None)
    since = Moment(load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("from_") and data.get("to") and data["from_"] > data["to"]:
            raise ValidationError([_("El periodo termina antes de empezar.")], "to")
        if data.get("as_of") and data["as_of"].year < EARLIEST_YEAR:
            raise ValidationError([_("Esa fecha no se puede usar.")], "as_of")
        asked = {*data.get("by", ()), *(name for name in FILTERS if data.get(name))}
        if asked & PERSONAL and actor().role is not Role.ANALYST:
            raise ValidationError([_("Ese desglose es solo para quien analiza las cifras.")], "by")
        whole = data.get("from_") and data.get("to") and Dimension.DAY not in data.get("by", ())
        if data.get("compare") and not whole:
            raise ValidationError(
                [_("Para comparar, di desde y hasta cuándo, sin desglosar por día.")], "compare"
            )

    @validates_schema
    def _changes(self, data: dict[str, Any], **_kwargs: Any) -> None:
        since, as_of = data.get("since"), data.get("as_of")
        if since and as_of and since > as_of:
            raise ValidationError([_("Elige un momento anterior al corte.")], "since")
        if since and data.get("compare"):
            raise ValidationError(
                [_("Pide los cambios desde un momento o la comparación, no ambos.")], "since"
            )

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> AskIndicator:
        return AskIndicator(
            code="",
            by=data["by"],
            first=data["from_"],
            last=data["to"],
            as_of=data["as_of"],
            only={name: data[name] for name in FILTERS if data[name]},
            compare=data["compare"] is not None,
            since=data["since"],
        )


class ExportQuery(IndicatorQuery):
    """An indicator, and what may be asked of it."""

    indicator = Code(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **kwargs: Any) -> AskIndicator:
        ask: AskIndicator = super()._command(data, **kwargs)
        return replace(ask, code=data["indicator"])
