"""The appeals that agencies' own laws have, in place of the review of LFPA 83."""

from __future__ import annotations

from services.enrollments.programs.schema import Appeal, Bilingual

TAX = Appeal(
    Bilingual("Recurso de revocación", "Revocation (recurso de revocación)"),
    Bilingual(
        "Ante el SAT, por su buzón tributario o por escrito. Es gratis; la Prodecon te ayuda.",
        "To SAT, by its tax mailbox or in writing. It is free; Prodecon helps you.",
    ),
    30,
    "CFF 116, 121",
)
SOCIAL_SECURITY = Appeal(
    Bilingual("Recurso de inconformidad", "Objection (recurso de inconformidad)"),
    Bilingual(
        "Por escrito, ante el consejo consultivo del IMSS que corresponde. Es gratis.",
        "In writing, to the advisory council of IMSS that is in charge. It is free.",
    ),
    15,
    "LSS 294; Reglamento del Recurso de Inconformidad 6",
)
HOUSING = Appeal(
    Bilingual("Recurso de inconformidad", "Objection (recurso de inconformidad)"),
    Bilingual(
        "Ante la Comisión de Inconformidades del Infonavit. Pregúntale cuántos días tienes.",
        "To Infonavit's Commission on Objections. Ask it how many days you have.",
    ),
    None,
    "LINFONAVIT 52",
)
