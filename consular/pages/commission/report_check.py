"""Which files of a report were signed, for anybody who holds one."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.input.commission import ReportQuery
from consular.input.loading import load_fields
from consular.pages.commission.blueprint import pages
from consular.session_reports import as_file
from services.commission.queries import get_report, get_session, list_reports
from services.commission.signing import signature_of
from services.files.cleaning import MEBIBYTES
from services.kernel.errors import NotFound
from services.kernel.signatures import is_signed_by_us, withdrawn_at

ZONE = "America/Mexico_City"


@pages.get("/verify/report/<uuid:id>")
@allow(ANYONE)
def verify(id: UUID) -> str:
    """Show the hashes of the files that were signed, of each version; nothing of what they say."""
    with transaction() as session:
        number = get_session(session, id).number
        versions = [
            {
                **_shown(row),
                "valid": is_signed_by_us(session, signature_of(row)),
                "withdrawn_at": withdrawn_at(session, row.key),
            }
            for row in list_reports(session, id)
        ]
    if not versions:
        raise NotFound()
    return render_template(
        "commission/verify.html",
        id=id,
        number=number,
        versions=versions,
        zone=ZONE,
        mebibytes=MEBIBYTES,
    )


@pages.get("/verify/report/<uuid:id>/signature.json")
@allow(ANYONE)
def signature(id: UUID) -> Response:
    """Return the signature of a version, to be kept beside its file."""
    version = load_fields(ReportQuery(), request.args.to_dict())["version"]
    with transaction() as session:
        report = get_report(session, id, version)
    data = json.dumps(signature_of(report).as_json(), indent=1).encode()
    return as_file(data, f"signature-v{report.version}.json", "application/json")


def _shown(report: Any) -> dict[str, Any]:
    statement = json.loads(report.statement)
    return {
        "version": report.version,
        "example": statement["example"],
        "signed_at": report.signed_at,
        "key": report.key,
        "files": statement["files"],
    }
