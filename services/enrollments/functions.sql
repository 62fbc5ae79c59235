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

-- The first active enrollment of a person makes them one who is enrolled, the end of the last one no more: each
-- is a line of a fact, in the transaction of the step. Whoever takes the step sees nobody else's rows, so that
-- it runs as the owner.
CREATE OR REPLACE FUNCTION count_enrolled_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_key bytea;
    v_one enrolled_people;
    v_office text;
    v_change integer := CASE NEW.status WHEN 'active' THEN 1 ELSE -1 END;
BEGIN
    IF v_change = 1 THEN
        PERFORM set_config('app.consulate', '*', true);
        SELECT curp_index INTO v_key FROM people WHERE id = NEW.person_id;
        PERFORM set_config('app.consulate', v_scope, true);
        INSERT INTO enrolled_people (id, person_key, enrollments)
            VALUES (gen_random_uuid(), v_key, 1)
            ON CONFLICT (person_key) DO UPDATE SET enrollments = enrolled_people.enrollments + 1
            RETURNING * INTO v_one;
        NEW.enrolled_person_id := v_one.id;
    ELSE
        UPDATE enrolled_people SET enrollments = enrollments - 1
            WHERE id = OLD.enrolled_person_id RETURNING * INTO v_one;
        DELETE FROM enrolled_people WHERE id = v_one.id AND v_one.enrollments = 0;
        NEW.enrolled_person_id := NULL;
    END IF;
    IF v_one.enrollments = (v_change = 1)::integer THEN
        -- Whoever leaves does so where they came, and as who they were then.
        v_office := CASE v_change WHEN 1 THEN NEW.consulate_code ELSE (
            SELECT consulate_code FROM facts WHERE subject_id = v_one.id LIMIT 1) END;
        PERFORM record_fact_v3('enrolled_person', v_one.id, v_office, 'enrolled',
            (NEW.changed_at AT TIME ZONE coalesce(
                (SELECT time_zone FROM consulates WHERE code = v_office), 'America/Mexico_City'))::date,
            v_change, 0, 0, NEW.changed_at,
            p_person_of => CASE v_change WHEN 1 THEN NEW.id ELSE v_one.id END);
    END IF;
    RETURN NEW;
END $$;

-- Of a person who was erased nothing says who is counted; they are until their last enrollment ends.
CREATE OR REPLACE FUNCTION forget_enrolled_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    UPDATE enrolled_people SET person_key = NULL WHERE person_key = OLD.curp_index
        AND NOT EXISTS (SELECT FROM people WHERE curp_index = OLD.curp_index);
    PERFORM set_config('app.consulate', v_scope, true);
    RETURN NULL;
END $$;
