"""The book of recipients: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Flag, Id, Many, Text, Word
from services.remittances.rules import HolderMatch


class SavedRecipientAnswer(Answer):
    """A saved recipient; of their account and card the last digits. ``bank`` follows from the
    CLABE, null where it isn't known."""

    id = Id()
    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    nickname = Text(allow_none=True)
    state = Text(allow_none=True)
    municipality = Text(allow_none=True)
    phone = Text(allow_none=True)
    bank = Text(allow_none=True)
    clabe_hint = Text(allow_none=True)
    card_hint = Text(allow_none=True)


class RecipientCopyAnswer(SavedRecipientAnswer):
    """A saved recipient as a whole."""

    clabe = Text(allow_none=True)
    card = Text(allow_none=True)


class SavedRecipientList(Answer):
    """All of them."""

    items = Many(SavedRecipientAnswer)


class RecipientCheckAnswer(Answer):
    """What to know before paying. ``holder``: whether the account is of somebody of that name, null
    where nobody asks and while the answer is ``pending``. ``first_large_send``: nothing was paid to
    them before, and it is much."""

    bank = Text(allow_none=True)
    holder = Word(HolderMatch, allow_none=True)
    pending = Flag()
    first_large_send = Flag()
