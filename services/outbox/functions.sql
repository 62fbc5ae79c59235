-- Something to do elsewhere, from within the database; Python's is services/outbox/delivery.py.
CREATE OR REPLACE FUNCTION put_into_outbox(p_topic text, p_ref uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (id, topic, ref) VALUES (gen_random_uuid(), p_topic, p_ref);
END $$;

-- Takes up to p_most due items of p_topics, or of any when it is null, never of p_but_not; unless
-- done by then, they are due again after p_again seconds. By the index in its order, whatever is
-- known of the table: an index that is read into a bitmap shows all that was ever due until the
-- next vacuum, each time, and one that is read in order forgets what is over.
CREATE OR REPLACE FUNCTION take_due_v1(
    p_most int, p_again double precision, p_topics text[], p_but_not text[]
) RETURNS TABLE (item uuid, item_topic text) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_sort = off AS $$
DECLARE
    -- Read once: a clock that is read for each row ends no index.
    v_now timestamptz := clock_timestamp();
    -- Looked up by their ids: a join that was planned while the table was empty reads all of it.
    v_due uuid[] := ARRAY(
        SELECT id FROM outbox WHERE done_at IS NULL AND ring_at <= v_now
          AND (p_topics IS NULL OR topic = ANY (p_topics)) AND topic <> ALL (p_but_not)
        ORDER BY ring_at LIMIT p_most FOR UPDATE SKIP LOCKED);
BEGIN
    IF v_due <> '{}' THEN
        RETURN QUERY
        UPDATE outbox SET ring_at = clock_timestamp() + make_interval(secs => p_again)
        WHERE id = ANY (v_due) RETURNING id, topic;
    END IF;
END $$;
