"""A fact of an appointment says how many appointments, people and services it counts.

Until now it had a line for each service, each counting one: a household of three was one, and an
appointment for two services two. From now on ``quantity`` counts the appointment once, under its
first service, ``people`` everybody who comes, ``services`` each service of each of them. What was
written stays: lines of this moment correct it, so that figures asked as of before are the same.
People and services had no figures before; their lines have the times of what they speak of.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE facts
            ADD COLUMN people bigint NOT NULL DEFAULT 0,
            ADD COLUMN services bigint NOT NULL DEFAULT 0
        """
    )
    op.execute("ALTER TABLE facts DROP CONSTRAINT ck_facts_quantity")
    op.execute(
        """
        ALTER TABLE facts ADD CONSTRAINT ck_facts_counts
            CHECK (quantity <> 0 OR people <> 0 OR services <> 0) NOT VALID
        """
    )
    op.execute("ALTER TABLE facts VALIDATE CONSTRAINT ck_facts_counts")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(COUNT_PEOPLE_AND_SERVICES)
    op.execute(COUNT_APPOINTMENTS_ONCE)
    _booking()


def _booking() -> None:
    """Both versions of the function as they stand, with one statement changed."""
    bind = op.get_bind()
    definitions = bind.scalars(
        sa.text("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^book_appointment'")
    ).all()
    for definition in definitions:
        if definition.count(ONE_EACH) != 1:
            raise RuntimeError("a booking doesn't record its facts as this migration knows it")
        bind.exec_driver_sql(definition.replace(ONE_EACH, ALL_THREE).replace("%", "%%"))


# Whose seats went with a cancellation counts as one person.
COUNT_PEOPLE_AND_SERVICES = """
INSERT INTO facts (
    kind, subject_id, consulate_code, program, status, day, quantity, people, services,
    occurred_at, recorded_at, xid)
SELECT f.kind, f.subject_id, f.consulate_code, f.program, f.status, f.day, 0,
    CASE WHEN f.program = a.services[1] THEN f.quantity * party.size ELSE 0 END,
    f.quantity * party.size, f.occurred_at, f.recorded_at, f.xid
FROM facts f
JOIN appointments a ON a.id = f.subject_id
CROSS JOIN LATERAL (
    SELECT greatest(count(DISTINCT person_id), 1) AS size FROM seats
    WHERE appointment_id = a.id) party
WHERE f.kind = 'appointment' AND f.quantity <> 0
"""
COUNT_APPOINTMENTS_ONCE = """
INSERT INTO facts (
    kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
SELECT f.kind, f.subject_id, f.consulate_code, f.program, f.status, f.day, -sum(f.quantity), now()
FROM facts f
JOIN appointments a ON a.id = f.subject_id
WHERE f.kind = 'appointment' AND f.program <> a.services[1]
GROUP BY f.kind, f.subject_id, f.consulate_code, f.program, f.status, f.day
HAVING sum(f.quantity) <> 0
"""
ONE_EACH = """
            kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
        SELECT 'appointment', p_id, p_consulate, s, 'booked', v_day, 1, p_now
        FROM unnest(p_services) s
"""
ALL_THREE = """
            kind, subject_id, consulate_code, program, status, day, quantity, people, services,
            occurred_at)
        SELECT 'appointment', p_id, p_consulate, s, 'booked', v_day, (n = 1)::integer,
            (n = 1)::integer * jsonb_array_length(p_people), jsonb_array_length(p_people), p_now
        FROM unnest(p_services) WITH ORDINALITY AS wanted (s, n)
"""
