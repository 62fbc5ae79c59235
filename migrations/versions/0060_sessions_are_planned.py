"""Opening hours: series, breaks, places of mobile consulates, closures, and who changed them.

Each seat says whether it is counted in its slot's constraints, so that a change of the hours can
count them anew. Seats of cancelled appointments whose places were given back aren't.
"""

from __future__ import annotations

from alembic import op

from migrations.support import (
    WEB,
    WORKER,
    append_only,
    grant,
    install,
    replace_constraint,
    validate,
)

revision = "0060"
down_revision = "0059"

_OFFICE = (
    "current_setting('app.consulate', true) = '*'"
    " OR consulate_code = current_setting('app.consulate', true)"
)


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    _series()
    _closures()
    _changes()
    _sessions()
    _desks()
    _counted()
    _called_off()
    op.execute("ALTER TABLE appointments ADD COLUMN orphaned_at timestamptz")
    grant("appointments", "UPDATE (orphaned_at)", to=WEB)
    install(
        "appointments",
        free_times="7d2e5956",
        take_seat="43abde7c",
        find_seats="03feba72",
        book_appointment_v2="f64edf43",
        hold_desk="9f5aaeec",
    )
    with op.get_context().autocommit_block():
        for index, made in INDEXES.items():
            # One that was given up half way stays behind without being of use.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            unique = "UNIQUE " if index.startswith("uq_") else ""
            op.execute(f"CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS {index} ON {made}")


INDEXES = {
    "uq_sessions_series_id_day": "sessions (series_id, day)",
    "ix_appointments_orphaned": "appointments (consulate_code, day) WHERE orphaned_at IS NOT NULL",
}


def _series() -> None:
    op.execute(
        """
        CREATE TABLE session_series (
            id uuid CONSTRAINT pk_session_series PRIMARY KEY,
            consulate_code text NOT NULL
                CONSTRAINT fk_session_series_consulate_code REFERENCES consulates,
            rrule text NOT NULL,
            first_day date NOT NULL,
            exdates date[] NOT NULL DEFAULT '{}',
            made_until date,
            opens time NOT NULL,
            closes time NOT NULL,
            slot_minutes smallint NOT NULL
                CONSTRAINT ck_session_series_slot_minutes CHECK (slot_minutes BETWEEN 5 AND 240),
            breaks jsonb NOT NULL DEFAULT '[]',
            desks jsonb NOT NULL,
            place_name text,
            place_address text,
            place_zone text,
            created_by uuid,
            created_at timestamptz NOT NULL,
            CONSTRAINT ck_session_series_hours CHECK (opens < closes)
        )
        """
    )
    op.execute("CREATE INDEX ix_session_series_consulate_code ON session_series (consulate_code)")
    _public("session_series")
    grant("session_series", "SELECT, INSERT")
    grant(
        "session_series",
        "UPDATE (rrule, exdates, made_until, opens, closes, breaks, desks)",
    )


def _closures() -> None:
    op.execute(
        """
        CREATE TABLE closures (
            id uuid CONSTRAINT pk_closures PRIMARY KEY,
            consulate_code text CONSTRAINT fk_closures_consulate_code REFERENCES consulates,
            first_day date NOT NULL,
            last_day date NOT NULL,
            begins time,
            ends time,
            reason text NOT NULL,
            source text NOT NULL
                CONSTRAINT ck_closures_source CHECK (source IN ('by_hand', 'holiday')),
            cancels boolean NOT NULL DEFAULT false,
            created_by uuid,
            created_at timestamptz NOT NULL,
            lifted_at timestamptz,
            lifted_by uuid,
            CONSTRAINT ck_closures_days CHECK (first_day <= last_day),
            CONSTRAINT ck_closures_hours CHECK (
                (begins IS NULL) = (ends IS NULL) AND (begins IS NULL OR begins < ends))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_closures_consulate_code_last_day ON closures (consulate_code, last_day)"
    )
    _public("closures")
    grant("closures", "SELECT, INSERT")
    grant("closures", "UPDATE (lifted_at, lifted_by)")


def _changes() -> None:
    op.execute(
        """
        CREATE TABLE opening_changes (
            id uuid CONSTRAINT pk_opening_changes PRIMARY KEY,
            at timestamptz NOT NULL,
            consulate_code text CONSTRAINT fk_opening_changes_consulate_code REFERENCES consulates,
            subject_kind text NOT NULL,
            subject_id uuid NOT NULL,
            action text NOT NULL,
            reason text,
            actor_id uuid,
            actor_role text NOT NULL,
            before jsonb,
            after jsonb
        )
        """
    )
    op.execute("CREATE INDEX ix_opening_changes_subject_id ON opening_changes (subject_id)")
    op.execute(
        "CREATE INDEX ix_opening_changes_consulate_code_at ON opening_changes (consulate_code, at)"
    )
    op.execute("ALTER TABLE opening_changes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE opening_changes FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON opening_changes USING ({_OFFICE}) WITH CHECK ({_OFFICE})")
    append_only("opening_changes")
    grant("opening_changes", "SELECT, INSERT")


def _public(table: str) -> None:
    """Anybody's to read and an office's to write, as its sessions are."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({_OFFICE}) WITH CHECK ({_OFFICE})")
    op.execute(f"CREATE POLICY public ON {table} FOR SELECT USING (true)")


def _sessions() -> None:
    op.execute(
        """
        ALTER TABLE sessions
            ADD COLUMN series_id uuid,
            ADD COLUMN edited_apart boolean NOT NULL DEFAULT false,
            ADD COLUMN breaks jsonb NOT NULL DEFAULT '[]',
            ADD COLUMN place_name text,
            ADD COLUMN place_address text,
            ADD COLUMN place_zone text,
            ADD COLUMN cancelled_at timestamptz
        """
    )
    op.execute(
        "ALTER TABLE sessions ADD CONSTRAINT ck_sessions_place CHECK ("
        "(place_name IS NULL) = (place_zone IS NULL)"
        " AND (place_name IS NULL) = (place_address IS NULL)) NOT VALID"
    )
    op.execute(
        "ALTER TABLE sessions ADD CONSTRAINT fk_sessions_series_id"
        " FOREIGN KEY (series_id) REFERENCES session_series NOT VALID"
    )
    op.execute("ALTER TABLE slots ADD COLUMN place_id uuid")
    op.execute(
        "ALTER TABLE slots ADD CONSTRAINT fk_slots_place_id"
        " FOREIGN KEY (place_id) REFERENCES sessions NOT VALID"
    )
    validate("sessions", "ck_sessions_place")
    validate("sessions", "fk_sessions_series_id")
    validate("slots", "fk_slots_place_id")
    grant("sessions", "UPDATE (opens, closes, breaks, cancelled_at, edited_apart)")


def _desks() -> None:
    """A window of a mobile consulate is another than the office's of the same name."""
    op.execute(
        "ALTER TABLE desks ADD COLUMN removed_at timestamptz,"
        " ADD COLUMN place text NOT NULL DEFAULT ''"
    )
    replace_constraint("desks", "ex_desks_held")
    op.execute(
        """
        -- squawk-ignore constraint-missing-not-valid
        ALTER TABLE desks ADD CONSTRAINT ex_desks_held EXCLUDE USING gist (
            consulate_code WITH =, place WITH =, lower(name) WITH =, held WITH &&,
            overlap_group WITH <>)
        """
    )
    grant("desks", "UPDATE (services, removed_at)")


def _called_off() -> None:
    op.execute(
        """
        CREATE TABLE bookings_called_off (
            subject_id uuid NOT NULL,
            appointment_id uuid NOT NULL
                CONSTRAINT fk_bookings_called_off_appointment_id REFERENCES appointments,
            failure text,
            CONSTRAINT pk_bookings_called_off PRIMARY KEY (subject_id, appointment_id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_bookings_called_off_appointment_id ON bookings_called_off (appointment_id)"
    )
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE bookings_called_off ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE bookings_called_off FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON bookings_called_off USING ({visible}) WITH CHECK ({visible})"
    )
    grant("bookings_called_off", "SELECT, INSERT")
    grant("bookings_called_off", "UPDATE (failure)", to=WORKER)
    grant("bookings_called_off", "DELETE", to=WORKER)


def _counted() -> None:
    op.execute("ALTER TABLE seats ADD COLUMN counted boolean NOT NULL DEFAULT true")
    op.execute("ALTER TABLE vacated_places ADD COLUMN counted boolean NOT NULL DEFAULT true")
    op.execute(
        """
        UPDATE seats SET counted = false FROM appointments a
        WHERE a.id = seats.appointment_id AND a.status = 'cancelled' AND a.starts_at > now()
            AND NOT EXISTS (SELECT FROM outbox o WHERE o.ref = a.id
                AND o.topic = 'appointments.free_places' AND o.done_at IS NULL)
        """
    )
    op.execute(
        """
        UPDATE vacated_places SET counted = false
        WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.ref = move_id
            AND o.topic = 'appointments.free_vacated' AND o.done_at IS NULL)
        """
    )
    grant("seats", "UPDATE (counted)")
    grant("vacated_places", "UPDATE (counted)")
    grant("slot_sets", "UPDATE (services)", to=WEB)
