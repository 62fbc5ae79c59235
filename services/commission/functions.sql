-- Whether two people prepared and signed a report is decided by their subjects, not their accounts.
CREATE OR REPLACE FUNCTION name_report_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.prepared_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.prepared_by);
    NEW.signed_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.signed_by);
    RETURN NEW;
END $$;
