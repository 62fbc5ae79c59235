"""Each person of an appointment has a number, a folio and a status of their own.

Passes to come back and claims say whose of a party they are. While the version before still runs it
moves appointments only: a trigger moves their people with them, until a later release drops it.
"""

from __future__ import annotations

from alembic import op

from migrations.support import grant, install, replace_constraint

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE attendees (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_attendees_appointment_id REFERENCES appointments,
            n smallint NOT NULL CONSTRAINT ck_attendees_n CHECK (n > 0),
            person_id uuid NOT NULL CONSTRAINT uq_attendees_person_id UNIQUE
                CONSTRAINT fk_attendees_person_id REFERENCES people,
            folio text NOT NULL CONSTRAINT uq_attendees_folio UNIQUE,
            status text NOT NULL CONSTRAINT ck_attendees_status CHECK (status IN (
                'booked', 'checked_in', 'called', 'completed', 'not_served', 'no_show',
                'cancelled')),
            desk text,
            outcome jsonb,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_attendees PRIMARY KEY (appointment_id, n)
        )
        """
    )
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE attendees ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE attendees FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON attendees USING ({visible}) WITH CHECK ({visible})")
    grant("attendees", "SELECT, INSERT")
    grant("attendees", "UPDATE (appointment_id, n, status, desk, outcome, changed_at)")
    op.execute("ALTER TABLE claims ADD COLUMN n smallint")
    grant("claims", "UPDATE (n)")
    op.execute("ALTER TABLE return_passes ADD COLUMN n smallint NOT NULL DEFAULT 1")
    replace_constraint("return_passes", "pk_return_passes")
    # A small table, of those who may still come back; a key can't be added NOT VALID.
    op.execute(
        "-- squawk-ignore adding-serial-primary-key-field, disallowed-unique-constraint,"
        " constraint-missing-not-valid\n"
        "ALTER TABLE return_passes ADD CONSTRAINT pk_return_passes PRIMARY KEY (appointment_id, n)"
    )
    install(
        "appointments",
        refuse_hoarding="0443228b",
        book_appointment_v2="bf7386fb",
        move_members_along="5f279487",
    )
    op.execute(
        """
        CREATE TRIGGER members_move_along AFTER UPDATE OF status ON appointments FOR EACH ROW
        WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION move_members_along()
        """
    )
