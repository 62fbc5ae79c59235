"""The laws and official pages that programs rest on, and how one is cited.

A source is the law's short name and its articles, as in ``LSS 13-I``, or the page of the agency
where no text of a law says so; several are joined by semicolons. The texts of the laws:
juan-jose-ochoa/leyes (January 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.kernel.questionnaires import Bilingual


class Law(NamedTuple):
    """A law's whole name, and what its parts are called."""

    name: Bilingual
    part: Bilingual = Bilingual("art.", "art.")


LAWS: Mapping[str, Law] = {
    "CFF": Law(Bilingual("Código Fiscal de la Federación", "Federal Tax Code")),
    "LFPA": Law(
        Bilingual(
            "Ley Federal de Procedimiento Administrativo", "Federal Administrative Procedure Act"
        )
    ),
    "LINFONAVIT": Law(Bilingual("Ley del Infonavit", "Infonavit Act")),
    "LSS": Law(Bilingual("Ley del Seguro Social", "Social Security Act")),
    "RACERF": Law(
        Bilingual(
            "Reglamento de la Ley del Seguro Social en materia de afiliación, clasificación de"
            " empresas, recaudación y fiscalización",
            "Regulations of the Social Security Act on enrollment, classes of companies, collection"
            " and inspection",
        )
    ),
    "RMF 2026": Law(
        Bilingual("Resolución Miscelánea Fiscal para 2026", "Tax Rules for 2026"),
        Bilingual("regla", "rule"),
    ),
}
# Pages of agencies; what they ask for stands there and in no law.
IMSS_WORKERS_PAGE = "adodigital.imss.gob.mx/pti/inicio"
IMSS_NSS_PAGE = "imss.gob.mx/tramites/imss02008"
IMSS_FAMILY_PAGE = "imss.gob.mx/derechoH/segurosalud-familia"
INFONAVIT_PAGE = "micuenta.infonavit.org.mx"


def citations(source: str) -> list[tuple[str, str]]:
    """Each citation of a source as the law's short name and its articles, or "" and the page."""
    return [_citation(each) for each in source.split("; ")]


def _citation(text: str) -> tuple[str, str]:
    for law in LAWS:
        if text.startswith(f"{law} "):
            return law, text.removeprefix(f"{law} ")
    return "", text
