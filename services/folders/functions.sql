-- The wrapped key of what a folder holds, for whoever sees the folder: an account's is seen by the
-- office that its latest request named, and the row that it was opened for perhaps is not. Null
-- once its person is erased.
CREATE OR REPLACE FUNCTION folder_key_v1(p_folder uuid) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_person uuid := (SELECT person_id FROM folders WHERE id = p_folder);
    v_key bytea;
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    v_key := (SELECT data_key FROM people WHERE id = v_person);
    PERFORM set_config('app.consulate', v_scope, true);
    RETURN v_key;
END $$;
