"""Booking writes each row once, in one statement before the seats, by plans that stay good.

The answer is known before the first row is written, so the idempotency key gets it at once: the
update that followed kept, for as long as its connection lived, the plan that was made while the
table was empty, and read all of it.

``add_people`` and ``remember_request`` are for a later migration to drop: a booking that began
before this one may still call them.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(BOOK)


BOOK = """
CREATE OR REPLACE FUNCTION book_appointment(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea
) RETURNS jsonb LANGUAGE plpgsql
-- Every look-up is by key: a new plan for each party's size would be the same plan again, and one
-- made while a table was small must not read all of it once it is large.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb; v_ends timestamptz; v_starts timestamptz; v_day date; v_zone text;
    v_people uuid[]; v_free integer; v_last timestamptz;
BEGIN
    PERFORM set_config('app.consulate', p_consulate, true),
            set_config('app.account', coalesce(p_account::text, ''), true);
    SELECT c.time_zone, max(s.ends_at), max(f.free) INTO v_zone, v_ends, v_free
        FROM consulates c
        JOIN slots s ON s.consulate_code = c.code AND s.starts_at = p_start AND s.open
        LEFT JOIN LATERAL (
            SELECT min(capacity - taken) AS free FROM slot_sets t
            WHERE t.slot_id = s.id AND p_services[1] = ANY (t.services)) f ON true
        WHERE c.code = p_consulate AND p_start > p_now GROUP BY c.code;
    IF coalesce(v_free, 0) < 1 THEN
        -- Most of a rush ends here, before a row is written. The key is looked up after the
        -- places: who repeats the request that took the last one must not be refused.
        v_answer := remembered(p_actor, p_key, p_hash);
        IF v_answer IS NULL THEN
            PERFORM refuse_booking(p_consulate, v_free IS NOT NULL, p_services, p_people);
        END IF;
        RETURN v_answer;
    END IF;
    v_answer := jsonb_build_object(
        'id', p_id, 'folio', p_folio, 'status', 'booked', 'ends_at', v_ends, 'time_zone', v_zone);
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (
            account_id, key, request_hash, status, response, created_at)
        VALUES (p_actor, p_key, p_hash, 201, v_answer, p_now) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN RETURN remembered(p_actor, p_key, p_hash); END IF;
    END IF;
    -- A session offers what can be booked only: just further services need a look.
    IF cardinality(p_services) > 1 AND EXISTS (
        SELECT 1 FROM unnest(p_services) wanted
        WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = wanted AND bookable)
    ) THEN PERFORM domain_error('service_not_offered'); END IF;

    v_day := (p_start AT TIME ZONE v_zone)::date;
    WITH person AS MATERIALIZED (
        SELECT * FROM ROWS FROM (jsonb_to_recordset(p_people) AS (
            id uuid, given_names text, first_surname text, second_surname text, birth_date date,
            birth_place text, name_index text, data_key text, curp_sealed text, curp_index text,
            email_sealed text, phone_sealed text, keys text[])) WITH ORDINALITY AS p (
            id, given_names, first_surname, second_surname, birth_date,
            birth_place, name_index, data_key, curp_sealed, curp_index,
            email_sealed, phone_sealed, keys, n)
    ), appointment AS (
        INSERT INTO appointments (
            id, folio, consulate_code, account_id, services, day, starts_at, ends_at, status,
            language, created_at, changed_at)
        VALUES (p_id, p_folio, p_consulate, p_account, p_services, v_day, p_start, v_ends,
            'booked', p_language, p_now, p_now)
    ), claim AS (
        -- In key order: two requests that name the same people wait, never deadlock.
        INSERT INTO claims (person_key, service_code, account_id, appointment_id)
        SELECT DISTINCT decode(k, 'hex'), s, p_account, p_id
        FROM person, unnest(keys) k, unnest(p_services) s ORDER BY 1, 2
    ), added AS (
        INSERT INTO people (
            id, account_id, consulate_code, given_names, first_surname, second_surname,
            birth_date, birth_place, name_index, data_key, curp_sealed, curp_index,
            email_sealed, phone_sealed, created_at)
        SELECT id, p_account, p_consulate, given_names, first_surname, second_surname,
            birth_date, birth_place, decode(name_index, 'hex'), decode(data_key, 'hex'),
            decode(curp_sealed, 'hex'), decode(curp_index, 'hex'),
            decode(email_sealed, 'hex'), decode(phone_sealed, 'hex'), p_now
        FROM person
    ), fact AS (
        INSERT INTO facts (
            kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
        SELECT 'appointment', p_id, p_consulate, s, 'booked', v_day, 1, p_now
        FROM unnest(p_services) s
    ), entry AS (
        INSERT INTO audit_entries (
            id, at, actor_role, actor_id, consulate_code, action, subject_kind, subject_id,
            person_account_id, request_id)
        VALUES (gen_random_uuid(), p_now, p_role, p_actor, p_consulate, 'appointment.book',
            'appointment', p_id, p_account, p_request)
    ), message AS (
        INSERT INTO outbox (id, topic, ref)
        VALUES (gen_random_uuid(), 'appointments.confirmation', p_id)
    ) SELECT array_agg(id ORDER BY n) INTO v_people FROM person;

    -- Seats last: the rows that many want are locked for the shortest time.
    WITH taken AS (
        INSERT INTO seats (
            appointment_id, person_id, service_code, slot_id, starts_at, ends_at)
        SELECT p_id, f.person_id, f.service_code, f.slot_id, f.starts_at, f.ends_at
        FROM find_seats(p_consulate, p_start, p_services, v_people) f
        RETURNING starts_at, ends_at
    ) SELECT min(starts_at), max(ends_at) INTO v_starts, v_last FROM taken;
    -- Somebody must be seated at the time that was asked for.
    IF v_starts <> p_start THEN PERFORM domain_error('slot_taken'); END IF;
    IF v_last <> v_ends THEN
        v_answer := jsonb_set(v_answer, '{ends_at}', to_jsonb(v_last));
        UPDATE appointments SET ends_at = v_last WHERE id = p_id;
        UPDATE idempotency_keys SET response = v_answer
            WHERE account_id = p_actor AND key = p_key;
    END IF;
    RETURN v_answer;
END $$
"""
