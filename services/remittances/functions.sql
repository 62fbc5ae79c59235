-- Runs with its owner's rights and sees every account: it gives sums, and nobody's rows.
CREATE OR REPLACE FUNCTION sent_by_person(
    p_account uuid, p_month date, p_day date, p_not_counted text[],
    OUT own_month bigint, OUT own_day bigint, OUT person_month bigint, OUT person_day bigint
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_name bytea; v_curp bytea; v_own bytea; v_accounts uuid[];
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    SELECT name_index, curp_index INTO v_name, v_curp
        FROM people WHERE account_id = p_account AND holder;
    v_own := own_name_key(v_name, v_curp, p_account);
    -- Orders of one person follow one another, in whatever accounts: they lock the same rows. Who
    -- was told apart from another of that name and birth date has sums of their own.
    SELECT array_agg(account_id) INTO v_accounts FROM (
        SELECT account_id, name_index, curp_index FROM people
        WHERE holder AND (name_index = v_name OR curp_index = v_curp)
        ORDER BY id FOR NO KEY UPDATE
    ) alike WHERE curp_index = v_curp OR own_name_key(name_index, curp_index, account_id) = v_own;
    SELECT coalesce(sum(send_minor) FILTER (WHERE account_id = p_account), 0),
           coalesce(sum(send_minor) FILTER (WHERE account_id = p_account AND day = p_day), 0),
           coalesce(sum(send_minor), 0),
           coalesce(sum(send_minor) FILTER (WHERE day = p_day), 0)
        INTO own_month, own_day, person_month, person_day
        FROM remittances
        WHERE account_id = ANY (v_accounts) AND day BETWEEN p_month AND p_day
          AND status <> ALL (p_not_counted);
    PERFORM set_config('app.consulate', v_scope, true);
END $$;

-- Whether a transfer pays these dues, or has paid them, whoever asks: an office sees no transfer, and
-- is not to ask for the payment again. It says only that.
CREATE OR REPLACE FUNCTION dues_are_paid_v1(p_enrollment uuid, p_due_on date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_paid boolean;
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    v_paid := EXISTS (
        SELECT FROM remittances WHERE enrollment_id = p_enrollment AND dues_due_on = p_due_on
            AND NOT (status IN ({ended_unpaid})));
    PERFORM set_config('app.consulate', v_scope, true);
    RETURN v_paid;
END $$;

CREATE OR REPLACE FUNCTION refuse_other_terms() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what was ordered is never changed' USING ERRCODE = 'check_violation',
        SCHEMA = 'public', TABLE = 'remittances', CONSTRAINT = 'ck_remittances_terms';
END $$;

CREATE OR REPLACE FUNCTION refuse_payout_by_web() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(session_user, 'consular_web', 'MEMBER')
       AND NOT pg_has_role(session_user, 'consular_worker', 'MEMBER') THEN
        RAISE EXCEPTION 'the web cancels and does nothing else' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'remittances', CONSTRAINT = 'ck_remittances_web_cancels';
    END IF;
    RETURN NEW;
END $$;

-- The steps of the rules, and of the version before; "" stands before the first one.
CREATE OR REPLACE FUNCTION remittance_step_allowed(p_before text, p_after text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce('{steps}'::jsonb -> coalesce(p_before, '') ? p_after, false)
$$;

-- Whoever writes it, and however: no remittance takes a step that the rules don't have.
CREATE OR REPLACE FUNCTION refuse_remittance_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_before text := CASE TG_OP WHEN 'UPDATE' THEN OLD.status END;
BEGIN
    IF v_before IS NOT DISTINCT FROM NEW.status THEN RETURN NEW; END IF;
    IF NOT remittance_step_allowed(v_before, NEW.status)
        OR (v_before = 'cancelling' AND NEW.status = 'funded' AND OLD.funded_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'no remittance goes from % to %', v_before, NEW.status
            USING ERRCODE = 'check_violation', SCHEMA = 'public', TABLE = 'remittances',
            CONSTRAINT = 'ck_remittances_step';
    END IF;
    -- The version before gives back without saying how much.
    IF NEW.status IN ('cancelled', 'refunded') AND v_before <> 'refunding'
        AND NEW.funded_at IS NOT NULL AND NEW.refunded_minor = 0 AND NEW.returned_minor = 0
    THEN
        NEW.refunded_minor := NEW.total_minor;
    END IF;
    RETURN NEW;
END $$;

-- What holds on a day, by name. Values as text: JSON's numbers would be read as binary fractions.
CREATE OR REPLACE FUNCTION remittance_rules_v1(p_day date) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_object_agg(rule, value::text) FROM (
        SELECT DISTINCT ON (rule) rule, value FROM remittance_rules
        WHERE valid_from <= p_day ORDER BY rule, valid_from DESC
    ) in_force
$$;

-- What an order is decided by, in one call: the account is locked, so that its orders follow one
-- another, and all that is read is read afterwards. No row where the quote is nobody's or another's.
-- `p_asked_account` and `p_asked_card` are what the agency may have been asked about the recipient's
-- number, by the way of payout; `holder` is what it answered.
CREATE OR REPLACE FUNCTION begin_order_v3(
    p_account uuid, p_quote uuid, p_language text, p_month date, p_day date, p_not_counted text[],
    p_asked_account bytea, p_asked_card bytea
) RETURNS TABLE (
    funding text, payout text, send_minor bigint, fee_minor bigint, tax_minor bigint,
    total_minor bigint, receive_minor bigint, rate numeric, fix numeric, created_at timestamptz,
    expires_at timestamptz, used boolean, rules jsonb, sender uuid, given_names text,
    first_surname text, second_surname text, birth_date date, name_index bytea, bound boolean,
    own_month bigint, own_day bigint, person_month bigint, person_day bigint,
    dues_enrollment_id uuid, dues_minor bigint, dues_due_on date, holder text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_sent record;
BEGIN
    UPDATE accounts SET language = p_language WHERE id = p_account;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT * INTO v_sent FROM sent_by_person(p_account, p_month, p_day, p_not_counted);
    RETURN QUERY
    SELECT q.funding, q.payout, q.send_minor, q.fee_minor, q.tax_minor, q.total_minor,
        q.receive_minor, q.rate, q.fix, q.created_at, q.expires_at,
        EXISTS (SELECT FROM remittances r WHERE r.account_id = p_account AND r.quote_id = p_quote),
        remittance_rules_v1(p_day), h.id, h.given_names, h.first_surname, h.second_surname,
        h.birth_date, h.name_index, h.identity_bound_at IS NOT NULL,
        v_sent.own_month, v_sent.own_day, v_sent.person_month, v_sent.person_day,
        q.dues_enrollment_id, q.dues_minor, q.dues_due_on,
        (SELECT c.match FROM holder_checks c WHERE c.account_id = p_account AND c.subject
            = CASE q.payout WHEN 'account' THEN p_asked_account WHEN 'card' THEN p_asked_card END)
    FROM quotes q LEFT JOIN people h ON h.account_id = p_account AND h.holder
    WHERE q.id = p_quote AND q.account_id = p_account;
END $$;

-- As the version before calls it, which reads the agency's answer by itself.
CREATE OR REPLACE FUNCTION begin_order_v2(
    p_account uuid, p_quote uuid, p_language text, p_month date, p_day date, p_not_counted text[]
) RETURNS TABLE (
    funding text, payout text, send_minor bigint, fee_minor bigint, tax_minor bigint,
    total_minor bigint, receive_minor bigint, rate numeric, fix numeric, created_at timestamptz,
    expires_at timestamptz, used boolean, rules jsonb, sender uuid, given_names text,
    first_surname text, second_surname text, birth_date date, name_index bytea, bound boolean,
    own_month bigint, own_day bigint, person_month bigint, person_day bigint,
    dues_enrollment_id uuid, dues_minor bigint, dues_due_on date
) LANGUAGE sql AS $$
    SELECT funding, payout, send_minor, fee_minor, tax_minor, total_minor, receive_minor, rate, fix,
        created_at, expires_at, used, rules, sender, given_names, first_surname, second_surname,
        birth_date, name_index, bound, own_month, own_day, person_month, person_day,
        dues_enrollment_id, dues_minor, dues_due_on
    FROM begin_order_v3(
        p_account, p_quote, p_language, p_month, p_day, p_not_counted, NULL, NULL)
$$;

-- Deferred to the end of the transaction: all parts of an order or none, and together what was
-- quoted, to the cent. It sees every account, and tells nothing.
CREATE OR REPLACE FUNCTION refuse_part_of_order() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_whole boolean;
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    SELECT (sum(r.send_minor), sum(r.fee_minor), sum(r.tax_minor), sum(r.receive_minor))
        = (q.send_minor, q.fee_minor, q.tax_minor, q.receive_minor)
        INTO v_whole
        FROM quotes q JOIN remittances r ON r.quote_id = q.id
        WHERE q.id = NEW.quote_id GROUP BY q.id;
    PERFORM set_config('app.consulate', v_scope, true);
    IF v_whole IS NOT TRUE THEN
        RAISE EXCEPTION 'the parts of an order are what was quoted' USING
            ERRCODE = 'check_violation', SCHEMA = 'public', TABLE = 'remittances',
            CONSTRAINT = 'ck_remittances_whole_order';
    END IF;
    RETURN NULL;
END $$;
