"""Messages to people: by which channel, to whom, and what became of them."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE messages (
            id uuid CONSTRAINT pk_messages PRIMARY KEY,
            item uuid NOT NULL,
            topic text NOT NULL,
            ref uuid NOT NULL,
            kind text NOT NULL,
            consulate_code text
                CONSTRAINT fk_messages_consulate_code REFERENCES consulates (code),
            account_id uuid CONSTRAINT fk_messages_account_id REFERENCES accounts (id),
            channel text NOT NULL CONSTRAINT ck_messages_channel CHECK (
                channel IN ('email', 'sms', 'voice', 'desk')),
            language text NOT NULL,
            state text NOT NULL CONSTRAINT ck_messages_state CHECK (
                state IN ('queued', 'sent', 'delivered', 'bounced', 'failed', 'superseded')),
            reason text,
            provider_id text,
            data_key bytea,
            address_sealed bytea,
            created_at timestamptz NOT NULL,
            sent_at timestamptz,
            outcome_at timestamptz,
            CONSTRAINT ck_messages_address_with_its_key CHECK (
                (data_key IS NULL) = (address_sealed IS NULL)),
            CONSTRAINT uq_messages_item UNIQUE (item, channel)
        )
        """
    )
    for index in (
        "ix_messages_ref ON messages (ref)",
        "ix_messages_account_id ON messages (account_id)",
        "ix_messages_created_at ON messages (created_at)",
        "ix_messages_untold ON messages (consulate_code, created_at)"
        " WHERE channel = 'desk' AND state = 'queued'",
    ):
        op.execute(f"CREATE INDEX {index}")
    secure("messages")
    grant("messages", "SELECT")
    grant("messages", "UPDATE (state, reason, outcome_at)", to=WEB)
    grant(
        "messages",
        "INSERT, DELETE, UPDATE (state, reason, provider_id, sent_at, outcome_at)",
        to=WORKER,
    )
