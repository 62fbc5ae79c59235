"""Of some recipients the sender has to say that they are sure, before anything is asked of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.remittances.errors import RecipientNotConfirmed
from services.remittances.first_sends import is_first_large_send
from services.remittances.holders import find_answer
from services.remittances.models import Remittance
from services.remittances.ordering import OrderRemittance
from services.remittances.rules import Payout, wants_confirmation


def refuse_unconfirmed(
    session: Session, ordered: Remittance, command: OrderRemittance, *, now: datetime, vault: Vault
) -> None:
    """Raises `RecipientNotConfirmed`, so that what was ordered in this transaction isn't."""
    if command.confirmed:
        return
    recipient, payout = command.recipient, Payout(ordered.payout)
    known = find_answer(session, ordered.account_id, recipient, payout, vault=vault)
    if wants_confirmation(
        first_large_send=is_first_large_send(session, ordered, recipient, now=now, vault=vault),
        holder=known.match if known else None,
    ):
        raise RecipientNotConfirmed(field="recipient_confirmed")
