"""Sessions of the Commission, the reports of them that were signed, and the keys that signed."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, append_only, grant, install

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    _signing_keys()
    _sessions()
    _agreements()
    _numbers()
    _reports()


def _signing_keys() -> None:
    op.execute(
        """
        CREATE TABLE signing_keys (
            key text CONSTRAINT pk_signing_keys PRIMARY KEY,
            public_key bytea NOT NULL
                CONSTRAINT ck_signing_keys_public_key CHECK (octet_length(public_key) = 32),
            first_used_at timestamptz NOT NULL
        )
        """
    )
    grant("signing_keys", "SELECT, INSERT", to=APPLICATION)
    append_only("signing_keys")


def _sessions() -> None:
    op.execute(
        """
        CREATE TABLE commission_sessions (
            id uuid CONSTRAINT pk_commission_sessions PRIMARY KEY,
            number integer NOT NULL CONSTRAINT ck_commission_sessions_number CHECK (number > 0),
            example boolean NOT NULL DEFAULT false,
            held_on date,
            place text,
            first date,
            last date,
            status text NOT NULL CONSTRAINT ck_commission_sessions_status
                CHECK (status IN ('draft', 'prepared', 'signed')),
            version integer NOT NULL DEFAULT 1,
            amends text,
            as_of timestamptz,
            made_by uuid,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            prepared_by uuid,
            prepared_at timestamptz,
            CONSTRAINT uq_commission_sessions_number UNIQUE (number, example),
            CONSTRAINT ck_commission_sessions_period
                CHECK (first <= last AND num_nulls(first, last) IN (0, 2)),
            CONSTRAINT ck_commission_sessions_prepared CHECK (num_nulls(prepared_by, prepared_at)
                = CASE WHEN status = 'draft' THEN 2 ELSE 0 END),
            CONSTRAINT ck_commission_sessions_version
                CHECK (version > 0 AND (version = 1) = (amends IS NULL))
        )
        """
    )
    _list_of_session("commission_attendance", "agency text NOT NULL, attended boolean NOT NULL")
    _list_of_session("commission_agenda", "item text NOT NULL")
    grant("commission_sessions", "SELECT, INSERT", to=WEB)
    columns = "held_on, place, first, last, status, version, amends, as_of, changed_at"
    grant("commission_sessions", f"UPDATE ({columns}, prepared_by, prepared_at)", to=WEB)


def _list_of_session(table: str, columns: str, key: str = "position") -> None:
    """A table whose rows a form replaces as a whole."""
    op.execute(
        f"""
        CREATE TABLE {table} (
            session_id uuid NOT NULL
                CONSTRAINT fk_{table}_session_id REFERENCES commission_sessions,
            position smallint NOT NULL,
            {columns},
            CONSTRAINT pk_{table} PRIMARY KEY (session_id, {key})
        )
        """
    )
    grant(table, "SELECT, INSERT, DELETE", to=WEB)


def _agreements() -> None:
    op.execute(
        """
        CREATE TABLE commission_agreements (
            id uuid CONSTRAINT pk_commission_agreements PRIMARY KEY,
            session_id uuid NOT NULL
                CONSTRAINT fk_commission_agreements_session_id REFERENCES commission_sessions,
            position smallint NOT NULL,
            agreed text NOT NULL,
            responsible text NOT NULL,
            due_on date NOT NULL,
            CONSTRAINT uq_commission_agreements_position UNIQUE (session_id, position)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE commission_follow_ups (
            session_id uuid NOT NULL
                CONSTRAINT fk_commission_follow_ups_session_id REFERENCES commission_sessions,
            agreement_id uuid NOT NULL
                CONSTRAINT fk_commission_follow_ups_agreement_id REFERENCES commission_agreements,
            status text NOT NULL CONSTRAINT ck_commission_follow_ups_status
                CHECK (status IN ('pending', 'under_way', 'done', 'withdrawn')),
            evidence text NOT NULL,
            due_on date,
            CONSTRAINT pk_commission_follow_ups PRIMARY KEY (session_id, agreement_id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_commission_follow_ups_agreement_id ON commission_follow_ups (agreement_id)"
    )
    grant("commission_agreements", "SELECT, INSERT, DELETE", to=WEB)
    grant("commission_follow_ups", "SELECT, INSERT, UPDATE (status, evidence, due_on)", to=WEB)


def _numbers() -> None:
    _list_of_session(
        "commission_results",
        """working_group smallint NOT NULL CONSTRAINT ck_commission_results_working_group
                CHECK (working_group BETWEEN 1 AND 6),
            code text NOT NULL,
            source text NOT NULL CONSTRAINT ck_commission_results_source
                CHECK (source IN ('indicator', 'election', 'entry')),
            query jsonb NOT NULL,
            value numeric(18, 3) NOT NULL,
            before numeric(18, 3),
            unit text NOT NULL,
            cut_off date,
            as_of timestamptz CONSTRAINT ck_commission_results_as_of
                CHECK ((source = 'indicator') = (as_of IS NOT NULL)),
            revision integer,
            texts jsonb NOT NULL""",
        "working_group, code",
    )
    _list_of_session("commission_annexes", "code text NOT NULL, content jsonb NOT NULL", "code")


def _reports() -> None:
    op.execute(
        """
        CREATE TABLE commission_reports (
            id uuid CONSTRAINT pk_commission_reports PRIMARY KEY,
            session_id uuid NOT NULL
                CONSTRAINT fk_commission_reports_session_id REFERENCES commission_sessions,
            version integer NOT NULL,
            content text NOT NULL,
            content_sha256 text NOT NULL,
            pdf_es bytea NOT NULL,
            pdf_en bytea NOT NULL,
            statement text NOT NULL,
            signature bytea NOT NULL,
            key text NOT NULL CONSTRAINT fk_commission_reports_key REFERENCES signing_keys,
            prepared_by uuid NOT NULL,
            signed_by uuid NOT NULL,
            prepared_subject text NOT NULL,
            signed_subject text NOT NULL,
            signed_at timestamptz NOT NULL,
            CONSTRAINT uq_commission_reports_version UNIQUE (session_id, version),
            CONSTRAINT ck_commission_reports_content
                CHECK (content_sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
            CONSTRAINT ck_commission_reports_two_accounts CHECK (signed_by <> prepared_by),
            CONSTRAINT ck_commission_reports_two_people
                CHECK (signed_subject <> prepared_subject)
        )
        """
    )
    op.execute("CREATE INDEX ix_commission_reports_key ON commission_reports (key)")
    install("commission", name_report_subjects="55fa00bb")
    op.execute(
        "CREATE TRIGGER name_report_subjects BEFORE INSERT ON commission_reports"
        " FOR EACH ROW EXECUTE FUNCTION name_report_subjects()"
    )
    grant("commission_reports", "SELECT, INSERT", to=WEB)
    append_only("commission_reports")
