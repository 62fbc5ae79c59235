"""How far the sum of what a program costs can be relied on, in the reader's language."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from consular.i18n import date_plain, translated
from services.enrollments.programs.schema import Tariff


def reliability(tariff: Tariff, on: date) -> str:
    """Why it is exact or an estimate on that day, or which table it is of. Raises TariffUnknown."""
    ended = tariff.ended(on)
    if ended is None:
        return translated(tariff.why)
    sentence = _(
        "Es la suma con la última tabla publicada que encontramos, que terminó el %(day)s. El monto"
        " de hoy puede ser otro: viene en la línea de captura.",
        day=date_plain(ended),
    )
    return str(sentence)


def label(tariff: Tariff, on: date) -> str:
    """What stands beside a sum that isn't exact; nothing beside one that is. Raises
    TariffUnknown."""
    if tariff.table is None:
        return str(_("(estimado)"))
    return str(_("(última tabla publicada)")) if tariff.ended(on) else ""
