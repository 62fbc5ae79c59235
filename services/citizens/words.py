"""Words of people, their codes and their data."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "too_many_dependants": ErrorMessage(
        _("Ya guardaste a todas las personas que puedes"), _("Para agregar a otra, quita a una.")
    ),
    "person_forgotten": ErrorMessage(
        _("Los datos de esta persona se borraron"), _("Registra el trámite con una cita nueva.")
    ),
    "code_incomplete": ErrorMessage(
        _("Falta el código"), _("Escribe completo el código del mensaje que te mandamos.")
    ),
    "code_wrong": ErrorMessage(
        _("El código no coincide"),
        _(
            "No es el que mandamos. Revisa el mensaje y escríbelo otra vez."
            " Intentos que quedan: %(left)s."
        ),
    ),
    "code_tries_used": ErrorMessage(
        _("Se acabaron los intentos"),
        _("Escribiste %(tries)s códigos equivocados. Pide otro con «Mandarme otro código»."),
    ),
    "code_expired": ErrorMessage(
        _("El código ya venció"),
        _("Ese código ya venció o ya se usó. Pide otro con «Mandarme otro código»."),
    ),
    "profile_required": ErrorMessage(
        _("Faltan tus datos"), _("Escribe primero tu nombre y fecha de nacimiento.")
    ),
    "identity_bound": ErrorMessage(
        _("Estos datos ya no se cambian aquí"),
        _(
            "Ya enviaste dinero con ellos: tu nombre, tu fecha de nacimiento y tu CURP quedan"
            " fijos. Si tienen un error, pide la corrección en tu consulado con tu identificación."
        ),
        more={"folio": _("Lleva también este folio de revisión: %(folio)s.")},
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "consent_code": Message(
        _("Código para dar permiso: %(code)s"),
        _(
            "Dile este código a quien te atiende en el consulado o por teléfono, solo si tú pediste"
            " la inscripción: %(code)s. Con él das permiso para pasar tus datos a la dependencia."
            " No sirve para entrar a tu cuenta. Vence en %(minutes)s minutos."
        ),
    ),
    "login_code": Message(
        _("Tu código de acceso"),
        _(
            "Tu código es %(code)s. Sirve %(minutes)s minutos y una sola vez. No lo"
            " compartas con nadie: el personal del consulado nunca te lo pedirá."
        ),
    ),
}
