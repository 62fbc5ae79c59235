"""Pure rules: what a day's totals are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.remittances.entries import EntryKind, LedgerCode


@dataclass(frozen=True)
class Measure:
    """``kinds`` of entries whose lines on ``account`` are added up, each with the sign by which a
    debit counts."""

    code: str
    account: LedgerCode
    kinds: Mapping[EntryKind, int]

    @property
    def currency(self) -> str:
        """That of its account."""
        return self.account.currency


MEASURES = (
    Measure("orders", LedgerCode.FUNDING_CLEARING, {EntryKind.FUNDED: 1}),
    Measure("fees", LedgerCode.FEE_INCOME, {EntryKind.FUNDED: -1}),
    Measure("taxes", LedgerCode.EXCISE_PAYABLE, {EntryKind.FUNDED: -1}),
    Measure("exchanged_usd", LedgerCode.FX_USD, {EntryKind.CONVERTED: -1, EntryKind.REVERSED: -1}),
    Measure("exchanged_mxn", LedgerCode.FX_MXN, {EntryKind.CONVERTED: 1, EntryKind.REVERSED: 1}),
    Measure("spread", LedgerCode.FX_SPREAD_MXN, {EntryKind.CONVERTED: -1, EntryKind.REVERSED: -1}),
    Measure("margin", LedgerCode.FX_MARGIN_MXN, {EntryKind.CONVERTED: -1, EntryKind.REVERSED: -1}),
    Measure("paid", LedgerCode.FINABIEN_SETTLEMENT, {EntryKind.PAID: -1}),
    Measure("refunds", LedgerCode.REFUNDS_PAYABLE, {EntryKind.REFUNDED: -1}),
    Measure("fees_returned", LedgerCode.FEE_INCOME, {EntryKind.REFUNDED: 1, EntryKind.REMEDIED: 1}),
    Measure(
        "taxes_returned", LedgerCode.EXCISE_PAYABLE, {EntryKind.REFUNDED: 1, EntryKind.REMEDIED: 1}
    ),
    Measure("remedies", LedgerCode.REFUNDS_PAYABLE, {EntryKind.REMEDIED: -1}),
)
