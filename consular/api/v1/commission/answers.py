"""Session reports of the Commission: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Table,
    Text,
    Texts,
    Word,
)
from services.commission.rules import FollowUpStatus, Part, Source, Status


class ResultAnswer(Answer):
    """A number with all that says where it is from: asked again with its query and `as_of`, it is
    the same. ``before`` is that of the period before, null where there is none."""

    group = Number()
    code = Text()
    name = Text()
    value = Text(says="A decimal number as text, so that no reader rounds it")
    before = Text(allow_none=True)
    unit = Text()
    source = Word(Source)
    query = Table()
    as_of = Instant(allow_none=True)
    revision = Number(allow_none=True)


class AgreementAnswer(Answer):
    """What the session agreed on; ``number`` is its session's and its own."""

    id = Id()
    number = Text()
    agreed = Text()
    responsible = Text()
    due = CalendarDay(attribute="due_on")


class FollowedAnswer(AgreementAnswer):
    """An agreement of an earlier session that none closed. ``before``: how far it was at the last
    one; ``status`` and ``evidence``: what this session says, null until it says something."""

    before = Word(FollowUpStatus)
    status = Word(FollowUpStatus, allow_none=True)
    evidence = Text(allow_none=True)


class VersionAnswer(Answer):
    """A version that was signed."""

    version = Number()
    signed_at = Instant()
    content_sha256 = Text()
    key = Text()


class ReportAnswer(Answer):
    """A report as it stands. ``missing``: what it still needs before it can be prepared."""

    id = Id()
    number = Number()
    example = Flag()
    date = CalendarDay(attribute="held_on", allow_none=True)
    place = Text(allow_none=True)
    first = CalendarDay(data_key="from", allow_none=True)
    last = CalendarDay(data_key="to", allow_none=True)
    status = Word(Status)
    version = Number()
    as_of = Instant(allow_none=True)
    missing = Texts(Word(Part))
    followed = Many(FollowedAnswer)
    agreements = Many(AgreementAnswer)
    results = Many(ResultAnswer)
    versions = Many(VersionAnswer)
    pdf = Text()


class ReportItem(Answer):
    """A report in a list."""

    id = Id()
    number = Number()
    example = Flag()
    date = CalendarDay(attribute="held_on", allow_none=True)
    status = Word(Status)
    version = Number()


class ReportList(ListAnswer):
    """All reports, the newest first."""

    items = Many(ReportItem)


class ChoiceItem(Answer):
    """A line that a group may report; ``choice`` is its group and its code."""

    choice = Text()
    group = Number()
    code = Text()
    name = Text()
    source = Word(Source)


class ChoiceList(ListAnswer):
    """All that the six groups may report."""

    items = Many(ChoiceItem)


class SignatureAnswer(Answer):
    """The signature of a version, beside its file, as `verify_signed.py` reads it."""

    algorithm = Text()
    key = Text()
    statement = Text()
    signature = Text()


class SigningKeyItem(Answer):
    """A public key that signed, in base64. What a withdrawn one signed may be anybody's."""

    key = Text()
    public_key = Text()
    first_used_at = Instant()
    withdrawn_at = Instant(allow_none=True)


class SigningKeyList(ListAnswer):
    """Every public key that ever signed."""

    items = Many(SigningKeyItem)
