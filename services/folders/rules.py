"""Pure rules: what a person consents to."""

from __future__ import annotations

from enum import StrEnum


class ConsentKind(StrEnum):
    """What is consented to. Sensitive data need an express consent of their own (LGPDPPSO 7, 15).

    The values are those of the contract's ``consents``.
    """

    TRANSFER = "transfer_to_agency"
    SENSITIVE = "sensitive_data"


class Purpose(StrEnum):
    """Why an agency receives the data."""

    ENROLLMENT = "enrollment"
