"""Each program, as its example asks for it, ends with what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.enrollments.programs.registry import PROGRAMS
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import enroll, look, until
from workers.runtime import JobContext

PLACE = {"state": "JC", "municipality": "Tlaquepaque"}
PESOS = {"amount": "12000.00", "currency": "MXN"}
FAMILY = {"name": "Rosa Demo", "born": "2015-03-02", "kinship": "child"}
DATA: dict[str, dict[str, Any]] = {
    "nss": {},
    "imss": {
        **PLACE, "rfc": "GODE561231GR8", "occupation": "Albañil", "income": PESOS,
        "period": "monthly", "has_family": True, "family": [FAMILY],
    },
    "imss_family_health": {**PLACE, "members": [{**FAMILY, "ill": False}]},
}  # fmt: skip


@pytest.mark.parametrize("program", DATA)
def test_a_program_of_imss_ends_with_its_results(
    job: JobContext, pump: Callable[[], int], program: str
) -> None:
    command = make_request(
        make_applicant(),
        program=program,
        data=DATA[program],
        consents=PROGRAMS[program].form.consents,
    )
    enrollment = enroll(job, command)
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    end = look(job, enrollment)
    results = {result.name for result in PROGRAMS[program].results}
    assert results <= set(end.result or {})
    assert ("payment_pending" in end.history) is (program != "nss")
