"""Roles, audit, idempotency, outbox and facts."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, append_only, grant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        f"""
        DO $$ BEGIN
            CREATE ROLE {APPLICATION} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APPLICATION}")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION domain_error(code text) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = 'CS001', MESSAGE = code;
        END $$
        """
    )
    _audit()
    _idempotency()
    _outbox()
    _facts()
    grant("alembic_version", "SELECT")


def _audit() -> None:
    op.execute(
        """
        CREATE TABLE audit_entries (
            id uuid CONSTRAINT pk_audit_entries PRIMARY KEY,
            at timestamptz NOT NULL,
            actor_role text NOT NULL,
            actor_id uuid,
            consulate_code text,
            action text NOT NULL,
            subject_kind text NOT NULL,
            subject_id uuid,
            person_account_id uuid,
            request_id text
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_audit_entries_person_account_id_at"
        " ON audit_entries (person_account_id, at)"
    )
    op.execute("CREATE INDEX ix_audit_entries_subject_id ON audit_entries (subject_id)")
    append_only("audit_entries")
    grant("audit_entries", "SELECT, INSERT")


def _idempotency() -> None:
    op.execute(
        """
        CREATE TABLE idempotency_keys (
            account_id uuid NOT NULL,
            key text NOT NULL,
            request_hash bytea NOT NULL,
            status smallint,
            response jsonb,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (account_id, key)
        )
        """
    )
    grant("idempotency_keys", "SELECT, INSERT, UPDATE, DELETE")


def _outbox() -> None:
    op.execute(
        """
        CREATE TABLE outbox (
            id uuid CONSTRAINT pk_outbox PRIMARY KEY,
            topic text NOT NULL,
            ref uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            ring_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            lease_until timestamptz,
            fence bigint NOT NULL DEFAULT 0,
            attempts integer NOT NULL DEFAULT 0,
            done_at timestamptz,
            outcome text
        )
        """
    )
    op.execute("CREATE INDEX ix_outbox_due ON outbox (ring_at) WHERE done_at IS NULL")
    op.execute("CREATE INDEX ix_outbox_ref ON outbox (ref)")
    grant("outbox", "SELECT, INSERT, UPDATE")
    op.execute(
        """
        CREATE TABLE scheduled_runs (
            job text NOT NULL,
            due_at timestamptz NOT NULL,
            outbox_id uuid NOT NULL,
            CONSTRAINT pk_scheduled_runs PRIMARY KEY (job, due_at)
        )
        """
    )
    grant("scheduled_runs", "SELECT, INSERT, DELETE")


def _facts() -> None:
    op.execute(
        """
        CREATE TABLE facts (
            id uuid CONSTRAINT pk_facts PRIMARY KEY DEFAULT gen_random_uuid(),
            kind text NOT NULL,
            subject_id uuid NOT NULL,
            consulate_code text,
            program text NOT NULL,
            status text NOT NULL,
            day date NOT NULL,
            quantity bigint NOT NULL CONSTRAINT ck_facts_quantity CHECK (quantity <> 0),
            occurred_at timestamptz NOT NULL,
            xid xid8 NOT NULL DEFAULT pg_current_xact_id()
        )
        """
    )
    op.execute("CREATE INDEX ix_facts_kind_day ON facts (kind, day)")
    op.execute("CREATE INDEX ix_facts_subject_id ON facts (subject_id)")
    append_only("facts")
    grant("facts", "SELECT, INSERT")
    op.execute(
        """
        CREATE TABLE counted_at (
            at timestamptz CONSTRAINT pk_counted_at PRIMARY KEY,
            snapshot pg_snapshot NOT NULL
        )
        """
    )
    append_only("counted_at")
    grant("counted_at", "SELECT, INSERT")
