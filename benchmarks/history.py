"""Years of past bookings behind those to come.

What is said to hold whatever lies in the past must be measured with a past. Rows are copied within
the database, with triggers and foreign keys off, which only the superuser may: a million bookings
by the product would take half an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import sql

_THEIRS: LiteralString = (
    "FROM appointments a JOIN attendees m ON m.appointment_id = a.id"
    " WHERE a.consulate_code = %(office)s AND a.starts_at > now()"
)
# Which rows are copied.
_ROWS: Mapping[str, LiteralString] = {
    "sessions": "SELECT * FROM sessions WHERE consulate_code = %(office)s",
    "slots": "SELECT * FROM slots WHERE consulate_code = %(office)s AND starts_at > now()",
    "slot_sets": "SELECT t.* FROM slot_sets t JOIN slots s ON s.id = t.slot_id"
    " WHERE s.consulate_code = %(office)s AND s.starts_at > now()",
    "seats": "SELECT * FROM seats WHERE starts_at > now()"
    " AND appointment_id IN (SELECT a.id " + _THEIRS + ")",
    "people": "SELECT * FROM people WHERE id IN (SELECT m.person_id " + _THEIRS + ")",
    "attendees": "SELECT m.* " + _THEIRS,
    "appointments": "SELECT * FROM appointments"
    " WHERE consulate_code = %(office)s AND starts_at > now()",
}
# What is another in the copy number k: ids, days (weekdays stay) and folios, of which those to come
# begin with B.
_OTHER: Mapping[str, LiteralString] = {
    **dict.fromkeys(
        ("id", "session_id", "slot_id", "appointment_id", "person_id"), "md5({}::text || k)::uuid"
    ),
    **dict.fromkeys(
        ("starts_at", "ends_at", "created_at", "changed_at"), "{} - k * interval '364 days'"
    ),
    "day": "{} - 364 * k",
    "folio": "chr(66 + k) || substr({}, 2)",
    "status": "'completed'",
}


def repeat_in_past(superuser_url: str, database: str, office: str, times: int) -> None:
    """Copy an office's appointments to come, with their times, to each of so many years before."""
    options = "-c app.consulate=* -c session_replication_role=replica"
    with psycopg.connect(
        superuser_url, dbname=database, autocommit=True, options=options
    ) as connection:
        for table, rows in _ROWS.items():
            _copy(connection, table, rows, {"office": office, "times": times})
        connection.execute("VACUUM (ANALYZE)")


def _copy(
    connection: psycopg.Connection, table: str, rows: LiteralString, values: Mapping[str, object]
) -> None:
    known = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = ''",
        [table],
    ).fetchall()
    names = [name for (name,) in known]
    connection.execute(
        sql.SQL(
            "INSERT INTO {} ({}) SELECT {} FROM ({}) row, generate_series(1, %(times)s) k"
        ).format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(
                sql.SQL(_OTHER.get(name, "{}")).format(sql.Identifier(name)) for name in names
            ),
            sql.SQL(rows),
        ),
        values,
    )
