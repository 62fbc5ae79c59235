"""Sessions, desks, slots as Hall rows, appointments, live claims; booking in one statement."""

from __future__ import annotations

from alembic import op

from migrations.support import grant, secure

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _schedule()
    _appointments()
    op.execute(PLACES_FREE)
    op.execute(TAKE_SEAT)
    op.execute(FIND_SEATS)
    op.execute(ADD_PEOPLE)
    op.execute(REMEMBERED)
    op.execute(REMEMBER)
    op.execute(REFUSE)
    op.execute(BOOK)


def _schedule() -> None:
    op.execute(
        """
        CREATE TABLE sessions (
            id uuid CONSTRAINT pk_sessions PRIMARY KEY,
            consulate_code text NOT NULL
                CONSTRAINT fk_sessions_consulate_code REFERENCES consulates (code),
            day date NOT NULL,
            opens time NOT NULL,
            closes time NOT NULL,
            slot_minutes smallint NOT NULL
                CONSTRAINT ck_sessions_slot_minutes CHECK (slot_minutes BETWEEN 5 AND 240),
            release text NOT NULL
                CONSTRAINT ck_sessions_release CHECK (release IN ('open', 'draw')),
            created_by uuid,
            created_at timestamptz NOT NULL,
            CONSTRAINT ck_sessions_hours CHECK (opens < closes)
        )
        """
    )
    op.execute("CREATE INDEX ix_sessions_consulate_code_day ON sessions (consulate_code, day)")
    op.execute(
        """
        CREATE TABLE desks (
            id uuid CONSTRAINT pk_desks PRIMARY KEY,
            session_id uuid NOT NULL CONSTRAINT fk_desks_session_id REFERENCES sessions (id),
            name text NOT NULL,
            services text[] NOT NULL
                CONSTRAINT ck_desks_services CHECK (cardinality(services) > 0),
            CONSTRAINT uq_desks_session_id UNIQUE (session_id, name)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE slots (
            id uuid CONSTRAINT pk_slots PRIMARY KEY,
            session_id uuid NOT NULL CONSTRAINT fk_slots_session_id REFERENCES sessions (id),
            consulate_code text NOT NULL
                CONSTRAINT fk_slots_consulate_code REFERENCES consulates (code),
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            open boolean NOT NULL,
            CONSTRAINT uq_slots_session_id UNIQUE (session_id, starts_at),
            CONSTRAINT ck_slots_order CHECK (starts_at < ends_at)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_slots_consulate_code_starts_at ON slots (consulate_code, starts_at)"
        " WHERE open"
    )
    op.execute(
        """
        CREATE TABLE slot_sets (
            slot_id uuid NOT NULL CONSTRAINT fk_slot_sets_slot_id REFERENCES slots (id),
            set_no smallint NOT NULL,
            services text[] NOT NULL,
            capacity smallint NOT NULL,
            taken smallint NOT NULL DEFAULT 0,
            CONSTRAINT pk_slot_sets PRIMARY KEY (slot_id, set_no),
            CONSTRAINT ck_slot_sets_capacity CHECK (taken BETWEEN 0 AND capacity)
        ) WITH (fillfactor = 70)
        """
    )
    for table in ("sessions", "desks", "slots", "slot_sets"):
        grant(table, "SELECT, INSERT, UPDATE")


def _appointments() -> None:
    op.execute(
        """
        CREATE TABLE appointments (
            id uuid CONSTRAINT pk_appointments PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_appointments_folio UNIQUE,
            consulate_code text NOT NULL
                CONSTRAINT fk_appointments_consulate_code REFERENCES consulates (code),
            account_id uuid
                CONSTRAINT fk_appointments_account_id REFERENCES accounts (id),
            services text[] NOT NULL,
            day date NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            status text NOT NULL CONSTRAINT ck_appointments_status CHECK (status IN (
                'booked', 'checked_in', 'called', 'completed', 'not_served', 'no_show',
                'cancelled')),
            language text NOT NULL,
            desk text,
            outcome jsonb,
            document_sealed bytea,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_appointments_consulate_code_day ON appointments (consulate_code, day)"
    )
    op.execute("CREATE INDEX ix_appointments_account_id ON appointments (account_id)")
    grant("appointments", "SELECT, INSERT, UPDATE")
    secure("appointments")
    op.execute(
        """
        CREATE TABLE seats (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_seats_appointment_id REFERENCES appointments (id),
            person_id uuid NOT NULL CONSTRAINT fk_seats_person_id REFERENCES people (id),
            service_code text NOT NULL
                CONSTRAINT fk_seats_service_code REFERENCES services (code),
            slot_id uuid NOT NULL CONSTRAINT fk_seats_slot_id REFERENCES slots (id),
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            CONSTRAINT pk_seats PRIMARY KEY (appointment_id, person_id, service_code)
        )
        """
    )
    grant("seats", "SELECT, INSERT")
    op.execute(
        """
        CREATE TABLE claims (
            person_key bytea NOT NULL,
            service_code text NOT NULL,
            account_id uuid,
            appointment_id uuid NOT NULL
                CONSTRAINT fk_claims_appointment_id REFERENCES appointments (id),
            CONSTRAINT pk_claims PRIMARY KEY (person_key, service_code)
        )
        """
    )
    op.execute("CREATE INDEX ix_claims_appointment_id ON claims (appointment_id)")
    grant("claims", "SELECT, INSERT, DELETE")


PLACES_FREE = """
CREATE FUNCTION places_free(p_slot uuid, p_service text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- Hall's condition: a service has as many free places as its tightest set of services.
    SELECT min(capacity - taken)::integer FROM slot_sets
    WHERE slot_id = p_slot AND p_service = ANY (services)
$$
"""

TAKE_SEAT = """
CREATE FUNCTION take_seat(p_slot uuid, p_service text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE v_free integer;
BEGIN
    -- A sold-out slot is passed over without a lock.
    SELECT min(capacity - taken) INTO v_free FROM slot_sets
        WHERE slot_id = p_slot AND p_service = ANY (services);
    IF v_free IS NULL OR v_free < 1 THEN RETURN false; END IF;
    -- All sets of the slot are locked in one order, so that two bookings never deadlock, even
    -- when one comes back to a slot for another service; then they are read again.
    SELECT min(capacity - taken) FILTER (WHERE p_service = ANY (services)) INTO v_free FROM (
        SELECT capacity, taken, services FROM slot_sets
        WHERE slot_id = p_slot ORDER BY set_no FOR UPDATE
    ) locked;
    IF v_free < 1 THEN RETURN false; END IF;
    UPDATE slot_sets SET taken = taken + 1
        WHERE slot_id = p_slot AND p_service = ANY (services);
    RETURN true;
END $$
"""

FIND_SEATS = """
CREATE FUNCTION find_seats(
    p_consulate text, p_start timestamptz, p_services text[], p_people uuid[],
    OUT person_id uuid, OUT service_code text, OUT slot_id uuid,
    OUT starts_at timestamptz, OUT ends_at timestamptz
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz; v_times integer; v_most integer; v_expected timestamptz; r record;
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
            IF slot_id IS NULL THEN PERFORM domain_error('slot_taken'); END IF;
            v_from := ends_at;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$
"""

ADD_PEOPLE = """
CREATE FUNCTION add_people(
    p_people jsonb, p_account uuid, p_consulate text, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO people (
        id, account_id, consulate_code, given_names, first_surname, second_surname,
        birth_date, birth_place, name_index, data_key, curp_sealed, curp_index,
        email_sealed, phone_sealed, created_at)
    SELECT (p->>'id')::uuid, p_account, p_consulate, p->>'given_names', p->>'first_surname',
        p->>'second_surname', (p->>'birth_date')::date, p->>'birth_place',
        decode(p->>'name_index', 'hex'), decode(p->>'data_key', 'hex'),
        decode(p->>'curp_sealed', 'hex'), decode(p->>'curp_index', 'hex'),
        decode(p->>'email_sealed', 'hex'), decode(p->>'phone_sealed', 'hex'), p_now
    FROM jsonb_array_elements(p_people) p;
END $$
"""

REMEMBERED = """
CREATE FUNCTION remembered(p_account uuid, p_key text, p_hash bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE v_hash bytea; v_answer jsonb;
BEGIN
    SELECT request_hash, response INTO v_hash, v_answer FROM idempotency_keys
        WHERE account_id = p_account AND key = p_key;
    IF v_hash <> p_hash THEN PERFORM domain_error('idempotency_key_reused'); END IF;
    RETURN v_answer;
END $$
"""

REMEMBER = """
CREATE FUNCTION remember_request(
    p_account uuid, p_key text, p_hash bytea, p_now timestamptz, OUT answer jsonb
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (account_id, key, request_hash, created_at)
        VALUES (p_account, p_key, p_hash, p_now) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN answer := remembered(p_account, p_key, p_hash); END IF;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_booking(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb
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
    -- Whoever holds an appointment is told so, also about a time that is sold out.
    IF EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_people) person,
            jsonb_array_elements_text(person->'keys') k
            JOIN claims ON person_key = decode(k, 'hex') AND service_code = ANY (p_services)
    ) THEN PERFORM domain_error('claim_taken'); END IF;
    PERFORM domain_error('slot_taken');
END $$
"""

BOOK = """
CREATE FUNCTION book_appointment(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea
) RETURNS jsonb LANGUAGE plpgsql
-- Every look-up is by key: a new plan for each party's size would be the same plan again.
SET plan_cache_mode = force_generic_plan AS $$
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
    IF p_key IS NOT NULL THEN
        v_answer := remember_request(p_actor, p_key, p_hash, p_now);
        IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
    END IF;
    v_day := (p_start AT TIME ZONE v_zone)::date;

    SELECT array_agg((person->>'id')::uuid ORDER BY n) INTO v_people
        FROM jsonb_array_elements(p_people) WITH ORDINALITY AS t (person, n);
    INSERT INTO appointments (
        id, folio, consulate_code, account_id, services, day, starts_at, ends_at, status,
        language, created_at, changed_at)
    VALUES (p_id, p_folio, p_consulate, p_account, p_services, v_day, p_start, v_ends, 'booked',
        p_language, p_now, p_now);
    IF EXISTS (
        SELECT 1 FROM unnest(p_services) wanted
        WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = wanted AND bookable)
    ) THEN PERFORM domain_error('service_not_offered'); END IF;
    -- Claims in key order: two requests that name the same people wait, never deadlock.
    INSERT INTO claims (person_key, service_code, account_id, appointment_id)
        SELECT DISTINCT decode(k, 'hex'), s, p_account, p_id
        FROM jsonb_array_elements(p_people) person,
             jsonb_array_elements_text(person->'keys') k, unnest(p_services) s
        ORDER BY 1, 2;
    PERFORM add_people(p_people, p_account, p_consulate, p_now);
    INSERT INTO facts (
        kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
        SELECT 'appointment', p_id, p_consulate, s, 'booked', v_day, 1, p_now
        FROM unnest(p_services) s;
    INSERT INTO audit_entries (
        id, at, actor_role, actor_id, consulate_code, action, subject_kind, subject_id,
        person_account_id, request_id)
    VALUES (gen_random_uuid(), p_now, p_role, p_actor, p_consulate, 'appointment.book',
        'appointment', p_id, p_account, p_request);
    INSERT INTO outbox (id, topic, ref)
        VALUES (gen_random_uuid(), 'appointments.confirmation', p_id);

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
        v_ends := v_last;
        UPDATE appointments SET ends_at = v_ends WHERE id = p_id;
    END IF;

    v_answer := jsonb_build_object(
        'id', p_id, 'folio', p_folio, 'status', 'booked', 'ends_at', v_ends,
        'time_zone', v_zone);
    IF p_key IS NOT NULL THEN
        UPDATE idempotency_keys SET status = 201, response = v_answer
            WHERE account_id = p_actor AND key = p_key;
    END IF;
    RETURN v_answer;
END $$
"""
