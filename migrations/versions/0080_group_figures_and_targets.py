"""What the Commission's working groups report, and targets of our indicators: revisions only."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, append_only, grant

revision = "0080"
down_revision = "0079"

_REVISION = """
            value numeric(18, 3) NOT NULL,
            source text NOT NULL,
            revision integer NOT NULL,
            reason text,
            entered_by uuid,
            entered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT ck_{table}_value CHECK (value >= 0),
            CONSTRAINT ck_{table}_revision CHECK (
                revision > 0 AND (revision = 1) = (reason IS NULL)),
            CONSTRAINT uq_{table}_revision UNIQUE NULLS NOT DISTINCT ({key}, revision)
"""


def upgrade() -> None:
    _group_indicators()
    _group_entries()
    _indicator_targets()
    grant("group_indicators", "SELECT, INSERT")
    # What comes with the program is loaded by the workers' login where the owner's isn't known.
    grant("group_indicators", "UPDATE (group_number, name_es, name_en, unit, source)", to=WORKER)
    grant("group_entries", "SELECT, INSERT")
    grant("indicator_targets", "SELECT, INSERT", to=WEB)
    grant("indicator_targets", "SELECT", to=WORKER)
    append_only("group_entries")
    append_only("indicator_targets")


def _group_indicators() -> None:
    op.execute(
        """
        CREATE TABLE group_indicators (
            code text CONSTRAINT pk_group_indicators PRIMARY KEY,
            group_number integer NOT NULL,
            name_es text NOT NULL,
            name_en text NOT NULL,
            unit text NOT NULL,
            source text NOT NULL,
            added_by uuid,
            added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT ck_group_indicators_group_number CHECK (group_number BETWEEN 1 AND 6),
            CONSTRAINT ck_group_indicators_code CHECK (code ~ '^[a-z][A-Za-z0-9_]{1,59}$')
        )
        """
    )


def _group_entries() -> None:
    op.execute(
        """
        CREATE TABLE group_entries (
            id uuid CONSTRAINT pk_group_entries PRIMARY KEY,
            code text NOT NULL
                CONSTRAINT fk_group_entries_code REFERENCES group_indicators,
            session_number integer,
            period text,
            cut_off date,
            note text,
            note_es text,
            source_es text,
            CONSTRAINT ck_group_entries_when CHECK (num_nonnulls(session_number, period) > 0),
        """
        + _REVISION.format(table="group_entries", key="code, session_number, period")
        + ")"
    )


def _indicator_targets() -> None:
    op.execute(
        """
        CREATE TABLE indicator_targets (
            id uuid CONSTRAINT pk_indicator_targets PRIMARY KEY,
            indicator text NOT NULL,
            period text NOT NULL,
            program text,
        """
        + _REVISION.format(table="indicator_targets", key="indicator, period, program")
        + ")"
    )
