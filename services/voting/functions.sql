CREATE OR REPLACE FUNCTION name_count_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_scope text := coalesce(current_setting('app.consulate', true), '');
BEGIN
    -- Of whatever office: who isn't seen would have no subject, and pass for somebody else.
    PERFORM set_config('app.consulate', '*', true);
    NEW.reported_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.reported_by);
    NEW.second_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.second_by);
    NEW.approved_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.approved_by);
    PERFORM set_config('app.consulate', v_scope, true);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION number_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Its row is held until the commit: the next number is given once this one can be read.
    INSERT INTO election_versions AS known (election, version, at)
    VALUES (NEW.election, 1, clock_timestamp())
    ON CONFLICT (election)
        DO UPDATE SET version = known.version + 1, at = greatest(known.at, clock_timestamp())
    RETURNING version, at INTO NEW.published_version, NEW.published_at;
    RETURN NEW;
END $$;
