"""Order of names as in a dictionary, in Python: not every PostgreSQL has ICU."""

from __future__ import annotations

import unicodedata


def alphabetical(text: str) -> str:
    """Key that sorts as dictionaries do, in both languages: accents and case count for nothing, ñ
    follows n."""
    marked = text.casefold().replace("ñ", "n\uffff")
    plain = unicodedata.normalize("NFKD", marked)
    return "".join(c for c in plain if not unicodedata.combining(c))
