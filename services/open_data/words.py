"""Words of open data."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.open_data.rules import Level

LEVELS: Mapping[str, str] = {
    Level.WORLD: _("Todas las oficinas"),
    Level.COUNTRY: _("País"),
    Level.OFFICE: _("Oficina"),
}
ERRORS: Mapping[str, ErrorMessage] = {
    "dataset_unsafe": ErrorMessage(
        _("No se puede publicar así"),
        _(
            "Con lo que se publicaría, alguien podría conocer un número pequeño. No se publicó"
            " nada. Avisa a quien mantiene el sistema."
        ),
    ),
    "dataset_not_prepared": ErrorMessage(
        _("Todavía se está preparando"),
        _("Falta calcular qué números no se dirían. Vuelve a la versión y espera a que termine."),
    ),
    "dataset_published_meanwhile": ErrorMessage(
        _("Ya hay otra versión"),
        _("Alguien publicó una versión mientras tanto. Prepárala otra vez y revisa qué cambia."),
    ),
    "nothing_to_publish": ErrorMessage(
        _("No hay nada nuevo que publicar"),
        _("Los meses completos son los de la última versión, con los mismos números."),
    ),
}
