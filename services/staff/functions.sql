CREATE OR REPLACE FUNCTION refuse_own_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM staff_accounts
        WHERE id = coalesce(NEW.changed_by, NEW.created_by) AND subject = NEW.subject
    ) THEN PERFORM domain_error('own_role'); END IF;
    RETURN NEW;
END $$;
