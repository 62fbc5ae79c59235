"""Accounts of ours and of the agency's: no transfer goes there, for it would go in a circle."""

from __future__ import annotations

from collections.abc import Collection

from services.kernel.identifiers import parse_card, parse_clabe
from services.remittances.errors import HouseAccount

# What the simulated agency and the simulated house would use, at Banco del Bienestar.
SIMULATED = "166180000000000013,166180000000000026"
_CLABE_DIGITS = 18


def read_house_accounts(text: str) -> frozenset[str]:
    """CLABEs and card numbers with commas between them. Raises ValueError."""
    return frozenset(_read(each.strip()) for each in text.split(",") if each.strip())


def refuse_house_account(
    house_accounts: Collection[str], *numbers: str | None, within: str = "recipient."
) -> None:
    """Raises `HouseAccount`; ``numbers`` are those to which money would go, None for cash, and
    ``within`` says where their fields are."""
    for number in numbers:
        if number is not None and number in house_accounts:
            field = "clabe" if len(number) == _CLABE_DIGITS else "card"
            raise HouseAccount(field=f"{within}{field}")


def _read(number: str) -> str:
    return parse_clabe(number) if len(number) >= _CLABE_DIGITS else parse_card(number)
