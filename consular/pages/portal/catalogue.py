"""Services of the offices as people look for them: in groups, and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
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
# Of words that find something though others of the search don't; "pasapotre" is 0.89 like it.
_LEAST_LETTERS, _LEAST_LIKENESS = 4, 0.85
_LITTLE_SAID = {"para", "como", "quiero", "necesito", "sacar", "hacer", "with", "from", "need"}
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
        heading, named = _named(rows, looked_for)
        return [Group(heading, _ordered([lines[row.code] for row in named]))] if named else []
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


def _named(rows: Sequence[Any], looked_for: str) -> tuple[str, Sequence[Any]]:
    """The services that all words name, or else those that most of the telling words do, a slip
    of the finger aside; under which heading."""
    words = [word.removesuffix("s") for word in normalise_name(looked_for).split()]
    known = {row.code: _known(row) for row in rows}
    if named := [r for r in rows if words and all(_begins(w, known[r.code]) for w in words)]:
        return _("Encontramos esto"), named
    telling = [w for w in words if len(w) >= _LEAST_LETTERS and w not in _LITTLE_SAID]
    counts = {code: sum(_resembles(w, called) for w in telling) for code, called in known.items()}
    most = max(counts.values(), default=0)
    return _("Lo más parecido"), [row for row in rows if most and counts[row.code] == most]


def _known(row: Any) -> list[str]:
    """Words of its names, its heading and of what people call them."""
    heading, _categories, called = next(g for g in _GROUPS if row.category in g[1])
    return normalise_name(row.name_es, row.name_en, str(heading), called, row.code).split()


def _begins(word: str, known: list[str]) -> bool:
    return any(each.startswith(word) for each in known)


def _resembles(word: str, known: list[str]) -> bool:
    return _begins(word, known) or bool(get_close_matches(word, known, 1, _LEAST_LIKENESS))
