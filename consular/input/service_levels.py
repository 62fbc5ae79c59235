"""Service levels: what may be asked for."""

from __future__ import annotations

from marshmallow import Schema

from consular.input.fields import Code


class OfficeQuery(Schema):
    """One office, or every one that the reader may see."""

    consulate = Code(load_default=None)
