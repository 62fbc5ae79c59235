-- A line of a fact, for whatever the database itself counts; Python's is services/facts/recording.py.
CREATE OR REPLACE FUNCTION record_fact(
    p_kind text, p_subject uuid, p_consulate text, p_program text, p_status text, p_day date,
    p_quantity bigint, p_people bigint, p_services bigint, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO facts (
        kind, subject_id, consulate_code, program, status, day, quantity, people, services,
        occurred_at)
    VALUES (p_kind, p_subject, p_consulate, p_program, p_status, p_day, p_quantity, p_people,
        p_services, p_now);
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
