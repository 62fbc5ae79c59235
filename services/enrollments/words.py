"""Words of enrollments."""

from __future__ import annotations

from collections.abc import Mapping

from services.enrollments.rules import (
    ASKED_LATE,
    COVER_LAPSED,
    IDENTITY_CHECKED,
    NO_ANSWER_IN_TERM,
    NOT_ANSWERED,
    PAYMENT_LAPSED,
    By,
    Channel,
    ConsentGiven,
    PersonStatus,
    Status,
    WaitsFor,
)
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

STATUSES: Mapping[str, str] = {
    Status.RECEIVED: _("Recibida"),
    Status.IN_REVIEW: _("En revisión"),
    Status.MORE_INFORMATION_REQUESTED: _("Falta información"),
    Status.APPOINTMENT_SCHEDULED: _("Tienes una cita"),
    Status.SENT_TO_AGENCY: _("Enviada a la dependencia"),
    Status.UNKNOWN: _("Esperando confirmación de la dependencia"),
    Status.PAYMENT_PENDING: _("Falta el pago"),
    Status.ACTIVE: _("Aprobada"),
    Status.REJECTED: _("No aprobada"),
    Status.WITHDRAWN: _("Retirada"),
    Status.ENDED: _("Terminada"),
}

PERSON_STATUSES: Mapping[str, str] = {PersonStatus.ENROLLED: _("Inscritas")}

# Who did a step of the history. Staff are never named to citizens.
ACTORS: Mapping[str, str] = {
    By.APPLICANT: _("Tú"),
    By.STAFF: _("Personal del consulado"),
    By.AGENCY: _("La dependencia"),
    By.SYSTEM: _("El sistema"),
}

CHANNELS: Mapping[str, str] = {
    Channel.IN_PERSON: _("En la ventanilla"),
    Channel.TELEPHONE: _("Por teléfono"),
}

WAITS: Mapping[str, str] = {
    WaitsFor.OFFICE: _("La oficina: no hay cómo avisarle"),
    WaitsFor.PERSON: _("La persona"),
    WaitsFor.AGENCY: _("La dependencia"),
    WaitsFor.NOBODY: _("Nadie: terminó"),
}

CONSENTS: Mapping[str, str] = {
    ConsentGiven.IDENTITY_SHOWN: _("Dio permiso en persona y mostró su documento"),
    ConsentGiven.CODE: _("Dio permiso por teléfono, con el código que le mandamos"),
    ConsentGiven.SPOKEN: _("Dio permiso por teléfono, de palabra"),
    ConsentGiven.DECLARED: _("Dio permiso, según quien le ayudó"),
}

# How far a step of a plan is; one under way has its status.
STEPS: Mapping[str, str] = {
    "done": _("Listo"),
    "under_way": _("En curso"),
    "ready": _("Ya lo puedes pedir"),
    "waiting": _("Todavía no"),
}

# Documents that an agency asks for, by the names of its table of codes.
DOCUMENTS: Mapping[str, str] = {
    "identification": _("Una identificación oficial con foto"),
    "proof_of_address": _("Un comprobante de domicilio"),
}

# Ours, and those of any agency that didn't take a request in; why it says no to one that it took in
# is its program's to say (`services/enrollments/programs`).
REASONS: Mapping[str, str] = {
    NOT_ANSWERED: _(
        "Se cerró sin resolver: no llegó a tiempo lo que te pidieron, y la ley la toma como si"
        " no se hubiera presentado. No se te negó nada."
    ),
    NO_ANSWER_IN_TERM: _(
        "La dependencia no respondió en el plazo que la ley le da, y la ley toma ese silencio"
        " como un no."
    ),
    "curp_invalid": _("La dependencia no reconoce tu CURP."),
    "nss_invalid": _("La dependencia no reconoce tu número de seguridad social (NSS)."),
    "nss_mismatch": _("El número de seguridad social (NSS) no es de quien pide la inscripción."),
    "data_invalid": _("Algo de lo que se mandó no está como la dependencia lo pide."),
    COVER_LAPSED: _("Se terminó el tiempo que cubría."),
    PAYMENT_LAPSED: _("Pasó el último día para pagar."),
    ASKED_LATE: _(
        "La dependencia pidió un dato fuera de su plazo. No puede cerrar tu solicitud por eso:"
        " sigue en revisión."
    ),
    IDENTITY_CHECKED: _(
        "Se retiró después de una revisión de identidad. Si crees que es un error, ve a cualquier"
        " consulado con tus documentos."
    ),
    "curp_not_found": _(
        "El Registro Nacional de Población no conoce esta CURP. Revísala letra por letra y vuelve a"
        " pedirlo."
    ),
    "curp_replaced": _(
        "Esta CURP ya se cambió por otra. Consulta la vigente en gob.mx/curp y vuelve a pedirlo con"
        " ella."
    ),
    "curp_cancelled": _(
        "Esta CURP está dada de baja. Acláralo en el Registro Nacional de Población o en tu"
        " consulado, y vuelve a pedirlo."
    ),
}

# By code and field. They are read by the person and, at a window, by whoever helps them.
WARNINGS: Mapping[str, str] = {
    "curp_name_differs.given_names": _(
        "El nombre no corresponde con la CURP: por cómo está escrito, llevaría las letras"
        " %(expected)s, y lleva %(actual)s."
    ),
    "curp_name_differs.first_surname": _(
        "El primer apellido no corresponde con la CURP: por cómo está escrito, llevaría las letras"
        " %(expected)s, y lleva %(actual)s."
    ),
    "curp_name_differs.second_surname": _(
        "El segundo apellido no corresponde con la CURP: por cómo está escrito, llevaría las letras"
        " %(expected)s, y lleva %(actual)s. Donde no hay segundo apellido, lleva X."
    ),
    "curp_birth_place_differs.birth_place": _(
        "El lugar de nacimiento no corresponde con la CURP, que lleva %(actual)s."
    ),
    "curp_registered_otherwise.given_names": _(
        "El Registro Nacional de Población tiene otro nombre con esta CURP."
    ),
    "curp_registered_otherwise.first_surname": _(
        "El Registro Nacional de Población tiene otro primer apellido con esta CURP."
    ),
    "curp_registered_otherwise.second_surname": _(
        "El Registro Nacional de Población tiene otro segundo apellido con esta CURP."
    ),
    "curp_registered_otherwise.birth_date": _(
        "El Registro Nacional de Población tiene otra fecha de nacimiento con esta CURP."
    ),
    "rfc_name_differs.rfc": _(
        "El RFC no corresponde con el nombre: por cómo está escrito, empezaría con %(expected)s,"
        " y empieza con %(actual)s."
    ),
    "rfc_check_digit_differs.rfc": _(
        "El último carácter del RFC no corresponde con los demás. Revisa que esté bien copiado."
    ),
    "rfc_birth_date_differs.rfc": _("El RFC no corresponde con la fecha de nacimiento."),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "program_not_available": ErrorMessage(
        _("Ese programa aún no está disponible"), _("Elige uno de los que ya están abiertos.")
    ),
    "document_missing": ErrorMessage(
        _("Falta un documento que te pidieron"),
        _(
            "Sube primero el documento que te pidieron y después envía tu respuesta: solo se puede"
            " responder una vez."
        ),
    ),
    "document_kind_unknown": ErrorMessage(
        _("Ese documento no se pide aquí"),
        _("Elige uno de los documentos del programa, u «otro»."),
    ),
    "already_enrolled": ErrorMessage(
        _("Ya hay una solicitud de este programa"), _("Consulta su estado en tus trámites.")
    ),
    "prerequisite_missing": ErrorMessage(
        _("Antes va otra inscripción"),
        _(
            "Primero necesitas: %(requires)s. Pídela, o pide todo junto en tu carpeta: ahí ves en"
            " qué orden va y qué sigue."
        ),
    ),
    "nobody_to_tell": ErrorMessage(
        _("No hay a quién avisar"),
        _("No dejó correo ni teléfono: hay que decírselo en persona o por teléfono."),
    ),
    "own_account_required": ErrorMessage(
        _("Falta el código de la persona"),
        _(
            "Se piden datos de salud, y la ley quiere su permiso expreso: con el código que le"
            " llega, o con su cuenta."
        ),
    ),
    "consent_required": ErrorMessage(
        _("Hace falta tu consentimiento"),
        _("Para tramitarlo, la dependencia necesita recibir estos datos."),
    ),
    "tariff_unknown": ErrorMessage(
        _("No sabemos cuánto costaba ese día"), _("Elige una fecha más reciente.")
    ),
    "curp_birth_date_differs": ErrorMessage(
        _("La CURP no coincide con tu fecha de nacimiento"),
        _("La CURP no coincide con tu fecha de nacimiento. Revisa ambas."),
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "enrollment_identity_check": Message(
        _("Alguien más usó tus datos: %(folio)s"),
        _(
            "Alguien más pidió una inscripción (%(program)s) con los datos de la persona de"
            " tu solicitud %(folio)s. Tu solicitud sigue igual y a esa persona no le dijimos"
            " nada de ti. Si no reconoces esto, avisa a tu consulado. Tu solicitud:"
            " %(address)s"
        ),
    ),
    "enrollment_withdrawn": Message(
        _("Tu solicitud se retiró: %(folio)s"),
        _(
            "Tu solicitud %(folio)s (%(program)s) se retiró después de una revisión de identidad."
            " Si crees que es un error, ve a cualquier consulado con tus documentos."
            " Tu solicitud: %(address)s"
        ),
    ),
    "enrollment_next_step": Message(
        _("Ya puedes seguir: %(programs)s"),
        _(
            "Hola, %(given_names)s. Ya puedes pedir lo que sigue en tu plan: %(programs)s. Usamos"
            " los datos que ya nos diste. Tu carpeta: %(address)s"
        ),
    ),
    "enrollment_received": Message(
        _("Recibimos tu solicitud: %(folio)s"),
        _(
            "Recibimos tu solicitud %(folio)s (%(program)s). Te avisamos en cuanto haya una"
            " respuesta. Tu solicitud: %(address)s"
        ),
    ),
    "enrollment_more_information_requested": Message(
        _("Hay algo que corregir en tu solicitud: %(folio)s"),
        _(
            "Para seguir con tu solicitud %(folio)s (%(program)s) necesitan un dato más."
            " Responde a más tardar el %(day)s: %(address)s"
        ),
    ),
    "enrollment_appointment_scheduled": Message(
        _("Tienes una cita: %(folio)s"),
        _(
            "Cita de tu solicitud %(folio)s (%(program)s): %(when)s. Entra con tu cuenta para ver"
            " cómo conectarte: %(address)s"
        ),
    ),
    "enrollment_payment_pending": Message(
        _("Falta tu pago: %(folio)s"),
        _(
            "Para terminar tu solicitud %(folio)s (%(program)s) falta tu pago. Paga a más tardar"
            " el %(day)s. Entra con tu cuenta para ver cuánto y dónde: %(address)s"
        ),
    ),
    "enrollment_ended": Message(
        _("Tu solicitud terminó: %(folio)s"),
        _(
            "Tu solicitud %(folio)s (%(program)s) terminó. Entra con tu cuenta para ver el motivo"
            " y qué puedes hacer: %(address)s"
        ),
    ),
    "enrollment_at_office": Message(
        _("Hay novedades de tu solicitud: %(folio)s"),
        _(
            "Tu solicitud %(folio)s (%(program)s): %(status)s. Pregunta qué sigue en tu consulado o"
            " en el centro telefónico, con este folio."
        ),
    ),
    "enrollment_answer_soon": Message(
        _("Te falta responder: %(folio)s"),
        _(
            "Falta tu respuesta en la solicitud %(folio)s (%(program)s). El último día es el"
            " %(day)s; después se cierra y tendrías que pedirla otra vez: %(address)s"
        ),
    ),
    "enrollment_pay_soon": Message(
        _("Tu pago vence pronto: %(folio)s"),
        _(
            "El último día para pagar tu solicitud %(folio)s (%(program)s) es el %(day)s."
            " Si ya pagaste, no hagas nada: %(address)s"
        ),
    ),
    "enrollment_renew_soon": Message(
        _("Paga para que siga: %(folio)s"),
        _(
            "Lo que te da tu inscripción %(folio)s (%(program)s) sigue si se paga a más tardar el"
            " %(day)s. Entra con tu cuenta para ver cómo. Si ya pagaste, no hagas nada: %(address)s"
        ),
    ),
    "enrollment_renewed": Message(
        _("Sigue tu protección: %(folio)s"),
        _(
            "Lo que te da tu inscripción %(folio)s (%(program)s) sigue hasta el %(day)s. No tienes"
            " que hacer nada. Tu solicitud: %(address)s"
        ),
    ),
    "enrollment_cover_ending": Message(
        _("Tu protección termina pronto: %(folio)s"),
        _(
            "Lo que te da tu inscripción %(folio)s (%(program)s) termina el %(day)s. Entra con tu"
            " cuenta para ver cómo seguir: %(address)s"
        ),
    ),
    "enrollment_active": Message(
        _("Tu inscripción quedó lista: %(folio)s"),
        _(
            "Tu solicitud %(folio)s (%(program)s) fue aceptada. Entra con tu cuenta para ver"
            " tu clave: %(address)s"
        ),
    ),
    "enrollment_rejected": Message(
        _("Tu solicitud no fue aceptada: %(folio)s"),
        _(
            "Tu solicitud %(folio)s (%(program)s) no fue aceptada. Entra con tu cuenta para"
            " ver el motivo y qué puedes hacer: %(address)s"
        ),
    ),
}
