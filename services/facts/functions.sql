-- A line of a fact, for whatever the database itself counts; Python's is services/facts/recording.py.
-- Of the dimensions a fact gives those that its kind has; what it tells of a person is what the newest
-- line by which p_person_of arrived does.
CREATE OR REPLACE FUNCTION record_fact_v3(
    p_kind text, p_subject uuid, p_consulate text, p_status text, p_day date, p_quantity bigint,
    p_people bigint, p_services bigint, p_now timestamptz, p_service text DEFAULT NULL,
    p_program text DEFAULT NULL, p_payout text DEFAULT NULL, p_vote_mode text DEFAULT NULL,
    p_unnamed text DEFAULT NULL, p_person_of uuid DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_of facts;
BEGIN
    SELECT * INTO v_of FROM facts WHERE subject_id = p_person_of AND quantity > 0
        ORDER BY recorded_at DESC LIMIT 1;
    INSERT INTO facts (
        kind, subject_id, consulate_code, status, day, quantity, people, services, occurred_at,
        service_code, program_code, payout, vote_mode, program, state_of_origin, sex, age_band)
    VALUES (p_kind, p_subject, p_consulate, p_status, p_day, p_quantity, p_people, p_services,
        p_now, p_service, p_program, p_payout, p_vote_mode, p_unnamed, v_of.state_of_origin,
        v_of.sex, v_of.age_band);
END $$;

-- For the version before, which knows no dimensions of an enrollment's person. A later migration drops it.
CREATE OR REPLACE FUNCTION record_fact_v2(
    p_kind text, p_subject uuid, p_consulate text, p_status text, p_day date, p_quantity bigint,
    p_people bigint, p_services bigint, p_now timestamptz, p_service text DEFAULT NULL,
    p_program text DEFAULT NULL, p_payout text DEFAULT NULL, p_vote_mode text DEFAULT NULL,
    p_unnamed text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_fact_v3(
        p_kind, p_subject, p_consulate, p_status, p_day, p_quantity, p_people, p_services, p_now,
        p_service, p_program, p_payout, p_vote_mode, p_unnamed,
        CASE p_kind WHEN 'enrollment' THEN p_subject END);
END $$;

-- Lines of a party that was just booked, each person under their band of ages (null: not known); Python's is
-- record_party in services/facts/recording.py.
CREATE OR REPLACE FUNCTION record_party(
    p_subject uuid, p_consulate text, p_status text, p_day date, p_services text[],
    p_bands text[], p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO facts (
        kind, subject_id, consulate_code, status, day, quantity, people, services, occurred_at,
        service_code, age_band)
    SELECT 'appointment', p_subject, p_consulate, p_status, p_day,
        (service.n = 1 AND party.leads)::integer, (service.n = 1)::integer * party.people,
        party.people, p_now, service.code, party.band
    FROM unnest(p_services) WITH ORDINALITY AS service (code, n),
        (SELECT band, count(*) AS people, bool_or(n = 1) AS leads
            FROM unnest(p_bands) WITH ORDINALITY AS person (band, n) GROUP BY band) party;
END $$;

-- The version before moves people without their band: one that all of a party have is theirs. A later
-- migration drops it.
CREATE OR REPLACE FUNCTION name_age_band() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.age_band := (
        SELECT min(age_band) FROM attendees WHERE appointment_id = NEW.subject_id
        HAVING count(DISTINCT coalesce(age_band, '')) = 1);
    RETURN NEW;
END $$;

-- For the version before, while it still runs: one column for every dimension. A later migration
-- drops it.
CREATE OR REPLACE FUNCTION record_fact(
    p_kind text, p_subject uuid, p_consulate text, p_program text, p_status text, p_day date,
    p_quantity bigint, p_people bigint, p_services bigint, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_fact_v2(
        p_kind, p_subject, p_consulate, p_status, p_day, p_quantity, p_people, p_services, p_now,
        p_unnamed => p_program);
END $$;

-- Two versions write facts: one names its dimensions, the other has one column for all. Each reads
-- its own, so every line has both. A later migration drops it with that column.
CREATE OR REPLACE FUNCTION name_dimensions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.program IS NULL THEN
        NEW.program := coalesce(
            NEW.service_code, NEW.program_code, NEW.payout, NEW.vote_mode, 'all');
    ELSIF NEW.kind = 'appointment' THEN NEW.service_code := NEW.program;
    ELSIF NEW.kind = 'enrollment' THEN NEW.program_code := NEW.program;
    ELSIF NEW.kind = 'remittance' THEN NEW.payout := NEW.program;
    ELSE NEW.vote_mode := NEW.program;
    END IF;
    RETURN NEW;
END $$;

-- The version before writes what is counted of a vote without its election. A later migration drops
-- it.
CREATE OR REPLACE FUNCTION name_election() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.election := (SELECT election FROM vote_counts WHERE id = NEW.subject_id);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION settle_facts(p_seconds double precision) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_at timestamptz := clock_timestamp();
    v_writers text[];
BEGIN
    -- A replica can't see who writes at the primary.
    IF pg_is_in_recovery() THEN RETURN NULL; END IF;
    -- Whoever writes a fact holds this lock from before its recorded_at until after its commit.
    SELECT array_agg(virtualtransaction) INTO v_writers FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'public.facts'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid();
    WHILE v_writers IS NOT NULL AND EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'public.facts'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND mode = 'RowExclusiveLock' AND granted AND virtualtransaction = ANY (v_writers)
    ) LOOP
        IF clock_timestamp() > v_at + make_interval(secs => p_seconds) THEN RETURN NULL; END IF;
        PERFORM pg_sleep(0.002);
    END LOOP;
    RETURN v_at;
END $$;
