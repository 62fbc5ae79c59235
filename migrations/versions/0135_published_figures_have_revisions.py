"""What others published stays readable as it was, when they publish another value."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WORKER, append_only, grant, install

revision = "0135"
down_revision = "0134"

_SAID = (
    "programme, period, day, metric, label_es, label_en, value, unit, note, source, period_es,"
    " note_es, source_es"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE published_revisions (
            figure_id uuid NOT NULL CONSTRAINT fk_published_revisions_figure_id
                REFERENCES published_series (id),
            revision integer NOT NULL,
            kept_at timestamptz,
            programme text NOT NULL,
            period text NOT NULL,
            day date,
            metric text NOT NULL,
            label_es text NOT NULL,
            label_en text NOT NULL,
            value numeric(18, 3) NOT NULL,
            unit text NOT NULL,
            note text,
            source text NOT NULL,
            period_es text,
            note_es text,
            source_es text,
            value_before numeric(18, 3),
            revised_at timestamptz,
            CONSTRAINT pk_published_revisions PRIMARY KEY (figure_id, revision),
            CONSTRAINT ck_published_revisions_revision CHECK (revision > 0),
            CONSTRAINT ck_published_revisions_revised
                CHECK ((value_before IS NULL) = (revised_at IS NULL))
        )
        """
    )
    grant("published_revisions", "SELECT", to=APPLICATION)
    grant("published_revisions", "INSERT", to=WORKER)
    append_only("published_revisions")
    install("monitoring", keep_published_revision="82fbcfc3")
    for event, changed in (("INSERT", ""), ("UPDATE", " WHEN (OLD.* IS DISTINCT FROM NEW.*)")):
        op.execute(
            f"CREATE TRIGGER keep_revision_of_{event.lower()} AFTER {event} ON published_series"
            f" FOR EACH ROW{changed} EXECUTE FUNCTION keep_published_revision()"
        )
    # Since when these were known isn't: at every moment.
    op.execute(
        f"INSERT INTO published_revisions (figure_id, revision, {_SAID})"  # noqa: S608
        f" SELECT id, 1, {_SAID} FROM published_series"
    )
