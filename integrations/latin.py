"""Latin letters in ASCII, as payment orders and registers write names."""

from __future__ import annotations

import unicodedata

# Letters of living languages that Unicode doesn't take apart, each before its ASCII: as ICAO 9303
# writes them in passports, but for Ø, which is O in Mexican banking. The domain's are the same.
_LETTERS = (
    "æae œoe ßss þth øo đd ðd ħh łl ŧt ıi ŋn ĸk əe ǝe ɛe ɇe ɓb ƀb ɗd ɖd ƒf ɣg ǥg ɨi ɩi ƙk ɲn ɔo ɵo"
    " ɍr ʉu ʊu ʋv ƴy ƶz ʒz"
)
_WRITTEN = str.maketrans({pair[0]: pair[1:] for pair in _LETTERS.split()})
# Signs that Unicode counts as letters or accents: grave, acute, saltillo, glottal stops.
_SIGNS = "`\u00b4\ua78b\ua78c\u0241\u0242\u0294"


def take_apart(text: str) -> str:
    """Small letters in ASCII where there is any, accents after them, a space for each sign."""
    folded = unicodedata.normalize("NFKD", "".join(map(_space_for_sign, text))).casefold()
    plain = unicodedata.normalize("NFKD", folded).translate(_WRITTEN)
    return "".join(map(_space_for_sign, plain))


def _space_for_sign(character: str) -> str:
    kind = unicodedata.category(character)
    return " " if kind == "Lm" or kind[0] in "PZ" or character in _SIGNS else character
