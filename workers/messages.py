"""Mail and text messages, in the language of who reads them."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.catalogue import reading_language, translate
from services.kernel.words import Message
from services.words import MESSAGES


def write(message: str, language: str, values: Mapping[str, str]) -> Message:
    """One of `MESSAGES` with its values; ``language`` is a BCP 47 code. Raises KeyError when a
    value is missing."""
    words, reading = MESSAGES[message], reading_language(language)
    return Message(*(translate(text, reading) % values for text in (words.subject, words.body)))
