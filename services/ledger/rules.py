"""Pure rules: the states of an entry, and on which side of an account its lines stand."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What an entry does. It never changes: a hold is ended by another entry, once.

    ``posted`` moves money, by itself or as the end of a hold; ``pending`` holds it; ``voided`` and
    ``expired`` let a hold go, the latter once its time is over.
    """

    POSTED = "posted"
    PENDING = "pending"
    VOIDED = "voided"
    EXPIRED = "expired"


class Layer(StrEnum):
    """What a line counts in: the balance, or what is held to be debited or credited."""

    POSTED = "posted"
    DEBIT_PENDING = "debit_pending"
    CREDIT_PENDING = "credit_pending"


class AccountKind(StrEnum):
    """Kinds of accounts. A ``customer``'s may never be overdrawn; all others are the house's."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    POSITION = "position"
    EXPENSE = "expense"
    CUSTOMER = "customer"
