-- Whoever writes a published figure, its revision is kept in the same statement: one more than the last
-- one, which the figure's own row holds until the commit. A value that takes the place of another of the
-- same period is a correction; of a later period it is the next one.
CREATE OR REPLACE FUNCTION keep_published_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_last published_revisions;
    v_corrects boolean;
BEGIN
    SELECT * INTO v_last FROM published_revisions
        WHERE figure_id = NEW.id ORDER BY revision DESC LIMIT 1;
    v_corrects := v_last.period = NEW.period AND v_last.value <> NEW.value;
    INSERT INTO published_revisions (
        figure_id, revision, kept_at, programme, period, day, metric, label_es, label_en, value, unit,
        note, source, period_es, note_es, source_es, value_before, revised_at)
    VALUES (
        NEW.id, coalesce(v_last.revision, 0) + 1, clock_timestamp(), NEW.programme, NEW.period, NEW.day,
        NEW.metric, NEW.label_es, NEW.label_en, NEW.value, NEW.unit, NEW.note, NEW.source,
        NEW.period_es, NEW.note_es, NEW.source_es,
        CASE WHEN v_corrects THEN v_last.value
            WHEN v_last.period = NEW.period THEN v_last.value_before END,
        CASE WHEN v_corrects THEN clock_timestamp()
            WHEN v_last.period = NEW.period THEN v_last.revised_at END);
    RETURN NULL;
END $$;
