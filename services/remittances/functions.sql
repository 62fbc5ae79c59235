CREATE OR REPLACE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'an entry does not balance' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    -- All lines of an entry come at once: later ones would change what was posted.
    IF EXISTS (
        SELECT 1 FROM postings p WHERE p.entry_id IN (SELECT entry_id FROM added)
            AND NOT EXISTS (
                SELECT 1 FROM added a WHERE a.entry_id = p.entry_id AND a.line = p.line)
    ) THEN
        RAISE EXCEPTION 'an entry is written once' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_written_once';
    END IF;
    -- In place of a foreign key, which would lock the house's few accounts at every posting.
    IF EXISTS (
        SELECT 1 FROM added a WHERE NOT EXISTS (
            SELECT 1 FROM ledger_accounts l
            WHERE l.code = a.account_code AND l.currency = a.currency)
    ) THEN
        RAISE EXCEPTION 'no such account in this currency' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_account';
    END IF;
    RETURN NULL;
END $$;

-- Runs with its owner's rights: the application may post whole entries and nothing else.
CREATE OR REPLACE FUNCTION post_entry(
    p_id uuid, p_key text, p_kind text, p_remittance uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF jsonb_array_length(p_lines) < 2 THEN
        RAISE EXCEPTION 'an entry has two lines at least' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    INSERT INTO journal_entries (id, key, kind, remittance_id, at)
        VALUES (p_id, p_key, p_kind, p_remittance, p_at);
    INSERT INTO postings (entry_id, line, account_code, currency, amount, at)
        SELECT p_id, n, l->>'account', l->>'currency', (l->>'amount')::bigint, p_at
        FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS t (l, n);
END $$;

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

-- `post_entry` runs as the owner: whose login it is stays in session_user.
CREATE OR REPLACE FUNCTION refuse_entry_by_web() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(session_user, 'consular_web', 'MEMBER')
       AND NOT pg_has_role(session_user, 'consular_worker', 'MEMBER') THEN
        RAISE EXCEPTION 'the web books no payout' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'journal_entries',
            CONSTRAINT = 'ck_journal_entries_web_books_no_payout';
    END IF;
    RETURN NEW;
END $$;
