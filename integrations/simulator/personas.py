"""The people who sign in at the simulator: all invented, and called so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from integrations.simulator.names import Person, make_curp


@dataclass(frozen=True, slots=True)
class Citizen:
    """A demonstration citizen, with what Llave MX would tell of them."""

    slug: str
    person: Person
    sex: str
    curp: str
    email: str
    phone: str

    @property
    def label(self) -> str:
        """The full name, as the page shows it."""
        surnames = f"{self.person.first_surname} {self.person.second_surname or ''}"
        return f"{self.person.given_names} {surnames}".strip()


@dataclass(frozen=True, slots=True)
class Official:
    """A demonstration member of staff; `subject` is the `sub` of their identity token."""

    subject: str
    name: str
    duty: str

    @property
    def email(self) -> str:
        """An address that can't exist."""
        return f"{self.subject}@example.org"


def _citizen(
    slug: str,
    second_surname: str | None,
    born: date,
    sex: str,
    *,
    curp: bool = True,
    email: bool = True,
) -> Citizen:
    person = Person("Persona", "Demo", second_surname, born)
    return Citizen(
        slug=f"demo-{slug}",
        person=person,
        sex=sex,
        curp=make_curp(person, sex) if curp else "",
        email=f"demo-{slug}@example.org" if email else "",
        # 555-01xx numbers are set aside for fiction.
        phone=f"+1213555{100 + born.day:04d}",
    )


CITIZENS: Mapping[str, Citizen] = {
    citizen.slug: citizen
    for citizen in (
        _citizen("uno", "Uno", date(1985, 3, 14), "M"),
        _citizen("dos", "Dos", date(1992, 11, 2), "H"),
        _citizen("tres", "Tres", date(1978, 7, 21), "M"),
        _citizen("cuatro", "Cuatro", date(2001, 1, 9), "H"),
        _citizen("cinco", None, date(1969, 5, 30), "M"),
        _citizen("seis", "Seis", date(1999, 12, 31), "X"),
        _citizen("sin-curp", "Sincurp", date(1990, 8, 17), "H", curp=False),
        _citizen("sin-correo", "Sincorreo", date(1988, 4, 5), "M", email=False),
    )
}

OFFICIALS: Mapping[str, Official] = {
    official.subject: official
    for official in (
        Official("demo-officer-losangeles", "Oficial Demo", "Oficial, Los Ángeles"),
        Official("demo-supervisor-losangeles", "Supervisora Demo", "Supervisión, Los Ángeles"),
        Official("demo-officer-chicago", "Oficial Demo Dos", "Oficial, Chicago"),
        Official("demo-supervisor-chicago", "Supervisor Demo Dos", "Supervisión, Chicago"),
        Official("demo-officer-toronto", "Oficial Demo Tres", "Oficial, Toronto"),
        Official("demo-supervisor-toronto", "Supervisora Demo Tres", "Supervisión, Toronto"),
        Official("demo-agent", "Agente Demo", "Centro de atención telefónica"),
        Official("demo-analyst", "Analista Demo", "Monitoreo, Grupo 4"),
        Official("demo-analyst-two", "Analista Demo Dos", "Monitoreo, Grupo 4"),
        Official("demo-treasury", "Tesorería Demo", "Tesorería"),
        Official("demo-compliance", "Cumplimiento Demo", "Cumplimiento"),
        Official("demo-auditor", "Auditora Demo", "Auditoría"),
        Official("demo-admin", "Administración Demo", "Administración"),
    )
}
