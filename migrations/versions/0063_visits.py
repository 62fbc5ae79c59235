"""Who is at the office: places in the queue, the desk's last steps, and screens in the room."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE visits (
            appointment_id uuid NOT NULL,
            n smallint NOT NULL,
            consulate_code text NOT NULL
                CONSTRAINT fk_visits_consulate_code REFERENCES consulates,
            day date NOT NULL,
            due_at timestamptz NOT NULL,
            arrived_at timestamptz NOT NULL,
            priority boolean NOT NULL DEFAULT false,
            services text[] NOT NULL CONSTRAINT ck_visits_services CHECK (services <> '{}'),
            for_desk text,
            parked_at timestamptz,
            called_at timestamptz,
            called_by uuid,
            CONSTRAINT pk_visits PRIMARY KEY (appointment_id, n),
            CONSTRAINT fk_visits_appointment_id_n
                FOREIGN KEY (appointment_id, n) REFERENCES attendees
        )
        """
    )
    op.execute("CREATE INDEX ix_visits_consulate_code_day ON visits (consulate_code, day)")
    secure("visits", account=None)
    grant("visits", "SELECT, INSERT, UPDATE, DELETE")
    op.execute(
        """
        CREATE TABLE desk_steps (
            id uuid NOT NULL,
            appointment_id uuid NOT NULL,
            n smallint NOT NULL,
            consulate_code text NOT NULL
                CONSTRAINT fk_desk_steps_consulate_code REFERENCES consulates,
            step text NOT NULL,
            at timestamptz NOT NULL,
            status text NOT NULL,
            before jsonb NOT NULL,
            undone_at timestamptz,
            CONSTRAINT pk_desk_steps PRIMARY KEY (id, n),
            CONSTRAINT fk_desk_steps_appointment_id_n
                FOREIGN KEY (appointment_id, n) REFERENCES attendees
        )
        """
    )
    op.execute("CREATE INDEX ix_desk_steps_appointment_id_n ON desk_steps (appointment_id, n)")
    op.execute("CREATE INDEX ix_desk_steps_at ON desk_steps (at)")
    secure("desk_steps", account=None)
    grant("desk_steps", "SELECT, INSERT, UPDATE (undone_at)")
    grant("desk_steps", "DELETE", to=WORKER)
    op.execute("ALTER TABLE appointments ADD COLUMN walk_in boolean NOT NULL DEFAULT false")
    op.execute(
        """
        CREATE TABLE board_links (
            id uuid NOT NULL CONSTRAINT pk_board_links PRIMARY KEY,
            consulate_code text NOT NULL
                CONSTRAINT fk_board_links_consulate_code REFERENCES consulates,
            name text NOT NULL,
            token_hash bytea NOT NULL CONSTRAINT uq_board_links_token_hash UNIQUE,
            created_at timestamptz NOT NULL,
            created_by uuid NOT NULL,
            revoked_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX ix_board_links_consulate_code ON board_links (consulate_code)")
    secure("board_links", account=None)
    grant("board_links", "SELECT")
    grant("board_links", "INSERT, UPDATE (revoked_at)", to=WEB)
