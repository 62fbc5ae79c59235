"""Documents that people send before coming, sealed, for the appointment's office to look at."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, grant

revision = "0132"
down_revision = "0131"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE pre_application_documents (
            id uuid CONSTRAINT pk_pre_application_documents PRIMARY KEY,
            appointment_id uuid NOT NULL
                CONSTRAINT fk_pre_application_documents_appointment_id REFERENCES appointments (id),
            person_id uuid NOT NULL
                CONSTRAINT fk_pre_application_documents_person_id REFERENCES people (id),
            n smallint NOT NULL,
            stored text NOT NULL,
            pages smallint NOT NULL,
            size integer NOT NULL,
            name_sealed bytea NOT NULL,
            file_sealed bytea NOT NULL,
            uploaded_at timestamptz NOT NULL,
            CONSTRAINT uq_pre_application_documents_n UNIQUE (appointment_id, person_id, n),
            CONSTRAINT ck_pre_application_documents_n CHECK (n BETWEEN 1 AND 5),
            CONSTRAINT ck_pre_application_documents_stored CHECK (stored IN ('pdf', 'jpeg'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_pre_application_documents_person_id"
        " ON pre_application_documents (person_id)"
    )
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE pre_application_documents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE pre_application_documents FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY visible ON pre_application_documents"
        f" USING ({visible}) WITH CHECK ({visible})"
    )
    grant("pre_application_documents", "SELECT, DELETE", to=APPLICATION)
    grant("pre_application_documents", "INSERT", to=WEB)
