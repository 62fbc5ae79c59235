-- Something to do elsewhere, from within the database; Python's is services/outbox/delivery.py.
CREATE OR REPLACE FUNCTION put_into_outbox(p_topic text, p_ref uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (id, topic, ref) VALUES (gen_random_uuid(), p_topic, p_ref);
END $$;
