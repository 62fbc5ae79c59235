"""The book of recipients: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.remittances.rules import HolderMatch


class SavedRecipientAnswer(fields.Answer):
    """A saved recipient; of their account and card the last digits. ``bank`` follows from the
    CLABE, null where it isn't known."""

    id = fields.Id()
    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    nickname = fields.Text(allow_none=True)
    state = fields.Text(allow_none=True)
    municipality = fields.Text(allow_none=True)
    phone = fields.Text(allow_none=True)
    bank = fields.Text(allow_none=True)
    clabe_hint = fields.Text(allow_none=True)
    card_hint = fields.Text(allow_none=True)


class RecipientCopyAnswer(SavedRecipientAnswer):
    """A saved recipient as a whole."""

    clabe = fields.Text(allow_none=True)
    card = fields.Text(allow_none=True)


class SavedRecipientList(fields.Answer):
    """All of them."""

    items = fields.Many(SavedRecipientAnswer)


class RecipientCheckAnswer(fields.Answer):
    """What to know before paying. ``holder``: whether the account is of somebody of that name, null
    where nobody asks and while the answer is ``pending``. ``first_large_send``: nothing was paid to
    them before, and it is much."""

    bank = fields.Text(allow_none=True)
    holder = fields.Word(HolderMatch, allow_none=True)
    pending = fields.Flag()
    first_large_send = fields.Flag()
