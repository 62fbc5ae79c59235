"""Reports of the Commission's sessions over the API, and what verifies them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.commission.answers import (
    AgreementAnswer,
    ChoiceItem,
    ChoiceList,
    FollowedAnswer,
    ReportAnswer,
    ReportItem,
    ReportList,
    ResultAnswer,
    SignatureAnswer,
    SignedFileAnswer,
    SigningKeyItem,
    SigningKeyList,
    TypedAnswer,
    VersionAnswer,
)
from consular.auth import ANALYSTS, ANYONE, MONITORS, actor, now
from consular.db import transaction
from consular.i18n import current_language
from consular.input.commission import (
    AmendmentSchema,
    ChoiceQuery,
    FollowUpSchema,
    ReportQuery,
    ReportSchema,
    TypedSchema,
)
from consular.input.paging import SliceQuery, slice_of
from consular.input.signed_files import FileForm
from consular.session_reports import as_file, file_name, read_pdf, sign_report
from consular.signed_files import find_file
from services.commission import signing
from services.commission.assembling import assemble, plain, typed_texts
from services.commission.choices import list_choices
from services.commission.editing import (
    FollowAgreement,
    MakeReport,
    follow_up,
    make_report,
    refresh,
    set_english,
)
from services.commission.queries import (
    Followed,
    get_report,
    get_session,
    list_agreements,
    list_followed,
    list_missing,
    list_reports,
    list_results,
    list_sessions,
    next_number,
)
from services.commission.rules import FollowUpStatus
from services.commission.signing import signature_of
from services.kernel import verify_signed
from services.kernel.errors import NotFound
from services.kernel.signatures import list_signing_keys
from services.monitoring.rules import GROUPS

api = Blueprint("reports", __name__, url_prefix="/api/v1")
# Analysts write and sign, never the same one; auditors and administrators read.
WRITERS = ANALYSTS
REPORTS = "/monitoring/reports"


@endpoint(
    api,
    "POST",
    REPORTS,
    operation="makeReport",
    who=WRITERS,
    body=ReportSchema(),
    answer=ReportAnswer(),
    status=201,
    errors={409: ("session_taken",), 422: ("in_the_future", "not_expected")},
)
def create_report(command: MakeReport) -> Any:
    """Begin the report of a session. Its numbers are asked of their sources, as of one moment."""
    body = run_once(
        lambda session: _shown(session, make_report(session, command, now=now(), actor=actor())),
        status=201,
    )
    return body, {"Location": url_for("reports.show_report", report=body["id"])}


@endpoint(
    api,
    "GET",
    REPORTS,
    operation="listReports",
    who=MONITORS,
    query=SliceQuery(),
    answer=ReportList(),
)
def list_all_reports(query: dict[str, Any]) -> dict[str, Any]:
    """List the reports of sessions, the newest first."""
    with transaction() as session:
        items = [ReportItem.render(row) for row in list_sessions(session)]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "GET",
    f"{REPORTS}/choices",
    operation="listReportChoices",
    who=MONITORS,
    query=ChoiceQuery(),
    answer=ChoiceList(),
)
def list_report_choices(query: dict[str, Any]) -> dict[str, Any]:
    """List what each of the groups may report at a session: at the next one unless it is named."""
    with transaction() as session:
        number = query["session"] or next_number(session)
        items = [
            ChoiceItem.render(
                each, choice=f"{group}.{each.code}", name=each.name[current_language()]
            )
            for group in GROUPS
            for each in list_choices(session, group, number)
        ]
    return slice_of(items, query, "choice")


@endpoint(
    api,
    "GET",
    f"{REPORTS}/<uuid:report>",
    operation="showReport",
    who=MONITORS,
    answer=ReportAnswer(),
)
def show_report(report: UUID) -> dict[str, Any]:
    """Return a report as it stands, each number with its query, its moment and its revision."""
    with transaction() as session:
        return _shown(session, get_session(session, report))


@endpoint(
    api,
    "GET",
    f"{REPORTS}/<uuid:report>.pdf",
    operation="printReport",
    who=MONITORS,
    query=ReportQuery(),
    content=("application/pdf",),
)
def print_report(report: UUID, query: dict[str, Any]) -> Response:
    """Return a report as PDF.

    A version that was signed is always the same bytes; a draft says on each page that it is one.
    """
    language = query["language"] or current_language()
    with transaction() as session:
        commission = get_session(session, report)
    data = read_pdf(report, language, query["version"])
    version = query["version"] or commission.version
    return as_file(data, file_name(commission.number, version, language))


@endpoint(
    api,
    "GET",
    f"{REPORTS}/<uuid:report>/signature",
    operation="showReportSignature",
    who=MONITORS,
    query=ReportQuery(),
    answer=SignatureAnswer(),
)
def show_signature(report: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Return the signature of a version, to be kept beside its PDF."""
    with transaction() as session:
        signed = signature_of(get_report(session, report, query["version"]))
    return SignatureAnswer.render(**signed.as_json())


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/refresh",
    operation="refreshReport",
    who=WRITERS,
    answer=ReportAnswer(),
    errors={409: ("wrong_state",)},
)
def refresh_report(report: UUID) -> dict[str, Any]:
    """Count every number of a draft anew, as of now."""
    return _run(refresh, report)


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/english",
    operation="writeEnglish",
    who=WRITERS,
    body=TypedSchema(),
    answer=ReportAnswer(),
    errors={409: ("wrong_state",), 422: ("not_expected",)},
)
def write_english(report: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Write in a draft the English of what is typed into it."""
    english = {each["es"]: each["en"] or "" for each in command["english"]}
    return run_once(
        lambda session: _shown(
            session, set_english(session, report, english, now=now(), actor=actor())
        )
    )


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/agreements/<uuid:agreement>/follow-up",
    operation="followAgreement",
    who=WRITERS,
    body=FollowUpSchema(),
    answer=ReportAnswer(),
    errors={409: ("wrong_state",)},
)
def follow_agreement(report: UUID, agreement: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Say in a draft how far an agreement of an earlier session is.

    One that is done or withdrawn isn't carried on to the next session.
    """
    status = FollowUpStatus(command["status"])
    said = FollowAgreement(agreement, status, command["evidence"], command["due_on"])
    return run_once(
        lambda session: _shown(session, follow_up(session, report, said, now=now(), actor=actor()))
    )


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/prepare",
    operation="prepareReport",
    who=WRITERS,
    answer=ReportAnswer(),
    errors={409: ("wrong_state", "report_incomplete", "nothing_changed")},
)
def prepare_report(report: UUID) -> dict[str, Any]:
    """Hand a draft over to another person, who signs it or returns it."""
    return _run(signing.prepare, report)


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/return",
    operation="returnReport",
    who=WRITERS,
    answer=ReportAnswer(),
    errors={409: ("wrong_state",)},
)
def return_report(report: UUID) -> dict[str, Any]:
    """Make a draft of a prepared report again."""
    return _run(signing.return_draft, report)


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/sign",
    operation="signReport",
    who=WRITERS,
    answer=ReportAnswer(),
    errors={
        409: ("wrong_state", "self_signing"),
        503: ("signing_key_missing",),
    },
)
def sign(report: UUID) -> dict[str, Any]:
    """Sign what somebody else prepared: this version never changes again."""

    def sign_prepared(session: Session) -> dict[str, Any]:
        sign_report(session, report)
        return _shown(session, get_session(session, report))

    return run_once(sign_prepared)


@endpoint(
    api,
    "POST",
    f"{REPORTS}/<uuid:report>/amend",
    operation="amendReport",
    who=WRITERS,
    body=AmendmentSchema(),
    answer=ReportAnswer(),
    errors={409: ("wrong_state",)},
)
def amend_report(report: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Open the next version of a signed report; the signed one stays as it is."""
    return run_once(
        lambda session: _shown(
            session,
            signing.amend(session, report, command["reason"], now=now(), actor=actor()),
        )
    )


@endpoint(
    api,
    "GET",
    "/signing-keys",
    operation="listSigningKeys",
    who=ANYONE,
    query=SliceQuery(),
    answer=SigningKeyList(),
)
def list_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List every public key that ever signed: keep them, to verify what was signed offline."""
    with transaction() as session:
        items = [
            SigningKeyItem.render(row, public_key=base64.b64encode(row.public_key).decode())
            for row in list_signing_keys(session)
        ]
    return slice_of(items, query, "key")


@endpoint(
    api,
    "GET",
    "/verify_signed.py",
    operation="downloadVerifier",
    who=ANYONE,
    content=("text/x-python",),
)
def download_verifier() -> Response:
    """Return the program that verifies a signed file without asking anybody."""
    data = Path(verify_signed.__file__).read_bytes()
    return as_file(data, "verify_signed.py", "text/x-python; charset=utf-8")


@endpoint(
    api,
    "GET",
    "/signed-files",
    operation="findSignedFile",
    who=ANYONE,
    query=FileForm(),
    answer=SignedFileAnswer(),
    errors={404: ("not_found",)},
)
def find_signed_file(query: dict[str, Any]) -> dict[str, Any]:
    """Return what the file with that SHA-256 is: of which version, and who signed it.

    404 for a file that was changed, or isn't one of ours.
    """
    with transaction() as session:
        file = find_file(session, query["sha256"])
    if file is None:
        raise NotFound()
    return SignedFileAnswer.render(**file)


def _run(step: Any, report: UUID) -> dict[str, Any]:
    return run_once(
        lambda session: _shown(session, step(session, report, now=now(), actor=actor()))
    )


def _shown(session: Session, commission: Any) -> dict[str, Any]:
    return ReportAnswer.render(
        commission,
        missing=list_missing(session, commission),
        followed=[_followed(each) for each in list_followed(session, commission)],
        agreements=[
            AgreementAnswer.render(row, number=f"{commission.number}/{row.position}")
            for row in list_agreements(session, commission.id)
        ],
        results=[_result(row) for row in list_results(session, commission.id)],
        english=_typed(session, commission),
        versions=[VersionAnswer.render(row) for row in list_reports(session, commission.id)],
        pdf=url_for("reports.print_report", report=commission.id),
    )


def _typed(session: Session, commission: Any) -> list[dict[str, Any]]:
    content = assemble(session, commission)
    return [
        TypedAnswer.render(es=text, en=content["english"].get(text))
        for text in typed_texts(content)
    ]


def _followed(each: Followed) -> dict[str, Any]:
    return FollowedAnswer.render(
        each.agreement,
        number=f"{each.session_number}/{each.agreement.position}",
        due=(each.now and each.now.due_on) or each.due_on,
        before=each.before,
        status=each.now and each.now.status,
        evidence=each.now and each.now.evidence,
    )


def _result(row: Any) -> dict[str, Any]:
    return ResultAnswer.render(
        row,
        group=row.working_group,
        name=row.texts["name"][current_language()],
        value=plain(row.value),
        before=None if row.before is None else plain(row.before),
    )
