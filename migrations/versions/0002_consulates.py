"""Offices, the catalogue of services with what to bring and what it costs, states, closed days."""

from __future__ import annotations

from alembic import op

from migrations.support import grant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _consulates()
    _services()
    _fees()
    _states()
    _non_working_days()


def _consulates() -> None:
    op.execute(
        """
        CREATE TABLE consulates (
            code text CONSTRAINT pk_consulates PRIMARY KEY,
            name_es text NOT NULL,
            name_en text NOT NULL,
            kind text NOT NULL CONSTRAINT ck_consulates_kind CHECK (
                kind IN ('consulado', 'consulado_general', 'seccion_consular', 'unknown')
            ),
            city text NOT NULL,
            region text,
            country text NOT NULL CONSTRAINT ck_consulates_country CHECK (country ~ '^[A-Z]{2}$'),
            time_zone text NOT NULL,
            latitude numeric(8, 5) NOT NULL
                CONSTRAINT ck_consulates_latitude CHECK (latitude BETWEEN -90 AND 90),
            longitude numeric(8, 5) NOT NULL
                CONSTRAINT ck_consulates_longitude CHECK (longitude BETWEEN -180 AND 180),
            in_person_vote boolean NOT NULL,
            assumed boolean NOT NULL,
            website text,
            source text NOT NULL
        )
        """
    )
    grant("consulates", "SELECT, INSERT, UPDATE")


def _services() -> None:
    op.execute(
        """
        CREATE TABLE services (
            code text CONSTRAINT pk_services PRIMARY KEY,
            name_es text NOT NULL,
            name_en text NOT NULL,
            category text NOT NULL,
            legal_reference text,
            validity_es text,
            validity_en text,
            delivery_es text,
            delivery_en text,
            who_es text,
            who_en text,
            minutes smallint NOT NULL DEFAULT 15
                CONSTRAINT ck_services_minutes CHECK (minutes BETWEEN 5 AND 240),
            curp_required boolean NOT NULL,
            personal_presence text NOT NULL CONSTRAINT ck_services_personal_presence CHECK (
                personal_presence IN ('in_person', 'video', 'not_needed')
            ),
            bookable boolean NOT NULL,
            free boolean NOT NULL,
            source text NOT NULL
        )
        """
    )
    grant("services", "SELECT, INSERT, UPDATE")
    op.execute(
        """
        CREATE TABLE service_requirements (
            service_code text NOT NULL
                CONSTRAINT fk_service_requirements_service_code REFERENCES services (code),
            position smallint NOT NULL
                CONSTRAINT ck_service_requirements_position CHECK (position > 0),
            text_es text NOT NULL,
            text_en text NOT NULL,
            source text NOT NULL,
            CONSTRAINT pk_service_requirements PRIMARY KEY (service_code, position)
        )
        """
    )
    grant("service_requirements", "SELECT, INSERT, UPDATE, DELETE")


def _fees() -> None:
    op.execute(
        """
        CREATE TABLE fees (
            service_code text NOT NULL CONSTRAINT fk_fees_service_code REFERENCES services (code),
            year smallint NOT NULL,
            currency text NOT NULL CONSTRAINT ck_fees_currency CHECK (currency IN ('USD', 'MXN')),
            amount_minor bigint NOT NULL
                CONSTRAINT ck_fees_amount_minor CHECK (amount_minor >= 0),
            note text,
            source text NOT NULL,
            CONSTRAINT pk_fees PRIMARY KEY (service_code, year, currency)
        )
        """
    )
    grant("fees", "SELECT, INSERT, UPDATE")


def _states() -> None:
    op.execute(
        """
        CREATE TABLE states (
            curp_code text CONSTRAINT pk_states PRIMARY KEY,
            inegi_code text CONSTRAINT uq_states_inegi_code UNIQUE,
            iso_code text CONSTRAINT uq_states_iso_code UNIQUE,
            name_es text NOT NULL,
            source text NOT NULL
        )
        """
    )
    grant("states", "SELECT, INSERT, UPDATE")


def _non_working_days() -> None:
    op.execute(
        """
        CREATE TABLE non_working_days (
            country text NOT NULL,
            day date NOT NULL,
            name_es text NOT NULL,
            name_en text NOT NULL,
            source text NOT NULL,
            CONSTRAINT pk_non_working_days PRIMARY KEY (country, day)
        )
        """
    )
    grant("non_working_days", "SELECT, INSERT, UPDATE, DELETE")
