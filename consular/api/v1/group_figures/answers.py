"""What working groups report: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.monitoring.rules import ReportedUnit


class GroupIndicatorAnswer(fields.Answer):
    """What a working group reports, and in which unit."""

    group = fields.Number(attribute="group_number")
    indicator = fields.Text(attribute="code")
    name = fields.Text()
    unit = fields.Word(ReportedUnit)
    source = fields.Text()


class GroupIndicatorList(fields.ListAnswer):
    """Indicators of the working groups."""

    items = fields.Many(GroupIndicatorAnswer)


class EntryAnswer(fields.Answer):
    """A working group's figure. ``revision`` above 1: it was corrected, for the ``reason`` that it
    has. ``cut_off`` is a day in Mexico City."""

    id = fields.Id()
    group = fields.Number(attribute="group_number")
    indicator = fields.Text(attribute="code")
    name = fields.Text()
    unit = fields.Word(ReportedUnit)
    session = fields.Number(attribute="session_number", allow_none=True)
    period = fields.Text(allow_none=True)
    value = fields.Figure()
    cut_off = fields.CalendarDay(allow_none=True)
    source = fields.Text()
    note = fields.Text(allow_none=True)
    revision = fields.Number()
    reason = fields.Text(allow_none=True)
    entered_by = fields.Text(allow_none=True, says="Null for what came with the program")
    entered_at = fields.Instant()


class EntryList(fields.ListAnswer):
    """Figures in force, or every revision of one, the newest first."""

    items = fields.Many(EntryAnswer)


class FileProblemAnswer(fields.Answer):
    """What is wrong in a line of a file."""

    line = fields.Number(says="Of the file; the names of the columns are line 1")
    column = fields.Text()
    message = fields.Text()


class EntriesFileAnswer(fields.Answer):
    """What a file of figures would do, or did: nothing where a line has problems."""

    written = fields.Flag(says="Whether its lines are kept now")
    new = fields.Number()
    corrected = fields.Number()
    known = fields.Number(says="Lines that are in force as they stand")
    problems = fields.Many(FileProblemAnswer)
