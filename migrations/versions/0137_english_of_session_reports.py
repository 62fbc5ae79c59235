"""What is typed into a session's report has its English beside it."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, validate

revision = "0137"
down_revision = "0136"


def upgrade() -> None:
    op.execute("ALTER TABLE commission_sessions ADD COLUMN english jsonb NOT NULL DEFAULT '{}'")
    op.execute(
        "ALTER TABLE commission_sessions ADD CONSTRAINT ck_commission_sessions_english"
        " CHECK (jsonb_typeof(english) = 'object') NOT VALID"
    )
    validate("commission_sessions", "ck_commission_sessions_english")
    grant("commission_sessions", "UPDATE (english)", to=WEB)
