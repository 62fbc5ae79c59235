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
CREATE OR REPLACE FUNCTION post_entry_v2(
    p_id uuid, p_key text, p_kind text, p_subject uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF jsonb_array_length(p_lines) < 2 THEN
        RAISE EXCEPTION 'an entry has two lines at least' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    INSERT INTO journal_entries (id, key, kind, subject_id, remittance_id, at)
        VALUES (p_id, p_key, p_kind, p_subject, p_subject, p_at);
    INSERT INTO postings (entry_id, line, account_code, currency, amount, at)
        SELECT p_id, n, l->>'account', l->>'currency', (l->>'amount')::bigint, p_at
        FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS t (l, n);
END $$;

-- For the version before, while it still runs; a later migration drops it.
CREATE OR REPLACE FUNCTION post_entry(
    p_id uuid, p_key text, p_kind text, p_remittance uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM post_entry_v2(p_id, p_key, p_kind, p_remittance, p_at, p_lines);
END $$;
