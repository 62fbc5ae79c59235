CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION domain_error(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'CS001', MESSAGE = code;
END $$;

CREATE OR REPLACE FUNCTION normal_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        replace(replace(replace(replace(
            lower(translate(
                regexp_replace(
                    normalize(translate(name, '''`´·Ɂɂʔʹʻʼʽʾʿˈ‘’‛′Ꞌꞌ＇', ''), NFKD),
                    '[\u0300-\u036f\u02b9-\u02bf\u00b7]', '', 'g'),
                'øđðħłŧıŋĸəǝɛɇɓƀɗɖƒɣǥɨɩƙɲɔɵɍʉʊʋƴƶʒØĐÐĦŁŦıŊĸƏƎƐɆƁɃƊƉƑƔǤƗƖƘƝƆƟɌɄƱƲƳƵƷÆŒÞẞ', 'oddhltinkeeeebbddfggiiknooruuvyzzoddhltinkeeeebbddfggiiknooruuvyzzæœþß')),
            'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ß', 'ss'),
        '[^[:alnum:]]+', ' ', 'g'))
$$;

CREATE OR REPLACE FUNCTION remembered(p_account uuid, p_key text, p_hash bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE v_hash bytea; v_answer jsonb;
BEGIN
    SELECT request_hash, response INTO v_hash, v_answer FROM idempotency_keys
        WHERE account_id = p_account AND key = p_key FOR UPDATE;
    IF v_hash <> p_hash THEN PERFORM domain_error('idempotency_key_reused'); END IF;
    RETURN v_answer;
END $$;

-- Keep the answer to a request beside its key. False where the key was used before: see
-- `remembered`. Python's is services/kernel/idempotency.py.
CREATE OR REPLACE FUNCTION remember_answer(
    p_account uuid, p_key text, p_hash bytea, p_status integer, p_answer jsonb, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (account_id, key, request_hash, status, response, created_at)
        VALUES (p_account, p_key, p_hash, p_status, p_answer, p_now) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- Who did what to whose data, from within the database; Python's is services/kernel/audit.py.
CREATE OR REPLACE FUNCTION record_audit_entry(
    p_action text, p_kind text, p_subject uuid, p_consulate text, p_account uuid,
    p_role text, p_actor uuid, p_request text, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_entries (
        id, at, actor_role, actor_id, consulate_code, action, subject_kind, subject_id,
        person_account_id, request_id)
    VALUES (gen_random_uuid(), p_now, p_role, p_actor, p_consulate, p_action, p_kind, p_subject,
        p_account, p_request);
END $$;
