"""Citizens, staff, and how both sign in."""

from __future__ import annotations

from alembic import op

from migrations.support import grant, secure

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _citizens()
    _staff()
    _sign_in()


def _citizens() -> None:
    op.execute(
        """
        CREATE TABLE accounts (
            id uuid CONSTRAINT pk_accounts PRIMARY KEY,
            language text NOT NULL DEFAULT 'es',
            created_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        """
        CREATE TABLE people (
            id uuid CONSTRAINT pk_people PRIMARY KEY,
            account_id uuid CONSTRAINT fk_people_account_id REFERENCES accounts (id),
            consulate_code text
                CONSTRAINT fk_people_consulate_code REFERENCES consulates (code),
            holder boolean NOT NULL DEFAULT false,
            given_names text NOT NULL,
            first_surname text NOT NULL,
            second_surname text,
            birth_date date,
            birth_place text,
            name_index bytea NOT NULL,
            data_key bytea,
            curp_sealed bytea,
            curp_index bytea,
            email_sealed bytea,
            phone_sealed bytea,
            created_at timestamptz NOT NULL,
            CONSTRAINT ck_people_holder_account CHECK (NOT holder OR account_id IS NOT NULL)
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_people_holder ON people (account_id) WHERE holder")
    op.execute("CREATE INDEX ix_people_account_id ON people (account_id)")
    op.execute("CREATE INDEX ix_people_name_index ON people (name_index)")
    grant("accounts", "SELECT, INSERT, UPDATE")
    grant("people", "SELECT, INSERT, UPDATE")
    secure("people")
    op.execute(
        """
        CREATE TABLE identities (
            issuer text NOT NULL,
            subject_index bytea NOT NULL,
            account_id uuid NOT NULL
                CONSTRAINT fk_identities_account_id REFERENCES accounts (id),
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_identities PRIMARY KEY (issuer, subject_index)
        )
        """
    )
    grant("identities", "SELECT, INSERT, DELETE")


def _staff() -> None:
    op.execute(
        """
        CREATE TABLE staff_accounts (
            id uuid CONSTRAINT pk_staff_accounts PRIMARY KEY,
            subject text NOT NULL,
            name text NOT NULL,
            email text,
            role text NOT NULL CONSTRAINT ck_staff_accounts_role CHECK (role IN (
                'officer', 'supervisor', 'agent', 'analyst', 'treasury', 'compliance',
                'auditor', 'admin')),
            consulate_code text
                CONSTRAINT fk_staff_accounts_consulate_code REFERENCES consulates (code),
            created_at timestamptz NOT NULL,
            created_by uuid,
            ended_at timestamptz,
            ended_by uuid,
            CONSTRAINT ck_staff_accounts_office CHECK (
                (role IN ('officer', 'supervisor')) = (consulate_code IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_staff_accounts_subject ON staff_accounts (subject)"
        " WHERE ended_at IS NULL"
    )
    grant("staff_accounts", "SELECT, INSERT, UPDATE")


def _sign_in() -> None:
    op.execute(
        """
        CREATE TABLE login_codes (
            id uuid CONSTRAINT pk_login_codes PRIMARY KEY,
            channel text NOT NULL CONSTRAINT ck_login_codes_channel
                CHECK (channel IN ('email', 'sms')),
            destination_index bytea NOT NULL,
            destination_sealed bytea NOT NULL,
            code_sealed bytea NOT NULL,
            data_key bytea NOT NULL,
            language text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            attempts smallint NOT NULL DEFAULT 0
                CONSTRAINT ck_login_codes_attempts CHECK (attempts <= 5),
            used_at timestamptz
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_login_codes_destination_index"
        " ON login_codes (destination_index, created_at)"
    )
    grant("login_codes", "SELECT, INSERT, UPDATE, DELETE")
    op.execute(
        """
        CREATE TABLE web_sessions (
            id_hash bytea CONSTRAINT pk_web_sessions PRIMARY KEY,
            account_id uuid CONSTRAINT fk_web_sessions_account_id REFERENCES accounts (id),
            staff_id uuid CONSTRAINT fk_web_sessions_staff_id REFERENCES staff_accounts (id),
            created_at timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            ended_at timestamptz,
            CONSTRAINT ck_web_sessions_one CHECK ((account_id IS NULL) <> (staff_id IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_web_sessions_account_id ON web_sessions (account_id)")
    op.execute("CREATE INDEX ix_web_sessions_staff_id ON web_sessions (staff_id)")
    grant("web_sessions", "SELECT, INSERT, UPDATE, DELETE")
    op.execute(
        """
        CREATE TABLE attempts (
            subject bytea NOT NULL,
            window_start timestamptz NOT NULL,
            count integer NOT NULL,
            CONSTRAINT pk_attempts PRIMARY KEY (subject, window_start)
        )
        """
    )
    grant("attempts", "SELECT, INSERT, UPDATE, DELETE")
