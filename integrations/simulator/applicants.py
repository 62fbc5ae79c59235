"""What the simulated registers share: who applies, what may be wrong with it, who is whom.

Rules of all of them, by the first surname: `INSCRITO` is enrolled already, `PENDIENTE` stays in
review; each agency has a surname whose holder is asked for a correction once. Anybody else is who
they say, when the CURP's initials and birth date are theirs.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask import jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator import names
from integrations.simulator.memory import KeyReused, Order
from integrations.simulator.world import World, refuse

ALREADY = "INSCRITO"
STUCK = "PENDIENTE"
# What a person has to answer a request for more information: ten days cover five working days.
DAYS_TO_CORRECT = 10

FIELDS = frozenset(
    {
        "folio",
        "curp",
        "nombres",
        "primerApellido",
        "segundoApellido",
        "fechaNacimiento",
        "correo",
    }
)
_REQUIRED = ("curp", "nombres", "primerApellido", "fechaNacimiento")


def error(code: str) -> dict[str, str]:
    """A refusal in the agencies' shape."""
    return {"codigo": code, "mensaje": f"Simulador: {code}"}


def fault_of(folio: str, body: Any, more: Iterable[str] = ()) -> str | None:
    """The code of what is wrong with a request, None when it can be taken in."""
    if not isinstance(body, dict) or set(body) != FIELDS | set(more) or body["folio"] != folio:
        return "DATOS_INVALIDOS"
    if not all(isinstance(body[name], str) and body[name].strip() for name in _REQUIRED):
        return "DATOS_INVALIDOS"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", body["fechaNacimiento"]):
        return "DATOS_INVALIDOS"
    return None if names.well_formed(body["curp"]) else "CURP_INVALIDA"


def person(body: Mapping[str, Any]) -> names.Person:
    """The person whom a request names."""
    return names.Person(
        given_names=body["nombres"],
        first_surname=body["primerApellido"],
        second_surname=body["segundoApellido"] or None,
        birth_date=date.fromisoformat(body["fechaNacimiento"]),
    )


def is_called(body: Mapping[str, Any], word: str) -> bool:
    """Whether the first surname has the word that makes the simulator act on purpose."""
    return word in names.words(body["primerApellido"])


def number_of(text: str, *, digits: int) -> int:
    """A number of that many digits, always the same for the same text."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    least: int = 10 ** (digits - 1)
    return least + seed % (9 * least)


class Register:
    """Requests under our folio, taken in once, and corrections of them: SAT's and IMSS's calls.

    ``fields`` come with a request besides the applicant's own; ``corrected`` is the surname whose
    holder is asked for a correction, ``unknown`` the word for a folio that isn't known.
    """

    def __init__(
        self, world: World, agency: str, fields: Iterable[str], *, corrected: str, unknown: str
    ) -> None:
        self._world = world
        self._agency = agency
        self._fields = frozenset(fields)
        self._corrected = corrected
        self._unknown = unknown

    def take(self, folio: str, refused: str | None = None) -> bool:
        """Take the request of this call in; False for a repeat. ``refused`` is a code of what
        only the agency itself sees to be wrong."""
        body: Any = request.get_json(silent=True)
        code = fault_of(folio, body, self._fields) or refused
        if code is not None:
            raise refuse(422, error(code))
        return self._keep(self._agency, folio, body)

    def amend(self, folio: str) -> bool:
        """Take the correction of this call in, where one was asked for; False for a repeat."""
        order = self.get(folio)
        body: Any = request.get_json(silent=True)
        code = fault_of(folio, body, self._fields)
        if code is not None:
            raise refuse(422, error(code))
        if not self.wants_correction(order.body):
            raise refuse(409, error("SIN_CORRECCION_PEDIDA"))
        return self._keep(self._corrections, folio, body)

    def get(self, folio: str) -> Order:
        """The request as it was taken in."""
        order = self._world.memory.find(self._agency, folio)
        if order is None:
            raise refuse(404, error(self._unknown))
        return order

    def correction(self, folio: str) -> Order | None:
        """The correction of a request, if one came."""
        return self._world.memory.find(self._corrections, folio)

    def wants_correction(self, body: Mapping[str, Any]) -> bool:
        """Whether this agency asks the applicant for a correction."""
        return is_called(body, self._corrected)

    def asks_correction(self, order: Order) -> dict[str, Any]:
        """The fields and the last day of a correction that the agency wants."""
        taken = self._world.day(order.taken_at)
        limit = taken + timedelta(days=DAYS_TO_CORRECT)
        return {"porCorregir": ["COMPROBANTE_DOMICILIO"], "limiteCorreccion": limit.isoformat()}

    @property
    def _corrections(self) -> str:
        return f"{self._agency}.corrections"

    def _keep(self, kind: str, folio: str, body: Mapping[str, Any]) -> bool:
        acts = self._world.acts(self._agency)
        try:
            return self._world.memory.take(kind, folio, body, self._world.now(), acts=acts)
        except KeyReused:
            raise refuse(409, error("FOLIO_REUTILIZADO")) from None


def take_document(
    world: World, agency: str, folio: str, document: str, *, reused: str = "FOLIO_REUTILIZADO"
) -> Response:
    """Take a document of a known request in, once; of its content its digest is kept. ``reused`` is
    the agency's word for a key that stands for another one."""
    body: Any = request.get_json(silent=True)
    if not isinstance(body, dict) or set(body) != {"tipo", "formato", "huella", "contenido"}:
        raise refuse(422, error("DATOS_INVALIDOS"))
    if hashlib.sha256(b64decode(body.pop("contenido"))).hexdigest() != body["huella"]:
        raise refuse(422, error("DATOS_INVALIDOS"))
    kind, key = f"{agency}.documents", f"{folio}/{document}"
    acts = world.acts(agency)
    try:
        new = world.memory.take(kind, key, body, world.now(), acts=acts)
    except KeyReused:
        raise refuse(409, error(reused)) from None
    return created(jsonify(documento=document), new)


def in_words(answer: Mapping[str, Any]) -> str:
    """State and cause of an answer, for the pages of control."""
    return " ".join(answer[name] for name in ("estado", "causa") if answer.get(name))


def created(answer: Response, new: bool) -> Response:
    """201 for what is new, 200 for a repeat."""
    answer.status_code = 201 if new else 200
    return answer
