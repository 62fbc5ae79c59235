"""Open data: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class DatasetItem(fields.Answer):
    """A data set; ``latest`` is the number of its newest version, null before there is one."""

    dataset = fields.Text()
    title = fields.Text()
    description = fields.Text()
    license = fields.Text()
    latest = fields.Number(allow_none=True)


class DatasetList(fields.ListAnswer):
    """Everything that is published, or will be."""

    items = fields.Many(DatasetItem)


class ColumnAnswer(fields.Answer):
    """A column of the files."""

    name = fields.Text()
    type = fields.Text()
    description = fields.Text()


class FileAnswer(fields.Answer):
    """A file of a version: its bytes never change."""

    name = fields.Text()
    sha256 = fields.Text()
    size = fields.Number()
    address = fields.Text()


class VersionAnswer(fields.Answer):
    """A version, and what is new in it; counts below ``threshold`` were left out."""

    number = fields.Number()
    published_at = fields.Instant()
    as_of = fields.Instant()
    changes = fields.Text()
    threshold = fields.Number()
    row_count = fields.Number()
    suppressed_count = fields.Number()
    files = fields.Many(FileAnswer)


class DatasetAnswer(DatasetItem):
    """A data set with its dictionary and every version, the newest first."""

    columns = fields.Many(ColumnAnswer)
    versions = fields.Many(VersionAnswer)


class RowAnswer(fields.Answer):
    """A row of data.json."""

    period = fields.Text()
    level = fields.Text()
    country = fields.Text(allow_none=True)
    consulate = fields.Text(allow_none=True)
    category = fields.Text()
    value = fields.Number(allow_none=True)
    suppressed = fields.Flag()


class DataAnswer(fields.Answer):
    """data.json, as it was published."""

    dataset = fields.Text()
    version = fields.Number()
    as_of = fields.Instant()
    threshold = fields.Number()
    license = fields.Text()
    row_count = fields.Number()
    rows = fields.Many(RowAnswer)
