"""The programs, in the order in which they are listed. To add one, see docs/add-a-program.md."""

from __future__ import annotations

from services.enrollments.programs.imss import IMSS
from services.enrollments.programs.imss_family_health import IMSS_FAMILY_HEALTH
from services.enrollments.programs.infonavit import INFONAVIT
from services.enrollments.programs.nss import NSS
from services.enrollments.programs.rfc import RFC
from services.enrollments.programs.schema import Program

PROGRAMS: dict[str, Program] = {
    program.code: program for program in (RFC, NSS, IMSS, IMSS_FAMILY_HEALTH, INFONAVIT)
}


def open_programs() -> list[Program]:
    """The programs that people can ask for."""
    return [program for program in PROGRAMS.values() if program.open]
