"""Places can be held for some minutes, one hold at a time for each holder."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, secure

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE booking_holds (
            id uuid CONSTRAINT pk_booking_holds PRIMARY KEY,
            holder_id uuid NOT NULL,
            consulate_code text NOT NULL
                CONSTRAINT fk_booking_holds_consulate_code REFERENCES consulates,
            services text[] NOT NULL,
            people smallint NOT NULL CONSTRAINT ck_booking_holds_people CHECK (people > 0),
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            extended boolean NOT NULL DEFAULT false,
            frees_at timestamptz NOT NULL,
            address_index bytea,
            CONSTRAINT ck_booking_holds_length CHECK (
                created_at <= expires_at AND expires_at <= created_at + interval '20 minutes'
                AND expires_at <= frees_at),
            CONSTRAINT ex_booking_holds_holder EXCLUDE USING gist (
                holder_id WITH =, tstzrange(created_at, expires_at) WITH &&)
        )
        """
    )
    for columns in ("consulate_code, starts_at", "holder_id", "frees_at"):
        name = "ix_booking_holds_" + columns.replace(", ", "_")
        op.execute(f"CREATE INDEX {name} ON booking_holds ({columns})")
    op.execute(
        "CREATE INDEX ix_booking_holds_address_index ON booking_holds (address_index)"
        " WHERE address_index IS NOT NULL"
    )
    secure("booking_holds", account="holder_id")
    grant("booking_holds", "SELECT, DELETE")
    grant("booking_holds", "INSERT, UPDATE (expires_at, extended, frees_at)", to=WEB)
    _held_seats()
    install(
        "appointments",
        count_seats="a4e1e530",
        take_seats="93ad67e9",
        hold_seats="cef86a43",
        free_booking_holds="c718479f",
        free_holds_before_search="2bf1bff5",
        refuse_hoarding="fae5cde5",
        book_appointment_v3="1c7c0036",
    )


def _held_seats() -> None:
    op.execute(
        """
        CREATE TABLE held_seats (
            booking_hold_id uuid CONSTRAINT fk_held_seats_booking_hold_id
                REFERENCES booking_holds ON DELETE CASCADE,
            n smallint,
            service_code text CONSTRAINT fk_held_seats_service_code REFERENCES services,
            slot_id uuid NOT NULL CONSTRAINT fk_held_seats_slot_id REFERENCES slots,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            desk_hold_id uuid CONSTRAINT fk_held_seats_desk_hold_id
                REFERENCES desk_holds ON DELETE SET NULL,
            share text NOT NULL DEFAULT '',
            CONSTRAINT pk_held_seats PRIMARY KEY (booking_hold_id, n, service_code)
        )
        """
    )
    op.execute("CREATE INDEX ix_held_seats_slot_id ON held_seats (slot_id)")
    op.execute("CREATE INDEX ix_held_seats_desk_hold_id ON held_seats (desk_hold_id)")
    grant("held_seats", "SELECT, INSERT")
