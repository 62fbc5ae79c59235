"""Places that are kept for some, a maximum of a service a day, and what a seat needs of a desk."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, secure

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    _reserves()
    _maximums()
    _seats()
    install(
        "appointments",
        left_of_days="dac4d97e",
        free_times="2ace0367",
        take_seat="c5903b42",
        count_on_days="1933b267",
        read_seating="421c02f2",
        count_seats="5a51fac8",
        free_booking_holds="718696e9",
        take_seats="ccb3d898",
        book_appointment_v3="607de4f3",
    )
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_sessions_release_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_sessions_release_at"
            " ON sessions (release_at) WHERE release_at IS NOT NULL"
        )


def _reserves() -> None:
    op.execute(
        """
        ALTER TABLE sessions
            ADD COLUMN reserves jsonb NOT NULL DEFAULT '[]',
            ADD COLUMN release_at timestamptz,
            ADD COLUMN daily_maximums jsonb NOT NULL DEFAULT '{}'
        """
    )
    op.execute(
        """
        ALTER TABLE session_series
            ADD COLUMN reserves jsonb NOT NULL DEFAULT '[]',
            ADD COLUMN daily_maximums jsonb NOT NULL DEFAULT '{}'
        """
    )
    op.execute("ALTER TABLE slot_sets ADD COLUMN planned smallint")
    for table, more in (("sessions", ", release_at"), ("session_series", "")):
        grant(table, f"UPDATE (reserves, daily_maximums{more})")
    grant("slot_sets", "UPDATE (exempt, planned)", to=WEB)


def _maximums() -> None:
    op.execute(
        """
        CREATE TABLE daily_maximums (
            consulate_code text NOT NULL
                CONSTRAINT fk_daily_maximums_consulate_code REFERENCES consulates,
            service_code text NOT NULL
                CONSTRAINT fk_daily_maximums_service_code REFERENCES services,
            valid_from date NOT NULL,
            most smallint CONSTRAINT ck_daily_maximums_most CHECK (most BETWEEN 0 AND 1000),
            set_by uuid,
            set_at timestamptz NOT NULL,
            CONSTRAINT pk_daily_maximums
                PRIMARY KEY (consulate_code, service_code, valid_from)
        )
        """
    )
    secure("daily_maximums", account=None)
    op.execute("CREATE POLICY public ON daily_maximums FOR SELECT USING (true)")
    grant("daily_maximums", "SELECT, INSERT")
    grant("daily_maximums", "UPDATE (most, set_by, set_at)", to=WEB)
    op.execute(
        """
        CREATE TABLE day_maximums (
            id uuid CONSTRAINT pk_day_maximums PRIMARY KEY,
            consulate_code text NOT NULL
                CONSTRAINT fk_day_maximums_consulate_code REFERENCES consulates,
            day date NOT NULL,
            service_code text NOT NULL
                CONSTRAINT fk_day_maximums_service_code REFERENCES services,
            place_id uuid CONSTRAINT fk_day_maximums_place_id REFERENCES sessions,
            most smallint NOT NULL,
            allowed smallint NOT NULL,
            taken smallint NOT NULL DEFAULT 0,
            CONSTRAINT ck_day_maximums_allowed
                CHECK (taken BETWEEN 0 AND allowed AND most <= allowed),
            CONSTRAINT uq_day_maximums_consulate_code UNIQUE NULLS NOT DISTINCT
                (consulate_code, day, service_code, place_id)
        ) WITH (fillfactor = 70)
        """
    )
    grant("day_maximums", "SELECT, INSERT, UPDATE, DELETE")


def _seats() -> None:
    op.execute("ALTER TABLE seats ADD COLUMN skills text[] NOT NULL DEFAULT '{}'")
    grant("seats", "UPDATE (skills)")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        "UPDATE seats SET skills = h.skills FROM desk_holds h"
        " WHERE seats.hold_id = h.id AND h.skills <> '{}'"
    )
    op.execute("ALTER TABLE vacated_places ADD COLUMN of_day boolean NOT NULL DEFAULT true")
    # Whoever moved to another office was seen there only, and the office left counted one less.
    op.execute("DROP POLICY visible ON vacated_places")
    op.execute("ALTER TABLE vacated_places NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE vacated_places DISABLE ROW LEVEL SECURITY")
