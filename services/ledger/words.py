"""Words of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

_CHANGED = ErrorMessage(
    _("Ya no es posible"),
    _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
)
ERRORS: Mapping[str, ErrorMessage] = {
    "already_posted": _CHANGED,
    "transfer_repeated": ErrorMessage(
        _("El mismo movimiento viene repetido"),
        _("No se registró ninguno. Quita el que sobra e intenta otra vez."),
    ),
    "not_enough_money": ErrorMessage(
        _("El saldo no alcanza"),
        _("Lo que está apartado no cuenta. Baja el monto o espera a que llegue el dinero."),
    ),
    "hold_ended": _CHANGED,
    "hold_lapsed": ErrorMessage(
        _("Lo apartado ya venció"), _("Ya no se puede usar. Vuelve a pedirlo.")
    ),
    "hold_not_lapsed": ErrorMessage(
        _("Lo apartado aún no vence"), _("Espera a que venza, o libéralo antes.")
    ),
    "account_differs": ErrorMessage(
        _("Esa cuenta ya existe y es otra"), _("Revisa su nombre y su moneda.")
    ),
}
