-- Hall's condition: a service has as many free places as its tightest set of services. Null where
-- the slot doesn't offer it. A table of one row, so that PostgreSQL writes it out within the query
-- that reads from it; a function that returns a number would be called for each slot.
CREATE OR REPLACE FUNCTION places_left(p_slot uuid, p_service text) RETURNS TABLE (free integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT min(capacity - taken)::integer FROM slot_sets
    WHERE slot_id = p_slot AND p_service = ANY (services)
$$;

-- How many more people of a service each session's day takes, where the day has a maximum: of the
-- office, or of a mobile consulate's own place.
CREATE OR REPLACE FUNCTION left_of_days(
    p_consulates text[], p_service text, p_first timestamptz, p_last timestamptz
) RETURNS TABLE (session_id uuid, free integer) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT o.id, greatest(m.most - m.taken, 0) FROM day_maximums m
    JOIN sessions o ON o.consulate_code = m.consulate_code AND o.day = m.day
        AND CASE WHEN o.place_zone IS NOT NULL THEN o.id END IS NOT DISTINCT FROM m.place_id
    WHERE m.consulate_code = ANY (p_consulates) AND m.service_code = p_service
        AND m.day BETWEEN p_first::date - 1 AND p_last::date + 1
$$;

-- Sessions of the days on which places for a party aren't told by constraints alone: somebody holds
-- a named desk, the service would need one, or several people may spread over several sessions.
CREATE OR REPLACE FUNCTION searched_sessions(
    p_consulates text[], p_service text, p_people integer, p_first timestamptz, p_last timestamptz
) RETURNS TABLE (session_id uuid) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT o.id FROM sessions x
    JOIN sessions o ON o.consulate_code = x.consulate_code AND o.day = x.day
    WHERE x.consulate_code = ANY (p_consulates)
        AND x.day BETWEEN p_first::date - 1 AND p_last::date + 1
        AND (x.service_slots ? p_service OR p_people > 1 AND x.id <> o.id
            OR EXISTS (SELECT FROM desk_holds h WHERE h.session_id = x.id))
$$;

-- Starts of these offices at which a party fits: it and the times that follow it without a gap have
-- places for all. Fewer than all of them may start at once; at least one does. Without those of
-- `searched_sessions`.
CREATE OR REPLACE FUNCTION free_times(
    p_consulates text[], p_service text, p_first timestamptz, p_last timestamptz, p_party integer
) RETURNS TABLE (consulate_code text, starts_at timestamptz, ends_at timestamptz, free integer)
LANGUAGE sql STABLE AS $$
    WITH times AS (
        SELECT s.consulate_code, s.place_id, s.starts_at, max(s.ends_at) AS ends_at,
               coalesce(sum(f.free), 0)::integer AS free, count(f.free) > 0 AS offered,
               min(d.free) AS of_day
        FROM slots s CROSS JOIN LATERAL places_left(s.id, p_service) f
        LEFT JOIN left_of_days(p_consulates, p_service, p_first, p_last) d
            ON d.session_id = s.session_id
        WHERE s.consulate_code = ANY (p_consulates) AND s.open
          AND s.starts_at >= p_first AND s.starts_at < p_last
          AND s.session_id <> ALL (ARRAY(
              SELECT session_id
              FROM searched_sessions(p_consulates, p_service, p_party, p_first, p_last)))
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
    ) SELECT consulate_code, starts_at, ends_at, least(free, of_day) FROM chosen
    WHERE free > 0 AND places >= p_party AND coalesce(of_day, p_party) >= p_party
$$;

CREATE OR REPLACE FUNCTION take_seat(p_slot uuid, p_service text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    -- All sets of the slot are locked in one order, so that two bookings never deadlock, even
    -- when one comes back to a slot for another service; then they are read again.
    PERFORM 1 FROM slot_sets WHERE slot_id = p_slot ORDER BY set_no FOR UPDATE;
    -- None where the window was taken away meanwhile.
    UPDATE slot_sets SET taken = taken + 1
        WHERE slot_id = p_slot AND p_service = ANY (services)
            AND (SELECT free FROM places_left(p_slot, p_service)) > 0;
    IF NOT FOUND THEN RETURN false; END IF;
    -- Always after the slot's rows, as everywhere: see `count_on_days`.
    UPDATE day_maximums m SET taken = m.taken + 1
        FROM slots s JOIN sessions o ON o.id = s.session_id
        WHERE s.id = p_slot AND m.consulate_code = s.consulate_code AND m.day = o.day
            AND m.service_code = p_service AND m.place_id IS NOT DISTINCT FROM s.place_id;
    RETURN true;
END $$;

-- People who come, or with a negative number come no more, for services of which their day has a
-- maximum: p_counts as objects of slot_id, service, people. What was above a maximum when it was
-- set comes down as they leave.
CREATE OR REPLACE FUNCTION count_on_days(p_counts jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_changes jsonb;
BEGIN
    SELECT jsonb_agg(c) INTO v_changes FROM (
        SELECT m.id, sum(c.people) AS people
        FROM jsonb_to_recordset(p_counts) AS c (slot_id uuid, service text, people integer)
        JOIN slots s ON s.id = c.slot_id JOIN sessions o ON o.id = s.session_id
        JOIN day_maximums m ON m.consulate_code = s.consulate_code AND m.day = o.day
            AND m.service_code = c.service AND m.place_id IS NOT DISTINCT FROM s.place_id
        GROUP BY m.id) c;
    IF v_changes IS NULL THEN RETURN; END IF;
    -- In one order, so that two who bring several services never deadlock.
    PERFORM FROM day_maximums WHERE id IN (
        SELECT (c->>'id')::uuid FROM jsonb_array_elements(v_changes) c) ORDER BY id FOR UPDATE;
    UPDATE day_maximums m SET taken = m.taken + c.people, allowed = CASE
            WHEN c.people < 0 THEN greatest(m.most, m.taken + c.people) ELSE m.allowed END
        FROM jsonb_to_recordset(v_changes) AS c (id uuid, people integer) WHERE c.id = m.id;
END $$;

-- For the version before, while it still runs; a later migration drops it. See `take_seats`.
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
                IF r.begins >= v_from AND EXISTS (
                    SELECT FROM places_left(r.id, find_seats.service_code) f WHERE f.free > 0
                ) AND take_seat(r.id, service_code) THEN
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

-- Starts of `searched_sessions`, or of all sessions without a p_service: only a search tells whether
-- somebody can be seated at them.
CREATE OR REPLACE FUNCTION searched_starts(
    p_consulates text[], p_service text, p_people integer, p_first timestamptz, p_last timestamptz
) RETURNS TABLE (consulate_code text, starts_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT s.consulate_code, s.starts_at FROM slots s
    WHERE s.consulate_code = ANY (p_consulates) AND s.open
        AND s.starts_at >= p_first AND s.starts_at < p_last
        AND (p_service IS NULL OR s.session_id = ANY (ARRAY(
            SELECT session_id
            FROM searched_sessions(p_consulates, p_service, p_people, p_first, p_last))))
$$;

-- Sessions with times from p_first on that begin before p_last, as the search for seats reads them:
-- whole, for who sits at a named desk earlier or later may sit elsewhere. No booking is read. With
-- p_service only `searched_sessions`: most often none.
CREATE OR REPLACE FUNCTION read_seating(
    p_consulates text[], p_first timestamptz, p_last timestamptz, p_service text,
    p_people integer
) RETURNS TABLE (consulate_code text, opening jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE v_sessions uuid[];
BEGIN
    IF p_service IS NOT NULL THEN
        v_sessions := ARRAY(
            SELECT session_id
            FROM searched_sessions(p_consulates, p_service, p_people, p_first, p_last));
        IF v_sessions = '{}' THEN RETURN; END IF;
    END IF;
    RETURN QUERY SELECT o.consulate_code, jsonb_build_object(
        'id', o.id, 'lengths', o.service_slots,
        'place', CASE WHEN o.place_zone IS NOT NULL THEN o.id END,
        'of_day', (
            SELECT jsonb_object_agg(m.service_code, greatest(m.most - m.taken, 0))
            FROM day_maximums m WHERE m.consulate_code = o.consulate_code AND m.day = o.day
                AND m.place_id IS NOT DISTINCT FROM
                    CASE WHEN o.place_zone IS NOT NULL THEN o.id END),
        'desks', (
            SELECT jsonb_agg(jsonb_build_array(d.id, d.services, d.skills) ORDER BY d.name)
            FROM desks d WHERE d.session_id = o.id AND d.removed_at IS NULL),
        'times', (
            SELECT jsonb_agg(
                jsonb_build_array(s.id, s.starts_at, s.ends_at, s.open, (
                    SELECT jsonb_agg(
                        jsonb_build_array(t.services, t.capacity, t.taken, t.exempt)
                        ORDER BY t.set_no)
                    FROM slot_sets t WHERE t.slot_id = s.id)) ORDER BY s.starts_at)
            FROM slots s WHERE s.session_id = o.id),
        'holds', (
            SELECT jsonb_agg(jsonb_build_array(
                h.id, h.starts_at, h.ends_at, h.service_code, h.skills, h.share, h.desk_id))
            FROM desk_holds h WHERE h.session_id = o.id))
    FROM sessions o WHERE (v_sessions IS NULL OR o.id = ANY (v_sessions)) AND o.id IN (
        SELECT s.session_id FROM slots s
        WHERE s.consulate_code = ANY (p_consulates) AND s.open
            AND s.starts_at >= p_first AND s.starts_at < p_last)
    ORDER BY o.id;
END $$;

-- Before `read_seating`, by whoever will take seats: in the order that every booking locks. With
-- what these holds take, where somebody leaves them in the same transaction: who finds a desk may
-- seat them elsewhere.
CREATE OR REPLACE FUNCTION lock_seating_v2(
    p_consulate text, p_first timestamptz, p_last timestamptz, p_leaving uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM slot_sets t JOIN slots s ON s.id = t.slot_id WHERE s.session_id IN (
        SELECT n.session_id FROM slots n
        WHERE n.consulate_code = p_consulate AND n.open
            AND n.starts_at >= p_first AND n.starts_at < p_last
        UNION SELECT h.session_id FROM desk_holds h WHERE h.id = ANY (p_leaving))
    ORDER BY s.starts_at, t.slot_id, t.set_no FOR UPDATE OF t;
END $$;

-- For the version before, while it still runs; a later migration drops it.
CREATE OR REPLACE FUNCTION lock_seating(
    p_consulate text, p_first timestamptz, p_last timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_seating_v2(p_consulate, p_first, p_last, '{}');
END $$;

-- A named desk is taken out of the constraints of each slot that it is held for: it counts as one
-- more seat in those that any of its services is part of.
CREATE OR REPLACE FUNCTION desk_slots(p_desk uuid, p_starts timestamptz, p_ends timestamptz)
RETURNS TABLE (slot_id uuid, services text[]) LANGUAGE sql STABLE AS $$
    SELECT s.id, d.services FROM desks d JOIN slots s ON s.session_id = d.session_id
    WHERE d.id = p_desk AND s.starts_at >= p_starts AND s.starts_at < p_ends
$$;

-- Count what the search planned as taken, under its locks: p_seats as objects of n, person_id,
-- service, slot_id, starts_at, ends_at, and where it is a named desk desk_id and hold_id; p_moved is
-- hold -> desk of who sits elsewhere for it. Constraints are changed in one statement, for a desk
-- that is given to somebody else stays taken.
CREATE OR REPLACE FUNCTION count_seats(
    p_seats jsonb, p_moved jsonb, p_skills text[], p_share text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH wanted AS (
        SELECT * FROM jsonb_to_recordset(p_seats) AS w (
            service text, slot_id uuid, starts_at timestamptz, ends_at timestamptz, desk_id uuid)
    ), moved AS (
        SELECT h.*, m.value::uuid AS to_desk
        FROM jsonb_each_text(p_moved) m JOIN desk_holds h ON h.id = m.key::uuid
    ), change AS (
        SELECT w.slot_id, ARRAY[w.service] AS services, p_share AS share, 1 AS seats
        FROM wanted w WHERE w.desk_id IS NULL
        UNION ALL
        SELECT d.*, p_share, 1 FROM wanted w, desk_slots(w.desk_id, w.starts_at, w.ends_at) d
        UNION ALL
        SELECT d.*, m.share, 1 FROM moved m, desk_slots(m.to_desk, m.starts_at, m.ends_at) d
        UNION ALL
        SELECT d.*, m.share, -1 FROM moved m, desk_slots(m.desk_id, m.starts_at, m.ends_at) d
    ), counted AS (
        SELECT t.slot_id, t.set_no, sum(c.seats) AS seats FROM change c
        JOIN slot_sets t ON t.slot_id = c.slot_id AND t.services && c.services
            AND c.share <> ALL (t.exempt)
        GROUP BY t.slot_id, t.set_no
    ) UPDATE slot_sets t SET taken = t.taken + c.seats
        FROM counted c WHERE t.slot_id = c.slot_id AND t.set_no = c.set_no;
    PERFORM count_on_days((
        SELECT jsonb_agg(jsonb_build_object(
            'slot_id', w->>'slot_id', 'service', w->>'service', 'people', 1))
        FROM jsonb_array_elements(p_seats) w));
    UPDATE desk_holds h SET desk_id = m.value::uuid
        FROM jsonb_each_text(p_moved) m WHERE h.id = m.key::uuid;
    INSERT INTO desk_holds (
            id, session_id, desk_id, service_code, starts_at, ends_at, skills, share)
        SELECT w.hold_id, d.session_id, d.id, w.service, w.starts_at, w.ends_at, p_skills, p_share
        FROM jsonb_to_recordset(p_seats) AS w (
            service text, starts_at timestamptz, ends_at timestamptz, desk_id uuid, hold_id uuid)
        JOIN desks d ON d.id = w.desk_id;
END $$;

-- Seat the people of an appointment, in place of seats that they have: see `count_seats`.
CREATE OR REPLACE FUNCTION take_seats(
    p_appointment uuid, p_seats jsonb, p_moved jsonb, p_skills text[], p_share text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_seats(p_seats, p_moved, p_skills, p_share);
    INSERT INTO seats (
            appointment_id, person_id, service_code, slot_id, starts_at, ends_at, hold_id, share,
            skills)
        SELECT p_appointment, w.person_id, w.service, w.slot_id, w.starts_at, w.ends_at, w.hold_id,
            p_share, p_skills
        FROM jsonb_to_recordset(p_seats) AS w (
            person_id uuid, service text, slot_id uuid, starts_at timestamptz, ends_at timestamptz,
            hold_id uuid)
        ON CONFLICT (appointment_id, person_id, service_code) DO UPDATE SET
            slot_id = excluded.slot_id, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, hold_id = excluded.hold_id, share = excluded.share,
            skills = excluded.skills, counted = true;
END $$;

-- The same for somebody who only holds the places yet.
CREATE OR REPLACE FUNCTION hold_seats(
    p_hold uuid, p_seats jsonb, p_moved jsonb, p_skills text[], p_share text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_seats(p_seats, p_moved, p_skills, p_share);
    INSERT INTO held_seats (
            booking_hold_id, n, service_code, slot_id, starts_at, ends_at, desk_hold_id, share)
        SELECT p_hold, w.n, w.service, w.slot_id, w.starts_at, w.ends_at, w.hold_id, p_share
        FROM jsonb_to_recordset(p_seats) AS w (
            n smallint, service text, slot_id uuid, starts_at timestamptz, ends_at timestamptz,
            hold_id uuid);
END $$;

-- End holds and count their places as free, once: by whoever takes the row away. Slots are locked in
-- the order of bookings before what is given back is read: until then a desk may change.
CREATE OR REPLACE FUNCTION free_booking_holds(p_holds uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_scope text;
BEGIN
    IF p_holds = '{}' THEN RETURN; END IF;
    v_scope := current_setting('app.consulate', true);
    PERFORM set_config('app.consulate', '*', true);
    PERFORM FROM slot_sets t JOIN slots s ON s.id = t.slot_id WHERE t.slot_id IN (
        SELECT slot_id FROM held_seats WHERE booking_hold_id = ANY (p_holds)
        UNION ALL
        SELECT d.slot_id FROM held_seats h JOIN desk_holds k ON k.id = h.desk_hold_id,
            desk_slots(k.desk_id, k.starts_at, k.ends_at) d
        WHERE h.booking_hold_id = ANY (p_holds))
    ORDER BY s.starts_at, t.slot_id, t.set_no FOR UPDATE OF t;
    PERFORM count_on_days((
        SELECT jsonb_agg(jsonb_build_object(
            'slot_id', slot_id, 'service', service_code, 'people', -1))
        FROM held_seats WHERE booking_hold_id = ANY (p_holds)));
    WITH ended AS (
        DELETE FROM booking_holds WHERE id = ANY (p_holds) RETURNING id
    ), held AS (
        SELECT h.* FROM held_seats h JOIN ended e ON e.id = h.booking_hold_id
    ), given AS (
        SELECT slot_id, ARRAY[service_code] AS services, share FROM held
        WHERE desk_hold_id IS NULL
        UNION ALL
        SELECT d.slot_id, d.services, k.share
        FROM held h JOIN desk_holds k ON k.id = h.desk_hold_id,
            desk_slots(k.desk_id, k.starts_at, k.ends_at) d
    ), counted AS (
        SELECT t.slot_id, t.set_no, count(*) AS seats FROM given g
        JOIN slot_sets t ON t.slot_id = g.slot_id AND t.services && g.services
            AND g.share <> ALL (t.exempt)
        GROUP BY t.slot_id, t.set_no
    ), desks_left AS (
        DELETE FROM desk_holds WHERE id IN (SELECT desk_hold_id FROM held)
    ) UPDATE slot_sets t SET taken = t.taken - c.seats, capacity = CASE
            WHEN t.planned IS NULL THEN t.capacity
            ELSE least(t.capacity, greatest(t.planned, t.taken - c.seats)) END
        FROM counted c WHERE t.slot_id = c.slot_id AND t.set_no = c.set_no;
    PERFORM set_config('app.consulate', coalesce(v_scope, ''), true);
END $$;

-- Before seats are searched for, under `lock_seating` of the same times: whoever holds places at that
-- start looks for seats with them, and what others held and didn't book is free once that is due.
CREATE OR REPLACE FUNCTION free_holds_before_search(
    p_consulate text, p_start timestamptz, p_last timestamptz, p_holder uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_scope text; v_holds uuid[];
BEGIN
    v_scope := current_setting('app.consulate', true);
    PERFORM set_config('app.consulate', '*', true);
    v_holds := ARRAY(
        SELECT id FROM booking_holds WHERE consulate_code = p_consulate
            AND starts_at >= p_start AND starts_at < p_last
            AND (frees_at <= p_now OR holder_id = p_holder AND starts_at = p_start));
    PERFORM free_booking_holds(v_holds);
    PERFORM set_config('app.consulate', coalesce(v_scope, ''), true);
END $$;

CREATE OR REPLACE FUNCTION refuse_hoarding(
    p_account uuid, p_people integer, p_limits jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_email bytea := decode(p_limits->>'email', 'hex');
    v_phone bytea := decode(p_limits->>'phone', 'hex');
    v_address bytea := decode(p_limits->>'address', 'hex');
    v_per_account integer := p_limits->>'per_account';
    v_per_contact integer := p_limits->>'per_contact';
    v_per_address integer := p_limits->>'per_address';
    v_per_day integer := p_limits->>'per_day';
    v_budgets jsonb := p_limits->'budgets';
    v_over boolean; v_made integer; v_at_address bigint;
BEGIN
    -- Bookings of one hand follow one another: fifty at once can't each find room for one more.
    -- In order of their keys, so that two that share more than one never deadlock.
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT hashtextextended(hand, 0) AS key
        FROM unnest(ARRAY[
            p_account::text, p_limits->>'email', p_limits->>'phone', p_limits->>'address']) hand
        WHERE hand IS NOT NULL ORDER BY 1 OFFSET 0) hands;
    -- Whoever guessed at people too often gets no answer that could tell more.
    IF v_budgets IS NOT NULL AND EXISTS (
        SELECT 1 FROM jsonb_to_recordset(v_budgets) AS b (
            subject text, since timestamptz, most integer)
        JOIN attempts a ON a.subject = decode(b.subject, 'hex') AND a.window_start = b.since
        WHERE a.count >= b.most
    ) THEN PERFORM domain_error('too_many_requests'); END IF;
    -- Written out once: each sum below would count the people of each appointment anew.
    WITH own AS MATERIALIZED (
        SELECT a.account_id, a.email_index, a.phone_index, a.address_index, a.people, a.created_at,
            CASE WHEN a.status IN ('booked', 'checked_in', 'called') THEN (
                SELECT count(*) FROM attendees m WHERE m.appointment_id = a.id
                    AND m.status IN ('booked', 'checked_in', 'called')) END AS coming
        FROM appointments a
        WHERE account_id = p_account
            OR email_index = v_email AND status IN ('booked', 'checked_in', 'called')
            OR phone_index = v_phone AND status IN ('booked', 'checked_in', 'called')
            OR address_index = v_address AND status IN ('booked', 'checked_in', 'called')
    ), held AS (
        SELECT coalesce(sum(coming) FILTER (WHERE account_id = p_account), 0) AS account,
               coalesce(sum(coming) FILTER (WHERE email_index = v_email), 0) AS email,
               coalesce(sum(coming) FILTER (WHERE phone_index = v_phone), 0) AS phone,
               coalesce(sum(coming) FILTER (WHERE address_index = v_address), 0) AS address,
               coalesce(sum(people) FILTER (
                   WHERE account_id = p_account AND created_at > p_now - interval '1 day'), 0)
               AS made
        FROM own
    ) SELECT account + p_people > v_per_account AND p_account IS NOT NULL
          OR email + p_people > v_per_contact AND v_email IS NOT NULL
          OR phone + p_people > v_per_contact AND v_phone IS NOT NULL,
          made, address
        INTO v_over, v_made, v_at_address FROM held;
    IF v_address IS NOT NULL AND v_per_address IS NOT NULL THEN
        -- Its holds, too: of another account, for one's own become what is booked.
        v_over := v_over OR v_at_address + p_people + (
            SELECT coalesce(sum(h.people), 0) FROM booking_holds h
            WHERE h.address_index = v_address AND h.expires_at > p_now
                AND h.holder_id IS DISTINCT FROM p_account) > v_per_address;
    END IF;
    IF v_over THEN PERFORM domain_error('booking_limit'); END IF;
    IF p_account IS NOT NULL AND v_made + p_people > v_per_day THEN
        PERFORM domain_error('too_many_requests');
    END IF;
END $$;

-- Why a booking that finds no place is refused, as a code.
CREATE OR REPLACE FUNCTION booking_refusal(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb, p_account uuid
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_keys bytea[];
BEGIN
    -- What is offered is offered by an office that exists, and can be booked: just further services
    -- need a look.
    IF NOT p_offered THEN
        IF NOT EXISTS (SELECT 1 FROM consulates WHERE code = p_consulate) THEN
            RETURN 'consulate_not_found';
        END IF;
    END IF;
    IF NOT p_offered OR cardinality(p_services) > 1 THEN
        IF EXISTS (
            SELECT 1 FROM unnest(p_services) wanted
            WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = wanted AND bookable)
        ) THEN RETURN 'service_not_offered'; END IF;
    END IF;
    IF NOT p_offered THEN RETURN 'slot_not_offered'; END IF;
    -- Whoever holds an appointment is told so, also about a time that is sold out: of their own
    -- account only, so that nobody learns by it whether somebody else has one. Staff know.
    -- The keys first: joined to the claims, they'd be taken for thousands and all claims be read.
    v_keys := ARRAY(
        SELECT unnest(holders_keys(keys, p_account))
        FROM jsonb_to_recordset(p_people) AS person (keys text[]));
    IF EXISTS (
        SELECT FROM claims
        WHERE person_key = ANY (v_keys) AND service_code = ANY (p_services)
            AND (p_account IS NULL OR account_id = p_account)
    ) THEN RETURN 'claim_taken'; END IF;
    RETURN 'slot_taken';
END $$;

CREATE OR REPLACE FUNCTION refuse_booking_v2(
    p_consulate text, p_offered boolean, p_services text[], p_people jsonb, p_account uuid
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM domain_error(
        booking_refusal(p_consulate, p_offered, p_services, p_people, p_account));
END $$;

-- A refusal before anything is written is an answer, {"refused": code}: most of a rush ends so, and
-- an error costs the server a line of its log and the driver what it had prepared. What is refused
-- later is an error, which takes back what was written.
CREATE OR REPLACE FUNCTION book_appointment_v4(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea, p_limits jsonb,
    p_search boolean
) RETURNS jsonb LANGUAGE plpgsql
-- Every look-up is by key: a new plan for each party's size would be the same plan again, and one
-- made while a table was small must not read all of it once it is large.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb; v_ends timestamptz; v_starts timestamptz; v_day date; v_zone text;
    v_people uuid[]; v_free integer; v_last timestamptz; v_claimed integer; v_wanted integer;
    v_by_desk boolean; v_long boolean; v_slot uuid; v_place uuid; v_slots uuid[];
    v_slots_end timestamptz[]; v_bands text[];
    v_by_search CONSTANT jsonb := '{"refused": "seats_by_search"}';
BEGIN
    PERFORM set_config('app.consulate', '*', true),
            set_config('app.account', coalesce(p_account::text, ''), true);
    -- The office's times come before those of a mobile consulate: see find_seats.
    SELECT coalesce(min(o.place_zone), c.time_zone), max(s.ends_at),
            max(CASE WHEN f.free IS NOT NULL THEN least(f.free, m.most - m.taken) END),
            bool_or(EXISTS (SELECT FROM desk_holds h WHERE h.session_id = o.id)),
            bool_or(o.service_slots ? p_services[1]), min(s.place_id::text)::uuid,
            array_agg(s.id ORDER BY s.id) FILTER (WHERE f.free > 0),
            array_agg(s.ends_at ORDER BY s.id) FILTER (WHERE f.free > 0)
        INTO v_zone, v_ends, v_free, v_by_desk, v_long, v_place, v_slots, v_slots_end
        FROM consulates c
        JOIN slots s ON s.consulate_code = c.code AND s.starts_at = p_start AND s.open
        JOIN sessions o ON o.id = s.session_id
        LEFT JOIN LATERAL places_left(s.id, p_services[1]) f ON true
        LEFT JOIN day_maximums m ON m.consulate_code = p_consulate AND m.day = o.day
            AND m.service_code = p_services[1] AND m.place_id IS NOT DISTINCT FROM s.place_id
        WHERE c.code = p_consulate AND p_start > p_now
        GROUP BY c.code, s.place_id ORDER BY max(f.free) IS NULL, s.place_id NULLS FIRST LIMIT 1;
    -- Its place depends on who has a named desk: the search for seats knows. The caller comes back.
    -- So it does with who holds a place at that start, or of others who held one and didn't book.
    IF NOT p_search THEN
        IF v_long OR v_by_desk AND coalesce(v_free, 0) < 1 THEN RETURN v_by_search; END IF;
        IF EXISTS (
            SELECT FROM booking_holds WHERE holder_id = p_actor
                AND consulate_code = p_consulate AND starts_at = p_start
        ) THEN RETURN v_by_search; END IF;
        IF v_free < 1 THEN
            IF EXISTS (
                SELECT FROM booking_holds WHERE consulate_code = p_consulate AND frees_at <= p_now
                    AND starts_at > p_start - interval '1 day' AND starts_at <= p_start
            ) THEN RETURN v_by_search; END IF;
        END IF;
    END IF;
    IF coalesce(v_free, 0) < 1 AND NOT coalesce(p_search AND v_zone IS NOT NULL, false) THEN
        -- Most of a rush ends here, before a row is written. The key is looked up after the
        -- places: who repeats the request that took the last one must not be refused.
        RETURN coalesce(
            remembered(p_actor, p_key, p_hash),
            jsonb_build_object('refused', booking_refusal(
                p_consulate, v_free IS NOT NULL, p_services, p_people, p_account)));
    END IF;
    v_answer := jsonb_build_object(
        'id', p_id, 'folio', p_folio, 'status', 'booked', 'ends_at', v_ends, 'time_zone', v_zone,
        'place_id', v_place, 'folios', jsonb_path_query_array(p_people, '$[*].folio'));
    IF p_key IS NOT NULL THEN
        IF NOT remember_answer(p_actor, p_key, p_hash, 201, v_answer, p_now) THEN
            RETURN remembered(p_actor, p_key, p_hash);
        END IF;
    END IF;
    -- A session offers what can be booked only: just further services need a look.
    IF cardinality(p_services) > 1 THEN
        IF EXISTS (
            SELECT 1 FROM unnest(p_services) wanted
            WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = wanted AND bookable)
        ) THEN PERFORM domain_error('service_not_offered'); END IF;
    END IF;
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
    ), wanted AS MATERIALIZED (
        SELECT k, s, n FROM person, unnest(holders_keys(keys, p_account)) k, unnest(p_services) s
    ), claim AS (
        -- In key order: two requests that name the same people wait, never deadlock.
        INSERT INTO claims (person_key, service_code, account_id, appointment_id, n)
        SELECT k, s, p_account, p_id, n FROM wanted ORDER BY 1, 2
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
    ) SELECT array_agg(id ORDER BY n), (SELECT count(*) FROM wanted), (SELECT count(*) FROM claim)
        INTO v_people, v_wanted, v_claimed FROM person;

    -- A call of the version before says of nobody in which band of ages they are.
    v_bands := ARRAY(
        SELECT person->'age_bands'->>v_day::text
        FROM jsonb_array_elements(p_people) WITH ORDINALITY AS p (person, n) ORDER BY n);
    PERFORM
        record_party(p_id, p_consulate, 'booked', v_day, p_services, v_bands, p_now),
        record_audit_entry(
            'appointment.book', 'appointment', p_id, p_consulate, p_account, p_role, p_actor,
            p_request, p_now),
        put_into_outbox('appointments.confirmation', p_id);

    -- A call of the version before names no folios: then a party's are the appointment's.
    INSERT INTO attendees (appointment_id, n, person_id, folio, status, changed_at, age_band)
        SELECT p_id, n, (person->>'id')::uuid,
            coalesce(person->>'folio', CASE n WHEN 1 THEN p_folio ELSE p_folio || n END),
            'booked', p_now, v_bands[n]
        FROM jsonb_array_elements(p_people) WITH ORDINALITY AS p (person, n);

    -- Seats last: the rows that many want are locked for the shortest time.
    IF p_search THEN
        -- The search goes on in this transaction, with `seat_booking`.
        RETURN v_answer || jsonb_build_object('unseated', v_people, 'claimed', v_claimed = v_wanted);
    END IF;
    IF NOT p_search THEN
        -- One that was sold out is passed over without a lock.
        FOR i IN 1 .. coalesce(cardinality(v_slots), 0) LOOP
            IF take_seat(v_slots[i], p_services[1]) THEN
                v_slot := v_slots[i]; v_starts := p_start; v_last := v_slots_end[i];
                EXIT;
            END IF;
        END LOOP;
        IF v_slot IS NULL THEN
            PERFORM domain_error(CASE WHEN v_by_desk THEN 'seats_by_search' ELSE 'slot_taken' END);
        END IF;
        INSERT INTO seats (appointment_id, person_id, service_code, slot_id, starts_at, ends_at)
            VALUES (p_id, v_people[1], p_services[1], v_slot, p_start, v_last);
    ELSE
        -- Null: a call of the version before, see `book_appointment`.
        WITH taken AS (
            INSERT INTO seats (
                appointment_id, person_id, service_code, slot_id, starts_at, ends_at)
            SELECT p_id, f.person_id, f.service_code, f.slot_id, f.starts_at, f.ends_at
            FROM find_seats(p_consulate, p_start, p_services, v_people) f
            RETURNING starts_at, ends_at
        ) SELECT min(starts_at), max(ends_at) INTO v_starts, v_last FROM taken;
    END IF;
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

-- For the version before, while it still runs: every refusal is an error to it. A later migration
-- drops it.
CREATE OR REPLACE FUNCTION book_appointment_v3(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea, p_limits jsonb,
    p_search boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_answer jsonb;
BEGIN
    v_answer := book_appointment_v4(
        p_id, p_folio, p_consulate, p_start, p_services, p_people, p_language, p_account, p_role,
        p_actor, p_request, p_now, p_key, p_hash, p_limits, p_search);
    IF v_answer ? 'refused' THEN PERFORM domain_error(v_answer->>'refused'); END IF;
    RETURN v_answer;
END $$;

-- The second half of a booking whose seats were searched for, see `book_appointment_v4`.
CREATE OR REPLACE FUNCTION seat_booking(
    p_id uuid, p_seats jsonb, p_moved jsonb, p_skills text[], p_share text, p_actor uuid,
    p_key text, p_answer jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_answer jsonb;
BEGIN
    PERFORM take_seats(p_id, p_seats, p_moved, p_skills, p_share);
    UPDATE appointments a SET ends_at = s.last
        FROM (
            SELECT max(e.ends_at) AS last, min(t.place_id::text) AS place
            FROM seats e JOIN slots t ON t.id = e.slot_id WHERE e.appointment_id = p_id
        ) s
        WHERE a.id = p_id
        RETURNING p_answer || jsonb_build_object('ends_at', a.ends_at, 'place_id', s.place)
        INTO v_answer;
    UPDATE idempotency_keys SET response = v_answer WHERE account_id = p_actor AND key = p_key;
    RETURN v_answer;
END $$;

-- For the version before, while it still runs: it seats parties one by one. A later migration
-- drops it.
CREATE OR REPLACE FUNCTION book_appointment_v2(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea, p_limits jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN book_appointment_v3(
        p_id, p_folio, p_consulate, p_start, p_services, p_people, p_language, p_account, p_role,
        p_actor, p_request, p_now, p_key, p_hash, p_limits, NULL);
END $$;

-- For the version before, while it still runs: the same booking, without limits. A later migration
-- drops it.
CREATE OR REPLACE FUNCTION book_appointment(
    p_id uuid, p_folio text, p_consulate text, p_start timestamptz, p_services text[],
    p_people jsonb, p_language text, p_account uuid, p_role text, p_actor uuid,
    p_request text, p_now timestamptz, p_key text, p_hash bytea
) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN book_appointment_v3(
        p_id, p_folio, p_consulate, p_start, p_services, p_people, p_language, p_account, p_role,
        p_actor, p_request, p_now, p_key, p_hash, '{}', NULL);
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
