"""What one account, contact or address may hold; identity is no oracle; homonyms are told apart.

``book_appointment_v2`` takes the limits with each call, for they differ by environment, and says
that a person has an appointment only where there is a place. ``book_appointment`` stays for the
version that still runs; a later migration drops it.
"""

from __future__ import annotations

from alembic import op

from migrations.support import grant, secure

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _appointments()
    _identity()
    _resemblance()
    for function in (HOLDERS_KEY, REFUSE_HOARDING, REFUSE, BOOK):
        op.execute(function)


def _appointments() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        ALTER TABLE appointments
            ADD COLUMN people smallint NOT NULL DEFAULT 1
                CONSTRAINT ck_appointments_people CHECK (people > 0),
            ADD COLUMN email_index bytea,
            ADD COLUMN phone_index bytea,
            ADD COLUMN address_index bytea
        """
    )
    op.execute(
        """
        UPDATE appointments a SET people = s.people FROM (
            SELECT appointment_id, count(DISTINCT person_id) AS people FROM seats GROUP BY 1
        ) s WHERE s.appointment_id = a.id AND a.status IN ('booked', 'checked_in', 'called')
            AND s.people > 1
        """
    )
    for kind in ("email", "phone", "address"):
        op.execute(
            # The column is new: nothing goes into the index, and the look at the table is short.
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX ix_appointments_{kind}_index ON appointments ({kind}_index)"
            f" WHERE {kind}_index IS NOT NULL"
        )
    # A person who is set apart from a party takes their place along.
    grant("seats", "UPDATE (appointment_id)")
    grant("claims", "UPDATE (appointment_id)")


def _identity() -> None:
    op.execute(
        """
        CREATE TABLE identity_checks (
            id uuid CONSTRAINT pk_identity_checks PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_identity_checks_folio UNIQUE,
            account_id uuid CONSTRAINT fk_identity_checks_account_id REFERENCES accounts (id),
            person_keys bytea[] NOT NULL,
            person_id uuid CONSTRAINT fk_identity_checks_person_id REFERENCES people (id),
            consulate_code text
                CONSTRAINT fk_identity_checks_consulate_code REFERENCES consulates (code),
            document text,
            checked_by uuid,
            checked_at timestamptz,
            created_at timestamptz NOT NULL,
            CONSTRAINT ck_identity_checks_checked CHECK (
                (checked_at IS NULL) = (person_id IS NULL)
                AND (checked_at IS NULL) = (consulate_code IS NULL)
                AND (checked_at IS NULL) = (document IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_identity_checks_account_id ON identity_checks (account_id)")
    grant("identity_checks", "SELECT, INSERT, UPDATE, DELETE")
    secure("identity_checks")
    op.execute(
        """
        CREATE TABLE homonyms (
            own_key bytea CONSTRAINT pk_homonyms PRIMARY KEY,
            person_key bytea NOT NULL,
            account_id uuid,
            curp_key bytea,
            identity_check_id uuid NOT NULL
                CONSTRAINT fk_homonyms_identity_check_id REFERENCES identity_checks (id),
            created_at timestamptz NOT NULL,
            CONSTRAINT uq_homonyms_account_id UNIQUE (person_key, account_id),
            CONSTRAINT uq_homonyms_curp_key UNIQUE (person_key, curp_key),
            CONSTRAINT ck_homonyms_known CHECK (account_id IS NOT NULL OR curp_key IS NOT NULL)
        )
        """
    )
    op.execute("CREATE INDEX ix_homonyms_identity_check_id ON homonyms (identity_check_id)")
    grant("homonyms", "SELECT, INSERT")


def _resemblance() -> None:
    op.execute(
        """
        CREATE TABLE resemblance_keys (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_resemblance_keys_appointment_id REFERENCES appointments (id),
            person_id uuid NOT NULL
                CONSTRAINT fk_resemblance_keys_person_id REFERENCES people (id),
            key bytea NOT NULL,
            reason text NOT NULL CONSTRAINT ck_resemblance_keys_reason
                CHECK (reason IN ('names', 'birth_date')),
            CONSTRAINT pk_resemblance_keys PRIMARY KEY (appointment_id, person_id, key)
        )
        """
    )
    op.execute("CREATE INDEX ix_resemblance_keys_key ON resemblance_keys (key)")
    grant("resemblance_keys", "SELECT, INSERT, DELETE")
    op.execute(
        """
        CREATE TABLE resemblances (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_resemblances_appointment_id REFERENCES appointments (id),
            person_id uuid NOT NULL
                CONSTRAINT fk_resemblances_person_id REFERENCES people (id),
            reason text NOT NULL CONSTRAINT ck_resemblances_reason
                CHECK (reason IN ('names', 'birth_date')),
            CONSTRAINT pk_resemblances PRIMARY KEY (appointment_id, person_id, reason)
        )
        """
    )
    grant("resemblances", "SELECT, INSERT")


HOLDERS_KEY = """
CREATE FUNCTION holders_key(p_key bytea, p_keys text[], p_account uuid) RETURNS bytea
LANGUAGE sql STABLE AS $$
    -- Who was told apart from somebody of the same name and birth date has a key of their own.
    SELECT coalesce((
        SELECT own_key FROM homonyms WHERE person_key = p_key
            AND (account_id = p_account OR encode(curp_key, 'hex') = ANY (p_keys))
        ORDER BY created_at LIMIT 1), p_key)
$$
"""

REFUSE_HOARDING = """
CREATE FUNCTION refuse_hoarding(
    p_account uuid, p_people integer, p_limits jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_limit record; v_live integer; v_made integer;
BEGIN
    SELECT * INTO v_limit FROM jsonb_to_record(p_limits) AS l (
        email text, phone text, address text, per_account integer, per_contact integer,
        per_address integer, per_day integer, budgets jsonb);
    -- Bookings of one hand follow one another: fifty at once can't each find room for one more.
    -- In order of their keys, so that two that share more than one never deadlock.
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT hashtextextended(hand, 0) AS key
        FROM unnest(ARRAY[p_account::text, v_limit.email, v_limit.phone, v_limit.address]) hand
        WHERE hand IS NOT NULL ORDER BY 1 OFFSET 0) hands;
    -- Whoever guessed at people too often gets no answer that could tell more.
    IF v_limit.budgets IS NOT NULL AND EXISTS (
        SELECT 1 FROM jsonb_to_recordset(v_limit.budgets) AS b (
            subject text, since timestamptz, most integer)
        JOIN attempts a ON a.subject = decode(b.subject, 'hex') AND a.window_start = b.since
        WHERE a.count >= b.most
    ) THEN PERFORM domain_error('too_many_requests'); END IF;
    IF p_account IS NOT NULL THEN
        SELECT sum(people) FILTER (WHERE status IN ('booked', 'checked_in', 'called')),
               sum(people) FILTER (WHERE created_at > p_now - interval '1 day')
            INTO v_live, v_made FROM appointments WHERE account_id = p_account;
        IF coalesce(v_live, 0) + p_people > v_limit.per_account THEN
            PERFORM domain_error('booking_limit');
        END IF;
        IF coalesce(v_made, 0) + p_people > v_limit.per_day THEN
            PERFORM domain_error('too_many_requests');
        END IF;
    END IF;
    IF v_limit.email IS NOT NULL THEN
        SELECT sum(people) INTO v_live FROM appointments
            WHERE email_index = decode(v_limit.email, 'hex')
              AND status IN ('booked', 'checked_in', 'called');
        IF coalesce(v_live, 0) + p_people > v_limit.per_contact THEN
            PERFORM domain_error('booking_limit');
        END IF;
    END IF;
    IF v_limit.phone IS NOT NULL THEN
        SELECT sum(people) INTO v_live FROM appointments
            WHERE phone_index = decode(v_limit.phone, 'hex')
              AND status IN ('booked', 'checked_in', 'called');
        IF coalesce(v_live, 0) + p_people > v_limit.per_contact THEN
            PERFORM domain_error('booking_limit');
        END IF;
    END IF;
    IF v_limit.address IS NOT NULL THEN
        SELECT sum(people) INTO v_live FROM appointments
            WHERE address_index = decode(v_limit.address, 'hex')
              AND status IN ('booked', 'checked_in', 'called');
        IF coalesce(v_live, 0) + p_people > v_limit.per_address THEN
            PERFORM domain_error('booking_limit');
        END IF;
    END IF;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_booking_v2(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb, p_account uuid
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM consulates WHERE code = p_consulate) THEN
        PERFORM domain_error('consulate_not_found');
    END IF;
    IF EXISTS (
        SELECT 1 FROM unnest(p_services) wanted
        WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = wanted AND bookable)
    ) THEN PERFORM domain_error('service_not_offered'); END IF;
    IF NOT p_offered THEN PERFORM domain_error('slot_not_offered'); END IF;
    -- Whoever holds an appointment is told so, also about a time that is sold out: of their own
    -- account only, so that nobody learns by it whether somebody else has one. Staff know.
    IF EXISTS (
        SELECT 1 FROM jsonb_to_recordset(p_people) AS person (keys text[])
            CROSS JOIN LATERAL unnest(keys) k
            JOIN claims c ON c.person_key = holders_key(decode(k, 'hex'), keys, p_account)
                AND c.service_code = ANY (p_services)
        WHERE p_account IS NULL OR c.account_id = p_account
    ) THEN PERFORM domain_error('claim_taken'); END IF;
    PERFORM domain_error('slot_taken');
END $$
"""

BOOK = """
CREATE FUNCTION book_appointment_v2(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea, p_limits jsonb
) RETURNS jsonb LANGUAGE plpgsql
-- Every look-up is by key: a new plan for each party's size would be the same plan again, and one
-- made while a table was small must not read all of it once it is large.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb; v_ends timestamptz; v_starts timestamptz; v_day date; v_zone text;
    v_people uuid[]; v_free integer; v_last timestamptz; v_claimed integer; v_wanted integer;
BEGIN
    PERFORM set_config('app.consulate', '*', true),
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
            PERFORM refuse_booking_v2(
                p_consulate, v_free IS NOT NULL, p_services, p_people, p_account);
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
    PERFORM refuse_hoarding(p_account, jsonb_array_length(p_people), p_limits, p_now);
    -- Counted across all offices; what is written belongs to this one.
    PERFORM set_config('app.consulate', p_consulate, true);

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
            language, created_at, changed_at, people, email_index, phone_index, address_index)
        VALUES (p_id, p_folio, p_consulate, p_account, p_services, v_day, p_start, v_ends,
            'booked', p_language, p_now, p_now, jsonb_array_length(p_people),
            decode(p_limits->>'email', 'hex'), decode(p_limits->>'phone', 'hex'),
            decode(p_limits->>'address', 'hex'))
    ), claim AS (
        -- In key order: two requests that name the same people wait, never deadlock.
        INSERT INTO claims (person_key, service_code, account_id, appointment_id)
        SELECT DISTINCT holders_key(decode(k, 'hex'), keys, p_account), s, p_account, p_id
        FROM person, unnest(keys) k, unnest(p_services) s ORDER BY 1, 2
        ON CONFLICT DO NOTHING RETURNING person_key
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
    ) SELECT array_agg(id ORDER BY n), sum(cardinality(keys)) * cardinality(p_services),
             (SELECT count(*) FROM claim)
        INTO v_people, v_wanted, v_claimed FROM person;

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
    -- Said only now: a party that can't be seated hears the same whoever it names, or each
    -- refusal would answer a guess at who has an appointment.
    IF v_claimed < v_wanted THEN PERFORM domain_error('claim_taken'); END IF;
    IF v_last <> v_ends THEN
        v_answer := jsonb_set(v_answer, '{ends_at}', to_jsonb(v_last));
        UPDATE appointments SET ends_at = v_last WHERE id = p_id;
        UPDATE idempotency_keys SET response = v_answer
            WHERE account_id = p_actor AND key = p_key;
    END IF;
    RETURN v_answer;
END $$
"""
