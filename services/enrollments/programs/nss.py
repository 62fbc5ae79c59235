"""The social security number. Without a field of its own: IMSS assigns it from CURP and e-mail."""

from __future__ import annotations

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.appeals import SOCIAL_SECURITY
from services.enrollments.programs.files import CURP_FILE
from services.enrollments.programs.laws import IMSS_NSS_PAGE

NSS = schema.Program(
    code="nss",
    agency="imss",
    short=schema.Bilingual("NSS", "NSS"),
    name=schema.Bilingual("Número de seguridad social (NSS)", "Social security number (NSS)"),
    summary=schema.Bilingual(
        "Lo necesitas para el IMSS y el Infonavit. Es gratis.",
        "You need it for IMSS and Infonavit. It is free.",
    ),
    form=schema.Form(
        heading=schema.Bilingual("Pedir mi número de seguridad social", "Ask for my NSS"),
        introduction=schema.Bilingual(
            "El NSS es tu número en el IMSS, para toda la vida. Si ya tuviste uno en México, el"
            " IMSS te da el mismo. Es gratis.",
            "The NSS is your number with IMSS, Mexico's social security, for life. If you already"
            " had one in Mexico, IMSS gives you the same one. It is free.",
        ),
        privacy=schema.Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " IMSS para darte tu número.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with IMSS so that it can give you your number.",
        ),
        consent=schema.Bilingual(
            "Doy permiso para pasar estos datos, y los documentos que suba, al IMSS",
            "I give permission to share this information, and the documents I upload, with IMSS",
        ),
        curp_hint=schema.Bilingual(
            "18 letras y números. El IMSS busca con ella si ya tienes un número.",
            "18 letters and numbers. IMSS uses it to look whether you already have a number.",
        ),
        documents=(
            schema.Document("curp", schema.Bilingual("CURP", "CURP"), IMSS_NSS_PAGE, CURP_FILE),
        ),
        needs_email=True,
    ),
    guide=schema.Guide(
        gives=(
            schema.Bilingual(
                "Tu número de seguridad social, que nunca cambia.",
                "Your social security number, which never changes.",
            ),
            schema.Bilingual(
                "No es un seguro: para tener médico y pensión te inscribes después en el IMSS.",
                "It is not insurance: for doctors and a pension you enroll in IMSS afterwards.",
            ),
        ),
        who=(
            schema.Sourced(
                schema.Bilingual(
                    "Cualquier persona con CURP y correo electrónico.",
                    "Anyone with a CURP and an email address.",
                ),
                IMSS_NSS_PAGE,
            ),
        ),
        cost=schema.Sourced(schema.Bilingual("Gratis.", "Free."), IMSS_NSS_PAGE),
        next_steps=(
            schema.Bilingual("El IMSS revisa tu CURP.", "IMSS checks your CURP."),
            schema.Bilingual(
                "Te avisamos por correo y aquí ves tu número.",
                "We tell you by email and you see your number here.",
            ),
        ),
        legal=f"LSS 12, 13; {IMSS_NSS_PAGE}",
    ),
    questions=(shared_fields.HAS_CURP, shared_fields.HAS_EMAIL),
    results=(shared_fields.NSS,),
    appeal=SOCIAL_SECURITY,
    reasons={
        "data_mismatch": shared_fields.DATA_MISMATCH,
        "curp_not_found": schema.Bilingual(
            "El IMSS no encontró tu CURP en el registro de población.",
            "IMSS did not find your CURP in the population register.",
        ),
    },
)
