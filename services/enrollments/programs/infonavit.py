"""Voluntary savings for a home, for those who entered social security voluntarily
(LINFONAVIT 59 Bis). Paying a credit that exists already is no enrollment: its guide says how."""

from __future__ import annotations

from services.enrollments.programs import schema, shared_fields
from services.enrollments.programs.appeals import HOUSING
from services.enrollments.programs.files import CURP_FILE, NSS_FILE
from services.enrollments.programs.laws import INFONAVIT_PAGE
from services.enrollments.tariffs import housing

_NUMBER = schema.Step(
    "numero",
    schema.Bilingual("Seguro social", "Social security"),
    (
        schema.Field(
            "nss",
            schema.Kind.NSS,
            shared_fields.NSS.label,
            schema.Bilingual(
                "11 números. Déjalo vacío si la inscripción en el IMSS se hizo por aquí.",
                "11 digits. Leave it empty if the enrollment in IMSS was asked for here.",
            ),
            required=False,
            meets="imss",
        ),
    ),
)
_SAVING = schema.Step(
    "ahorro",
    schema.Bilingual("Ahorro", "Savings"),
    (
        schema.Field(
            "amount",
            schema.Kind.MONEY,
            schema.Bilingual(
                "Cuánto se ahorra cada vez, en pesos", "What to save each time, in pesos"
            ),
            schema.Bilingual(
                "Lo decide quien ahorra, y se puede cambiar. Escríbelo así: 600.",
                "Whoever saves decides how much, and it can be changed. Write it like this: 600.",
            ),
        ),
        shared_fields.PERIOD,
    ),
)
# Where and how: memory, no text of Infonavit's was found.
_CREDIT = schema.Referral(
    schema.Bilingual(
        "Si ya tienes un crédito del Infonavit", "If you already have a loan from Infonavit"
    ),
    (
        schema.Bilingual(
            "No tienes que inscribirte: se paga directo al Infonavit, también desde otro país.",
            "You don't have to enroll: it is paid to Infonavit directly, also from another"
            " country.",
        ),
        schema.Bilingual(
            "Ten a la mano los 10 números de tu crédito. Vienen en tu estado de cuenta.",
            "Have the 10 digits of your loan at hand. They are on your statement.",
        ),
        schema.Bilingual(
            "En Mi Cuenta Infonavit pagas con tarjeta o sacas tu referencia de pago.",
            "In Mi Cuenta Infonavit you pay by card or get your payment reference.",
        ),
        schema.Bilingual(
            "Con la referencia, alguien de tu familia puede pagar por ti en un banco o una tienda"
            " en México.",
            "With the reference, someone in your family can pay for you at a bank or a shop in"
            " Mexico.",
        ),
    ),
    "https://micuenta.infonavit.org.mx",
)
_TARIFF = schema.Tariff(
    table=None,
    what=schema.Bilingual("Lo que ahorrarías cada vez", "What you would save each time"),
    why=schema.Bilingual(
        "Es un monto estimado: la parte de tu ingreso que pagaría un patrón. Tú puedes ahorrar más"
        " o menos.",
        "It is an estimated amount: the share of your income that an employer would pay. You may"
        " save more or less.",
    ),
    fields=(shared_fields.INCOME, shared_fields.PERIOD),
    work_out=housing.work_out,
)

INFONAVIT = schema.Program(
    code="infonavit",
    agency="infonavit",
    short=schema.Bilingual("Infonavit", "Infonavit"),
    name=schema.Bilingual("Ahorro para vivienda (Infonavit)", "Housing savings (Infonavit)"),
    summary=schema.Bilingual(
        "Ahorra para una casa en México. Primero te inscribes en el IMSS.",
        "Save for a home in Mexico. First you enroll in IMSS.",
    ),
    form=schema.Form(
        heading=schema.Bilingual("Ahorrar en el Infonavit", "Save with Infonavit"),
        introduction=schema.Bilingual(
            "Abres tu ahorro voluntario para vivienda. El dinero es tuyo y te sirve para pedir un"
            " crédito después.",
            "You open your voluntary savings for a home. The money is yours and helps you to ask"
            " for a loan later.",
        ),
        privacy=schema.Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " Infonavit para abrir tu ahorro.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with Infonavit so that it can open your savings.",
        ),
        consent=schema.Bilingual(
            "Doy permiso para pasar estos datos, y los documentos que suba, al Infonavit",
            "I give permission to share this information, and the documents I upload, with"
            " Infonavit",
        ),
        curp_hint=schema.Bilingual(
            "18 letras y números. El Infonavit la compara con tu nombre.",
            "18 letters and numbers. Infonavit checks it against your name.",
        ),
        documents=(
            schema.Document("curp", schema.Bilingual("CURP", "CURP"), INFONAVIT_PAGE, CURP_FILE),
            schema.Document("nss", schema.Bilingual("NSS", "NSS"), INFONAVIT_PAGE, NSS_FILE),
        ),
        steps=(_NUMBER, _SAVING),
        needs_email=True,
    ),
    guide=schema.Guide(
        gives=(
            schema.Bilingual(
                "Un ahorro a tu nombre en la subcuenta de vivienda, que gana intereses.",
                "Savings in your name in the housing account, which earn interest.",
            ),
            schema.Bilingual(
                "Puntos para pedir un crédito del Infonavit cuando cumplas sus reglas.",
                "Points towards a loan from Infonavit once you meet its rules.",
            ),
        ),
        who=(
            schema.Sourced(
                schema.Bilingual(
                    "Personas inscritas por su cuenta en el IMSS.",
                    "People who enrolled in IMSS on their own.",
                ),
                "LINFONAVIT 59 Bis",
            ),
        ),
        cost=schema.Sourced(
            schema.Bilingual(
                "Inscribirte es gratis. Tú decides cuánto ahorras; con un patrón sería el cinco por"
                " ciento de lo que ganas.",
                "Enrolling is free. You decide what you save; with an employer it would be five"
                " percent of what you earn.",
            ),
            "LINFONAVIT 29-II, 59 Bis",
        ),
        next_steps=(
            schema.Bilingual(
                "El Infonavit revisa las solicitudes juntas, una vez al día.",
                "Infonavit looks at the requests together, once a day.",
            ),
            schema.Bilingual(
                "Te avisamos por correo y aquí ves los datos para depositar.",
                "We tell you by email and you see here how to deposit.",
            ),
        ),
        legal="LINFONAVIT 59 Bis",
        referral=_CREDIT,
    ),
    questions=(
        schema.Question(
            schema.Bilingual(
                "¿Ya tienes un crédito del Infonavit?", "Do you already have a loan from Infonavit?"
            ),
            advised_on=True,
            advice=schema.Bilingual(
                "Un crédito no se inscribe: se paga directo al Infonavit, también desde otro país.",
                "A loan isn't enrolled: it is paid to Infonavit directly, also from another"
                " country.",
            ),
            referred=True,
        ),
        shared_fields.HAS_CURP,
        schema.Question(
            schema.Bilingual(
                "¿Ya estás en el IMSS por tu cuenta?", "Are you in IMSS on your own already?"
            ),
            advised_on=False,
            advice=schema.Bilingual(
                "Sí puedes, pero primero inscríbete en el IMSS: el ahorro es para quien ya está ahí"
                " por su cuenta.",
                "You can, but first enroll in IMSS: these savings are for those who are there on"
                " their own.",
            ),
            program="imss",
        ),
    ),
    tariff=_TARIFF,
    requires={"imss": "LINFONAVIT 59 Bis"},
    results=(
        shared_fields.NSS,
        schema.Result("savings_account", schema.Bilingual("Cuenta de ahorro", "Savings account")),
        schema.Result(
            "saving_from",
            schema.Bilingual("Puedes ahorrar desde", "You can save from"),
            schema.Kind.DATE,
        ),
    ),
    appeal=HOUSING,
    reasons={
        "data_mismatch": shared_fields.DATA_MISMATCH,
        "already_registered": schema.Bilingual(
            "Ya tienes este ahorro en el Infonavit.", "You already have these savings."
        ),
        "not_insured": schema.Bilingual(
            "El Infonavit no encontró tu inscripción por tu cuenta en el IMSS.",
            "Infonavit did not find that you enrolled in IMSS on your own.",
        ),
    },
)
