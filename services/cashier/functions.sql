-- Database functions of what was charged. Each stands here once; migrations install them.

-- A trigger, at the end of the transaction: what was charged is the price of the list with its lines.
CREATE OR REPLACE FUNCTION check_charged_sum() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.charged_minor <> NEW.listed_minor
        + (SELECT coalesce(sum(minor), 0) FROM fee_lines WHERE rendered_id = NEW.id)
    THEN
        RAISE EXCEPTION 'charged is not the sum of its parts'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_services_rendered_sum';
    END IF;
    RETURN NULL;
END
$$;

-- A trigger: nothing is charged into a cash-up that was counted.
CREATE OR REPLACE FUNCTION refuse_counted_cash() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM cash_ups WHERE id = NEW.cash_up_id AND closed_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the cash-up was counted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_receipts_cash_up_open';
    END IF;
    RETURN NEW;
END
$$;
