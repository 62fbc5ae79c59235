CREATE OR REPLACE FUNCTION name_count_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.reported_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.reported_by);
    NEW.second_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.second_by);
    NEW.approved_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.approved_by);
    RETURN NEW;
END $$;
