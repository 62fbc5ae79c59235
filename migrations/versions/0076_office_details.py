"""What visitors of an office need to know, as its supervisor writes it down."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE office_details (
            consulate_code text CONSTRAINT pk_office_details PRIMARY KEY
                CONSTRAINT fk_office_details_consulate_code REFERENCES consulates,
            address text NOT NULL,
            directions text NOT NULL,
            telephone text NOT NULL,
            hours text NOT NULL,
            payment text NOT NULL,
            changed_at timestamptz NOT NULL,
            changed_by uuid
        )
        """
    )
    secure("office_details", account=None)
    op.execute("CREATE POLICY public ON office_details FOR SELECT USING (true)")
    changes = "address, directions, telephone, hours, payment, changed_at, changed_by"
    grant("office_details", f"SELECT, INSERT, UPDATE ({changes})", to=WEB)
    grant("office_details", "SELECT", to=WORKER)
