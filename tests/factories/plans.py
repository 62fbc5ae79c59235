"""All programs open, data that each of them takes, and enrollments brought to active."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.rules import Status
from tests.factories.remittances import NOW, VAULT

RFC_NUMBER, NSS_NUMBER = "GODE561231GR8", "12345678903"
RESULTS: dict[str, dict[str, str]] = {"rfc": {"rfc": RFC_NUMBER}, "nss": {"nss": NSS_NUMBER}}
IMSS_DATA: dict[str, Any] = {
    "state": "JC",
    "municipality": "Guadalajara",
    "occupation": "Cocinera",
    "income": {"amount": "12000.00", "currency": "MXN"},
    "period": "monthly",
    "has_family": False,
}


def open_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people ask for every program."""
    for code, program in PROGRAMS.items():
        monkeypatch.setitem(PROGRAMS, code, replace(program, announced=False))


def activate(session: Session, enrollment: Enrollment) -> Enrollment:
    """The agency says that it is active, and gives its number."""
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    result = RESULTS.get(enrollment.program, {})
    said = AgencyStatus(Status.ACTIVE, result)
    return record_progress(session, enrollment.id, said, now=NOW, vault=VAULT)
