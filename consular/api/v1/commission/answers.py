"""Session reports of the Commission: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from consular.signed_files import DATASET, REPORT
from services.commission.rules import FollowUpStatus, Part, Source, Status
from services.kernel.audit import Role


class ResultAnswer(fields.Answer):
    """A number with all that says where it is from: asked again with its query and `as_of`, it is
    the same. ``before`` is that of the period before, null where there is none."""

    group = fields.Number()
    code = fields.Text()
    name = fields.Text()
    value = fields.Text(says="A decimal number as text, so that no reader rounds it")
    before = fields.Text(allow_none=True)
    unit = fields.Text()
    source = fields.Word(Source)
    query = fields.Table()
    as_of = fields.Instant(allow_none=True)
    revision = fields.Number(allow_none=True)


class AgreementAnswer(fields.Answer):
    """What the session agreed on; ``number`` is its session's and its own."""

    id = fields.Id()
    number = fields.Text()
    agreed = fields.Text()
    responsible = fields.Text()
    due = fields.CalendarDay(attribute="due_on")


class FollowedAnswer(AgreementAnswer):
    """An agreement of an earlier session that none closed. ``before``: how far it was at the last
    one; ``status`` and ``evidence``: what this session says, null until it says something."""

    before = fields.Word(FollowUpStatus)
    status = fields.Word(FollowUpStatus, allow_none=True)
    evidence = fields.Text(allow_none=True)


class TypedAnswer(fields.Answer):
    """A text that somebody typed, and its English, null where it has none: then the report in
    English says it in Spanish."""

    es = fields.Text()
    en = fields.Text(allow_none=True)


class VersionAnswer(fields.Answer):
    """A version that was signed."""

    version = fields.Number()
    signed_at = fields.Instant()
    content_sha256 = fields.Text()
    key = fields.Text()


class ReportAnswer(fields.Answer):
    """A report as it stands. ``missing``: what it still needs before it can be prepared."""

    id = fields.Id()
    number = fields.Number()
    example = fields.Flag()
    date = fields.CalendarDay(attribute="held_on", allow_none=True)
    place = fields.Text(allow_none=True)
    first = fields.CalendarDay(data_key="from", allow_none=True)
    last = fields.CalendarDay(data_key="to", allow_none=True)
    status = fields.Word(Status)
    version = fields.Number()
    as_of = fields.Instant(allow_none=True)
    missing = fields.Texts(fields.Word(Part))
    followed = fields.Many(FollowedAnswer)
    agreements = fields.Many(AgreementAnswer)
    results = fields.Many(ResultAnswer)
    english = fields.Many(TypedAnswer)
    versions = fields.Many(VersionAnswer)
    pdf = fields.Text()


class ReportItem(fields.Answer):
    """A report in a list."""

    id = fields.Id()
    number = fields.Number()
    example = fields.Flag()
    date = fields.CalendarDay(attribute="held_on", allow_none=True)
    status = fields.Word(Status)
    version = fields.Number()


class ReportList(fields.ListAnswer):
    """All reports, the newest first."""

    items = fields.Many(ReportItem)


class ChoiceItem(fields.Answer):
    """A line that a group may report; ``choice`` is its group and its code."""

    choice = fields.Text()
    group = fields.Number()
    code = fields.Text()
    name = fields.Text()
    source = fields.Word(Source)


class ChoiceList(fields.ListAnswer):
    """All that the six groups may report."""

    items = fields.Many(ChoiceItem)


class SignatureAnswer(fields.Answer):
    """The signature of a version, beside its file, as `verify_signed.py` reads it."""

    algorithm = fields.Text()
    key = fields.Text()
    statement = fields.Text()
    signature = fields.Text()


class SigningKeyItem(fields.Answer):
    """A public key that signed, in base64. What a withdrawn one signed may be anybody's."""

    key = fields.Text()
    public_key = fields.Text()
    first_used_at = fields.Instant()
    withdrawn_at = fields.Instant(allow_none=True)


class SigningKeyList(fields.ListAnswer):
    """Every public key that ever signed."""

    items = fields.Many(SigningKeyItem)


class SignedFileAnswer(fields.Answer):
    """What a file is, by its SHA-256: the PDF of a signed report, or open data as it was published.

    ``latest`` is the newest version of the same; ``at`` when this one was signed or published.
    """

    sha256 = fields.Text()
    kind = fields.Word((REPORT, DATASET))
    version = fields.Number()
    latest = fields.Number()
    at = fields.Instant()
    report = fields.Id(required=False)
    session = fields.Number(required=False)
    language = fields.Text(required=False)
    example = fields.Flag(required=False)
    signed_by_role = fields.Word((Role.ANALYST,), required=False)
    key = fields.Text(required=False)
    valid = fields.Flag(required=False)
    withdrawn_at = fields.Instant(required=False, allow_none=True)
    dataset = fields.Text(required=False)
    name = fields.Text(required=False)
