-- Who asks, before it is known for whom: one account by its id, whatever the scope, or none.
CREATE OR REPLACE FUNCTION staff_in_service(p_account uuid) RETURNS SETOF staff_accounts
LANGUAGE plpgsql AS $$
DECLARE v_scope text := coalesce(current_setting('app.consulate', true), '');
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    RETURN QUERY SELECT * FROM staff_accounts WHERE id = p_account AND ended_at IS NULL;
    PERFORM set_config('app.consulate', v_scope, true);
END $$;

CREATE OR REPLACE FUNCTION refuse_own_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM staff_accounts
        WHERE id = coalesce(NEW.changed_by, NEW.created_by) AND subject = NEW.subject
    ) THEN PERFORM domain_error('own_role'); END IF;
    RETURN NEW;
END $$;
