"""Documents of which a photo or a PDF can be sent, as several programs ask for them."""

from __future__ import annotations

from services.enrollments.programs.schema import Bilingual, Document

CURP_FILE = Bilingual(
    "La constancia de la CURP en PDF, o una foto en la que se lean las 18 letras y números.",
    "The CURP certificate as a PDF, or a photo in which its 18 letters and numbers can be read.",
)
RFC_FILE = Bilingual(
    "La cédula o constancia de situación fiscal, en PDF o en foto, con el RFC completo.",
    "The tax ID card or tax status certificate, as a PDF or a photo, with the whole RFC.",
)
NSS_FILE = Bilingual(
    "Una hoja del IMSS en la que se vean el nombre y los 11 números, en PDF o en foto.",
    "A page from IMSS that shows the name and the 11 digits, as a PDF or a photo.",
)
IDENTIFICATION_FILE = Bilingual(
    "Una foto de la página con la cara, derecha, completa y sin reflejos. Si tiene dos lados, sube"
    " cada lado.",
    "A photo of the page with the face: straight, whole and without glare. If it has two sides,"
    " upload each side.",
)

# Taken by every program: what was asked for and has no name of its own.
OTHER = Document(
    "other",
    Bilingual("Otro documento que se pidió", "Another document that was asked for"),
    "LFPA 17-A",
    Bilingual(
        "Completo, derecho y con luz: que se lean todas las letras.",
        "Whole, straight and in good light, so that every letter can be read.",
    ),
)
