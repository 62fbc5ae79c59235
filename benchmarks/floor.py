"""The floor: bare Flask views with raw SQL on the same server, writing and reading the same rows.

Nothing is checked, sealed, validated or translated here. One statement books: it takes the place
if there is one and writes every row that a booking of the product writes. What the product takes
longer is the price of everything it does besides.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from flask import Flask, Response, json, request
from psycopg.types.json import Jsonb
from werkzeug.datastructures import Headers

from benchmarks import order_floor
from services.kernel.settings import Settings

BOOK = """
WITH slot AS (
    SELECT id, ends_at FROM slots
    WHERE consulate_code = %(consulate)s AND starts_at = %(start)s AND open LIMIT 1
), place AS (
    UPDATE slot_sets SET taken = taken + 1
    WHERE slot_id = (SELECT id FROM slot) AND %(service)s = ANY (services) AND taken < capacity
    RETURNING slot_id
), taken AS (
    SELECT id, ends_at FROM slot WHERE EXISTS (SELECT 1 FROM place)
), key AS (
    INSERT INTO idempotency_keys (account_id, key, request_hash, status, response, created_at)
    SELECT %(account)s, %(key)s, %(hash)s, 201, %(answer)s, %(now)s FROM taken
), appointment AS (
    INSERT INTO appointments (
        id, folio, consulate_code, account_id, services, day, starts_at, ends_at, status,
        language, created_at, changed_at, email_index, phone_index)
    SELECT %(id)s, %(folio)s, %(consulate)s, %(account)s, ARRAY[%(service)s],
        (%(start)s::timestamptz AT TIME ZONE c.time_zone)::date, %(start)s, taken.ends_at,
        'booked', 'es', %(now)s, %(now)s, %(email_index)s, %(phone_index)s
    FROM taken, consulates c WHERE c.code = %(consulate)s RETURNING day
), person AS (
    INSERT INTO people (
        id, account_id, consulate_code, given_names, first_surname, second_surname, birth_date,
        name_index, data_key, email_sealed, phone_sealed, created_at)
    SELECT %(person)s, %(account)s, %(consulate)s, %(given)s, %(first)s, %(second)s, %(birth)s,
        %(index)s, %(data_key)s, %(email)s, %(phone)s, %(now)s FROM taken
), claim AS (
    INSERT INTO claims (person_key, service_code, account_id, appointment_id, n)
    SELECT %(index)s, %(service)s, %(account)s, %(id)s, 1 FROM taken
), fact AS (
    INSERT INTO facts (
        kind, subject_id, consulate_code, program, status, day, quantity, occurred_at, age_band)
    SELECT 'appointment', %(id)s, %(consulate)s, %(service)s, 'booked', day, 1, %(now)s, '30-44'
    FROM appointment
), entry AS (
    INSERT INTO audit_entries (
        id, at, actor_role, actor_id, consulate_code, action, subject_kind, subject_id,
        person_account_id, request_id)
    SELECT %(entry)s, %(now)s, 'citizen', %(account)s, %(consulate)s, 'appointment.book',
        'appointment', %(id)s, %(account)s, %(request)s FROM taken
), item AS (
    INSERT INTO outbox (id, topic, ref)
    SELECT %(item)s, 'appointments.confirmation', %(id)s FROM taken
), member AS (
    INSERT INTO attendees (appointment_id, n, person_id, folio, status, changed_at, age_band)
    SELECT %(id)s, 1, %(person)s, %(folio)s, 'booked', %(now)s, '30-44' FROM taken
)
INSERT INTO seats (appointment_id, person_id, service_code, slot_id, starts_at, ends_at)
SELECT %(id)s, %(person)s, %(service)s, id, %(start)s, ends_at FROM taken
"""

AGENDA = """
SELECT a.starts_at, a.services, m.folio, m.status, m.desk, p.given_names, p.first_surname,
    p.second_surname
FROM appointments a
JOIN attendees m ON m.appointment_id = a.id JOIN people p ON p.id = m.person_id
WHERE a.consulate_code = %(office)s
  AND a.day = (SELECT (now() AT TIME ZONE time_zone)::date FROM consulates WHERE code = %(office)s)
ORDER BY a.starts_at, a.id, m.n
"""

FREE = """
SELECT s.starts_at, s.ends_at, min(t.capacity - t.taken)
FROM slots s JOIN slot_sets t ON t.slot_id = s.id
WHERE s.consulate_code = %s AND s.open AND s.starts_at >= %s AND s.starts_at < %s
  AND %s = ANY (t.services)
GROUP BY s.id HAVING min(t.capacity - t.taken) > 0 ORDER BY s.starts_at
"""


def create_app(settings: Settings) -> Flask:
    """The views of what is measured."""
    app = Flask("floor", static_folder=None)
    here = threading.local()

    def connection() -> psycopg.Connection[Any]:
        """This thread's own connection, which may see everything."""
        if not hasattr(here, "connection"):
            here.connection = psycopg.connect(
                settings.database_url, autocommit=True, options="-c app.consulate=* -c timezone=UTC"
            )
        connection: psycopg.Connection[Any] = here.connection
        return connection

    app.extensions["connection"] = connection

    @app.post("/api/v1/appointments")
    def book() -> Response:
        values = _values(request.get_json(), request.headers)
        done = connection().execute(BOOK, values)
        return _answer({"folio": values["folio"]}, 201 if done.rowcount else 409)

    @app.post("/api/v1/quotes")
    def quote() -> Response:
        values = order_floor.quote_values(request.headers["X-Account"])
        connection().execute(order_floor.QUOTE, values)
        return _answer({"id": str(values["id"]), "amount": request.get_json()["send"]}, 201)

    @app.post("/api/v1/remittances")
    def order() -> Response:
        headers = request.headers
        values = order_floor.order_values(
            headers["X-Account"], headers["Idempotency-Key"], request.get_json()
        )
        connection().execute(order_floor.ORDER, values)
        return _answer({"id": str(values["id"]), "folio": values["folio"]}, 202)

    @app.get("/api/v1/consulates/<consulate>/availability")
    def free(consulate: str) -> Response:
        query = request.args
        rows = connection().execute(FREE, [consulate, query["from"], query["to"], query["service"]])
        slots = [
            {"start": start.isoformat(), "end": end.isoformat(), "free": free}
            for start, end, free in rows
        ]
        return _answer({"slots": slots}, 200)

    @app.get("/agenda")
    def agenda() -> Response:
        rows = connection().execute(AGENDA, {"office": request.headers["X-Office"]})
        return _answer([[str(value) for value in row] for row in rows], 200)

    return app


def _values(body: dict[str, Any], headers: Headers) -> dict[str, Any]:
    person = body["attendees"][0]
    return {
        "id": uuid4(),
        "person": uuid4(),
        "entry": uuid4(),
        "item": uuid4(),
        "request": str(uuid4()),
        "folio": os.urandom(6).hex(),
        "consulate": body["consulate"],
        "service": body["service"],
        "start": body["start"],
        "account": headers["X-Account"],
        "key": headers["Idempotency-Key"],
        "hash": os.urandom(32),
        "answer": Jsonb({"folio": "C" * 12, "status": "booked", "time_zone": "America/Tijuana"}),
        "given": person["given_names"],
        "first": person["first_surname"],
        "second": person["second_surname"],
        "birth": person["birth_date"],
        "index": os.urandom(32),
        "email_index": os.urandom(32),
        "phone_index": os.urandom(32),
        "data_key": os.urandom(62),
        "email": os.urandom(50),
        "phone": os.urandom(40),
        "now": datetime.now(UTC),
    }


def _answer(body: object, status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
