"""What treasury asks for: a moment on Mexico City's clocks, or a day."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields

from consular.i18n import MEXICO_CITY
from consular.input.fields import Day, Folio

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


class LocalMoment(fields.String):
    """``2026-11-26T10:00``, as browsers send a date with its time: on Mexico City's clocks."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs).strip()
        try:
            if _LOCAL.fullmatch(written) and 2000 <= int(written[:4]) <= 2200:
                return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(MEXICO_CITY))
        except ValueError:
            pass
        raise ValidationError([_("Escribe el día y la hora.")])


class BooksQuery(Schema):
    """As of when."""

    balances_at = LocalMoment(load_default=None)


class DayQuery(Schema):
    """Of which day."""

    day = Day(load_default=None)


class TraceQuery(Schema):
    """Which remittance."""

    folio = Folio(load_default=None)
