"""Make, seal, index and open a person: every slice keeps people through this module.

A row of ``people`` holds somebody as they were named once. CURP, e-mail and phone are sealed under
the row's own key; ``name_index`` is the keyed hash of name and birth date, ``curp_index`` that of
the CURP. The keys under which a person holds places (`person_keys`) begin with the same hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.kernel.crypto import DataKey, Vault
from services.kernel.identifiers import former_normal_name, normalise_name
from services.kernel.ids import new_id
from services.kernel.name_checks import Named

SEALED = ("curp", "email", "phone")
# What an erased row holds in place of a person.
BLANK: Mapping[str, Any] = {
    "given_names": "",
    "first_surname": "",
    "name_index": b"",
    **dict.fromkeys(
        ("second_surname", "birth_date", "birth_place", "data_key", "curp_index"), None
    ),
    **dict.fromkeys((f"{name}_sealed" for name in SEALED), None),
}
# Stands in the keyed hash of a name for a birth date that wasn't told.
_NOT_TOLD = date.min


@dataclass(frozen=True)
class PersonData:
    """Somebody in the clear: names as in their documents, identifiers and contacts if given."""

    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date | None
    birth_place: str | None = None
    curp: str | None = None
    email: str | None = None
    phone: str | None = None


def make_person(
    data: PersonData,
    *,
    account: UUID | None,
    now: datetime,
    vault: Vault,
    consulate: str | None = None,
    holder: bool = False,
) -> Person:
    """A new row under a key of its own, to be added to the session."""
    return Person(
        **new_columns(data, vault),
        account_id=account,
        consulate_code=consulate,
        holder=holder,
        created_at=now,
    )


def new_columns(data: PersonData, vault: Vault, name: bytes | None = None) -> dict[str, Any]:
    """Id, key and personal columns of a new row, by name. ``name``: its `name_index`, where it is
    known already."""
    row = new_id()
    key = vault.new_key(row)
    name = name or name_index(data, vault)
    return {"id": row, "data_key": key.wrapped, **_columns(data, row, key, vault, name)}


def change_person(person: Person, data: PersonData, vault: Vault) -> None:
    """Other names for the same row; what else isn't given in ``data`` stays as it is."""
    changed = replace(data, birth_date=data.birth_date or person.birth_date)
    name = name_index(changed, vault)
    columns = _columns(changed, person.id, find_key(person, vault), vault, name)
    for column, value in columns.items():
        if value is not None or column == "second_surname":
            setattr(person, column, value)


def open_person(person: Person, vault: Vault) -> PersonData:
    """The row in the clear; sealed values are None once the person is forgotten."""
    opened = _open(person, SEALED, vault)
    return PersonData(
        person.given_names,
        person.first_surname,
        person.second_surname,
        person.birth_date,
        person.birth_place,
        **opened,
    )


def open_contact(person: Any, vault: Vault) -> tuple[str | None, str | None]:
    """E-mail and telephone of a row that has no more than these, `id` and `data_key`."""
    opened = _open(person, ("email", "phone"), vault)
    return opened["email"], opened["phone"]


def _open(person: Any, names: Iterable[str], vault: Vault) -> dict[str, str | None]:
    key = find_key(person, vault)
    sealed = {name: getattr(person, f"{name}_sealed") for name in names}
    return {
        name: key.open(value, place=_place(name), row=person.id) if key and value else None
        for name, value in sealed.items()
    }


def find_key(person: Person, vault: Vault) -> DataKey | None:
    """The key of the row, for what other tables seal under it; None once it is forgotten."""
    return vault.unwrap(person.data_key, person.id) if person.data_key else None


def get_key(person: Person, vault: Vault) -> DataKey:
    """The key of the row. Raises `PersonForgotten`."""
    key = find_key(person, vault)
    if key is None:
        raise PersonForgotten()
    return key


def person_keys(data: PersonData, vault: Vault) -> list[bytes]:
    """Under which keys a person holds places: name and birth date always, the CURP when given.

    The first is the name's as names are compared now. Where they were compared otherwise when keys
    were first stored, that key follows: both are held and both looked up, so that rows of then and
    of now meet.
    """
    keys = name_keys(data, vault)
    return [*keys, curp_key(data.curp, vault)] if data.curp else keys


def curp_key(curp: str, vault: Vault) -> bytes:
    """The key under which whoever has that CURP holds places."""
    return vault.blind_index("person.curp", curp)


def name_keys(named: PersonData | Person, vault: Vault) -> list[bytes]:
    """Keyed hashes of name and birth date: as names are compared now, then as they were."""
    before = _name_key(former_normal_name(*_names(named)), named.birth_date, vault)
    return list(dict.fromkeys((name_index(named, vault), before)))


def name_index(named: PersonData | Person, vault: Vault) -> bytes:
    """Keyed hash of name and birth date, as rows of people hold it."""
    return _name_key(normalise_name(*_names(named)), named.birth_date, vault)


def _name_key(name: str, birth_date: date | None, vault: Vault) -> bytes:
    born = (birth_date or _NOT_TOLD).isoformat()
    return vault.blind_index("person.name", f"{name}|{born}")


def curp_index(curp: str, vault: Vault) -> bytes:
    """Keyed hash of a CURP, as rows of people hold it."""
    return vault.blind_index("curp", curp)


def full_name(person: Named) -> str:
    """Given names and surnames in one line."""
    return " ".join(name for name in _names(person) if name)


def _names(person: Named) -> tuple[str, str, str | None]:
    return person.given_names, person.first_surname, person.second_surname


def _columns(
    data: PersonData, row: UUID, key: DataKey | None, vault: Vault, name_hash: bytes
) -> dict[str, Any]:
    values = {name: getattr(data, name) for name in SEALED}
    return {
        "given_names": data.given_names,
        "first_surname": data.first_surname,
        "second_surname": data.second_surname,
        "birth_date": data.birth_date,
        "birth_place": data.birth_place,
        "name_index": name_hash,
        "curp_index": curp_index(data.curp, vault) if data.curp else None,
        **{
            f"{name}_sealed": key.seal(value, place=_place(name), row=row)
            if key and value
            else None
            for name, value in values.items()
        },
    }


def _place(name: str) -> str:
    return f"people.{name}"
