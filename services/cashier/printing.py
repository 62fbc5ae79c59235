"""Note each time that a receipt is printed: only the first is the original."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.cashier.models import Receipt, ReceiptNumber, ReceiptPrint
from services.kernel.audit import Actor
from services.kernel.errors import NotFound
from services.kernel.tables import append_numbered, get_row

# A printer may jam; after that the first print is a copy too.
ORIGINAL_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Print:
    """One print of a receipt."""

    receipt: Receipt
    number: int
    is_copy: bool


def print_receipt(session: Session, id: UUID, *, now: datetime, actor: Actor) -> int:
    """Note one more print, and return its number. Raises NotFound."""
    receipt = get_row(session, Receipt, id)
    # Prints of the office's day go one after another.
    session.get(ReceiptNumber, (receipt.consulate_code, receipt.day), with_for_update=True)
    columns = {"receipt_id": receipt.id, "printed_by": actor.account_id, "printed_at": now}
    return append_numbered(session, ReceiptPrint, columns, owner="receipt_id", number="number")


def get_print(session: Session, id: UUID, number: int, *, now: datetime) -> Print:
    """That print. Raises NotFound for one that nobody asked for."""
    printed = session.get(ReceiptPrint, (id, number))
    if printed is None:
        raise NotFound()
    late = now > printed.printed_at + ORIGINAL_FOR
    return Print(get_row(session, Receipt, id), number, is_copy=late or number > 1)
