-- The steps of the rules; "" stands before the first one.
CREATE OR REPLACE FUNCTION enrollment_step_allowed(p_before text, p_after text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce('{steps}'::jsonb -> coalesce(p_before, '') ? p_after, false)
$$;

-- Whoever writes it, and however: no enrollment takes a step that the rules don't have.
CREATE OR REPLACE FUNCTION refuse_enrollment_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_before text := CASE TG_OP WHEN 'UPDATE' THEN OLD.status END;
BEGIN
    IF v_before IS DISTINCT FROM NEW.status
        AND NOT enrollment_step_allowed(v_before, NEW.status)
    THEN
        RAISE EXCEPTION 'no enrollment goes from % to %', v_before, NEW.status
            USING ERRCODE = 'check_violation', SCHEMA = 'public', TABLE = 'enrollments',
            CONSTRAINT = 'ck_enrollments_step';
    END IF;
    RETURN NEW;
END $$;

-- Whether a person is enrolled in a program, whoever asked for it. It says only that; and stays so
-- until the transaction ends.
CREATE OR REPLACE FUNCTION is_enrolled(p_person_key bytea, p_program text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_found boolean;
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    PERFORM FROM enrollments e JOIN enrollment_claims c ON c.enrollment_id = e.id
        WHERE c.person_key = p_person_key AND c.program = p_program AND e.status = 'active'
        FOR SHARE OF e;
    v_found := FOUND;
    PERFORM set_config('app.consulate', v_scope, true);
    RETURN v_found;
END $$;
