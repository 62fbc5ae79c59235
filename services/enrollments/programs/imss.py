"""Social security. Announced: nobody can enter it through us yet."""

from __future__ import annotations

from services.enrollments.programs.schema import Bilingual, Kind, Program, Result

IMSS = Program(
    code="imss",
    agency="imss",
    short="IMSS",
    name=Bilingual("Seguro social (IMSS)", "Social security (IMSS)"),
    results=(
        Result(
            "nss",
            Bilingual("Número de seguridad social (NSS)", "Social security number (NSS)"),
        ),
        Result("covered_from", Bilingual("Con cobertura desde", "Covered from"), Kind.DATE),
        Result("covered_to", Bilingual("Con cobertura hasta", "Covered to"), Kind.DATE),
    ),
)
