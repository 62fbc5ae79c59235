"""Open data: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Flag, Instant, ListAnswer, Many, Number, Text


class DatasetItem(Answer):
    """A data set; ``latest`` is the number of its newest version, null before there is one."""

    dataset = Text()
    title = Text()
    description = Text()
    license = Text()
    latest = Number(allow_none=True)


class DatasetList(ListAnswer):
    """Everything that is published, or will be."""

    items = Many(DatasetItem)


class ColumnAnswer(Answer):
    """A column of the files."""

    name = Text()
    type = Text()
    description = Text()


class FileAnswer(Answer):
    """A file of a version: its bytes never change."""

    name = Text()
    sha256 = Text()
    size = Number()
    address = Text()


class VersionAnswer(Answer):
    """A version, and what is new in it; counts below ``threshold`` were left out."""

    number = Number()
    published_at = Instant()
    as_of = Instant()
    changes = Text()
    threshold = Number()
    row_count = Number()
    suppressed_count = Number()
    files = Many(FileAnswer)


class DatasetAnswer(DatasetItem):
    """A data set with its dictionary and every version, the newest first."""

    columns = Many(ColumnAnswer)
    versions = Many(VersionAnswer)


class RowAnswer(Answer):
    """A row of data.json."""

    period = Text()
    level = Text()
    country = Text(allow_none=True)
    consulate = Text(allow_none=True)
    category = Text()
    value = Number(allow_none=True)
    suppressed = Flag()


class DataAnswer(Answer):
    """data.json, as it was published."""

    dataset = Text()
    version = Number()
    as_of = Instant()
    threshold = Number()
    license = Text()
    row_count = Number()
    rows = Many(RowAnswer)
