"""A fact of an appointment says how many appointments, people and services it counts.

Until now it had a line for each service, each counting one: a household of three was one, and an
appointment for two services two. From now on ``quantity`` counts the appointment once, under its
first service, ``people`` everybody who comes, ``services`` each service of each of them. What was
written stays: lines of this moment correct it, so that figures asked as of before are the same.
People and services had no figures before; their lines have the times of what they speak of.
"""

from __future__ import annotations

from alembic import op

from migrations.support import replace_constraint, validate

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
    replace_constraint("facts", "ck_facts_quantity")
    op.execute(
        """
        ALTER TABLE facts ADD CONSTRAINT ck_facts_counts
            CHECK (quantity <> 0 OR people <> 0 OR services <> 0) NOT VALID
        """
    )
    validate("facts", "ck_facts_counts")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(COUNT_PEOPLE_AND_SERVICES)
    op.execute(COUNT_APPOINTMENTS_ONCE)
    op.execute(BOOK_WITH_ALL_THREE)


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
# Both versions of the function as they stand, with one statement changed.
BOOK_WITH_ALL_THREE = f"""
DO $migration$
DECLARE v_definition text;
BEGIN
    FOR v_definition IN
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE starts_with(proname, 'book_appointment')
    LOOP
        IF position($one${ONE_EACH}$one$ IN v_definition) = 0 THEN
            RAISE EXCEPTION 'a booking does not record its facts as this migration knows it';
        END IF;
        EXECUTE replace(v_definition, $one${ONE_EACH}$one$, $all${ALL_THREE}$all$);
    END LOOP;
END $migration$
"""  # noqa: S608 - both parts are the constants above
