"""Social security for people who work on their own: voluntarily in the obligatory regime of IMSS
(LSS 13-I, 222 to 231). It isn't the older scheme of "modalidad 44"."""

from __future__ import annotations

from dataclasses import replace

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.appeals import SOCIAL_SECURITY
from services.enrollments.programs.files import CURP_FILE, NSS_FILE, RFC_FILE
from services.enrollments.programs.laws import IMSS_WORKERS_PAGE
from services.enrollments.tariffs import independent_workers

_NUMBERS = schema.Step(
    "numeros",
    schema.Bilingual("Números oficiales", "Official numbers"),
    (
        schema.Field(
            "rfc",
            schema.Kind.RFC,
            schema.Bilingual("RFC", "RFC"),
            schema.Bilingual(
                "13 letras y números. Déjalo vacío si se pidió por aquí.",
                "13 letters and numbers. Leave it empty if it was asked for here.",
            ),
            required=False,
            meets="rfc",
        ),
        schema.Field(
            "nss",
            schema.Kind.NSS,
            shared_fields.NSS.label,
            schema.Bilingual(
                "11 números. Si no hay, el IMSS lo da en este mismo trámite.",
                "11 digits. If there is none, IMSS gives one in this same request.",
            ),
            required=False,
        ),
    ),
)
_PLACE = schema.Step(
    "lugar",
    schema.Bilingual("Dónde se va a usar en México", "Where in Mexico it will be used"),
    (shared_fields.STATE, shared_fields.MUNICIPALITY),
)
_WORK = schema.Step(
    "trabajo",
    schema.Bilingual("Trabajo", "Work"),
    (
        schema.Field(
            "occupation",
            schema.Kind.TEXT,
            schema.Bilingual("Oficio o profesión", "Trade or profession"),
            schema.Bilingual("Por ejemplo, albañil o cocinera.", "For example, builder or cook."),
            most=80,
        ),
        replace(
            shared_fields.INCOME,
            hint=schema.Bilingual(
                "La cuota y la pensión dependen de este monto. Escríbelo así: 12000.",
                "The dues and the pension depend on this amount. Write it like this: 12000.",
            ),
        ),
    ),
)
_PAYMENT = schema.Step(
    "pago",
    schema.Bilingual("Cómo se va a pagar", "How it will be paid"),
    (
        replace(
            shared_fields.PERIOD,
            hint=schema.Bilingual(
                "Se paga por adelantado. Puede pagar otra persona.",
                "It is paid in advance. Somebody else may pay.",
            ),
        ),
    ),
)
_HAS_FAMILY = schema.Step(
    "familia",
    schema.Bilingual("Familia en México", "Family in Mexico"),
    (
        schema.Field(
            "has_family",
            schema.Kind.YES_NO,
            schema.Bilingual(
                "¿Hay familia a la que también van a atender?",
                "Is there family to be looked after too?",
            ),
            schema.Bilingual(
                "La pareja, hijas e hijos, y papá y mamá si dependen de quien se inscribe. No"
                " cuesta más.",
                "The partner, children, and parents who depend on whoever enrolls. It doesn't cost"
                " more.",
            ),
        ),
    ),
)
_FAMILY = schema.Step(
    "familiares",
    schema.Bilingual("Quiénes son", "Who they are"),
    (
        schema.Field(
            "family",
            schema.Kind.GROUP,
            schema.Bilingual("Familiares", "Family members"),
            schema.Bilingual(
                "El IMSS les pide después su acta y una foto en su clínica.",
                "IMSS later asks them for their certificate and a photo at their clinic.",
            ),
            most=6,
            when=schema.When("has_family", True),
            fields=(
                shared_fields.MEMBER_NAME,
                shared_fields.MEMBER_BORN,
                shared_fields.kinship(schema.Bilingual("Parentesco", "Relationship")),
                shared_fields.MEMBER_CURP,
            ),
        ),
    ),
)
_TARIFF = schema.Tariff(
    table=None,
    what=schema.Bilingual("Lo que pagarías cada vez", "What you would pay each time"),
    why=schema.Bilingual(
        "Es un monto estimado, con las cuotas de la Ley del Seguro Social. El IMSS decide la clase"
        " de riesgo de tu trabajo y te dice el monto exacto antes de que pagues.",
        "It is an estimated amount, with the quotas of the Social Security Act. IMSS decides the"
        " class of risk of your work and tells you the exact amount before you pay.",
    ),
    fields=(
        shared_fields.INCOME,
        schema.Field(
            "zone",
            schema.Kind.CHOICE,
            schema.Bilingual(
                "En qué zona de México se va a usar",
                "In which zone of Mexico it will be used",
            ),
            choices=(
                schema.Choice("general", schema.Bilingual("Casi todo México", "Most of Mexico")),
                schema.Choice(
                    "border",
                    schema.Bilingual(
                        "Municipios de la frontera norte, como Tijuana o Ciudad Juárez",
                        "Towns of the northern border, like Tijuana or Ciudad Juárez",
                    ),
                ),
            ),
        ),
        schema.Field(
            "risk",
            schema.Kind.CHOICE,
            schema.Bilingual("Cómo es tu trabajo", "What your work is like"),
            choices=(
                schema.Choice(
                    "low",
                    schema.Bilingual(
                        "De poco riesgo: oficina, ventas, limpieza",
                        "Of low risk: office, sales, cleaning",
                    ),
                ),
                schema.Choice(
                    "middle",
                    schema.Bilingual(
                        "De riesgo medio: taller, cocina, campo",
                        "Of middle risk: workshop, kitchen, farm",
                    ),
                ),
                schema.Choice(
                    "high",
                    schema.Bilingual(
                        "De mucho riesgo: construcción, techos, transporte de carga",
                        "Of high risk: building, roofs, freight",
                    ),
                ),
            ),
        ),
        shared_fields.PERIOD,
    ),
    work_out=independent_workers.work_out,
)

IMSS = schema.Program(
    code="imss",
    agency="imss",
    paid_by_transfer=True,
    short=schema.Bilingual("IMSS", "IMSS"),
    name=schema.Bilingual(
        "Seguro social para quien trabaja por su cuenta (IMSS)",
        "Social security for independent workers (IMSS)",
    ),
    summary=schema.Bilingual(
        "Médico en México, pensión y guardería. Pagas por adelantado.",
        "Doctors in Mexico, a pension and day care. You pay in advance.",
    ),
    form=schema.Form(
        heading=schema.Bilingual("Inscribirme en el IMSS", "Enroll in IMSS"),
        introduction=schema.Bilingual(
            "Te inscribes como persona trabajadora independiente, aunque vivas fuera de México. La"
            " atención médica es solo en México.",
            "You enroll as an independent worker, even though you live outside Mexico. Medical care"
            " is in Mexico only.",
        ),
        privacy=schema.Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " IMSS para inscribirte y decirte cuánto pagas.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with IMSS so that it can enroll you and tell you what you pay.",
        ),
        consent=schema.Bilingual(
            "Doy permiso para pasar al IMSS estos datos, los de mi familia y los documentos que"
            " suba",
            "I give permission to share this information, my family's, and the documents I upload,"
            " with IMSS",
        ),
        curp_hint=schema.Bilingual(
            "18 letras y números. El IMSS la compara con tu nombre y tu fecha de nacimiento.",
            "18 letters and numbers. IMSS checks it against your name and date of birth.",
        ),
        documents=(
            schema.Document("curp", schema.Bilingual("CURP", "CURP"), IMSS_WORKERS_PAGE, CURP_FILE),
            schema.Document("rfc", schema.Bilingual("RFC", "RFC"), IMSS_WORKERS_PAGE, RFC_FILE),
            schema.Document(
                "nss",
                schema.Bilingual("NSS, si ya hay uno", "NSS, if there is one"),
                IMSS_WORKERS_PAGE,
                NSS_FILE,
            ),
            schema.Document(
                "family",
                schema.Bilingual(
                    "Nombre, fecha de nacimiento y CURP de la familia, si se va a inscribir",
                    "Name, date of birth and CURP of the family, if they are to be enrolled",
                ),
                "LSS 84",
            ),
        ),
        steps=(_NUMBERS, _PLACE, _WORK, _PAYMENT, _HAS_FAMILY, _FAMILY),
        needs_email=True,
    ),
    guide=schema.Guide(
        gives=(
            schema.Bilingual(
                "Médico, hospital y medicinas en México, para ti y tu familia. Algunos servicios"
                " tienen tiempo de espera.",
                "Doctors, hospital and medicine in Mexico, for you and your family. Some services"
                " have a waiting time.",
            ),
            schema.Bilingual(
                "Seguro si te accidentas en el trabajo.",
                "Insurance if you have an accident at work.",
            ),
            schema.Bilingual(
                "Pensión si quedas con una invalidez, y para tu familia si mueres.",
                "A pension if you become disabled, and for your family if you die.",
            ),
            schema.Bilingual(
                "Ahorro y pensión para tu vejez.", "Savings and a pension for old age."
            ),
            schema.Bilingual("Guardería y prestaciones sociales.", "Day care and social benefits."),
        ),
        who=(
            schema.Sourced(
                schema.Bilingual(
                    "Personas mexicanas que trabajan por su cuenta, también desde otro país.",
                    "Mexicans who work on their own, also from another country.",
                ),
                "LSS 5-A-XX, 13-I",
            ),
            schema.Sourced(
                schema.Bilingual(
                    "La atención médica es solo en México. Si nadie de tu familia vive allá y no"
                    " piensas volver, quizá no te conviene.",
                    "Medical care is in Mexico only. If none of your family lives there and you"
                    " don't plan to return, it may not be for you.",
                ),
                IMSS_WORKERS_PAGE,
            ),
        ),
        cost=schema.Sourced(
            schema.Bilingual(
                "Depende de lo que ganas y de dónde se usa. Calcula aquí un estimado: el IMSS te"
                " dice el monto exacto.",
                "It depends on what you earn and where it is used. Work out an estimate here: IMSS"
                " tells you the exact amount.",
            ),
            "LSS 28, 224, 227, 228-II",
        ),
        next_steps=(
            schema.Bilingual("El IMSS revisa tus datos.", "IMSS checks your information."),
            schema.Bilingual(
                "Te damos una línea de captura, con la fecha límite. Se paga en un banco o en"
                " Finabien; otra persona puede pagar por ti.",
                "We give you a payment line, with its deadline. It is paid at a bank or at"
                " Finabien; somebody else may pay for you.",
            ),
            schema.Bilingual(
                "Con el pago empieza tu seguro: aquí ves desde cuándo y hasta cuándo.",
                "Your insurance starts with the payment: you see here from when and until when.",
            ),
            schema.Bilingual(
                "Si dejas de pagar, el seguro termina.", "If you stop paying, the insurance ends."
            ),
        ),
        legal="LSS 13-I, 222-231",
    ),
    questions=(
        shared_fields.HAS_CURP,
        schema.Question(
            schema.Bilingual("¿Trabajas por tu cuenta?", "Do you work on your own?"),
            advised_on=False,
            advice=schema.Bilingual(
                "Este seguro es para quien trabaja por su cuenta. Para que atiendan a tu familia en"
                " México hay otro seguro, que se paga una vez al año.",
                "This insurance is for people who work on their own. For your family to be looked"
                " after in Mexico there is another one, paid once a year.",
            ),
            hint=schema.Bilingual(
                "También cuenta si trabajas en otro país y nadie paga por ti al IMSS.",
                "It also counts if you work in another country and nobody pays IMSS for you.",
            ),
            program="imss_family_health",
        ),
        schema.Question(
            schema.Bilingual(
                "¿Tú o tu familia van a usar el médico en México?",
                "Will you or your family use doctors in Mexico?",
            ),
            advised_on=False,
            advice=schema.Bilingual(
                "La atención médica es solo en México. Puedes inscribirte, pero solo te servirá"
                " para tu pensión y tus otros seguros.",
                "Medical care is in Mexico only. You can enroll, but it will only serve you for"
                " your pension and the other insurances.",
            ),
            ends=False,
        ),
        schema.Question(
            schema.Bilingual("¿Ya tienes tu RFC?", "Do you have your RFC?"),
            advised_on=False,
            advice=schema.Bilingual(
                "Sí puedes, pero primero pide tu RFC: el IMSS te lo pide. Es gratis y se hace"
                " aquí.",
                "You can, but first ask for your RFC: IMSS asks you for it. It is free and is done"
                " here.",
            ),
            program="rfc",
        ),
    ),
    tariff=_TARIFF,
    requires={"rfc": IMSS_WORKERS_PAGE},
    results=(
        shared_fields.NSS,
        *shared_fields.COVER,
    ),
    appeal=SOCIAL_SECURITY,
    reasons={
        "data_mismatch": shared_fields.DATA_MISMATCH,
        "already_registered": schema.Bilingual(
            "Ya tienes este seguro en el IMSS.", "You already have this insurance with IMSS."
        ),
        "under_age": schema.Bilingual(
            "Todavía no tienes la edad para inscribirte.", "You are not yet old enough to enroll."
        ),
        "not_paid": shared_fields.NOT_PAID,
    },
)
