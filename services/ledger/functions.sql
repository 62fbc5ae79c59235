-- No plan that was made while the tables were empty may read them whole ever after.
CREATE OR REPLACE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_broken text;
    v_customers boolean;
BEGIN
    -- One query for all that must hold, for every posting pays for it. Accounts are looked up in
    -- place of foreign keys, which would lock the house's few accounts at every posting. Lines come
    -- with their entry: later ones would change what was posted.
    SELECT min(entry.broken), bool_or(entry.customers) INTO v_broken, v_customers FROM (
        SELECT bool_or(l.kind = 'customer') AS customers, CASE
            WHEN sum(a.amount) FILTER (WHERE a.layer = 'posted') <> 0
                OR sum(a.amount) FILTER (WHERE a.layer <> 'posted') <> 0 THEN 'balanced'
            -- By its id and never by the transaction's, which all entries of a batch share.
            -- Above its 48 bits: how often the database was adopted by another cluster.
            WHEN (SELECT e.xid::text::bigint & (1::bigint << 48) - 1 FROM journal_entries e
                WHERE e.id = a.entry_id AND e.amount_minor IS NULL)
                IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN 'written_once'
            WHEN bool_or(l.kind IS NULL) THEN 'account'
            WHEN min(a.account_code) = max(a.account_code) THEN 'two_accounts' END AS broken
        FROM added a
        LEFT JOIN ledger_accounts l ON l.code = a.account_code AND l.currency = a.currency
        GROUP BY a.entry_id, a.currency) entry;
    IF v_broken IS NOT NULL THEN
        RAISE EXCEPTION 'these lines are no transfer' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_' || v_broken;
    END IF;
    IF v_customers THEN
        -- In one order, whoever moves them.
        PERFORM FROM ledger_balances WHERE account_code IN (SELECT account_code FROM added)
            ORDER BY account_code FOR NO KEY UPDATE;
        UPDATE ledger_balances b SET posted = b.posted - moved.posted, held = b.held + moved.held
        FROM (
            SELECT a.account_code, coalesce(sum(a.amount) FILTER (WHERE a.layer = 'posted'), 0) AS posted,
                coalesce(sum(a.amount) FILTER (WHERE a.layer = 'debit_pending'), 0) AS held
            FROM added a GROUP BY a.account_code) moved
        WHERE b.account_code = moved.account_code;
    END IF;
    RETURN NULL;
END $$;

-- For entries that aren't simply posted, whoever inserts them. As conditions of the table, which are read
-- anew for every row, these took as long as a plain entry.
CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_broken text := CASE NEW.state
        WHEN 'pending' THEN CASE WHEN NEW.hold_id IS NOT NULL THEN 'ck_journal_entries_hold' END
        WHEN 'posted' THEN CASE WHEN NEW.expires_at IS NOT NULL THEN 'ck_journal_entries_hold' END
        WHEN 'voided' THEN CASE WHEN NEW.hold_id IS NULL OR NEW.expires_at IS NOT NULL
            THEN 'ck_journal_entries_hold' END
        WHEN 'expired' THEN CASE WHEN NEW.hold_id IS NULL OR NEW.expires_at IS NOT NULL
            THEN 'ck_journal_entries_hold' END
        ELSE 'ck_journal_entries_state' END;
BEGIN
    IF v_broken IS NULL AND NEW.hold_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM journal_entries h WHERE h.id = NEW.hold_id AND h.state = 'pending'
            AND (h.debit_code, h.credit_code, h.amount_currency, h.amount_minor) IS NOT DISTINCT FROM
                (NEW.debit_code, NEW.credit_code, NEW.amount_currency, NEW.amount_minor)
    ) THEN
        v_broken := 'ck_journal_entries_of_hold';
    END IF;
    IF v_broken IS NOT NULL THEN
        RAISE EXCEPTION 'this is neither a hold nor the end of one' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'journal_entries', CONSTRAINT = v_broken;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION is_web_login() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT pg_has_role(session_user, 'consular_web', 'MEMBER')
        AND NOT pg_has_role(session_user, 'consular_worker', 'MEMBER')
$$;

-- What the web posts: that somebody has paid, and what goes back.
CREATE OR REPLACE FUNCTION is_for_web(p_kind text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_kind IN ('funded', 'reversed', 'refunded', 'remedied')
$$;

-- Whatever writes an entry asks first, for a trigger would be dearer than the entry. It runs as the owner:
-- whose login it is stays in session_user.
CREATE OR REPLACE FUNCTION refuse_posting_by_web() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the web books no payout' USING ERRCODE = 'check_violation', SCHEMA = 'public',
        TABLE = 'journal_entries', CONSTRAINT = 'ck_journal_entries_web_books_no_payout';
END $$;

-- The house's accounts in a currency. They never change, nor does one go (`append_only`), so that each
-- connection looks them up once, as it plans the functions below: hence IMMUTABLE. To one that was added
-- since, a connection posts by lines.
CREATE OR REPLACE FUNCTION house_accounts(p_currency text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT code FROM ledger_accounts WHERE currency = p_currency AND kind <> 'customer');
END $$;

-- The functions below run with their owner's rights: the application may post whole transfers and
-- nothing else.
--
-- A transfer from one account of the house to another is its entry alone, and sums to zero whatever it
-- says. Anything else has lines.
CREATE OR REPLACE FUNCTION post_transfer_v1(
    p_at timestamptz, p_id uuid, p_kind text, p_subject uuid, p_linked uuid, p_pending boolean,
    p_expires timestamptz, p_debit text, p_credit text, p_currency text, p_amount bigint
) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT is_for_web(p_kind) AND is_web_login() THEN
        PERFORM refuse_posting_by_web();
    END IF;
    IF ARRAY[p_debit, p_credit] <@ (CASE p_currency WHEN 'USD' THEN house_accounts('USD')
            WHEN 'MXN' THEN house_accounts('MXN') END) AND p_amount > 0 AND p_debit <> p_credit THEN
        INSERT INTO journal_entries (id, state, kind, subject_id, remittance_id, linked_id, expires_at,
            at, debit_code, credit_code, amount_currency, amount_minor)
        VALUES (p_id, CASE WHEN p_pending THEN 'pending' ELSE 'posted' END, p_kind, p_subject, p_subject,
            p_linked, p_expires, p_at, p_debit, p_credit, p_currency, p_amount)
        ON CONFLICT (id) DO NOTHING;
        IF FOUND THEN
            RETURN p_at;
        END IF;
    END IF;
    RETURN (post_transfers_v1(p_at, ARRAY[p_id], ARRAY[p_kind], ARRAY[p_subject], ARRAY[p_linked],
        ARRAY[p_pending], ARRAY[p_expires], '{1, 1}', '{1, 2}', ARRAY[p_debit, p_credit],
        ARRAY[p_currency, p_currency], ARRAY[p_amount, -p_amount]))[1];
END $$;

-- What is given for a transfer or a line stands at the same place in each array; `p_of` says to which
-- transfer a line belongs. Returns when each was posted, for one that is there already is posted no
-- more.
CREATE OR REPLACE FUNCTION post_transfers_v1(
    p_at timestamptz, p_ids uuid[], p_kinds text[], p_subjects uuid[], p_linked uuid[],
    p_pending boolean[], p_expires timestamptz[], p_of integer[], p_lines smallint[],
    p_accounts text[], p_currencies text[], p_amounts bigint[]
) RETURNS timestamptz[] LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_count integer := cardinality(p_ids);
    v_lacking boolean;
    v_new uuid[];
    v_lined uuid[];
    v_other uuid;
BEGIN
    IF is_web_login() AND EXISTS (SELECT FROM unnest(p_kinds) k WHERE is_for_web(k) IS NOT TRUE) THEN
        PERFORM refuse_posting_by_web();
    END IF;
    IF v_count > 1 THEN
        SELECT given INTO v_other FROM unnest(p_ids) given GROUP BY given HAVING count(*) > 1;
        IF FOUND THEN
            RAISE EXCEPTION 'transfer_repeated' USING ERRCODE = 'CS001', DETAIL = v_other::text;
        END IF;
    END IF;
    v_lacking := cardinality(p_of) < 2 * v_count;
    IF v_count > 1 THEN
        v_lacking := v_lacking
            OR v_count <> (SELECT count(DISTINCT given) FROM unnest(p_of) given);
    END IF;
    IF v_lacking THEN
        RAISE EXCEPTION 'a transfer has two lines at least' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    IF v_count = 1 AND cardinality(p_of) > 2 THEN
        -- What a batch needs would be a tenth of its cost.
        INSERT INTO journal_entries
            (id, state, kind, subject_id, remittance_id, linked_id, expires_at, at)
        VALUES (p_ids[1], CASE WHEN p_pending[1] THEN 'pending' ELSE 'posted' END, p_kinds[1],
            p_subjects[1], p_subjects[1], p_linked[1], p_expires[1], p_at)
        ON CONFLICT (id) DO NOTHING;
        v_new := CASE WHEN FOUND THEN p_ids END;
        v_lined := v_new;
    ELSE
        WITH pair AS (
            SELECT l.of, max(l.account) FILTER (WHERE l.amount > 0) AS debit,
                max(l.account) FILTER (WHERE l.amount < 0) AS credit, min(l.currency) AS currency,
                max(l.amount) AS amount
            FROM unnest(p_of, p_accounts, p_currencies, p_amounts) AS l (of, account, currency, amount)
            GROUP BY l.of
            HAVING count(*) = 2 AND sum(l.amount) = 0 AND max(l.amount) > 0
                AND min(l.account) <> max(l.account) AND min(l.currency) = max(l.currency)
        ), house AS (
            SELECT pair.* FROM pair
            JOIN ledger_accounts d ON d.code = pair.debit AND d.currency = pair.currency
            JOIN ledger_accounts c ON c.code = pair.credit AND c.currency = pair.currency
            WHERE d.kind <> 'customer' AND c.kind <> 'customer'
        ), added AS (
            INSERT INTO journal_entries (id, state, kind, subject_id, remittance_id, linked_id, expires_at,
                at, debit_code, credit_code, amount_currency, amount_minor)
            SELECT t.id, CASE WHEN t.pending THEN 'pending' ELSE 'posted' END, t.kind, t.subject,
                t.subject, t.linked, t.expires, p_at, h.debit, h.credit, h.currency, h.amount
            FROM unnest(p_ids, p_kinds, p_subjects, p_linked, p_pending, p_expires)
                WITH ORDINALITY AS t (id, kind, subject, linked, pending, expires, n)
            LEFT JOIN house h ON h.of = t.n
            ON CONFLICT (id) DO NOTHING RETURNING id, amount_minor
        ) SELECT array_agg(added.id), array_agg(added.id) FILTER (WHERE added.amount_minor IS NULL)
            INTO v_new, v_lined FROM added;
    END IF;
    IF v_lined IS NOT NULL THEN
        INSERT INTO journal_lines (entry_id, line, account_code, currency, amount, at, layer)
        SELECT p_ids[l.of], l.line, l.account, l.currency, l.amount, p_at,
            CASE WHEN NOT p_pending[l.of] THEN 'posted'
                WHEN l.amount > 0 THEN 'debit_pending' ELSE 'credit_pending' END
        FROM unnest(p_of, p_lines, p_accounts, p_currencies, p_amounts)
            AS l (of, line, account, currency, amount)
        WHERE cardinality(v_lined) = v_count OR p_ids[l.of] = ANY (v_lined);
    END IF;
    IF cardinality(v_new) = v_count THEN
        RETURN array_fill(p_at, ARRAY[v_count]);
    END IF;
    -- In whatever order lines were given.
    SELECT t.id INTO v_other
    FROM unnest(p_ids, p_kinds, p_subjects, p_linked, p_pending, p_expires)
        WITH ORDINALITY AS t (id, kind, subject, linked, pending, expires, n)
    JOIN journal_entries e ON e.id = t.id
    WHERE e.id <> ALL (coalesce(v_new, '{}')) AND (
        (e.state, e.hold_id, e.kind, e.subject_id, e.linked_id, e.expires_at) IS DISTINCT FROM (
            CASE WHEN t.pending THEN 'pending' ELSE 'posted' END, NULL, t.kind, t.subject, t.linked,
            t.expires)
        OR (SELECT array_agg((p.account_code, p.currency, p.amount)::text
                ORDER BY p.account_code, p.currency, p.amount)
            FROM postings p WHERE p.entry_id = e.id) IS DISTINCT FROM (
            SELECT array_agg((l.account, l.currency, l.amount)::text
                ORDER BY l.account, l.currency, l.amount)
            FROM unnest(p_of, p_accounts, p_currencies, p_amounts) AS l (of, account, currency, amount)
            WHERE l.of = t.n))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'already_posted' USING ERRCODE = 'CS001', DETAIL = v_other::text;
    END IF;
    RETURN ARRAY(
        SELECT e.at FROM unnest(p_ids) WITH ORDINALITY t (id, n)
        JOIN journal_entries e ON e.id = t.id ORDER BY t.n);
END $$;

-- A hold ends once, by an entry of its own, which takes it back and where `p_state` is 'posted' posts
-- it. Returns when that was; null where there is no such hold.
CREATE OR REPLACE FUNCTION end_hold_v1(
    p_at timestamptz, p_id uuid, p_hold uuid, p_state text, p_kind text
) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_hold journal_entries;
    v_end journal_entries;
BEGIN
    IF (p_state = 'posted' OR NOT is_for_web(p_kind)) AND is_web_login() THEN
        PERFORM refuse_posting_by_web();
    END IF;
    SELECT * INTO v_hold FROM journal_entries WHERE id = p_hold AND state = 'pending';
    IF NOT FOUND THEN RETURN NULL; END IF;
    INSERT INTO journal_entries (id, state, kind, subject_id, remittance_id, linked_id, hold_id, at,
        debit_code, credit_code, amount_currency, amount_minor)
    VALUES (p_id, p_state, p_kind, v_hold.subject_id, v_hold.remittance_id, v_hold.linked_id,
        p_hold, p_at, v_hold.debit_code, v_hold.credit_code, v_hold.amount_currency,
        v_hold.amount_minor)
    ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO v_end FROM journal_entries WHERE id = p_id;
        IF (v_end.hold_id, v_end.state, v_end.kind) IS DISTINCT FROM (p_hold, p_state, p_kind) THEN
            RAISE EXCEPTION 'already_posted' USING ERRCODE = 'CS001', DETAIL = p_id::text;
        END IF;
        RETURN v_end.at;
    END IF;
    IF p_state = 'posted' AND v_hold.expires_at <= p_at THEN
        RAISE EXCEPTION 'hold_lapsed' USING ERRCODE = 'CS001';
    END IF;
    IF p_state = 'expired' AND coalesce(v_hold.expires_at > p_at, true) THEN
        RAISE EXCEPTION 'hold_not_lapsed' USING ERRCODE = 'CS001';
    END IF;
    IF v_hold.amount_minor IS NOT NULL THEN RETURN p_at; END IF;
    INSERT INTO journal_lines (entry_id, line, account_code, currency, amount, at, layer)
    SELECT p_id, row_number() OVER (ORDER BY ending.layer = 'posted', held.line), held.account_code,
        held.currency, ending.sign * held.amount, p_at, ending.layer
    FROM journal_lines held
    CROSS JOIN LATERAL (VALUES (-1, held.layer), (1, 'posted')) AS ending (sign, layer)
    WHERE held.entry_id = p_hold AND (ending.sign < 0 OR p_state = 'posted');
    RETURN p_at;
END $$;

-- A customer's account, whose balance is a row that postings lock; opening it twice changes nothing.
CREATE OR REPLACE FUNCTION open_customer_account_v1(p_code text, p_currency text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_accounts (code, currency, kind, name)
        VALUES (p_code, p_currency, 'customer', '') ON CONFLICT (code) DO NOTHING;
    INSERT INTO ledger_balances (account_code)
        SELECT code FROM ledger_accounts
        WHERE code = p_code AND currency = p_currency AND kind = 'customer'
        ON CONFLICT (account_code) DO NOTHING;
    IF NOT EXISTS (
        SELECT FROM ledger_accounts
        WHERE code = p_code AND currency = p_currency AND kind = 'customer'
    ) THEN
        RAISE EXCEPTION 'account_differs' USING ERRCODE = 'CS001', DETAIL = p_code;
    END IF;
END $$;

-- Balances of all accounts, or of one, at a moment, or now where it is null: minor units, debit
-- positive. Sums of whole days up to the batch that was settled last, the lines of the moment's own
-- day, and what was posted since that batch, in one statement: by one snapshot it is exact, whatever
-- is settled meanwhile. The web, which reads no line by itself, asks on behalf of the network alone.
CREATE OR REPLACE FUNCTION ledger_balances_v1(p_account text, p_layer text, p_as_of timestamptz)
RETURNS TABLE (code text, currency text, kind text, amount bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    -- Where the day begins that isn't whole.
    v_since timestamptz := coalesce(date_trunc('day', p_as_of, 'UTC'), 'infinity');
    v_day date := coalesce((v_since AT TIME ZONE 'UTC')::date, 'infinity');
    v_as_of timestamptz := coalesce(p_as_of, 'infinity');
BEGIN
    PERFORM refuse_ledger_reader();
    RETURN QUERY
    WITH settled AS (SELECT upto FROM ledger_batches ORDER BY number DESC LIMIT 1),
    line AS (
        SELECT c.account_code, c.amount FROM ledger_cells c
        WHERE c.layer = p_layer AND c.day < v_day
            AND (p_account IS NULL OR c.account_code = p_account)
        UNION ALL
        SELECT p.account_code, p.amount FROM postings p
        WHERE p.layer = p_layer AND p.at >= v_since AND p.at <= v_as_of
            AND (p_account IS NULL OR p.account_code = p_account)
        UNION ALL
        SELECT p.account_code, p.amount
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.xid >= coalesce((SELECT upto FROM settled), '0') AND p.layer = p_layer
            AND p.at < v_since AND (p_account IS NULL OR p.account_code = p_account)
    -- Once, not once for each account.
    ), total AS MATERIALIZED (
        SELECT line.account_code, sum(line.amount) AS amount FROM line GROUP BY line.account_code
    )
    SELECT a.code, a.currency, a.kind, coalesce(total.amount, 0)::bigint
    FROM ledger_accounts a LEFT JOIN total ON total.account_code = a.code
    WHERE p_account IS NULL OR a.code = p_account;
END $$;

-- Every line that was posted from a moment to before another, in order; `subject_id` is what its
-- entry is about.
CREATE OR REPLACE FUNCTION ledger_lines_v1(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (at timestamptz, entry_id uuid, line smallint, kind text, state text, subject_id uuid,
    account_code text, currency text, amount bigint, layer text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM refuse_ledger_reader();
    RETURN QUERY
    SELECT p.at, p.entry_id, p.line, e.kind, e.state, e.subject_id, p.account_code, p.currency,
        p.amount, p.layer
    FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    WHERE p.at >= p_from AND p.at < p_to
    ORDER BY p.at, p.entry_id, p.line;
END $$;

-- What was posted about a thing and about whatever shares a link with it, such as the parts of what was
-- paid together.
CREATE OR REPLACE FUNCTION ledger_thread_v1(p_subject uuid)
RETURNS TABLE (id uuid, kind text, state text, subject_id uuid, linked_id uuid, hold_id uuid,
    at timestamptz, lines text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM refuse_ledger_reader();
    RETURN QUERY
    WITH RECURSIVE thread AS (
        SELECT e.id, e.subject_id, e.linked_id FROM journal_entries e WHERE e.subject_id = p_subject
        UNION
        SELECT e.id, e.subject_id, e.linked_id FROM thread t
        JOIN journal_entries e ON e.subject_id = t.subject_id OR e.linked_id = t.linked_id
    )
    SELECT e.id, e.kind, e.state, e.subject_id, e.linked_id, e.hold_id, e.at,
        (SELECT array_agg(ARRAY[p.account_code, p.currency, p.amount::text] ORDER BY p.line)
         FROM postings p WHERE p.entry_id = e.id AND (e.state = 'pending' OR p.layer = 'posted'))
    FROM journal_entries e WHERE e.id IN (SELECT thread.id FROM thread)
    ORDER BY e.at, e.xid, e.id;
END $$;

CREATE OR REPLACE FUNCTION refuse_ledger_reader() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('app.consulate', true), '') <> '*' AND is_web_login() THEN
        RAISE EXCEPTION 'the ledger is read on behalf of the network' USING
            ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- For the version before, while it still runs; a later migration drops both.
CREATE OR REPLACE FUNCTION post_entry_v2(
    p_id uuid, p_key text, p_kind text, p_subject uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF jsonb_array_length(p_lines) < 2 THEN
        RAISE EXCEPTION 'an entry has two lines at least' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    IF NOT is_for_web(p_kind) AND is_web_login() THEN
        PERFORM refuse_posting_by_web();
    END IF;
    INSERT INTO journal_entries (id, key, kind, subject_id, remittance_id, at)
        VALUES (p_id, p_key, p_kind, p_subject, p_subject, p_at);
    INSERT INTO journal_lines (entry_id, line, account_code, currency, amount, at)
        SELECT p_id, n, l->>'account', l->>'currency', (l->>'amount')::bigint, p_at
        FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS t (l, n);
    -- That version knows no holds: what it pays out or gives back is held no more.
    PERFORM end_hold_v1(p_at, gen_random_uuid(), h.id, 'voided', p_kind)
        FROM journal_entries h
        WHERE h.subject_id = p_subject AND h.state = 'pending' AND p_kind IN ('paid', 'reversed')
            AND NOT EXISTS (SELECT FROM journal_entries e WHERE e.hold_id = h.id);
END $$;

CREATE OR REPLACE FUNCTION post_entry(
    p_id uuid, p_key text, p_kind text, p_remittance uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM post_entry_v2(p_id, p_key, p_kind, p_remittance, p_at, p_lines);
END $$;
