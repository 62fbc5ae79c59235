"""Exports: what the API answers as JSON."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.monitoring.indicators import Unit


class ExportAnswer(fields.Answer):
    """An export as JSON: what was asked, and the rows, of which there are ``row_count``."""

    indicator = fields.Text()
    name = fields.Text()
    counts = fields.Text(says="What one is")
    unit = fields.Word(Unit)
    cut_off = fields.Instant(says="To the second, on the clock of cut_off_zone")
    cut_off_zone = fields.Text()
    as_of = fields.Instant(says="Asked with it again, the rows are the same")
    from_ = fields.CalendarDay(data_key="from", allow_none=True)
    to = fields.CalendarDay(allow_none=True)
    since = fields.Instant(allow_none=True, says="With since: what has changed from then to as_of")
    by = fields.Text(allow_none=True)
    filters = fields.Text(allow_none=True, says="Filters, as consulate=losangeles,status=booked")
    total = fields.Number(says="The sum of all values")
    source = fields.Text()
    row_count = fields.Number()
    rows = fields.Tables(says="Codes and their words; value is a number")
