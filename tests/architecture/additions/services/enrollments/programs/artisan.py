"""An artisan's credential: a program of the agency that the test adds."""

from __future__ import annotations

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.files import CURP_FILE

_LAW = "LFPA 15"

ARTISAN = schema.Program(
    code="artisan",
    agency="fonart",
    short=schema.Bilingual("credencial de artesano", "artisan's credential"),
    name=schema.Bilingual("Credencial de artesano", "Artisan's credential"),
    summary=schema.Bilingual("Para quien vive de un oficio.", "For who lives by a craft."),
    form=schema.Form(
        heading=schema.Bilingual("Pedir mi credencial", "Ask for my credential"),
        introduction=schema.Bilingual("Es gratis.", "It is free."),
        privacy=schema.Bilingual("Lo ve Fonart.", "Fonart sees it."),
        consent=schema.Bilingual(
            "Doy permiso para pasarlo a Fonart", "I give permission to share it with Fonart"
        ),
        curp_hint=schema.Bilingual("18 letras y números.", "18 letters and numbers."),
        documents=(schema.Document("curp", schema.Bilingual("CURP", "CURP"), _LAW, CURP_FILE),),
        steps=(
            schema.Step(
                "oficio",
                schema.Bilingual("El oficio", "The craft"),
                (
                    schema.Field(
                        "craft", schema.Kind.TEXT, schema.Bilingual("Oficio", "Craft"), most=40
                    ),
                ),
            ),
        ),
    ),
    guide=schema.Guide(
        gives=(schema.Bilingual("Una credencial.", "A credential."),),
        who=(schema.Sourced(schema.Bilingual("Quien hace artesanía.", "Artisans."), _LAW),),
        cost=schema.Sourced(schema.Bilingual("Gratis.", "Free."), _LAW),
        next_steps=(schema.Bilingual("Fonart la da en seguida.", "Fonart gives it at once."),),
        legal=_LAW,
    ),
    questions=(shared_fields.HAS_CURP,),
    results=(schema.Result("credential", schema.Bilingual("Credencial", "Credential")),),
    reasons={
        "already_registered": schema.Bilingual("Ya tenías una.", "You had one already."),
        "data_mismatch": shared_fields.DATA_MISMATCH,
    },
)
