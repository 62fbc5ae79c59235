"""One folder for each person: what they told once, what they want, what they consented to.

Requests that are there get the folder of their person, and the consent that was given with them.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, secure, validate

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    _folders()
    _consents()
    _enrollments()
    _fill()
    validate("enrollments", "fk_enrollments_folder_id")


def _folders() -> None:
    op.execute(
        """
        CREATE TABLE folders (
            id uuid CONSTRAINT pk_folders PRIMARY KEY,
            account_id uuid CONSTRAINT fk_folders_account_id REFERENCES accounts,
            consulate_code text CONSTRAINT fk_folders_consulate_code REFERENCES consulates,
            person_id uuid NOT NULL CONSTRAINT fk_folders_person_id REFERENCES people,
            person_key bytea,
            answers_sealed bytea,
            wanted text[] NOT NULL DEFAULT '{}',
            starts_next boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_folders_account_id ON folders (account_id, person_key)"
        " WHERE account_id IS NOT NULL"
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_folders_consulate_code"
        " ON folders (coalesce(consulate_code, ''), person_key) WHERE account_id IS NULL"
    )
    op.execute("CREATE INDEX ix_folders_person_id ON folders (person_id)")
    secure("folders")
    grant("folders", "SELECT, INSERT")
    grant("folders", "UPDATE (consulate_code, answers_sealed, wanted, starts_next)")
    grant("folders", "UPDATE (person_key)", to=WORKER)


def _consents() -> None:
    op.execute(
        """
        CREATE TABLE consents (
            id uuid CONSTRAINT pk_consents PRIMARY KEY,
            folder_id uuid NOT NULL CONSTRAINT fk_consents_folder_id REFERENCES folders,
            program text NOT NULL,
            agency text NOT NULL,
            kind text NOT NULL CONSTRAINT ck_consents_kind
                CHECK (kind IN ('transfer_to_agency', 'sensitive_data')),
            purpose text NOT NULL CONSTRAINT ck_consents_purpose CHECK (purpose IN ('enrollment')),
            data text[] NOT NULL,
            text_version text NOT NULL,
            language text NOT NULL,
            given_at timestamptz NOT NULL,
            given_by_role text NOT NULL,
            given_by uuid,
            withdrawn_at timestamptz,
            withdrawn_by_role text,
            withdrawn_by uuid,
            CONSTRAINT ck_consents_withdrawn CHECK (
                (withdrawn_at IS NULL) = (withdrawn_by_role IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_consents_folder_id_program ON consents (folder_id, program)")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM folders f WHERE f.id = folder_id)"
    )
    op.execute("ALTER TABLE consents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE consents FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON consents USING ({visible}) WITH CHECK ({visible})")
    grant("consents", "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by_role, withdrawn_by)")


def _enrollments() -> None:
    # Null in those of the version before, as long as it runs.
    op.execute("ALTER TABLE enrollments ADD COLUMN folder_id uuid")
    op.execute(
        "ALTER TABLE enrollments ADD CONSTRAINT fk_enrollments_folder_id"
        " FOREIGN KEY (folder_id) REFERENCES folders NOT VALID"
    )
    # The table is locked already: its rows are about to be rewritten.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_enrollments_folder_id ON enrollments (folder_id)"
    )


def _fill() -> None:
    """Only those whose person is not erased have a CURP to know them by."""
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        INSERT INTO folders (id, account_id, consulate_code, person_id, person_key, created_at)
        SELECT DISTINCT ON (e.account_id, desk, p.curp_index) gen_random_uuid(), e.account_id,
            e.consulate_code, p.id, p.curp_index, e.created_at
        FROM enrollments e JOIN people p ON p.id = e.person_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN e.account_id IS NULL THEN e.consulate_code END AS desk) d
        WHERE p.curp_index IS NOT NULL
        ORDER BY e.account_id, desk, p.curp_index, e.created_at
        """
    )
    op.execute(
        """
        UPDATE enrollments e SET folder_id = f.id FROM people p, folders f
        WHERE p.id = e.person_id AND f.person_key = p.curp_index
          AND f.account_id IS NOT DISTINCT FROM e.account_id
          AND (e.account_id IS NOT NULL
               OR f.consulate_code IS NOT DISTINCT FROM e.consulate_code)
        """
    )
    op.execute(
        """
        INSERT INTO consents (id, folder_id, program, agency, kind, purpose, data, text_version,
            language, given_at, given_by_role, given_by)
        SELECT gen_random_uuid(), folder_id, program,
            CASE program WHEN 'rfc' THEN 'sat' ELSE program END, 'transfer_to_agency',
            'enrollment', '{names,birth_date,curp,email}', 'unrecorded', language, consented_at,
            CASE WHEN account_id IS NULL THEN 'officer' ELSE 'citizen' END, account_id
        FROM enrollments WHERE folder_id IS NOT NULL
        """
    )
