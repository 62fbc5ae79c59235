"""Words of the domain, in Spanish, and of what any part of it may refuse.

A slice's ``words.py`` holds the texts of its codes and statuses, marked for the catalogue; each is
said in the reader's language where that is known, at an edge. ``%(name)s`` stands for a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ErrorMessage:
    """An error in words, and what to do next.

    ``when``: the detail instead, where a parameter of the error has this value. ``more``: a
    sentence to add where the error has this parameter.
    """

    title: str
    detail: str
    when: Mapping[tuple[str, str], str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """Mail or, without the subject, a text message. Short enough for one; no more about the person
    than they need; and no link that does something by being opened."""

    subject: str
    body: str


def marked(text: str) -> str:
    """Mark a text for the catalogue, which is read from the sources; it is translated when said."""
    return text


_ = marked

ERRORS: Mapping[str, ErrorMessage] = {
    "forbidden": ErrorMessage(
        _("No tienes permiso"), _("Tu cuenta no puede hacer esto. El intento queda registrado.")
    ),
    "not_found": ErrorMessage(
        _("No lo encontramos"),
        _("No existe, o no está a tu nombre. Revisa el folio o la dirección."),
    ),
    "invalid": ErrorMessage(_("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")),
    "required": ErrorMessage(_("Revisa los datos"), _("Falta este dato.")),
    "not_expected": ErrorMessage(
        _("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")
    ),
    "unknown_field": ErrorMessage(
        _("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")
    ),
    "out_of_range": ErrorMessage(
        _("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")
    ),
    "curp_invalid": ErrorMessage(
        _("Revisa los datos"), _("La CURP no es correcta: revisa sus 18 caracteres.")
    ),
    "clabe_invalid": ErrorMessage(
        _("Revisa los datos"), _("La CLABE no es correcta: revisa sus 18 dígitos.")
    ),
    "card_invalid": ErrorMessage(_("Revisa los datos"), _("El número de tarjeta no es correcto.")),
    "conflict": ErrorMessage(
        _("Ya no es posible"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
    "request_in_progress": ErrorMessage(
        _("Tu solicitud sigue en curso"), _("Espera unos segundos y repite la misma solicitud.")
    ),
    "idempotency_key_reused": ErrorMessage(
        _("Esa clave ya se usó"),
        _("La misma Idempotency-Key llegó con otros datos. Usa una nueva."),
    ),
    "too_many_requests": ErrorMessage(
        _("Demasiados intentos"), _("Espera un poco antes de volver a intentar.")
    ),
    "unavailable": ErrorMessage(
        _("No disponible por ahora"), _("No se hizo nada. Intenta otra vez en unos minutos.")
    ),
    "wrong_state": ErrorMessage(
        _("Ese paso no corresponde"), _("El trámite está en otro estado. Vuelve a consultarlo.")
    ),
    "signing_key_missing": ErrorMessage(
        _("Todavía no se puede firmar"),
        _("Falta la clave de firma del sistema. Avisa a quien lo opera: CONSULAR_SIGNING_KEY."),
    ),
    "signing_key_withdrawn": ErrorMessage(
        _("Todavía no se puede firmar"),
        _("La clave de firma se retiró. Avisa a quien opera el sistema: falta poner la nueva."),
    ),
}
