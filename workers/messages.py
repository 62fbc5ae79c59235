"""What we write to people, in their language.

Short enough for a text message; no more about the person than they need; and no link that does
something by being opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template


@dataclass(frozen=True)
class Text:
    """``$name`` stands for a value. The subject is for e-mail only."""

    subject: str
    body: str


LANGUAGES = ("es", "en")

TEXTS: Mapping[str, Mapping[str, Text]] = {
    "login_code": {
        "es": Text(
            "Tu código de acceso",
            "Tu código es $code. Sirve 10 minutos y una sola vez. No lo compartas con nadie:"
            " el personal del consulado nunca te lo pedirá.",
        ),
        "en": Text(
            "Your sign-in code",
            "Your code is $code. It works once, within 10 minutes. Share it with nobody:"
            " consulate staff will never ask for it.",
        ),
    },
    "appointment_confirmation": {
        "es": Text(
            "Tu cita quedó confirmada: $folio",
            "Tu cita quedó confirmada.\n\nFolio: $folio\nTrámite: $services\nOficina: $office\n"
            "Fecha y hora: $when\n\nQué llevar y cómo cambiarla o cancelarla: $address",
        ),
        "en": Text(
            "Your appointment is confirmed: $folio",
            "Your appointment is confirmed.\n\nFolio: $folio\nService: $services\n"
            "Office: $office\nDate and time: $when\n\n"
            "What to bring, and how to change or cancel it: $address",
        ),
    },
    "appointment_cancelled": {
        "es": Text(
            "Tu cita quedó cancelada: $folio",
            "La cita $folio del $when en $office quedó cancelada.\n\nPara pedir otra: $address",
        ),
        "en": Text(
            "Your appointment is canceled: $folio",
            "Appointment $folio on $when at $office is canceled.\n\nTo book another one: $address",
        ),
    },
    "identity_check": {
        "es": Text(
            "Revisaremos la identidad en tu cita $folio",
            "Alguien más intentó hacer una cita con los datos de una persona de tu cita $folio."
            " Tu cita sigue en pie. Lleva tus documentos: el personal confirmará la identidad."
            " Si no reconoces esto, avisa a la oficina $office.",
        ),
        "en": Text(
            "Identity will be checked at your appointment $folio",
            "Someone else tried to book an appointment with the details of a person on your"
            " appointment $folio. Your appointment stands. Bring your documents: staff will check"
            " identity. If you don't recognize this, tell the office $office.",
        ),
    },
    "enrollment_identity_check": {
        "es": Text(
            "Alguien más usó tus datos: $folio",
            "Alguien más pidió una inscripción ($program) con los datos de la persona de tu"
            " solicitud $folio. Tu solicitud sigue igual y a esa persona no le dijimos nada de ti."
            " Si no reconoces esto, avisa a tu consulado. Tu solicitud: $address",
        ),
        "en": Text(
            "Someone else used your details: $folio",
            "Someone else asked for an enrollment ($program) with the details of the person of"
            " your request $folio. Your request stands, and they were told nothing about you."
            " If you don't recognize this, tell your consulate. Your request: $address",
        ),
    },
    "enrollment_withdrawn": {
        "es": Text(
            "Tu solicitud se retiró: $folio",
            "Tu solicitud $folio ($program) se retiró después de una revisión de identidad."
            " Si crees que es un error, ve a cualquier consulado con tus documentos."
            " Tu solicitud: $address",
        ),
        "en": Text(
            "Your request was withdrawn: $folio",
            "Your request $folio ($program) was withdrawn after an identity check."
            " If you think this is a mistake, go to any consulate with your documents."
            " Your request: $address",
        ),
    },
    "enrollment_active": {
        "es": Text(
            "Tu inscripción quedó lista: $folio",
            "Tu solicitud $folio ($program) fue aceptada."
            " Entra con tu cuenta para ver tu clave: $address",
        ),
        "en": Text(
            "Your enrollment is done: $folio",
            "Your request $folio ($program) was accepted. Sign in to see your number: $address",
        ),
    },
    "enrollment_rejected": {
        "es": Text(
            "Tu solicitud no fue aceptada: $folio",
            "Tu solicitud $folio ($program) no fue aceptada."
            " Entra con tu cuenta para ver el motivo y qué puedes hacer: $address",
        ),
        "en": Text(
            "Your request was not accepted: $folio",
            "Your request $folio ($program) was not accepted."
            " Sign in to see why and what you can do: $address",
        ),
    },
    "remittance_paid": {
        "es": Text(
            "Tu envío fue entregado: $folio",
            "El dinero de tu envío $folio fue entregado."
            " Entra con tu cuenta para ver los detalles: $address",
        ),
        "en": Text(
            "Your transfer was paid out: $folio",
            "The money of your transfer $folio was paid out. Sign in for the details: $address",
        ),
    },
    "remittance_refunded": {
        "es": Text(
            "Te devolvemos tu dinero: $folio",
            "Tu envío $folio no se entregó. Te devolvemos todo lo que pagaste, a más tardar en 3"
            " días hábiles."
            " Entra con tu cuenta para ver los detalles: $address",
        ),
        "en": Text(
            "Your money comes back: $folio",
            "Your transfer $folio was not paid out. Everything you paid comes back to you within 3"
            " business days."
            " Sign in for the details: $address",
        ),
    },
}


def reading_language(language: str) -> str:
    """One of `LANGUAGES` for a BCP 47 code: Spanish unless it is English."""
    return "en" if language.lower().startswith("en") else "es"


def write(message: str, language: str, values: Mapping[str, str]) -> Text:
    """The text ``message`` with its values. Raises KeyError when one is missing."""
    text = TEXTS[message][reading_language(language)]
    return Text(Template(text.subject).substitute(values), Template(text.body).substitute(values))
