"""Services of the offices as people look for them: in groups, and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from consular.auth import now
from consular.i18n import in_language
from consular.pages.portal.names import ASKED_MOST
from services.appointments.searching import offered_services
from services.consulates.queries import list_services
from services.consulates.ways import find_way
from services.kernel.collation import alphabetical
from services.kernel.identifiers import normalise_name

MOST_ASKED = 4
# Heading, the categories of services.csv under it, and other words by which people look for them.
_GROUPS = (
    (
        lazy_gettext("Pasaporte, matrícula e identificaciones"),
        ("documentacion", "ine"),
        "pasaportes passport matricula id identificacion cartilla elector voter",
    ),
    (
        lazy_gettext("Actas y registro civil"),
        ("registro_civil",),
        "actas nacimiento matrimonio boda defuncion birth marriage death certificate",
    ),
    (
        lazy_gettext("Nacionalidad y protección"),
        ("nacionalidad", "proteccion"),
        "doble nacionalidad nationality proteccion papeles",
    ),
    (
        lazy_gettext("Poderes, testamentos y actos notariales"),
        ("fe_publica",),
        "notario notary poder power attorney testamento will herencia permiso",
    ),
    (
        lazy_gettext("Legalizaciones y certificados"),
        ("legalizacion", "certificados"),
        "apostilla firma menaje mudanza pension supervivencia certificate legalization",
    ),
    (lazy_gettext("Visas"), ("visas",), "visa turista viaje travel extranjero"),
    (
        lazy_gettext("RFC, IMSS y Finabien"),
        ("fiscal", "seguridad_social", "finanzas"),
        "sat impuestos tax seguro salud health tarjeta card dinero banco",
    ),
)


@dataclass(frozen=True)
class ServiceLine:
    """A service to choose; ``way`` says how it is done without an appointment, where it is.
    ``offered``: some office has planned times for it."""

    code: str
    name: str
    bookable: bool
    offered: bool
    way: str
    program: str


@dataclass(frozen=True)
class Group:
    """Services under a heading."""

    heading: str
    services: Sequence[ServiceLine]


def service_groups(session: Session, looked_for: str = "") -> list[Group]:
    """All of them, what most people come for first; or those that the words name."""
    rows, offered = list_services(session), offered_services(session, now().date())
    lines = {row.code: _line(row, offered) for row in rows}
    if looked_for:
        named = [lines[row.code] for row in rows if _is_named(row, looked_for)]
        return [Group(_("Encontramos esto"), _ordered(named))] if named else []
    first = Group(_("Lo que más se pide"), [lines[code] for code in ASKED_MOST[:MOST_ASKED]])
    groups = [
        Group(str(heading), _ordered([lines[r.code] for r in rows if r.category in categories]))
        for heading, categories, _words in _GROUPS
    ]
    return [first, *groups]


def _line(row: Any, offered: set[str]) -> ServiceLine:
    way = find_way(row.code)
    return ServiceLine(
        code=row.code,
        name=in_language(row, "name"),
        bookable=row.bookable,
        offered=row.code in offered,
        way=in_language(way, "text") if way else "",
        program=(way.program or "") if way else "",
    )


def _ordered(lines: Sequence[ServiceLine]) -> list[ServiceLine]:
    """What can be booked first, then by how often it is asked for, then by name."""
    place = {code: number for number, code in enumerate(ASKED_MOST)}
    return sorted(
        lines,
        key=lambda line: (
            not line.offered,
            place.get(line.code, len(place)),
            alphabetical(line.name),
        ),
    )


def _is_named(row: Any, looked_for: str) -> bool:
    """Whether each word begins a word of its names, its heading or of what people call them."""
    _heading, _categories, called = next(g for g in _GROUPS if row.category in g[1])
    known = normalise_name(row.name_es, row.name_en, str(_heading), called, row.code).split()
    words = [word.removesuffix("s") for word in normalise_name(looked_for).split()]
    return bool(words) and all(any(k.startswith(word) for k in known) for word in words)
