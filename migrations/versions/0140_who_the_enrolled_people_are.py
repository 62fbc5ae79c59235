"""People who are enrolled are counted by origin, sex and age too, also those of before."""

from __future__ import annotations

from alembic import op

from migrations.support import install

revision = "0140"
down_revision = "0139"

# By which enrollment each of those who are counted came: the first of those that they have now, or
# the one whose history began and ended at the same moments at the same office. People who share
# all three add up to the same, whichever is whose.
CAME_BY = """
    CREATE TEMP TABLE came_by ON COMMIT DROP AS
    WITH said AS (
        SELECT enrollment_id, position, status, at FROM enrollment_events
        UNION ALL
        SELECT e.id, 32767, e.status, e.changed_at FROM enrollments e
        WHERE (e.status = 'active') IS DISTINCT FROM (
            SELECT v.status = 'active' FROM enrollment_events v WHERE v.enrollment_id = e.id
            ORDER BY v.position DESC LIMIT 1)
    ), step AS (
        SELECT e.id, s.position, s.at, e.consulate_code, e.enrolled_person_id,
            coalesce(encode(p.curp_index, 'hex'), e.id::text) AS person,
            (s.status = 'active')::integer - coalesce(lag((s.status = 'active')::integer)
                OVER (PARTITION BY e.id ORDER BY s.position), 0) AS change
        FROM said s JOIN enrollments e ON e.id = s.enrollment_id
        JOIN people p ON p.id = e.person_id
    ), counted AS (
        SELECT *, sum(change) OVER (PARTITION BY person ORDER BY at, id, position) AS active
        FROM step WHERE change <> 0
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE change = 1 AND active = 1)
            OVER (PARTITION BY person ORDER BY at, id, position) AS spell
        FROM counted
    ), spell AS (
        SELECT (array_agg(id ORDER BY at, id, position))[1] AS enrollment_id,
            (array_agg(consulate_code ORDER BY at, id, position))[1] AS consulate_code,
            min(at) AS began_at, max(at) FILTER (WHERE change = -1 AND active = 0) AS ended_at,
            array_agg(enrolled_person_id) AS running
        FROM numbered GROUP BY person, spell
    ), counted_one AS (
        SELECT subject_id, min(consulate_code) AS consulate_code,
            min(occurred_at) AS began_at,
            max(occurred_at) FILTER (WHERE quantity < 0) AS ended_at
        FROM facts WHERE kind = 'enrolled_person' GROUP BY subject_id
    ), came AS (
        SELECT o.subject_id, s.enrollment_id, s.began_at FROM counted_one o
        JOIN spell s ON o.subject_id = ANY (s.running)
        WHERE o.ended_at IS NULL AND s.ended_at IS NULL
        UNION ALL
        SELECT o.subject_id, s.enrollment_id, s.began_at FROM (
            SELECT *, row_number() OVER (
                PARTITION BY consulate_code, began_at, ended_at ORDER BY subject_id) AS n
            FROM counted_one WHERE ended_at IS NOT NULL) o
        JOIN (
            SELECT *, row_number() OVER (
                PARTITION BY consulate_code, began_at, ended_at ORDER BY enrollment_id) AS n
            FROM spell WHERE ended_at IS NOT NULL) s
        ON s.began_at = o.began_at AND s.ended_at = o.ended_at AND s.n = o.n
            AND s.consulate_code IS NOT DISTINCT FROM o.consulate_code
    )
    SELECT DISTINCT ON (came.subject_id) came.subject_id, one.state_of_origin, one.sex, one.age_band
    FROM came CROSS JOIN LATERAL (
        SELECT * FROM facts f WHERE f.subject_id = came.enrollment_id
        AND f.state_of_origin IS NOT NULL LIMIT 1) one
    ORDER BY came.subject_id, came.began_at
"""


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    # Every step waits until those before are counted anew, and then takes the new function.
    op.execute("LOCK TABLE enrollments IN SHARE ROW EXCLUSIVE MODE")
    install("facts", record_fact_v3="7456a54a", record_fact_v2="7914042f")
    install("enrollments", count_enrolled_person="fc8235d7")
    op.execute(CAME_BY)
    # Facts never change: each line is taken back and said again, on its own day.
    op.execute(
        """
        INSERT INTO facts (
            kind, subject_id, consulate_code, status, day, quantity, occurred_at,
            state_of_origin, sex, age_band)
        SELECT f.kind, f.subject_id, f.consulate_code, f.status, f.day, f.quantity * said.sign,
            f.occurred_at, said.state_of_origin, said.sex, said.age_band
        FROM facts f JOIN came_by c ON c.subject_id = f.subject_id
        CROSS JOIN LATERAL (VALUES (-1, NULL, NULL, NULL),
            (1, c.state_of_origin, c.sex, c.age_band)
        ) AS said (sign, state_of_origin, sex, age_band)
        WHERE f.kind = 'enrolled_person'
        """
    )
