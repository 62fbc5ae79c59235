"""Documents that are ready to be collected, and who collected them."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant, secure

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE ready_documents (
            id uuid CONSTRAINT pk_ready_documents PRIMARY KEY,
            rendered_id uuid NOT NULL CONSTRAINT uq_ready_documents_rendered_id UNIQUE
                CONSTRAINT fk_ready_documents_rendered_id REFERENCES services_rendered,
            consulate_code text NOT NULL
                CONSTRAINT fk_ready_documents_consulate_code REFERENCES consulates,
            account_id uuid CONSTRAINT fk_ready_documents_account_id REFERENCES accounts,
            ready_at timestamptz NOT NULL,
            ready_by uuid,
            collected_at timestamptz,
            handed_by uuid,
            collector text CONSTRAINT ck_ready_documents_collector
                CHECK (collector IN ('holder', 'parent', 'authorized')),
            collector_sealed bytea,
            document text,
            appointment_id uuid
                CONSTRAINT fk_ready_documents_appointment_id REFERENCES appointments,
            CONSTRAINT ck_ready_documents_collected CHECK (
                (collected_at IS NULL) = (collector IS NULL)
                AND (collected_at IS NULL) = (document IS NULL)
                AND (collected_at IS NOT NULL OR num_nonnulls(handed_by, collector_sealed,
                    appointment_id) = 0)),
            CONSTRAINT ck_ready_documents_collector_sealed
                CHECK (collector_sealed IS NULL OR collector <> 'holder')
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_ready_documents_waiting ON ready_documents (consulate_code, ready_at)"
        " WHERE collected_at IS NULL"
    )
    op.execute("CREATE INDEX ix_ready_documents_account_id ON ready_documents (account_id)")
    op.execute("CREATE INDEX ix_ready_documents_appointment_id ON ready_documents (appointment_id)")
    secure("ready_documents")
    grant("ready_documents", "SELECT", to=APPLICATION)
    collected = "collected_at, handed_by, collector, collector_sealed, document, appointment_id"
    grant("ready_documents", f"INSERT, DELETE, UPDATE ({collected})", to=WEB)
    grant("ready_documents", "UPDATE (collector_sealed, document)", to=WORKER)
