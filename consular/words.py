"""Error messages of the edge itself: forms, sign-in, malformed requests."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "malformed_request": ErrorMessage(
        _("No pudimos leer la solicitud"), _("Envía JSON bien formado, en UTF-8.")
    ),
    "unauthenticated": ErrorMessage(
        _("Hace falta entrar"), _("Entra otra vez: tu acceso no es válido o ya venció.")
    ),
    "form_expired": ErrorMessage(
        _("La página llevaba mucho tiempo abierta"),
        _("No se hizo nada. Revísala y envíala otra vez."),
    ),
    "form_from_elsewhere": ErrorMessage(
        _("La solicitud vino de otro sitio"), _("Abre la página desde aquí e intenta otra vez.")
    ),
    "no_staff_account": ErrorMessage(
        _("No tienes cuenta de personal"), _("Pide que te den de alta en la administración.")
    ),
    "sign_in_refused": ErrorMessage(
        _("No pudimos comprobar quién eres"), _("Vuelve a entrar; el enlace sirve una sola vez.")
    ),
    "sign_in_unavailable": ErrorMessage(
        _("Por ahora no se puede entrar por ahí"), _("Intenta en unos minutos, o usa un código.")
    ),
    "slot_over": ErrorMessage(
        _("Esa hora ya pasó"), _("Elige otra hora: lo demás que escribiste sigue aquí.")
    ),
    "fee_not_told": ErrorMessage(_("Falta el pago"), _("Escribe cuánto pagó; 0 si no pagó.")),
    "fee_differs": ErrorMessage(
        _("No es lo que resulta de la tarifa"),
        _("Con lo que elegiste son %(expected)s. Corrige el monto, o escribe por qué es otro."),
    ),
    "nothing_chosen": ErrorMessage(
        _("No elegiste nada"), _("Marca al menos una solicitud y elige qué hacer.")
    ),
    "session_over": ErrorMessage(
        _("Tu sesión había terminado"),
        _("No se hizo nada. Lo que escribiste está aquí: revísalo y envíalo otra vez."),
    ),
    "method_not_allowed": ErrorMessage(
        _("No pudimos abrir esta página"),
        _("Vuelve al inicio y busca desde ahí lo que querías hacer. No se hizo nada."),
    ),
    "request_timeout": ErrorMessage(
        _("Tu petición no llegó completa a tiempo"),
        _("No se hizo nada. Revisa tu conexión y envíala otra vez."),
    ),
    "too_large": ErrorMessage(_("Es demasiado grande"), _("Envía menos de %(kib)s KiB.")),
    "unsupported_media_type": ErrorMessage(
        _("Tipo de contenido equivocado"), _("Envía el cuerpo como %(media)s.")
    ),
    "invalid_fields": ErrorMessage(_("Revisa los datos"), _("Corrige los campos que se indican.")),
    "idempotency_key_required": ErrorMessage(
        _("Falta la clave de la solicitud"),
        _("Envía Idempotency-Key: así un reintento nunca duplica el dinero."),
    ),
    "idempotency_key_invalid": ErrorMessage(
        _("La clave de la solicitud no sirve"),
        _("Idempotency-Key lleva de 1 a 128 caracteres visibles, sin acentos."),
    ),
    "outcome_unknown": ErrorMessage(
        _("No sabemos aún si quedó registrado"),
        _(
            "Repite la misma solicitud en unos segundos, con la misma clave si llevaba una, o"
            " consulta su estado: repetirla no la duplica."
        ),
    ),
    "internal_error": ErrorMessage(
        _("Algo falló de nuestro lado"),
        _(
            "Ya quedó registrado. Intenta otra vez; si lo que hacías mueve dinero,"
            " primero consulta su estado."
        ),
    ),
    "too_many_codes": ErrorMessage(
        _("Ya mandamos varios códigos"),
        _(
            "El que te llegó sirve %(lifetime)s minutos: escríbelo. Para pedir otro, espera"
            " %(minutes)s minutos, o entra con Llave MX."
        ),
    ),
    "signature_invalid": ErrorMessage(_("La firma no es válida"), _("El mensaje no se aceptó.")),
}
