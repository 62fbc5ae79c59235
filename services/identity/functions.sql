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
