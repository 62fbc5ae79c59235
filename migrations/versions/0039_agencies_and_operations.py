"""Breakers, limits and pauses of agencies; signs of life; decisions about parked jobs."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, replace_constraint, validate

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    _terms()
    _states()
    _pauses()
    _heartbeats()
    _outages()
    _parked()
    _incidents()
    _outbox()


def _terms() -> None:
    op.execute(
        """
        CREATE TABLE agency_terms (
            agency text NOT NULL,
            valid_from date NOT NULL,
            calls_per_second double precision NOT NULL,
            burst integer NOT NULL,
            at_once smallint NOT NULL,
            failures_to_open smallint NOT NULL,
            window_seconds integer NOT NULL,
            open_seconds integer NOT NULL,
            longest_open_seconds integer NOT NULL,
            probe_seconds integer NOT NULL,
            source text NOT NULL,
            CONSTRAINT pk_agency_terms PRIMARY KEY (agency, valid_from),
            CONSTRAINT ck_agency_terms_positive CHECK (
                calls_per_second > 0 AND burst > 0 AND at_once > 0 AND failures_to_open > 0
                AND window_seconds > 0 AND open_seconds > 0
                AND longest_open_seconds >= open_seconds AND probe_seconds > 0)
        )
        """
    )
    grant("agency_terms", "SELECT", to=WEB)
    grant("agency_terms", "SELECT, INSERT, UPDATE", to=WORKER)


def _states() -> None:
    op.execute(
        """
        CREATE TABLE agency_states (
            agency text CONSTRAINT pk_agency_states PRIMARY KEY,
            state text NOT NULL DEFAULT 'closed' CONSTRAINT ck_agency_states_state CHECK (
                state IN ('closed', 'open', 'half_open')),
            failures integer NOT NULL DEFAULT 0,
            failed_at timestamptz,
            trips integer NOT NULL DEFAULT 0,
            open_until timestamptz,
            probe_until timestamptz,
            probe bigint NOT NULL DEFAULT 0,
            last_code text,
            changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            paid_until timestamptz NOT NULL DEFAULT to_timestamp(0),
            CONSTRAINT ck_agency_states_open CHECK (
                (state = 'open') = (open_until IS NOT NULL)),
            CONSTRAINT ck_agency_states_half_open CHECK (
                (state = 'half_open') = (probe_until IS NOT NULL))
        )
        """
    )
    # Few rows that change at each call: room for the next version beside each, and no bloat.
    op.execute(
        """
        CREATE TABLE agency_slots (
            agency text NOT NULL,
            slot smallint NOT NULL,
            held_until timestamptz,
            taken_at timestamptz,
            fence bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_agency_slots PRIMARY KEY (agency, slot)
        ) WITH (fillfactor = 20)
        """
    )
    for table in ("agency_states", "agency_slots"):
        grant(table, "SELECT", to=WEB)
        grant(table, "SELECT, INSERT, UPDATE", to=WORKER)


def _pauses() -> None:
    op.execute(
        """
        CREATE TABLE agency_pauses (
            id uuid CONSTRAINT pk_agency_pauses PRIMARY KEY,
            agency text NOT NULL,
            reason text NOT NULL,
            paused_by uuid NOT NULL,
            paused_at timestamptz NOT NULL,
            lift_reason text,
            lifted_by uuid,
            lifted_at timestamptz,
            CONSTRAINT ck_agency_pauses_lifted CHECK (
                num_nulls(lifted_at, lifted_by, lift_reason) IN (0, 3)),
            CONSTRAINT ck_agency_pauses_lifted_after CHECK (lifted_at >= paused_at)
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_agency_pauses_agency ON agency_pauses (agency)"
        " WHERE lifted_at IS NULL"
    )
    grant("agency_pauses", "SELECT")
    grant("agency_pauses", "INSERT, UPDATE (lifted_at, lifted_by, lift_reason)", to=WEB)


def _heartbeats() -> None:
    op.execute(
        """
        CREATE TABLE heartbeats (
            process text NOT NULL CONSTRAINT ck_heartbeats_process CHECK (
                process IN ('relay', 'worker', 'schedule')),
            instance uuid NOT NULL,
            started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_heartbeats PRIMARY KEY (process, instance)
        )
        """
    )
    grant("heartbeats", "SELECT", to=WEB)
    grant("heartbeats", "SELECT, INSERT, UPDATE, DELETE", to=WORKER)


def _outages() -> None:
    op.execute(
        """
        CREATE TABLE outages (
            id uuid CONSTRAINT pk_outages PRIMARY KEY,
            process text NOT NULL CONSTRAINT ck_outages_process CHECK (
                process IN ('relay', 'worker', 'schedule')),
            began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            told_at timestamptz,
            ended_at timestamptz
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_outages_process ON outages (process) WHERE ended_at IS NULL")
    grant("outages", "SELECT", to=WEB)
    grant("outages", "SELECT, INSERT, UPDATE", to=WORKER)


def _parked() -> None:
    op.execute(
        """
        CREATE TABLE parked_decisions (
            outbox_id uuid CONSTRAINT pk_parked_decisions PRIMARY KEY
                CONSTRAINT fk_parked_decisions_outbox_id REFERENCES outbox ON DELETE CASCADE,
            decision text NOT NULL CONSTRAINT ck_parked_decisions_decision CHECK (
                decision IN ('released', 'ended')),
            reason text NOT NULL,
            decided_by uuid NOT NULL,
            decided_at timestamptz NOT NULL,
            released_as uuid,
            CONSTRAINT ck_parked_decisions_released CHECK (
                (decision = 'released') = (released_as IS NOT NULL))
        )
        """
    )
    grant("parked_decisions", "SELECT")
    grant("parked_decisions", "INSERT", to=WEB)


_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused', 'cancel_refused',"
    " 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked', 'callback_unmatched',"
    " 'field_unusable', 'withdrawn_at_agency', 'process_dead', 'agency_unavailable'"
)
_SUBJECTS = (
    "'remittance', 'enrollment', 'agency_message', 'job', 'agency_field', 'process', 'agency'"
)


def _incidents() -> None:
    for column, values in (("kind", _KINDS), ("subject_kind", _SUBJECTS)):
        name = f"ck_incidents_{column}"
        replace_constraint("incidents", name)
        op.execute(
            f"ALTER TABLE incidents ADD CONSTRAINT {name} CHECK ({column} IN ({values})) NOT VALID"
        )
        validate("incidents", name)


def _outbox() -> None:
    op.execute("ALTER TABLE outbox ADD COLUMN waits_for text")
    op.execute(
        # The column is new: nothing goes into the index, and the look at the table is short.
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_outbox_waits_for ON outbox (waits_for, id)"
        " WHERE waits_for IS NOT NULL AND done_at IS NULL"
    )
    # Which job was given up is asked for by a page.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_outbox_parked ON outbox (id) WHERE outcome = 'parked'"
    )
