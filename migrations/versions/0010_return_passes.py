"""Passes to come back without another booking; a bundle's service that nobody offers is told so.

Passes have a table of their own: few appointments get one, and their indexes are made while it is
empty, so that appointments are never locked for them.
"""

from __future__ import annotations

from alembic import op

from migrations.support import grant, secure

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE return_passes (
            appointment_id uuid CONSTRAINT pk_return_passes PRIMARY KEY
                CONSTRAINT fk_return_passes_appointment_id REFERENCES appointments (id),
            consulate_code text NOT NULL
                CONSTRAINT fk_return_passes_consulate_code REFERENCES consulates (code),
            account_id uuid
                CONSTRAINT fk_return_passes_account_id REFERENCES accounts (id),
            valid_until date,
            person_keys bytea[] NOT NULL,
            returned_on date
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_return_passes_consulate_code_returned_on"
        " ON return_passes (consulate_code, returned_on) WHERE returned_on IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX ix_return_passes_valid_until ON return_passes (valid_until)"
        " WHERE valid_until IS NOT NULL"
    )
    grant("return_passes", "SELECT, INSERT, UPDATE")
    secure("return_passes")
    op.execute(FIND_SEATS)


FIND_SEATS = """
CREATE OR REPLACE FUNCTION find_seats(
    p_consulate text, p_start timestamptz, p_services text[], p_people uuid[],
    OUT person_id uuid, OUT service_code text, OUT slot_id uuid,
    OUT starts_at timestamptz, OUT ends_at timestamptz
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz; v_times integer; v_most integer; v_expected timestamptz; r record;
    v_offered boolean;
BEGIN
    v_most := cardinality(p_people) * cardinality(p_services);
    FOREACH person_id IN ARRAY p_people LOOP
        v_from := p_start;
        FOREACH service_code IN ARRAY p_services LOOP
            slot_id := NULL; v_times := 0; v_expected := p_start;
            FOR r IN
                SELECT s.id, s.starts_at AS begins, s.ends_at AS stops FROM slots s
                WHERE s.consulate_code = p_consulate AND s.open AND s.starts_at >= p_start
                  AND s.starts_at < p_start + interval '1 day'
                ORDER BY s.starts_at, s.id
            LOOP
                -- Adjacent times only: the next one begins no later than the last one ends.
                EXIT WHEN r.begins > v_expected OR (v_times >= v_most AND r.begins = v_expected);
                IF r.begins >= v_from AND take_seat(r.id, service_code) THEN
                    slot_id := r.id; starts_at := r.begins; ends_at := r.stops;
                    EXIT;
                END IF;
                IF r.stops > v_expected THEN
                    v_expected := r.stops; v_times := v_times + 1;
                END IF;
            END LOOP;
            IF slot_id IS NULL THEN
                -- Looked at only once the booking has failed: no other time helps with a service
                -- that none of the windows offers from that start on.
                SELECT EXISTS (
                    SELECT 1 FROM slots s JOIN slot_sets t ON t.slot_id = s.id
                    WHERE s.consulate_code = p_consulate AND s.open AND s.starts_at >= p_start
                      AND s.starts_at < p_start + interval '1 day'
                      AND find_seats.service_code = ANY (t.services)
                ) INTO v_offered;
                PERFORM domain_error(
                    CASE WHEN v_offered THEN 'slot_taken' ELSE 'slot_not_offered' END);
            END IF;
            v_from := ends_at;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$
"""
