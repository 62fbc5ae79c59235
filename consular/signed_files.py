"""What is known of a file by its SHA-256: whether it was signed or published here, and as what."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from consular.i18n import in_language
from services.commission.models import CommissionReport
from services.commission.queries import get_session, list_reports
from services.commission.signing import find_signed, signature_of
from services.kernel.audit import Role
from services.kernel.signatures import is_signed_by_us, withdrawn_at
from services.open_data.datasets import DATASETS
from services.open_data.models import DatasetVersion
from services.open_data.queries import find_latest, find_published

REPORT, DATASET = "session_report", "open_data"


def find_file(session: Session, sha256: str) -> dict[str, Any] | None:
    """The file as the API and the pages tell it; None where it is none of ours, or was changed."""
    if signed := find_signed(session, sha256):
        return {"sha256": sha256, "kind": REPORT, **_report(session, *signed)}
    if published := find_published(session, sha256):
        return {"sha256": sha256, "kind": DATASET, **_dataset(session, *published)}
    return None


def _report(session: Session, report: CommissionReport, language: str) -> dict[str, Any]:
    return {
        "report": report.session_id,
        "session": get_session(session, report.session_id).number,
        "language": language,
        "example": json.loads(report.statement)["example"],
        "version": report.version,
        "latest": list_reports(session, report.session_id)[0].version,
        "at": report.signed_at,
        # Never the name: the hash is public, and what the file says is for whoever has it.
        "signed_by_role": Role.ANALYST,
        "key": report.key,
        "valid": is_signed_by_us(session, signature_of(report)),
        "withdrawn_at": withdrawn_at(session, report.key),
    }


def _dataset(session: Session, version: DatasetVersion, name: str) -> dict[str, Any]:
    latest = find_latest(session, version.dataset) or version
    return {
        "dataset": version.dataset,
        "title": in_language(DATASETS[version.dataset], "title"),
        "name": name,
        "version": version.number,
        "latest": latest.number,
        "at": version.published_at,
    }
