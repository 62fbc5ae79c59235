"""A service that takes several slots, or needs something of a desk, holds a named desk."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, secure, validate

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    _durations()
    _sessions_and_desks()
    _holds()
    _seats()
    install(
        "appointments",
        free_times="b7d4cefd",
        searched_starts="21160898",
        searched_sessions="2cb87616",
        read_seating="4984c7d6",
        lock_seating="cf024d80",
        desk_slots="5caa1a0b",
        take_seats="9852959f",
        book_appointment_v3="f691184b",
        seat_booking="039116f0",
        book_appointment_v2="8e1f541d",
        book_appointment="b59b153a",
    )
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_seats_hold_id")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_seats_hold_id ON seats (hold_id)"
            " WHERE hold_id IS NOT NULL"
        )


def _durations() -> None:
    op.execute(
        """
        CREATE TABLE service_durations (
            consulate_code text NOT NULL
                CONSTRAINT fk_service_durations_consulate_code REFERENCES consulates,
            service_code text NOT NULL
                CONSTRAINT fk_service_durations_service_code REFERENCES services,
            valid_from date NOT NULL,
            minutes smallint
                CONSTRAINT ck_service_durations_minutes CHECK (minutes BETWEEN 5 AND 240),
            set_by uuid,
            set_at timestamptz NOT NULL,
            CONSTRAINT pk_service_durations
                PRIMARY KEY (consulate_code, service_code, valid_from)
        )
        """
    )
    secure("service_durations", account=None)
    op.execute("CREATE POLICY public ON service_durations FOR SELECT USING (true)")
    grant("service_durations", "SELECT, INSERT")
    grant("service_durations", "UPDATE (minutes, set_by, set_at)", to=WEB)


def _sessions_and_desks() -> None:
    op.execute(
        """
        ALTER TABLE sessions
            ADD COLUMN service_minutes jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN service_slots jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN by_desk boolean NOT NULL DEFAULT false
        """
    )
    op.execute("ALTER TABLE desks ADD COLUMN skills text[] NOT NULL DEFAULT '{}'")
    grant("desks", "UPDATE (skills)")
    grant("sessions", "UPDATE (service_minutes, service_slots, by_desk)")


def _holds() -> None:
    op.execute(
        """
        CREATE TABLE desk_holds (
            id uuid CONSTRAINT pk_desk_holds PRIMARY KEY,
            session_id uuid NOT NULL CONSTRAINT fk_desk_holds_session_id REFERENCES sessions,
            desk_id uuid NOT NULL CONSTRAINT fk_desk_holds_desk_id REFERENCES desks,
            service_code text NOT NULL
                CONSTRAINT fk_desk_holds_service_code REFERENCES services,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            skills text[] NOT NULL DEFAULT '{}',
            share text NOT NULL DEFAULT '',
            move_id uuid,
            CONSTRAINT ck_desk_holds_order CHECK (starts_at < ends_at),
            CONSTRAINT ex_desk_holds_desk EXCLUDE USING gist (
                desk_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
                DEFERRABLE INITIALLY IMMEDIATE
        )
        """
    )
    op.execute("CREATE INDEX ix_desk_holds_session_id ON desk_holds (session_id)")
    op.execute("CREATE INDEX ix_desk_holds_move_id ON desk_holds (move_id)")
    grant("desk_holds", "SELECT, INSERT, DELETE")
    grant("desk_holds", "UPDATE (desk_id, move_id)")


def _seats() -> None:
    op.execute(
        "ALTER TABLE seats ADD COLUMN hold_id uuid, ADD COLUMN share text NOT NULL DEFAULT ''"
    )
    op.execute(
        "ALTER TABLE seats ADD CONSTRAINT fk_seats_hold_id"
        " FOREIGN KEY (hold_id) REFERENCES desk_holds ON DELETE SET NULL NOT VALID"
    )
    validate("seats", "fk_seats_hold_id")
    op.execute(
        "ALTER TABLE vacated_places ADD COLUMN share text NOT NULL DEFAULT '',"
        " ADD COLUMN by_desk boolean NOT NULL DEFAULT false"
    )
    grant("seats", "UPDATE (hold_id, share)")
    op.execute("ALTER TABLE slot_sets ADD COLUMN exempt text[] NOT NULL DEFAULT '{}'")
