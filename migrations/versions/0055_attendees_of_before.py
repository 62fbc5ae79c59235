"""Appointments of before get their people's numbers, folios and statuses, in the order of booking.

In a transaction of its own, so that a booking that began before the table was there is in it too.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from services.kernel.ids import FolioKind, new_folio

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(NUMBER_MEMBERS)
    op.execute("ALTER TABLE numbered ADD PRIMARY KEY (appointment_id, n)")
    connection = op.get_bind()
    parties = connection.execute(text("SELECT appointment_id, n FROM numbered WHERE size > 1"))
    folios = [
        {"a": row.appointment_id, "n": row.n, "folio": new_folio(FolioKind.APPOINTMENT)}
        # Nobody when it is only written out as SQL.
        for row in parties or ()
    ]
    if folios:
        connection.execute(
            text("UPDATE numbered SET folio = :folio WHERE appointment_id = :a AND n = :n"), folios
        )
    op.execute(ADD_MEMBERS)
    op.execute(NUMBER_CLAIMS)
    op.execute(NUMBER_PASSES)


NUMBER_MEMBERS = """
CREATE TEMPORARY TABLE numbered ON COMMIT DROP AS
    SELECT appointment_id, person_id, row_number() OVER party AS n, count(*) OVER (
        PARTITION BY appointment_id) AS size, NULL::text AS folio
    FROM (SELECT DISTINCT appointment_id, person_id FROM seats) coming
    WHERE NOT EXISTS (
        SELECT FROM attendees m WHERE m.appointment_id = coming.appointment_id)
    WINDOW party AS (PARTITION BY appointment_id ORDER BY person_id)
"""
ADD_MEMBERS = """
INSERT INTO attendees (appointment_id, n, person_id, folio, status, desk, outcome, changed_at)
SELECT a.id, m.n, m.person_id, coalesce(m.folio, a.folio), a.status, a.desk, a.outcome, a.changed_at
FROM numbered m JOIN appointments a ON a.id = m.appointment_id
"""
# A name's key is that of the person's row. Of a party, a CURP's key says of nobody whose it is.
NUMBER_CLAIMS = """
UPDATE claims c SET n = m.n
FROM numbered m JOIN people p ON p.id = m.person_id
WHERE c.appointment_id = m.appointment_id AND (m.size = 1 OR c.person_key = p.name_index)
"""
# A party had one pass: each of its people has one now, and the first holds the keys of all.
NUMBER_PASSES = """
INSERT INTO return_passes (
    appointment_id, n, consulate_code, account_id, valid_until, person_keys, returned_on)
SELECT r.appointment_id, m.n, r.consulate_code, r.account_id, r.valid_until, '{}', r.returned_on
FROM return_passes r JOIN numbered m ON m.appointment_id = r.appointment_id
WHERE m.n > 1
"""
