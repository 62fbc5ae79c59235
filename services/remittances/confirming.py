"""Of some recipients the sender has to say that they are sure, before anything is asked of them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.remittances.errors import RecipientNotConfirmed
from services.remittances.first_sends import is_first_large_send
from services.remittances.ordering import Order, OrderRemittance
from services.remittances.rules import wants_confirmation
from services.remittances.tariffs import first_send_minor


def refuse_unconfirmed(
    session: Session, ordered: Order, command: OrderRemittance, *, vault: Vault
) -> None:
    """Raises `RecipientNotConfirmed`, so that what was ordered in this transaction isn't."""
    if command.confirmed:
        return
    if wants_confirmation(
        first_large_send=is_first_large_send(
            session,
            ordered.first,
            command.recipient,
            large_minor=first_send_minor(ordered.rules),
            vault=vault,
        ),
        holder=ordered.holder,
    ):
        raise RecipientNotConfirmed(field="recipient_confirmed")
