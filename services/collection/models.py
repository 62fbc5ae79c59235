"""Documents that are ready to be collected, and who collected them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.collection.rules import Collector
from services.kernel.db import Base, Owners
from services.kernel.tables import one_of

_TIME = sa.DateTime(timezone=True)


class ReadyDocument(Base):
    """What was made for a service that was given lies at the office, or was handed over.

    ``collector`` is who took it; their name, where that isn't the person, is sealed under the
    person's own key. ``document`` is what they showed. ``appointment_id``: they came with that
    appointment; none where they came without.
    """

    __tablename__ = "ready_documents"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("collector", Collector), name="collector"),
        sa.CheckConstraint(
            "(collected_at IS NULL) = (collector IS NULL)"
            " AND (collected_at IS NULL) = (document IS NULL)"
            " AND (collected_at IS NOT NULL OR num_nonnulls(handed_by, collector_sealed,"
            " appointment_id) = 0)",
            name="collected",
        ),
        sa.CheckConstraint(
            "collector_sealed IS NULL OR collector <> 'holder'", name="collector_sealed"
        ),
        sa.UniqueConstraint("rendered_id", name="uq_ready_documents_rendered_id"),
        sa.Index(
            "ix_ready_documents_waiting",
            "consulate_code",
            "ready_at",
            postgresql_where=sa.text("collected_at IS NULL"),
        ),
        sa.Index("ix_ready_documents_account_id", "account_id"),
        sa.Index("ix_ready_documents_appointment_id", "appointment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rendered_id: Mapped[UUID] = mapped_column(sa.ForeignKey("services_rendered.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    ready_at: Mapped[datetime] = mapped_column(_TIME)
    ready_by: Mapped[UUID | None]
    collected_at: Mapped[datetime | None] = mapped_column(_TIME)
    handed_by: Mapped[UUID | None]
    collector: Mapped[str | None] = mapped_column(sa.Text)
    collector_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    document: Mapped[str | None] = mapped_column(sa.Text)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"))
