"""The simulator's pages in the reader's language: Spanish first, as they are written, and English.

The cookie is called as the product's, which runs on the same host in development: whoever chose
English there signs in in English here.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, g, request, url_for
from werkzeug.wrappers import Response

COOKIE = "lang"
LANGUAGES: Mapping[str, str] = {"es": "Español", "en": "English"}
ENGLISH: Mapping[str, str] = {
    "Simulador de dependencias": "Simulator of agencies",
    "(simulador)": "(simulator)",
    "Error:": "Error:",
    "Aquí todo es inventado: ninguna persona, ningún folio y ningún pago existe.": (
        "Everything here is made up: no person, no folio and no payment exists."
    ),
    "Personas y sus folios": "People and their folios",
    "Mensajes enviados": "Messages sent",
    "Dependencias": "Agencies",
    "Clave": "Code",
    "Fallas": "Faults",
    "Folios": "Folios",
    "Folios hechos": "Folios done",
    "Veces": "Times",
    "ninguna": "none",
    "sí": "yes",
    "Quitar todas las fallas": "Remove all faults",
    "Todas las dependencias": "All agencies",
    "Ninguna falla cambió: corrige lo que se señala abajo.": (
        "No fault was changed: correct what is marked below."
    ),
    "Escribe un número de 0 a 1.": "Write a number from 0 to 1.",
    "Escribe un número entero de 0 a %(most)s.": "Write a whole number from 0 to %(most)s.",
    "de 0 a 1": "from 0 to 1",
    "Poner estas fallas": "Set these faults",
    "Quitar las fallas": "Remove the faults",
    "sin estado": "no status",
    "hecho %(times)s vez": "took effect once",
    "hecho %(times)s veces": "took effect %(times)s times",
    "Lo que se envió": "What was sent",
    "No ha llegado ninguno.": "None has come.",
    "Avisos por entregar": "Callbacks to deliver",
    "ya": "now",
    "en %(seconds)s s": "in %(seconds)s s",
    "%(count)s intento": "%(count)s attempt",
    "%(count)s intentos": "%(count)s attempts",
    "Ninguno.": "None.",
    "Todas las personas son inventadas.": "All people are made up.",
    "Quien se apellida Citado se queda en su videocita del SAT: hasta una hora después de ella, o"
    " hasta que aquí se diga que ya fue.": (
        "Whoever has the surname Citado stays at the video appointment with SAT: until an hour"
        " after it, or until it is said here that it took place."
    ),
    "Ya fue la videocita": "The video appointment took place",
    "Ninguna dependencia conoce a nadie todavía.": "No agency knows anybody yet.",
    "Aquí llegan los correos, SMS y llamadas que el sistema envía en desarrollo. Nada sale de esta"
    " computadora.": (
        "The e-mails, text messages and calls that the system sends in development come here."
        " Nothing leaves this computer."
    ),
    "Actualizar": "Reload",
    "Llamada": "Call",
    "SMS": "SMS",
    "Para: %(to)s": "To: %(to)s",
    "Adjunto: %(name)s (%(kind)s)": "Attachment: %(name)s (%(kind)s)",
    "Todavía no hay mensajes. Haz algo en el sistema que envíe un aviso y actualiza la página.": (
        "There are no messages yet. Do something in the system that sends one, and reload the page."
    ),
    "Solicitud no válida": "Invalid request",
    "No podemos mostrar esta página": "We can't show this page",
    "La solicitud de entrada está incompleta o viene de un sistema que no conocemos. Vuelve al"
    " sistema y empieza de nuevo.": (
        "The request to sign in is incomplete or comes from a system that we don't know. Go back to"
        " the system and start again."
    ),
    # Signing in.
    "Entrada del personal": "Staff sign-in",
    "Esta página es un simulador. Todas las personas son inventadas.": (
        "This page is a simulator. All people are made up."
    ),
    "Entrar como %(name)s": "Sign in as %(name)s",
    "Oficial, Los Ángeles": "Officer, Los Angeles",
    "Supervisión, Los Ángeles": "Supervisor, Los Angeles",
    "Oficial, Chicago": "Officer, Chicago",
    "Supervisión, Chicago": "Supervisor, Chicago",
    "Oficial, Toronto": "Officer, Toronto",
    "Supervisión, Toronto": "Supervisor, Toronto",
    "Centro de atención telefónica": "Telephone center",
    "Monitoreo, Grupo 4": "Monitoring, Group 4",
    "Tesorería": "Treasury",
    "Cumplimiento": "Compliance",
    "Auditoría": "Audit",
    "Administración": "Administration",
    "Entrar con Llave MX": "Sign in with Llave MX",
    "Esta página es un simulador. Todas las personas son inventadas: no escribas datos de nadie"
    " real.": "This page is a simulator. All people are made up: don't write anybody's real data.",
    "Revisa estos datos": "Check these details",
    "Elige quién eres": "Choose who you are",
    "(un solo apellido)": "(one surname only)",
    "(sin CURP)": "(no CURP)",
    "(sin correo)": "(no e-mail)",
    "O inventa a alguien": "Or make somebody up",
    "Nombres": "Given names",
    "Primer apellido": "First surname",
    "Segundo apellido": "Second surname",
    "Si lo tiene": "If they have one",
    "Fecha de nacimiento": "Date of birth",
    "Sexo": "Sex",
    "Mujer": "Woman",
    "Hombre": "Man",
    "No binario": "Nonbinary",
    "CURP": "CURP",
    "Puede quedar vacía": "May stay empty",
    "Puede quedar vacío": "May stay empty",
    "Correo electrónico": "E-mail",
    "Teléfono": "Telephone",
    "Con clave de país, por ejemplo +1 213 555 0101. Puede quedar vacío": (
        "With the country code, for example +1 213 555 0101. May stay empty"
    ),
    "Entrar con este perfil": "Sign in with this profile",
    "Escribe los nombres.": "Write the given names.",
    "Escribe el primer apellido.": "Write the first surname.",
    "Escribe la fecha de nacimiento.": "Write the date of birth.",
    "La CURP no es válida. Revísala o deja el campo vacío.": (
        "The CURP is not valid. Check it or leave the field empty."
    ),
    "Escribe la fecha como año-mes-día, por ejemplo 1990-05-12.": (
        "Write the date as year-month-day, for example 1990-05-12."
    ),
    # What each switch does.
    "Demora de cada respuesta, en milisegundos": "Delay of each answer, in milliseconds",
    "Responde 503 sin hacer nada": "Answers 503 and does nothing",
    "Responde 500: lo hizo o no lo hizo": "Answers 500: it did it or it didn't",
    "Lo hace y corta la conexión": "Does it and cuts the connection",
    "Lo hace y responde demasiado tarde": "Does it and answers too late",
    "Cuánto tarda la respuesta tardía, en milisegundos": (
        "How long the late answer takes, in milliseconds"
    ),
    "Lo hace y responde algo ilegible": "Does it and answers something unreadable",
    "Lo hace y responde demasiado": "Does it and answers too much",
    "Avisa dos veces de lo mismo": "Calls back twice about the same",
    "Avisa en otro orden": "Calls back in another order",
    "Avisa antes de responder": "Calls back before it answers",
    "Avisa solo con su propio número, sin el folio": (
        "Calls back with its own number alone, without the folio"
    ),
    "Firma el aviso con otra clave": "Signs the callback with another key",
    "Toma el mensaje y luego dice que no llegó": (
        "Takes the message and says later that it didn't arrive"
    ),
    "El remitente no paga todavía": "The sender doesn't pay yet",
    "El pago se rechaza": "The payment is declined",
    "Reconoce un folio repetido y no lo hace otra vez": (
        "Recognizes a repeated folio and doesn't do it again"
    ),
}


def init_language(app: Flask) -> None:
    """Give the pages ``_()``, their language, and the address of each in the other."""
    app.before_request(_select)
    app.after_request(_remember)
    app.jinja_env.globals.update(
        _=say, current_language=lambda: g.language, other_language=_other, languages=LANGUAGES
    )


def say(text: str, **values: object) -> str:
    """A text of the pages in the reader's language. KeyError for one without its English."""
    shown = ENGLISH[text] if g.language == "en" else text
    return shown % values if values else shown


def _select() -> None:
    chosen = request.args.get("lang", request.cookies.get(COOKIE, ""))
    g.language = chosen if chosen in LANGUAGES else "es"


def _remember(response: Response) -> Response:
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, g.language, samesite="Lax", httponly=True)
    return response


def _other() -> tuple[str, str]:
    """(code, address of this page) of the language that isn't read now."""
    code = next(each for each in LANGUAGES if each != g.language)
    asked = {name: value for name, value in request.args.items() if name != "lang"}
    endpoint, values = request.endpoint or "control.index", request.view_args or {}
    return code, url_for(endpoint, **{**asked, **values, "lang": code})
