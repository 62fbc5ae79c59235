-- Hall's condition: a service has as many free places as its tightest set of services. Null where
-- the slot doesn't offer it. A table of one row, so that PostgreSQL writes it out within the query
-- that reads from it; a function that returns a number would be called for each slot.
CREATE OR REPLACE FUNCTION places_left(p_slot uuid, p_service text) RETURNS TABLE (free integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT min(capacity - taken)::integer FROM slot_sets
    WHERE slot_id = p_slot AND p_service = ANY (services)
$$;

-- Starts of these offices at which a party fits: it and the times that follow it without a gap have
-- places for all. Fewer than all of them may start at once; at least one does.
CREATE OR REPLACE FUNCTION free_times(
    p_consulates text[], p_service text, p_first timestamptz, p_last timestamptz, p_party integer
) RETURNS TABLE (consulate_code text, starts_at timestamptz, ends_at timestamptz, free integer)
LANGUAGE sql STABLE AS $$
    WITH times AS (
        SELECT s.consulate_code, s.place_id, s.starts_at, max(s.ends_at) AS ends_at,
               coalesce(sum(f.free), 0)::integer AS free, count(f.free) > 0 AS offered
        FROM slots s CROSS JOIN LATERAL places_left(s.id, p_service) f
        WHERE s.consulate_code = ANY (p_consulates) AND s.open
          AND s.starts_at >= p_first AND s.starts_at < p_last
        GROUP BY s.consulate_code, s.place_id, s.starts_at
    ), gaps AS (
        SELECT t.*, t.starts_at IS DISTINCT FROM lag(t.ends_at) OVER (
            PARTITION BY t.consulate_code, t.place_id ORDER BY t.starts_at) AS gap FROM times t
    ), runs AS (
        SELECT g.*, count(*) FILTER (WHERE g.gap) OVER (
            PARTITION BY g.consulate_code, g.place_id ORDER BY g.starts_at) AS run FROM gaps g
    ), reach AS (
        SELECT r.*, sum(r.free) OVER (
            PARTITION BY r.consulate_code, r.place_id, r.run ORDER BY r.starts_at
            ROWS BETWEEN CURRENT ROW AND p_party - 1 FOLLOWING) AS places FROM runs r
    ), chosen AS (
        -- The place to which a booking of that start leads: see find_seats.
        SELECT DISTINCT ON (consulate_code, starts_at) * FROM reach WHERE offered
        ORDER BY consulate_code, starts_at, place_id NULLS FIRST
    ) SELECT consulate_code, starts_at, ends_at, free FROM chosen
    WHERE free > 0 AND places >= p_party
$$;

CREATE OR REPLACE FUNCTION take_seat(p_slot uuid, p_service text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE v_free integer;
BEGIN
    -- A sold-out slot is passed over without a lock.
    SELECT free INTO v_free FROM places_left(p_slot, p_service);
    IF v_free IS NULL OR v_free < 1 THEN RETURN false; END IF;
    -- All sets of the slot are locked in one order, so that two bookings never deadlock, even
    -- when one comes back to a slot for another service; then they are read again.
    PERFORM 1 FROM slot_sets WHERE slot_id = p_slot ORDER BY set_no FOR UPDATE;
    SELECT free INTO v_free FROM places_left(p_slot, p_service);
    -- Null where the window was taken away meanwhile.
    IF v_free IS NULL OR v_free < 1 THEN RETURN false; END IF;
    UPDATE slot_sets SET taken = taken + 1
        WHERE slot_id = p_slot AND p_service = ANY (services);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION find_seats(
    p_consulate text, p_start timestamptz, p_services text[], p_people uuid[],
    OUT person_id uuid, OUT service_code text, OUT slot_id uuid,
    OUT starts_at timestamptz, OUT ends_at timestamptz
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz; v_times integer; v_most integer; v_expected timestamptz; r record;
    v_offered boolean; v_place uuid;
BEGIN
    v_most := cardinality(p_people) * cardinality(p_services);
    -- At the office where it offers the service then, or all of them at one mobile consulate.
    SELECT s.place_id INTO v_place FROM slots s, places_left(s.id, p_services[1]) f
        WHERE s.consulate_code = p_consulate AND s.open AND s.starts_at = p_start
        ORDER BY f.free IS NULL, s.place_id NULLS FIRST LIMIT 1;
    FOREACH person_id IN ARRAY p_people LOOP
        v_from := p_start;
        FOREACH service_code IN ARRAY p_services LOOP
            slot_id := NULL; v_times := 0; v_expected := p_start;
            FOR r IN
                SELECT s.id, s.starts_at AS begins, s.ends_at AS stops FROM slots s
                WHERE s.consulate_code = p_consulate AND s.open AND s.starts_at >= p_start
                  AND s.starts_at < p_start + interval '1 day'
                  AND s.place_id IS NOT DISTINCT FROM v_place
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
                      AND s.place_id IS NOT DISTINCT FROM v_place
                      AND find_seats.service_code = ANY (t.services)
                ) INTO v_offered;
                PERFORM domain_error(
                    CASE WHEN v_offered THEN 'slot_taken' ELSE 'slot_not_offered' END);
            END IF;
            v_from := ends_at;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION refuse_hoarding(
    p_account uuid, p_people integer, p_limits jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_limit record; v_over boolean; v_made integer;
BEGIN
    SELECT decode(l.email, 'hex') AS email_key, decode(l.phone, 'hex') AS phone_key,
           decode(l.address, 'hex') AS address_key, l.* INTO v_limit
        FROM jsonb_to_record(p_limits) AS l (
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
    WITH own AS (
        SELECT a.*, a.status IN ('booked', 'checked_in', 'called') AS live,
            (SELECT count(*) FROM attendees m WHERE m.appointment_id = a.id
                AND m.status IN ('booked', 'checked_in', 'called')) AS coming
        FROM appointments a
        WHERE account_id = p_account
            OR email_index = v_limit.email_key AND status IN ('booked', 'checked_in', 'called')
            OR phone_index = v_limit.phone_key AND status IN ('booked', 'checked_in', 'called')
            OR address_index = v_limit.address_key AND status IN ('booked', 'checked_in', 'called')
    ), held AS (
        SELECT sum(coming) FILTER (WHERE live AND account_id = p_account) AS account,
               sum(coming) FILTER (WHERE live AND email_index = v_limit.email_key) AS email,
               sum(coming) FILTER (WHERE live AND phone_index = v_limit.phone_key) AS phone,
               sum(coming) FILTER (WHERE live AND address_index = v_limit.address_key) AS address,
               sum(people) FILTER (
                   WHERE account_id = p_account AND created_at > p_now - interval '1 day') AS made
        FROM own
    ) SELECT coalesce(account, 0) + p_people > v_limit.per_account AND p_account IS NOT NULL
          OR coalesce(email, 0) + p_people > v_limit.per_contact AND v_limit.email IS NOT NULL
          OR coalesce(phone, 0) + p_people > v_limit.per_contact AND v_limit.phone IS NOT NULL
          OR coalesce(address, 0) + p_people > v_limit.per_address AND v_limit.address IS NOT NULL,
          coalesce(made, 0)
        INTO v_over, v_made FROM held;
    IF v_over THEN PERFORM domain_error('booking_limit'); END IF;
    IF p_account IS NOT NULL AND v_made + p_people > v_limit.per_day THEN
        PERFORM domain_error('too_many_requests');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION refuse_booking_v2(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb, p_account uuid
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_keys bytea[];
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
    -- The keys first: joined to the claims, they'd be taken for thousands and all claims be read.
    v_keys := ARRAY(
        SELECT holders_key(decode(k, 'hex'), keys, p_account)
        FROM jsonb_to_recordset(p_people) AS person (keys text[]), unnest(keys) k);
    IF EXISTS (
        SELECT FROM claims
        WHERE person_key = ANY (v_keys) AND service_code = ANY (p_services)
            AND (p_account IS NULL OR account_id = p_account)
    ) THEN PERFORM domain_error('claim_taken'); END IF;
    PERFORM domain_error('slot_taken');
END $$;

CREATE OR REPLACE FUNCTION book_appointment_v2(
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
    -- The office's times come before those of a mobile consulate: see find_seats.
    SELECT coalesce(min(m.place_zone), c.time_zone), max(s.ends_at), max(f.free)
        INTO v_zone, v_ends, v_free
        FROM consulates c
        JOIN slots s ON s.consulate_code = c.code AND s.starts_at = p_start AND s.open
        LEFT JOIN sessions m ON m.id = s.place_id
        LEFT JOIN LATERAL places_left(s.id, p_services[1]) f ON true
        WHERE c.code = p_consulate AND p_start > p_now
        GROUP BY c.code, s.place_id ORDER BY max(f.free) IS NULL, s.place_id NULLS FIRST LIMIT 1;
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
        'id', p_id, 'folio', p_folio, 'status', 'booked', 'ends_at', v_ends, 'time_zone', v_zone,
        'folios', jsonb_path_query_array(p_people, '$[*].folio'));
    IF p_key IS NOT NULL THEN
        IF NOT remember_answer(p_actor, p_key, p_hash, 201, v_answer, p_now) THEN
            RETURN remembered(p_actor, p_key, p_hash);
        END IF;
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
        INSERT INTO claims (person_key, service_code, account_id, appointment_id, n)
        SELECT DISTINCT holders_key(decode(k, 'hex'), keys, p_account), s, p_account, p_id, n
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
    ) SELECT array_agg(id ORDER BY n), sum(cardinality(keys)) * cardinality(p_services),
             (SELECT count(*) FROM claim)
        INTO v_people, v_wanted, v_claimed FROM person;

    PERFORM record_fact_v2(
            'appointment', p_id, p_consulate, 'booked', v_day, (n = 1)::integer,
            (n = 1)::integer * jsonb_array_length(p_people), jsonb_array_length(p_people), p_now,
            p_service => s)
        FROM unnest(p_services) WITH ORDINALITY AS wanted (s, n);
    PERFORM record_audit_entry(
        'appointment.book', 'appointment', p_id, p_consulate, p_account, p_role, p_actor,
        p_request, p_now);
    PERFORM put_into_outbox('appointments.confirmation', p_id);

    -- Seats last: the rows that many want are locked for the shortest time.
    WITH member AS (
        -- A call of the version before names no folios: then a party's are the appointment's.
        INSERT INTO attendees (appointment_id, n, person_id, folio, status, changed_at)
        SELECT p_id, n, (person->>'id')::uuid,
            coalesce(person->>'folio', CASE n WHEN 1 THEN p_folio ELSE p_folio || n END),
            'booked', p_now
        FROM jsonb_array_elements(p_people) WITH ORDINALITY AS p (person, n)
    ), taken AS (
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
END $$;

-- For the version before, while it still runs: the same booking, without limits. A later migration
-- drops it.
CREATE OR REPLACE FUNCTION book_appointment(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea
) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN book_appointment_v2(
        p_id, p_folio, p_consulate, p_start, p_services, p_people, p_language, p_account, p_role,
        p_actor, p_request, p_now, p_key, p_hash, '{}');
END $$;

-- For a booking of the version before that began before the migration that installed this text;
-- a later migration drops it.
CREATE OR REPLACE FUNCTION refuse_booking(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_booking_v2(p_consulate, p_offered, p_services, p_people, NULL);
END $$;

-- By key always: a plan that was made while the table was small must not read all of it later.
CREATE OR REPLACE FUNCTION sees_appointment(p_appointment uuid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET enable_seqscan = off AS $$
BEGIN
    RETURN EXISTS (SELECT FROM appointments WHERE id = p_appointment);
END $$;

CREATE OR REPLACE FUNCTION hold_desk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT consulate_code, coalesce(lower(place_name), ''), tsrange(day + opens, day + closes), id
        INTO NEW.consulate_code, NEW.place, NEW.held, NEW.overlap_group
        FROM sessions WHERE id = NEW.session_id;
    RETURN NEW;
END $$;

-- For the version before, while it still runs: it moves appointments and knows of no people. What
-- moves people has done so before. A later migration drops it.
CREATE OR REPLACE FUNCTION move_members_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE attendees SET status = NEW.status, changed_at = NEW.changed_at, desk = NEW.desk,
        outcome = NEW.outcome
    WHERE appointment_id = NEW.id AND status = OLD.status AND NOT EXISTS (
        SELECT FROM attendees m WHERE m.appointment_id = NEW.id AND m.status = NEW.status);
    RETURN NULL;
END $$;
