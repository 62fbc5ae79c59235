"""The agency's proof that the money arrived, kept with the remittance and shown to its sender.

With the tracking key, day and receiving bank anybody can have a transfer certified by Banco de
México (CEP); cash has the number of the receipt and the kind of document that was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class CreditKind(StrEnum):
    """An electronic transfer (SPEI), or a receipt of a branch."""

    SPEI = "spei"
    BRANCH = "branch"


class Identification(StrEnum):
    """Kind of document that was shown for cash; its number is nobody's business here."""

    VOTER_CARD = "voter_card"
    PASSPORT = "passport"
    PROFESSIONAL_LICENCE = "professional_licence"
    MILITARY_CARD = "military_card"
    CONSULAR_CARD = "consular_card"
    OTHER = "other"


@dataclass(frozen=True)
class CreditProof:
    """``reference``: tracking key of the transfer, or number of the receipt; ``certificate``: the
    CEP's reference."""

    kind: CreditKind
    reference: str
    credited_on: date | None = None
    bank: str | None = None
    certificate: str | None = None
    identification: Identification | None = None


def written(proof: CreditProof) -> dict[str, Any]:
    """As it is kept with the remittance."""
    day = proof.credited_on
    return {**asdict(proof), "credited_on": day.isoformat() if day else None}


def read(row: Mapping[str, Any]) -> CreditProof:
    """What `written` made."""
    day, shown = row["credited_on"], row["identification"]
    return CreditProof(
        kind=CreditKind(row["kind"]),
        reference=row["reference"],
        credited_on=date.fromisoformat(day) if day else None,
        bank=row["bank"],
        certificate=row["certificate"],
        identification=Identification(shown) if shown else None,
    )
