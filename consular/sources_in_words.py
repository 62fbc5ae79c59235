"""What a program rests on, in the reader's language: laws and pages of agencies."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from consular.i18n import translated
from services.enrollments.programs.laws import LAWS, citations


def legal_basis(source: str) -> str:
    """The source as it stands beneath a statement; nothing for none."""
    if not source:
        return ""
    parts: dict[str, list[str]] = {}
    for law, text in citations(source):
        parts.setdefault(law, []).extend(text.split(", "))
    words = "; ".join(_cited(law, texts) for law, texts in parts.items())
    if any(parts):
        return str(_("Fundamento: %(law)s", law=words))
    return str(_("Fuente: %(page)s", page=words))


def law_names(sources: Iterable[str]) -> list[tuple[str, str]]:
    """(short name, whole name) of each law that the sources cite, once."""
    cited = {law for source in sources for law, _text in citations(source) if law}
    return [(law, translated(LAWS[law].name)) for law in LAWS if law in cited]


def _cited(law: str, texts: list[str]) -> str:
    """A law with all of its articles that are cited, each once."""
    named = ", ".join(dict.fromkeys(texts))
    return f"{law} {translated(LAWS[law].part)} {named}" if law else named
