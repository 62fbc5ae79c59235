"""The housing fund as we assume it: a file of requests, decided as a whole some time later.

Besides the rules of `applicants`: first surname `SINSEGURO` isn't insured with IMSS. Errors of its
own files, to be asked for at /_simulator, are by first surname too: the row of `OMITIDO` is missing
from the results, that of `REPETIDO` stands there twice, that of `CONTRADICHO` twice with different
words, `EXTRA` brings a row that nobody sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from stdnum import luhn
from werkzeug.wrappers import Response

from integrations.infonavit import wire
from integrations.simulator import applicants, names
from integrations.simulator.applicants import created
from integrations.simulator.memory import Acts, KeyReused, Order, digest_of
from integrations.simulator.world import World, refuse

AGENCY = "infonavit"
BATCHES = f"{AGENCY}.batches"
NOT_INSURED = "SINSEGURO"
CORRECTED = "RECTIFICAR"
LEFT_OUT = "OMITIDO"
TWICE = "REPETIDO"
CONTRADICTED = "CONTRADICHO"
INVENTED = "EXTRA"
# Part of `decide_seconds` after which the first half of the rows is decided.
HALF_AFTER = 0.5
DAYS_UNTIL_SAVING = 30


class SimulatedAgency:
    """The fund's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The agency's routes, under /infonavit."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/infonavit/v1")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/lotes/<key>", "send", self.send, methods=["PUT"])
        routes.add_url_rule("/lotes/<key>", "batch", self.batch, methods=["GET"])
        routes.add_url_rule("/lotes/<key>/resultados", "results", self.results)
        routes.add_url_rule("/solicitudes/<folio>", "status", self.status)
        path = "/solicitudes/<folio>/documentos/<document>"
        routes.add_url_rule(path, "document", self.document, methods=["PUT"])
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, applicants.error("NO_AUTORIZADO"))

    def send(self, key: str) -> Response:
        """Take a file in once, row by row under their folios; a repeat changes nothing."""
        rows = _rows(key, request.get_data())
        memory, now = self._world.memory, self._world.now()
        kept = {
            "clave": key,
            "folios": [row["folio"] for row in rows],
            "huella": digest_of_rows(rows),
        }
        try:
            new = memory.take(BATCHES, key, kept, now, acts=self._acts_on_batches())
        except KeyReused:
            raise refuse(409, applicants.error("CLAVE_REUTILIZADA")) from None
        if new:
            for row in rows:
                self._take(row, now)
        return created(self.batch(key), new)

    def batch(self, key: str) -> Response:
        """Return the status of a batch."""
        batch = self._find(BATCHES, key)
        word = "PROCESADO" if self._part(batch) >= 1 else "EN_PROCESO"
        if self._part(batch) < HALF_AFTER:
            word = "RECIBIDO"
        return jsonify(clave=key, estado=word, filas=len(batch.body["folios"]))

    def results(self, key: str) -> Response:
        """The rows that are decided by now."""
        batch = self._find(BATCHES, key)
        rows = [
            [str(row.get(name) or "") for name in wire.RESULT_COLUMNS]
            for row in self._decided(batch)
        ]
        file = wire.write_file(key, wire.RESULT_COLUMNS, rows)
        return Response(file, mimetype="text/csv")

    def status(self, folio: str) -> Response:
        """Return the status of one row."""
        row = self._result(self._find(AGENCY, folio))
        listed = {**row, "porCorregir": row["porCorregir"].split()} if "porCorregir" in row else row
        return jsonify({"causa": None, **listed})

    def document(self, folio: str, document: str) -> Response:
        """Take a document of a row in."""
        self._find(AGENCY, folio)
        reused = "CLAVE_REUTILIZADA"
        return applicants.take_document(self._world, AGENCY, folio, document, reused=reused)

    def describe(self, order: Order) -> str:
        """State and cause of a row in words."""
        return applicants.in_words(self._result(order))

    def _acts_on_batches(self) -> Acts:
        """What takes effect is each row, not the file."""
        acts = self._world.acts(AGENCY)
        return acts if acts is Acts.ALWAYS else Acts.NEVER

    def _take(self, row: Mapping[str, str], now: float) -> None:
        """A row of a folio that is known stays as it was, unless a correction was asked for."""
        memory, folio = self._world.memory, row["folio"]
        known = memory.find(AGENCY, folio)
        if known is not None and self._result(known)["estado"] == "POR_CORREGIR":
            memory.take(f"{AGENCY}.corrections", folio, row, now, acts=Acts.NEVER)
            return
        with suppress(KeyReused):
            memory.take(AGENCY, folio, row, now, acts=self._world.acts(AGENCY))

    def _find(self, kind: str, key: str) -> Order:
        order = self._world.memory.find(kind, key)
        if order is None:
            raise refuse(404, applicants.error("NO_ENCONTRADO"))
        return order

    def _part(self, order: Order) -> float:
        age = self._world.now() - order.taken_at
        return age / self._world.decide_seconds if self._world.decide_seconds else 1.0

    def _decided(self, batch: Order) -> Iterator[Mapping[str, str]]:
        """The file's rows; half of them come before the others."""
        folios = batch.body["folios"]
        part = self._part(batch)
        if part < 1:
            folios = folios[: len(folios) // 2] if part >= HALF_AFTER else []
        for folio in folios:
            order = self._find(AGENCY, folio)
            yield from _with_slips(order, self._result(order, final=True))

    def _result(self, order: Order, *, final: bool = False) -> dict[str, str]:
        correction = self._world.memory.find(f"{AGENCY}.corrections", order.folio)
        latest = correction or order
        answer = {"folio": order.folio}
        stuck = applicants.is_called(latest.body, applicants.STUCK)
        # By folio no row is decided later than in the file: a word never takes back another.
        if stuck or (self._part(latest) < HALF_AFTER and not final):
            return answer | {"estado": "EN_PROCESO"}
        if applicants.is_called(order.body, CORRECTED) and correction is None:
            limit = self._world.day(order.taken_at) + timedelta(applicants.DAYS_TO_CORRECT)
            wanted = {"porCorregir": "MONTO", "limiteCorreccion": limit.isoformat()}
            return answer | {"estado": "POR_CORREGIR"} | wanted
        cause = _cause(latest.body)
        if cause is not None:
            return answer | {"estado": "RECHAZADA", "causa": cause}
        return answer | {"estado": "ACEPTADA"} | self._account(latest)

    def _account(self, order: Order) -> dict[str, str]:
        begins = self._world.day(order.taken_at) + timedelta(DAYS_UNTIL_SAVING)
        return {
            "nss": order.body["nss"],
            "cuenta": str(applicants.number_of(order.body["curp"], digits=10)),
            "ahorroDesde": begins.isoformat(),
        }


def digest_of_rows(rows: list[dict[str, str]]) -> str:
    """A digest that is the same for two files that say the same."""
    return digest_of({"filas": rows})


def _rows(key: str, file: bytes) -> list[dict[str, str]]:
    """The rows of a file that is whole. Raises the refusal of any other: nothing is taken in."""
    try:
        rows = wire.read_file(key, wire.REQUEST_COLUMNS, file.decode())
        for row in rows:
            json.loads(row["datos"])
    except ValueError:
        raise refuse(422, applicants.error("ARCHIVO_DANADO")) from None
    if not rows or len({row["folio"] for row in rows}) != len(rows):
        raise refuse(422, applicants.error("ARCHIVO_INVALIDO"))
    return rows


def _cause(row: Mapping[str, Any]) -> str | None:
    """Why the fund says no to a row."""
    person = {name: row[name] for name in applicants.FIELDS}
    wrong = applicants.fault_of(row["folio"], person)
    if wrong is not None:
        return wrong
    if applicants.is_called(row, applicants.ALREADY):
        return "YA_REGISTRADO"
    if applicants.is_called(row, NOT_INSURED):
        return "SIN_AFILIACION_IMSS"
    if row["nss"] and not luhn.is_valid(row["nss"]):
        return "NSS_INVALIDO"
    return None if names.agrees(row["curp"], applicants.person(row)) else "DATOS_NO_COINCIDEN"


def _with_slips(order: Order, row: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The row as it stands in the file of results, with what goes wrong there on purpose."""
    if not applicants.is_called(order.body, LEFT_OUT):
        yield row
    if applicants.is_called(order.body, TWICE):
        yield row
    if applicants.is_called(order.body, CONTRADICTED):
        yield {"folio": order.folio, "estado": "RECHAZADA", "causa": "DATOS_NO_COINCIDEN"}
    if applicants.is_called(order.body, INVENTED):
        yield {**row, "folio": "E000000000XX"}
