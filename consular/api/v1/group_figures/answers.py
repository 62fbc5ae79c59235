"""What working groups report: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Figure,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Text,
    Word,
)
from services.monitoring.rules import ReportedUnit


class GroupIndicatorAnswer(Answer):
    """What a working group reports, and in which unit."""

    group = Number(attribute="group_number")
    indicator = Text(attribute="code")
    name = Text()
    unit = Word(ReportedUnit)
    source = Text()


class GroupIndicatorList(ListAnswer):
    """Indicators of the working groups."""

    items = Many(GroupIndicatorAnswer)


class EntryAnswer(Answer):
    """A working group's figure. ``revision`` above 1: it was corrected, for the ``reason`` that it
    has. ``cut_off`` is a day in Mexico City."""

    id = Id()
    group = Number(attribute="group_number")
    indicator = Text(attribute="code")
    name = Text()
    unit = Word(ReportedUnit)
    session = Number(attribute="session_number", allow_none=True)
    period = Text(allow_none=True)
    value = Figure()
    cut_off = CalendarDay(allow_none=True)
    source = Text()
    note = Text(allow_none=True)
    revision = Number()
    reason = Text(allow_none=True)
    entered_by = Text(allow_none=True, says="Null for what came with the program")
    entered_at = Instant()


class EntryList(ListAnswer):
    """Figures in force, or every revision of one, the newest first."""

    items = Many(EntryAnswer)


class FileProblemAnswer(Answer):
    """What is wrong in a line of a file."""

    line = Number(says="Of the file; the names of the columns are line 1")
    column = Text()
    message = Text()


class EntriesFileAnswer(Answer):
    """What a file of figures would do, or did: nothing where a line has problems."""

    written = Flag(says="Whether its lines are kept now")
    new = Number()
    corrected = Number()
    known = Number(says="Lines that are in force as they stand")
    problems = Many(FileProblemAnswer)
