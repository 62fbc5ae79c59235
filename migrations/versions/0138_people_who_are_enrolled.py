"""People who have active enrollments are counted, each once, also those of before."""

from __future__ import annotations

from alembic import op

from migrations.support import install

revision = "0138"
down_revision = "0137"

# From enrollment to enrollment of a person: when the first became active while they had none, and
# when the last one ended. What an enrollment is now counts where its history says otherwise.
SPELLS = """
    CREATE TEMP TABLE enrolled_spells ON COMMIT DROP AS
    WITH said AS (
        SELECT enrollment_id, position, status, at FROM enrollment_events
        UNION ALL
        SELECT e.id, 32767, e.status, e.changed_at FROM enrollments e
        WHERE (e.status = 'active') IS DISTINCT FROM (
            SELECT v.status = 'active' FROM enrollment_events v WHERE v.enrollment_id = e.id
            ORDER BY v.position DESC LIMIT 1)
    ), step AS (
        SELECT e.id, s.position, s.at, e.consulate_code,
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
    )
    SELECT gen_random_uuid() AS id, person, spell, min(at) AS began_at,
        max(at) FILTER (WHERE change = -1 AND active = 0) AS ended_at,
        (array_agg(consulate_code ORDER BY at, id, position))[1] AS consulate_code
    FROM numbered GROUP BY person, spell
"""


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        CREATE TABLE enrolled_people (
            id uuid CONSTRAINT pk_enrolled_people PRIMARY KEY,
            person_key bytea CONSTRAINT uq_enrolled_people_person_key UNIQUE,
            enrollments integer NOT NULL
                CONSTRAINT ck_enrolled_people_enrollments CHECK (enrollments >= 0)
        )
        """
    )
    op.execute("ALTER TABLE enrollments ADD COLUMN enrolled_person_id uuid")
    install("enrollments", count_enrolled_person="39424dff", forget_enrolled_person="ca9101e1")
    for function in ("count_enrolled_person()", "forget_enrolled_person()"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    # Before what was is counted: these hold off every other step until then.
    op.execute(
        "CREATE TRIGGER count_enrolled_person BEFORE UPDATE OF status ON enrollments FOR EACH ROW"
        " WHEN ((OLD.status = 'active') <> (NEW.status = 'active'))"
        " EXECUTE FUNCTION count_enrolled_person()"
    )
    op.execute(
        "CREATE TRIGGER forget_enrolled_person AFTER UPDATE OF curp_index ON people FOR EACH ROW"
        " WHEN (OLD.curp_index IS NOT NULL AND NEW.curp_index IS NULL)"
        " EXECUTE FUNCTION forget_enrolled_person()"
    )
    op.execute(SPELLS)
    op.execute(
        """
        INSERT INTO facts (
            kind, subject_id, consulate_code, status, day, quantity, people, services, occurred_at)
        SELECT 'enrolled_person', s.id, s.consulate_code, 'enrolled',
            (turn.at AT TIME ZONE coalesce(c.time_zone, 'America/Mexico_City'))::date,
            turn.change, 0, 0, turn.at
        FROM enrolled_spells s LEFT JOIN consulates c ON c.code = s.consulate_code
        CROSS JOIN LATERAL (VALUES (s.began_at, 1), (s.ended_at, -1)) AS turn (at, change)
        WHERE turn.at IS NOT NULL
        """
    )
    op.execute(
        """
        WITH active AS (
            SELECT e.id, p.curp_index, s.id AS spell
            FROM enrollments e JOIN people p ON p.id = e.person_id
            JOIN enrolled_spells s ON s.ended_at IS NULL
                AND s.person = coalesce(encode(p.curp_index, 'hex'), e.id::text)
            WHERE e.status = 'active'
        ), one AS (
            INSERT INTO enrolled_people (id, person_key, enrollments)
            SELECT spell, curp_index, count(*) FROM active GROUP BY spell, curp_index
        )
        UPDATE enrollments e SET enrolled_person_id = active.spell
        FROM active WHERE active.id = e.id
        """
    )
