"""Who wants to know when there is a place, or one before that of their appointment."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0065"
down_revision = "0064"

_TOLD = "checked_at, notified_at"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE place_watches (
            id uuid NOT NULL,
            account_id uuid NOT NULL
                CONSTRAINT fk_place_watches_account_id REFERENCES accounts (id),
            appointment_id uuid
                CONSTRAINT fk_place_watches_appointment_id REFERENCES appointments (id),
            before timestamptz,
            service_code text NOT NULL
                CONSTRAINT fk_place_watches_service_code REFERENCES services (code),
            consulate_codes text[] NOT NULL CONSTRAINT ck_place_watches_consulate_codes
                CHECK (cardinality(consulate_codes) BETWEEN 1 AND 10),
            people smallint NOT NULL CONSTRAINT ck_place_watches_people
                CHECK (people BETWEEN 1 AND 40),
            language text NOT NULL,
            person_keys bytea[] NOT NULL,
            email_index bytea,
            phone_index bytea,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            checked_at timestamptz NOT NULL,
            notified_at timestamptz,
            ended_at timestamptz,
            ending text,
            CONSTRAINT pk_place_watches PRIMARY KEY (id),
            CONSTRAINT ck_place_watches_before
                CHECK ((appointment_id IS NULL) = (before IS NULL)),
            CONSTRAINT ck_place_watches_ending CHECK (
                (ended_at IS NULL) = (ending IS NULL)
                AND ending IN ('stopped', 'booked', 'over', 'expired'))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_place_watches_service ON place_watches (account_id, service_code)"
        " WHERE ended_at IS NULL AND appointment_id IS NULL"
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_place_watches_appointment ON place_watches (appointment_id)"
        " WHERE ended_at IS NULL AND appointment_id IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX ix_place_watches_checked_at ON place_watches (checked_at)"
        " WHERE ended_at IS NULL"
    )
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
    )
    op.execute("ALTER TABLE place_watches ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE place_watches FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON place_watches USING ({visible}) WITH CHECK ({visible})")
    ended = "ended_at, ending, email_index, person_keys, phone_index"
    grant("place_watches", f"SELECT, INSERT, UPDATE ({ended})", to=WEB)
    grant("place_watches", f"SELECT, DELETE, UPDATE ({ended}, {_TOLD})", to=WORKER)
