"""The payment provider's words and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts import ChargeMethod, ChargeWord, PartWord, Remedy

METHODS: Mapping[ChargeMethod, str] = {
    ChargeMethod.BANK_ACCOUNT: "bank_debit",
    ChargeMethod.US_CARD: "card",
    ChargeMethod.CASH: "cash",
}

STATUSES: Mapping[str, ChargeWord] = {
    "pending": ChargeWord.PENDING,
    "paid": ChargeWord.PAID,
    "declined": ChargeWord.FAILED,
    "expired": ChargeWord.FAILED,
    "voided": ChargeWord.FAILED,
    "refunded": ChargeWord.REFUNDED,
    "returned": ChargeWord.RETURNED,
}
# Why it failed, as remittances say it.
REASONS: Mapping[str, str] = {
    "declined": "payment_declined",
    "expired": "not_paid_in_time",
    "voided": "not_paid_in_time",
}

PARTS: Mapping[str, PartWord] = {"given": PartWord.GIVEN, "returned": PartWord.RETURNED}

# Answers 4xx: nothing was done.
REFUSALS: Mapping[str, str] = {
    "not_found": "not_found",
    "key_reused": "key_reused",
    "voided": "voided",
    "not_paid": "not_paid",
    "more_than_paid": "more_than_paid",
    "data_invalid": "data_invalid",
}

# What can be done, by our code. A charge that isn't taken in says nothing of the sender.
REMEDIES: Mapping[str, Remedy] = {
    "payment_declined": Remedy.ASK_AGAIN,
    "not_paid_in_time": Remedy.ASK_AGAIN,
    **dict.fromkeys(REFUSALS.values(), Remedy.OURS),
}
