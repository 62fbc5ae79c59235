"""Exports: what the API answers as JSON."""

from __future__ import annotations

from consular.api.answer_fields import Answer, CalendarDay, Instant, Number, Tables, Text, Word
from services.monitoring.indicators import Unit


class ExportAnswer(Answer):
    """An export as JSON: what was asked, and the rows, of which there are ``row_count``."""

    indicator = Text()
    name = Text()
    counts = Text(says="What one is")
    unit = Word(Unit)
    cut_off = Instant(says="To the second, on the clock of cut_off_zone")
    cut_off_zone = Text()
    as_of = Instant(says="Asked with it again, the rows are the same")
    from_ = CalendarDay(data_key="from", allow_none=True)
    to = CalendarDay(allow_none=True)
    since = Instant(allow_none=True, says="With since: what has changed from then to as_of")
    by = Text(allow_none=True)
    filters = Text(allow_none=True, says="Filters, as consulate=losangeles,status=booked")
    total = Number(says="The sum of all values")
    source = Text()
    row_count = Number()
    rows = Tables(says="Codes and their words; value is a number")
