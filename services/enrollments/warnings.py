"""What in a request may be a mistake: it is said and asked about, and refuses nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.citizens.people import PersonData
from services.kernel.identifiers import parse_curp, parse_rfc
from services.kernel.name_checks import (
    KeyDifference,
    curp_differences,
    rfc_differences,
    rfc_miscopied,
)  # fmt: skip


def list_warnings(applicant: PersonData, data: Mapping[str, Any]) -> list[KeyDifference]:
    """List where the applicant's CURP, and the RFC that ``data`` may name, differ from their
    names. An identifier that can't be read is not for here to judge; nor is an erased person."""
    differences: list[KeyDifference] = []
    if applicant.curp:
        differences += curp_differences(applicant, parse_curp(applicant.curp))
    try:
        rfc = parse_rfc(str(data.get("rfc") or ""))
    except ValueError:
        return differences
    return [*differences, *rfc_differences(applicant, rfc), *rfc_miscopied(rfc)]
