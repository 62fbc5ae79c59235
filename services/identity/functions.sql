-- In PL/pgSQL, which keeps its plan: one in SQL is set up anew in each statement that calls it.
CREATE OR REPLACE FUNCTION holders_key(p_key bytea, p_keys text[], p_account uuid) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Who was told apart from somebody of the same name and birth date has a key of their own.
    RETURN coalesce((
        SELECT own_key FROM homonyms WHERE person_key = p_key
            AND (account_id = p_account OR encode(curp_key, 'hex') = ANY (p_keys))
        ORDER BY created_at LIMIT 1), p_key);
END $$;

-- Under which keys somebody holds things: those of these, and those of every other spelling of their
-- names that was merged with theirs by a document.
CREATE OR REPLACE FUNCTION holders_keys(p_keys text[], p_account uuid) RETURNS bytea[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_keys bytea[]; v_more bytea[];
BEGIN
    -- Whose names were merged is asked for citizens too, whose transactions are of no office.
    IF v_scope = '' THEN PERFORM set_config('app.consulate', '*', true); END IF;
    v_keys := ARRAY(
        SELECT DISTINCT holders_key(decode(k, 'hex'), p_keys, p_account) FROM unnest(p_keys) k);
    LOOP
        v_more := ARRAY(
            SELECT DISTINCT same.person_key FROM merged_keys own JOIN merged_keys same USING (merge_id)
            WHERE own.person_key = ANY (v_keys) AND same.person_key <> ALL (v_keys));
        EXIT WHEN v_more = '{}';
        v_keys := v_keys || v_more;
    END LOOP;
    IF v_scope = '' THEN PERFORM set_config('app.consulate', '', true); END IF;
    RETURN v_keys;
END $$;

-- The same of a row of people, which holds the CURP under another hash than things are held under.
-- By the checked person's row that hash is found.
CREATE OR REPLACE FUNCTION own_name_key(p_name bytea, p_curp bytea, p_account uuid) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT h.own_key FROM homonyms h
        JOIN identity_checks c ON c.id = h.identity_check_id
        JOIN people p ON p.id = c.person_id
        WHERE h.person_key = p_name AND (h.account_id = p_account OR p.curp_index = p_curp)
        ORDER BY h.created_at LIMIT 1), p_name);
END $$;
