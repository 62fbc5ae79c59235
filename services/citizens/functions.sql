-- A holder may correct their own name. Whoever was named for one deed, a recipient above all, stays
-- who they were.
CREATE OR REPLACE FUNCTION refuse_other_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'who was named is never changed' USING ERRCODE = 'check_violation',
        SCHEMA = 'public', TABLE = 'people', CONSTRAINT = 'ck_people_named_once';
END $$;
