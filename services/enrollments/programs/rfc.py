"""The tax register's number. Without a field of its own: the CURP decides."""

from __future__ import annotations

from services.enrollments.programs.schema import Bilingual, Form, Program, Result

RFC = Program(
    code="rfc",
    agency="sat",
    short="RFC",
    name=Bilingual("Registro Federal de Contribuyentes (RFC)", "Federal Taxpayer Registry (RFC)"),
    summary=Bilingual(
        "Sin viajar a México. Necesitas tu CURP.",
        "Without traveling to Mexico. You need your CURP.",
    ),
    form=Form(
        heading=Bilingual("Inscribirme en el RFC", "Enroll in the RFC"),
        introduction=Bilingual(
            "El RFC es tu clave ante el SAT. La piden para abrir cuentas o vender una propiedad"
            " en México. Inscribirte es gratis.",
            "The RFC is your number with SAT, Mexico's tax authority. You are asked for it to open"
            " accounts or sell property in Mexico. Enrolling is free.",
        ),
        privacy=Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " SAT para darte tu RFC.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with SAT so that it can give you your RFC.",
        ),
        consent=Bilingual(
            "Doy permiso para pasar estos datos al SAT",
            "I give permission to share this information with SAT",
        ),
        curp_hint=Bilingual(
            "18 letras y números. El SAT la compara con tu nombre y tu fecha de nacimiento.",
            "18 letters and numbers. SAT checks it against your name and date of birth.",
        ),
    ),
    results=(Result("rfc", Bilingual("RFC", "RFC")),),
    reasons={
        "data_mismatch": Bilingual(
            "Los datos no coinciden con los de tu CURP.",
            "The details do not match those of your CURP.",
        ),
        "already_registered": Bilingual(
            "El SAT ya tiene un RFC con tu CURP.", "SAT already has an RFC with your CURP."
        ),
    },
)
