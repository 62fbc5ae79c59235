"""Health insurance for families, yearly by age (LSS 240 to 243; Mexicans abroad: 243)."""

from __future__ import annotations

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.appeals import SOCIAL_SECURITY
from services.enrollments.programs.files import CURP_FILE
from services.enrollments.programs.laws import IMSS_FAMILY_PAGE
from services.enrollments.tariffs import family_health

# The illnesses with which IMSS doesn't take people in (RACERF 82, 99), in plain words; it has the
# last word.
_ILLNESSES = schema.Bilingual(
    "Por ejemplo: cáncer, infarto u otra enfermedad grave del corazón, daño de riñón o hígado,"
    " diabetes con complicaciones, enfermedad pulmonar con falta de oxígeno, VIH, adicción al"
    " alcohol o drogas, trastorno mental grave, enfermedad de nacimiento, o lesión que dejó"
    " discapacidad.",
    "For example: cancer, heart attack or another serious heart disease, kidney or liver damage,"
    " diabetes with complications, lung disease with lack of oxygen, HIV, addiction to alcohol or"
    " drugs, serious mental disorder, illness from birth, or an injury that left a disability.",
)
_PLACE = schema.Step(
    "lugar",
    schema.Bilingual("Dónde los van a atender", "Where they will be looked after"),
    (shared_fields.STATE, shared_fields.MUNICIPALITY),
)
_MEMBERS = schema.Step(
    "personas",
    schema.Bilingual("A quiénes se asegura", "Who is to be insured"),
    (
        schema.Field(
            "members",
            schema.Kind.GROUP,
            schema.Bilingual("Personas", "People"),
            schema.Bilingual(
                "Cada persona paga según su edad. El IMSS pregunta por su salud antes de"
                " aceptarla.",
                "Each person pays by age. IMSS asks about their health before taking them in.",
            ),
            most=8,
            fields=(
                shared_fields.MEMBER_NAME,
                shared_fields.MEMBER_BORN,
                shared_fields.kinship(
                    schema.Bilingual("Quién es", "Who it is"),
                    before=(
                        schema.Choice(
                            "self",
                            schema.Bilingual("Quien pide el seguro", "Whoever asks for it"),
                        ),
                    ),
                    after=(
                        schema.Choice(
                            "other", schema.Bilingual("Otro familiar", "Another relative")
                        ),
                    ),
                ),
                shared_fields.MEMBER_CURP,
                schema.Field(
                    "ill",
                    schema.Kind.YES_NO,
                    schema.Bilingual(
                        "¿Tiene o ha tenido una enfermedad grave?",
                        "Do they have, or have they had, a serious illness?",
                    ),
                    _ILLNESSES,
                ),
                schema.Field(
                    "illness",
                    schema.Kind.TEXT,
                    schema.Bilingual("Si la tiene o la tuvo, ¿cuál?", "If so, which one?"),
                    when=schema.When("ill", True),
                ),
            ),
        ),
    ),
)
_TARIFF = schema.Tariff(
    table=family_health.TABLE,
    what=schema.Bilingual("Lo que se paga por un año", "What is paid for a year"),
    why=schema.Bilingual(
        "Es la suma exacta, con la tabla que publicó el IMSS.",
        "It is the exact sum, with the table that IMSS published.",
    ),
    fields=(
        schema.Field(
            "members",
            schema.Kind.GROUP,
            schema.Bilingual("Personas", "People"),
            schema.Bilingual("Cada quien paga según su edad.", "Each one pays by age."),
            most=8,
            fields=(
                schema.Field(
                    "age",
                    schema.Kind.NUMBER,
                    schema.Bilingual("Edad en años", "Age in years"),
                    most=120,
                ),
            ),
        ),
    ),
    work_out=family_health.work_out,
    of_request=family_health.ages_of_request,
)

IMSS_FAMILY_HEALTH = schema.Program(
    code="imss_family_health",
    agency="imss",
    paid_by_transfer=True,
    short=schema.Bilingual("Seguro de salud", "Health insurance"),
    name=schema.Bilingual(
        "Seguro de Salud para la Familia (IMSS)", "Family health insurance (IMSS)"
    ),
    summary=schema.Bilingual(
        "Médico en México para tu familia y para ti. Se paga una vez al año, según la edad.",
        "Doctors in Mexico for your family and you. Paid once a year, by age.",
    ),
    form=schema.Form(
        heading=schema.Bilingual("Asegurar la salud de mi familia", "Insure my family's health"),
        introduction=schema.Bilingual(
            "Es un seguro médico del IMSS para tu familia en México, y para ti cuando estés allá."
            " Se paga por adelantado una vez al año.",
            "It is medical insurance with IMSS for your family in Mexico, and for you while you are"
            " there. It is paid in advance once a year.",
        ),
        privacy=schema.Bilingual(
            "Estos datos, también los de salud, los ve el personal del consulado que lleva tu"
            " trámite y, si nos das permiso, se los pasamos al IMSS. A nadie más.",
            "This information, also on health, is seen by the consulate's staff who handle your"
            " request and, if you give us permission, we share it with IMSS. With nobody else.",
        ),
        consent=schema.Bilingual(
            "Doy permiso para pasar estos datos, y los documentos que suba, al IMSS",
            "I give permission to share this information, and the documents I upload, with IMSS",
        ),
        sensitive=schema.Bilingual(
            "Doy permiso expreso para usar los datos de salud de este cuestionario, solo para pedir"
            " este seguro. Las demás personas adultas también están de acuerdo.",
            "I expressly give permission to use the health information of this questionnaire, only"
            " to ask for this insurance. The other adults agree as well.",
        ),
        curp_hint=schema.Bilingual(
            "La tuya: 18 letras y números. El IMSS la compara con tu nombre.",
            "Your own: 18 letters and numbers. IMSS checks it against your name.",
        ),
        documents=(
            schema.Document("curp", schema.Bilingual("CURP", "CURP"), IMSS_FAMILY_PAGE, CURP_FILE),
            schema.Document(
                "members",
                schema.Bilingual(
                    "Nombre, fecha de nacimiento y CURP de cada persona",
                    "Name, date of birth and CURP of each person",
                ),
                "LSS 241; RACERF 95, 96",
            ),
            schema.Document(
                "health",
                schema.Bilingual(
                    "Qué enfermedades graves tiene o ha tenido cada quien",
                    "Which serious illnesses each one has or has had",
                ),
                "RACERF 98",
            ),
        ),
        steps=(_PLACE, _MEMBERS),
        needs_email=True,
    ),
    guide=schema.Guide(
        gives=(
            schema.Bilingual(
                "Médico, hospital, medicinas y maternidad en el IMSS, en México, por un año.",
                "Doctors, hospital, medicine and maternity care at IMSS, in Mexico, for a year.",
            ),
            schema.Bilingual(
                "No da pensión ni guardería. Algunos padecimientos tienen tiempo de espera.",
                "It gives no pension and no day care. Some conditions have a waiting time.",
            ),
        ),
        who=(
            schema.Sourced(
                schema.Bilingual(
                    "Personas mexicanas que trabajan en otro país, para su familia en México y para"
                    " ellas cuando están allá.",
                    "Mexicans who work in another country, for their family in Mexico and for"
                    " themselves while they are there.",
                ),
                "LSS 243",
            ),
            schema.Sourced(
                schema.Bilingual(
                    "El IMSS no acepta a quien ya tiene ciertas enfermedades graves.",
                    "IMSS doesn't take in people who already have certain serious illnesses.",
                ),
                "RACERF 82, 99",
            ),
        ),
        cost=schema.Sourced(
            schema.Bilingual(
                "Una cuota al año por persona, según su edad. Calcula aquí la suma.",
                "A yearly fee for each person, by age. Work out the sum here.",
            ),
            "LSS 242, 243; RACERF 101",
        ),
        next_steps=(
            schema.Bilingual(
                "El IMSS revisa el cuestionario de salud.",
                "IMSS looks at the health questionnaire.",
            ),
            schema.Bilingual(
                "Te damos una línea de captura, con la fecha límite. Se paga el año completo.",
                "We give you a payment line, with its deadline. The whole year is paid.",
            ),
            schema.Bilingual(
                "Con el pago empieza el seguro: aquí ves desde cuándo y hasta cuándo.",
                "The insurance starts with the payment: you see here from when and until when.",
            ),
        ),
        legal="LSS 240-243",
    ),
    questions=(
        shared_fields.HAS_CURP,
        schema.Question(
            schema.Bilingual(
                "¿Las personas a asegurar están en México, o van a estar?",
                "Are the people to be insured in Mexico, or going to be?",
            ),
            advised_on=False,
            advice=schema.Bilingual(
                "La atención médica es solo en México: a quien vive siempre fuera no le sirve.",
                "Medical care is in Mexico only: it is of no use to whoever always lives abroad.",
            ),
        ),
        schema.Question(
            schema.Bilingual(
                "¿Alguna de ellas tiene o ha tenido una enfermedad grave?",
                "Has any of them, or has any had, a serious illness?",
            ),
            advised_on=True,
            advice=schema.Bilingual(
                "Quizá el IMSS no acepte a esa persona: lo decide con el cuestionario de salud."
                " Puedes pedir el seguro para las demás.",
                "IMSS may not take that person in: it decides by the health questionnaire. You can"
                " ask for the insurance for the others.",
            ),
            hint=_ILLNESSES,
            ends=False,
        ),
        schema.Question(
            schema.Bilingual(
                "¿Pueden pagar el año completo por adelantado?",
                "Can you pay the whole year in advance?",
            ),
            advised_on=False,
            advice=schema.Bilingual(
                "Este seguro se paga completo. El de quien trabaja por su cuenta se puede pagar"
                " cada mes.",
                "This insurance is paid in full. The one for independent workers can be paid every"
                " month.",
            ),
            program="imss",
        ),
    ),
    tariff=_TARIFF,
    results=shared_fields.COVER,
    appeal=SOCIAL_SECURITY,
    reasons={
        "data_mismatch": schema.Bilingual(
            "Los datos no coinciden con los de la CURP.",
            "The details do not match those of the CURP.",
        ),
        "already_registered": schema.Bilingual(
            "Alguna de estas personas ya tiene este seguro.",
            "One of these people already has this insurance.",
        ),
        "pre_existing_illness": schema.Bilingual(
            "El IMSS no acepta en este seguro la enfermedad que dijiste en el cuestionario.",
            "IMSS doesn't take the illness that you told of in the questionnaire into this"
            " insurance.",
        ),
        "not_paid": shared_fields.NOT_PAID,
    },
)
