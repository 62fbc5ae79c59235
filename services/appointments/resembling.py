"""Flag people who may be one person under two spellings: for the desk to look, never to refuse.

Names are reduced to what variants share: surnames in any order, without particles or spaces ("Cruz"
is "de la Cruz" is "Delacruz", "O Relling" is "Orelling"). Two people resemble each other who were
born on one day and share a given name and a surname, or who have all names in common and birth
dates that differ by one digit. Only keyed hashes are kept, and only while the appointment is live.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.models import ResemblanceKey
from services.appointments.queries import find_appointment, list_party
from services.appointments.rules import LIVE
from services.kernel.crypto import Vault
from services.kernel.identifiers import compact_name, normalise_name

NAMES, BIRTH_DATE = "names", "birth_date"
_PARTICLES = frozenset(
    ("de", "del", "la", "las", "los", "el", "y", "e", "da", "das", "do", "dos", "di", "van", "von")
)
# Written as one word, when a surname is left after it.
_JOINED = ("delos", "delas", "dela", "del", "de")
_SHORTEST = 4


def surname_forms(first: str, second: str | None) -> list[str]:
    """Each surname without particles as one word, and its words of two letters or more: what
    another spelling of it has in common with it."""
    kept = [_without_particles(surname) for surname in (first, second) if surname]
    words = {_without_joined(word) for part in kept for word in part if len(word) > 1}
    return sorted(words | {_as_one_word(part) for part in kept})


def resemblance_keys(vault: Vault, person: Any) -> dict[bytes, str]:
    """Key -> reason, for everybody who shares it. None without a birth date."""
    born: date | None = person.birth_date
    if born is None:
        return {}
    given_names = {*normalise_name(person.given_names).split(), compact_name(person.given_names)}
    surnames = surname_forms(person.first_surname, person.second_surname)
    of_one_day = {
        f"{name}|{surname}|{born.isoformat()}": NAMES
        for name in given_names
        for surname in surnames
    }
    names, digits = _letters(person), born.strftime("%Y%m%d")
    but_one_digit = {
        f"{names}|{digits[:at]}*{digits[at + 1 :]}": BIRTH_DATE for at in range(len(digits))
    }
    return {
        vault.blind_index(f"person.resembles.{reason}", value): reason
        for value, reason in (of_one_day | but_one_digit).items()
    }


def write_keys(session: Session, appointment_id: UUID, vault: Vault) -> None:
    """Of everybody who comes, while the appointment is live. To be committed before `flag`: of two
    appointments made at once, at least one then sees the other."""
    appointment = find_appointment(session, appointment_id)
    if appointment is None or appointment.status not in LIVE:
        return
    rows = [
        {"appointment_id": appointment_id, "person_id": each.person.id, "key": key, "reason": why}
        for each in list_party(session, [appointment_id])[appointment_id]
        if each.status in LIVE
        for key, why in resemblance_keys(vault, each.person).items()
    ]
    if rows:
        session.execute(insert(ResemblanceKey).on_conflict_do_nothing(), rows)


# Of one service only: with another, the person may well be the same. Whoever has the same name and
# birth date was told apart at a window, or couldn't have booked.
_FLAG = text(
    """
    INSERT INTO resemblances (appointment_id, person_id, reason)
    SELECT DISTINCT x.appointment_id, x.person_id, mine.reason
    FROM resemblance_keys mine
    JOIN resemblance_keys other
        ON other.key = mine.key AND other.appointment_id <> mine.appointment_id
    JOIN appointments a ON a.id = mine.appointment_id
    JOIN appointments b ON b.id = other.appointment_id AND b.services && a.services
        AND b.status = ANY (:live)
    JOIN people p ON p.id = mine.person_id
    JOIN people q ON q.id = other.person_id AND q.name_index <> p.name_index
        AND (mine.reason = 'names' OR q.birth_date <> p.birth_date)
    CROSS JOIN LATERAL (VALUES (mine.appointment_id, mine.person_id),
        (other.appointment_id, other.person_id)) AS x (appointment_id, person_id)
    WHERE mine.appointment_id = :appointment
    ON CONFLICT DO NOTHING
    """
)


def flag(session: Session, appointment: UUID) -> None:
    """Note, on both sides, who looks like somebody of another live appointment. Needs the scope of
    the network."""
    session.execute(_FLAG, {"appointment": appointment, "live": sorted(LIVE)})


def _letters(person: Any) -> str:
    """All letters of given names and of surnames, in the order of the alphabet: the same whatever
    the order of the words and the spaces between them."""
    surnames = filter(None, (person.first_surname, person.second_surname))
    stems = {_as_one_word(_without_particles(surname)) for surname in surnames}
    given_names = sorted(compact_name(person.given_names))
    return f"{''.join(given_names)}|{''.join(sorted(''.join(stems)))}"


def _without_particles(surname: str) -> list[str]:
    words = normalise_name(surname).split()
    return [word for word in words if word not in _PARTICLES] or words


def _as_one_word(words: list[str]) -> str:
    return _without_joined(compact_name(*words))


def _without_joined(part: str) -> str:
    for prefix in _JOINED:
        if part.startswith(prefix) and len(part) - len(prefix) >= _SHORTEST:
            return part.removeprefix(prefix)
    return part
