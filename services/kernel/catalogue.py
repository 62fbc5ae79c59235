"""What is written in Spanish, in the reader's language: one catalogue for pages, API and messages.

Spanish is the language of the sources: every ``_("…")`` holds the Spanish text, and
``services/translations/en/LC_MESSAGES/messages.po`` its English. A catalogue is compiled in memory
when it is first needed, so that there is no compiled file to forget.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = {"es": "Español", "en": "English"}
DEFAULT_LANGUAGE = "es"


def reading_language(code: str) -> str:
    """One of `LANGUAGES` for a BCP 47 code: Spanish unless it is English."""
    return "en" if code.lower().startswith("en") else DEFAULT_LANGUAGE


def translate(text: str, language: str) -> str:
    """A text of the sources in one of `LANGUAGES`."""
    return str(translations(language).gettext(text))


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language; none for Spanish, which needs none."""
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    with catalogue_resource(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def catalogue_resource(language: str) -> Any:
    """The ``.po`` file of a language."""
    return files("services").joinpath("translations", language, "LC_MESSAGES", "messages.po")
