"""Where a person's names and their official identifiers differ, in words, for API and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consular.i18n import words
from services.kernel.name_checks import KeyDifference


def in_words(difference: KeyDifference) -> dict[str, str]:
    """Code, field and what to look at, in the reader's language."""
    detail = words(
        "enrollments.warning",
        f"{difference.code}.{difference.field}",
        actual=", ".join(difference.actual),
        expected=", ".join(difference.expected),
    )
    return {"code": difference.code, "field": difference.field, "detail": detail}


def unconfirmed(form: Mapping[str, str], differences: Sequence[KeyDifference]) -> bool:
    """Whether there is something that whoever filled in the form didn't say to be right."""
    return bool(differences) and form.get("confirmed") != confirmation_of(differences)


def confirmation_of(differences: Sequence[KeyDifference]) -> str:
    """What the form holds once these differences, and no others, were said to be right."""
    return " ".join(f"{each.field}-{each.actual}-{each.expected}" for each in differences)
