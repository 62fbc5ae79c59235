"""How API and pages print and sign the reports of the Commission's sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app
from sqlalchemy.orm import Session

from consular.auth import actor, now
from consular.db import transaction
from consular.printing.report import day_in_mexico, make_report_pdf
from services.commission.assembling import assemble
from services.commission.models import CommissionReport
from services.commission.queries import get_session
from services.commission.rules import Status
from services.commission.signing import LANGUAGES, file_of, sign
from services.kernel.signatures import Signer

PDF = "application/pdf"


def sign_report(session: Session, id: UUID) -> CommissionReport:
    """Sign what was prepared; its files take a second or two. Raises what
    `services.commission.signing.sign` raises."""
    made_on, signer = day_in_mexico(now()), current_app.extensions["consular.signer"]

    def make_files(content: Mapping[str, Any]) -> dict[str, bytes]:
        return {language: make_report_pdf(content, id, language, made_on) for language in LANGUAGES}

    return sign(session, id, make_files, cast(Signer, signer), now=now(), actor=actor())


def read_pdf(id: UUID, language: str, version: int | None = None) -> bytes:
    """A version that was signed, byte for byte; without ``version`` the report as it stands: the
    draft, which says that it is one, or the signed one. Raises NotFound."""
    with transaction() as session:
        commission = get_session(session, id)
        if version is not None or commission.status == Status.SIGNED:
            return file_of(session, id, language, version)
        content = assemble(session, commission)
    return make_report_pdf(content, id, language, day_in_mexico(now()))


def as_file(data: bytes, name: str, kind: str = PDF) -> Response:
    """An answer to be saved or opened, which nothing on the way keeps."""
    return Response(
        data,
        content_type=kind,
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def file_name(number: int, version: int, language: str) -> str:
    """What the PDF is called when it is saved."""
    return f"ciaimm-{number}-v{version}-{language}.pdf"
