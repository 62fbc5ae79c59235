"""The tax register's number, by SAT's virtual office (RMF 2.4.10, ficha 3/CFF): a video call.

Without a field of its own: the CURP decides."""

from __future__ import annotations

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.appeals import TAX
from services.enrollments.programs.files import CURP_FILE, IDENTIFICATION_FILE

_VIRTUAL_OFFICE = "RMF 2026 2.4.10-XII, ficha 3/CFF"

RFC = schema.Program(
    code="rfc",
    agency="sat",
    short=schema.Bilingual("RFC", "RFC"),
    name=schema.Bilingual(
        "Registro Federal de Contribuyentes (RFC)", "Federal Taxpayer Registry (RFC)"
    ),
    summary=schema.Bilingual(
        "Sin viajar a México. Necesitas tu CURP.",
        "Without traveling to Mexico. You need your CURP.",
    ),
    form=schema.Form(
        heading=schema.Bilingual("Inscribirme en el RFC", "Enroll in the RFC"),
        introduction=schema.Bilingual(
            "El RFC es tu clave ante el SAT. La piden para abrir cuentas o vender una propiedad"
            " en México. Inscribirte es gratis.",
            "The RFC is your number with SAT, Mexico's tax authority. You are asked for it to open"
            " accounts or sell property in Mexico. Enrolling is free.",
        ),
        privacy=schema.Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " SAT para darte tu RFC.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with SAT so that it can give you your RFC.",
        ),
        consent=schema.Bilingual(
            "Doy permiso para pasar estos datos, y los documentos que suba, al SAT",
            "I give permission to share this information, and the documents I upload, with SAT",
        ),
        curp_hint=schema.Bilingual(
            "18 letras y números. El SAT la compara con tu nombre y tu fecha de nacimiento.",
            "18 letters and numbers. SAT checks it against your name and date of birth.",
        ),
        documents=(
            schema.Document("curp", schema.Bilingual("CURP", "CURP"), _VIRTUAL_OFFICE, CURP_FILE),
            schema.Document(
                "identification",
                schema.Bilingual(
                    "Pasaporte, matrícula consular o credencial para votar vigente, para enseñarla"
                    " en la videollamada",
                    "A current passport, consular ID or voter card, to show it in the video call",
                ),
                _VIRTUAL_OFFICE,
                IDENTIFICATION_FILE,
            ),
            schema.Document(
                "camera",
                schema.Bilingual(
                    "Un teléfono o computadora con cámara y micrófono",
                    "A telephone or computer with camera and microphone",
                ),
                _VIRTUAL_OFFICE,
            ),
        ),
    ),
    guide=schema.Guide(
        gives=(
            schema.Bilingual(
                "Tu RFC completo, con su homoclave: los tres últimos signos, que solo da el SAT.",
                "Your whole RFC with its homoclave: the last three signs, which only SAT gives.",
            ),
            schema.Bilingual(
                "El acuse de tu inscripción y tu cédula de identificación fiscal con código QR.",
                "The acknowledgement of your enrollment and your tax ID card with a QR code.",
            ),
        ),
        who=(
            schema.Sourced(
                schema.Bilingual(
                    "Personas mexicanas mayores de edad que viven fuera de México.",
                    "Adult Mexicans who live outside Mexico.",
                ),
                "CFF 27; RMF 2026 2.4.10-XII",
            ),
            schema.Sourced(
                schema.Bilingual(
                    "Te inscribes sin obligaciones: no tienes que presentar declaraciones.",
                    "You enroll without obligations: you don't have to file tax returns.",
                ),
                "CFF 27",
            ),
        ),
        cost=schema.Sourced(schema.Bilingual("Gratis.", "Free."), _VIRTUAL_OFFICE),
        next_steps=(
            schema.Bilingual("El SAT revisa tus datos.", "SAT checks your information."),
            schema.Bilingual(
                "Si te da cita, es una videollamada. Aquí ves la hora en tu ciudad y en la Ciudad"
                " de México, y el enlace para entrar.",
                "If it gives you an appointment, it is a video call. You see here the time where"
                " you are and in Mexico City, and the link to join.",
            ),
            schema.Bilingual(
                "Antes de la cita abre el enlace y prueba tu cámara y tu micrófono, en un lugar con"
                " luz y sin ruido. El navegador te pide permiso para usarlos.",
                "Before the appointment, open the link and test your camera and microphone, in a"
                " place with light and no noise. The browser asks your permission to use them.",
            ),
            schema.Bilingual(
                "Te avisamos por correo y aquí ves tu RFC.",
                "We tell you by email and you see your RFC here.",
            ),
        ),
        legal="CFF 27; RMF 2026 2.4.10, ficha 3/CFF",
    ),
    questions=(
        shared_fields.HAS_CURP,
        schema.Question(
            schema.Bilingual("¿Ya cumpliste 18 años?", "Are you 18 or older?"),
            advised_on=False,
            advice=schema.Bilingual(
                "El SAT inscribe así solo a personas mayores de edad. Quien es menor lo pide con su"
                " mamá, su papá o quien tenga su tutela, en una oficina del SAT en México.",
                "SAT enrolls only adults in this way. Minors ask for it with their mother, father"
                " or guardian, at an office of SAT in Mexico.",
            ),
        ),
        schema.Question(
            schema.Bilingual("¿Ya tuviste RFC alguna vez?", "Have you ever had an RFC?"),
            advised_on=True,
            advice=schema.Bilingual(
                "No pidas otro: el tuyo sigue siendo el mismo. En sat.gob.mx lo consultas con tu"
                " CURP.",
                "Don't ask for another one: yours is still the same. You can look it up at"
                " sat.gob.mx with your CURP.",
            ),
            hint=schema.Bilingual(
                "Por ejemplo, si trabajaste en México con un patrón.",
                "For example, if you worked in Mexico for an employer.",
            ),
        ),
    ),
    results=(
        schema.Result("rfc", schema.Bilingual("RFC con homoclave", "RFC with homoclave")),
        schema.Result(
            "acknowledgement", schema.Bilingual("Número de acuse", "Acknowledgement number")
        ),
        schema.Result(
            "tax_id_card", schema.Bilingual("Cédula de identificación fiscal", "Tax ID card")
        ),
        schema.Result(
            "enrolled_on",
            schema.Bilingual("Fecha de inscripción", "Date of enrollment"),
            schema.Kind.DATE,
        ),
    ),
    appeal=TAX,
    reasons={
        "data_mismatch": shared_fields.DATA_MISMATCH,
        "already_registered": schema.Bilingual(
            "El SAT ya tiene un RFC con tu CURP.", "SAT already has an RFC with your CURP."
        ),
        "under_age": schema.Bilingual(
            "El SAT inscribe así solo a personas mayores de edad.",
            "SAT enrolls only adults in this way.",
        ),
        "missed_appointment": schema.Bilingual(
            "No entraste a la videollamada. Puedes pedir tu RFC otra vez.",
            "You did not join the video call. You can ask for your RFC again.",
        ),
    },
)
