"""Database functions come from their slices' files; what the database writes has one function each.

``book_appointment`` serves the version before, by way of the present one. What no version that may
still run calls is dropped.
"""

from __future__ import annotations

from migrations.support import drop_function, install

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    install(
        "kernel",
        refuse_change="576cc525",
        domain_error="59dcbeb7",
        remember_answer="4ade5f77",
        record_audit_entry="4db3d721",
    )
    install("facts", record_fact="2a3045dc")
    install("outbox", put_into_outbox="82cdca6c")
    install("staff", refuse_own_role="ea9cf15a")
    install("voting", name_count_subjects="afceb97d")
    install(
        "appointments",
        places_left="4e023227",
        take_seat="736abfff",
        book_appointment_v2="7e861079",
        book_appointment="fd08bb5c",
        refuse_booking="54d8bd20",
    )
    for function in SUPERSEDED:
        drop_function(function)


SUPERSEDED = (
    "places_free(uuid, text)",
    "add_people(jsonb, uuid, text, timestamptz)",
    "remember_request(uuid, text, bytea, timestamptz)",
)
