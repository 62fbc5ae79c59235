"""Voluntary savings for a home, for those who entered social security voluntarily
(LINFONAVIT 59 Bis). Paying a credit that exists already is no enrollment: its guide says how."""

from __future__ import annotations

from services.enrollments.programs.appeals import HOUSING
from services.enrollments.programs.files import CURP_FILE, NSS_FILE
from services.enrollments.programs.schema import (
    Bilingual,
    Document,
    Field,
    Form,
    Guide,
    Kind,
    Program,
    Question,
    Referral,
    Result,
    Step,
    Tariff,
)
from services.enrollments.programs.shared_fields import DATA_MISMATCH, HAS_CURP, INCOME, PERIOD
from services.enrollments.tariffs import housing

_NUMBER = Step(
    "numero",
    Bilingual("Tu seguro social", "Your social security"),
    (
        Field(
            "nss",
            Kind.NSS,
            Bilingual("Número de seguridad social (NSS)", "Social security number (NSS)"),
            Bilingual(
                "11 números. Déjalo vacío si te inscribiste en el IMSS por aquí.",
                "11 digits. Leave it empty if you enrolled in IMSS here.",
            ),
            required=False,
            meets="imss",
        ),
    ),
)
_SAVING = Step(
    "ahorro",
    Bilingual("Tu ahorro", "Your savings"),
    (
        Field(
            "amount",
            Kind.MONEY,
            Bilingual(
                "Cuánto quieres ahorrar cada vez, en pesos", "What to save each time, in pesos"
            ),
            Bilingual(
                "Tú decides cuánto, y lo puedes cambiar. Escríbelo así: 600.",
                "You decide how much, and you can change it. Write it like this: 600.",
            ),
        ),
        PERIOD,
    ),
)
# Where and how: memory, no text of Infonavit's was found.
_CREDIT = Referral(
    Bilingual("Si ya tienes un crédito del Infonavit", "If you already have a loan from Infonavit"),
    (
        Bilingual(
            "No tienes que inscribirte: se paga directo al Infonavit, también desde otro país.",
            "You don't have to enroll: it is paid to Infonavit directly, also from another"
            " country.",
        ),
        Bilingual(
            "Ten a la mano los 10 números de tu crédito. Vienen en tu estado de cuenta.",
            "Have the 10 digits of your loan at hand. They are on your statement.",
        ),
        Bilingual(
            "En Mi Cuenta Infonavit pagas con tarjeta o sacas tu referencia de pago.",
            "In Mi Cuenta Infonavit you pay by card or get your payment reference.",
        ),
        Bilingual(
            "Con la referencia, alguien de tu familia puede pagar por ti en un banco o una"
            " tienda en"
            " México.",
            "With the reference, someone in your family can pay for you at a bank or a shop in"
            " Mexico.",
        ),
    ),
    "https://micuenta.infonavit.org.mx",
)
_TARIFF = Tariff(
    exact=False,
    what=Bilingual("Lo que ahorrarías cada vez", "What you would save each time"),
    why=Bilingual(
        "Es un monto estimado: la parte de tu ingreso que pagaría un patrón. Tú puedes ahorrar"
        " más o"
        " menos.",
        "It is an estimated amount: the share of your income that an employer would pay. You may"
        " save more or less.",
    ),
    fields=(INCOME, PERIOD),
    work_out=housing.work_out,
)

INFONAVIT = Program(
    code="infonavit",
    agency="infonavit",
    short=Bilingual("Infonavit", "Infonavit"),
    name=Bilingual("Ahorro para vivienda (Infonavit)", "Housing savings (Infonavit)"),
    summary=Bilingual(
        "Ahorra para una casa en México. Primero te inscribes en el IMSS.",
        "Save for a home in Mexico. First you enroll in IMSS.",
    ),
    form=Form(
        heading=Bilingual("Ahorrar en el Infonavit", "Save with Infonavit"),
        introduction=Bilingual(
            "Abres tu ahorro voluntario para vivienda. El dinero es tuyo y te sirve para pedir un"
            " crédito después.",
            "You open your voluntary savings for a home. The money is yours and helps you to ask"
            " for a loan later.",
        ),
        privacy=Bilingual(
            "Estos datos los ve el personal del consulado y, si nos das permiso, se los pasamos al"
            " Infonavit para abrir tu ahorro.",
            "The consulate's staff can see this information and, if you give us permission, we"
            " share it with Infonavit so that it can open your savings.",
        ),
        consent=Bilingual(
            "Doy permiso para pasar estos datos, y los documentos que suba, al Infonavit",
            "I give permission to share this information, and the documents I upload, with"
            " Infonavit",
        ),
        curp_hint=Bilingual(
            "18 letras y números. El Infonavit la compara con tu nombre.",
            "18 letters and numbers. Infonavit checks it against your name.",
        ),
        documents=(
            Document("curp", Bilingual("Tu CURP", "Your CURP"), CURP_FILE),
            Document("nss", Bilingual("Tu NSS", "Your NSS"), NSS_FILE),
        ),
        steps=(_NUMBER, _SAVING),
        needs_email=True,
    ),
    guide=Guide(
        gives=(
            Bilingual(
                "Un ahorro a tu nombre en la subcuenta de vivienda, que gana intereses.",
                "Savings in your name in the housing account, which earn interest.",
            ),
            Bilingual(
                "Puntos para pedir un crédito del Infonavit cuando cumplas sus reglas.",
                "Points towards a loan from Infonavit once you meet its rules.",
            ),
        ),
        who=(
            Bilingual(
                "Personas inscritas por su cuenta en el IMSS.",
                "People who enrolled in IMSS on their own.",
            ),
        ),
        cost=Bilingual(
            "Inscribirte es gratis. Tú decides cuánto ahorras; con un patrón sería el cinco por"
            " ciento de lo que ganas.",
            "Enrolling is free. You decide what you save; with an employer it would be five percent"
            " of what you earn.",
        ),
        next_steps=(
            Bilingual(
                "El Infonavit revisa las solicitudes juntas, una vez al día.",
                "Infonavit looks at the requests together, once a day.",
            ),
            Bilingual(
                "Te avisamos por correo y aquí ves los datos para depositar.",
                "We tell you by email and you see here how to deposit.",
            ),
        ),
        legal="LINFONAVIT 59 Bis",
        referral=_CREDIT,
    ),
    questions=(
        Question(
            Bilingual(
                "¿Ya tienes un crédito del Infonavit?", "Do you already have a loan from Infonavit?"
            ),
            advised_on=True,
            advice=Bilingual(
                "Un crédito no se inscribe: se paga directo al Infonavit, también desde otro país.",
                "A loan isn't enrolled: it is paid to Infonavit directly, also from another"
                " country.",
            ),
            referred=True,
        ),
        HAS_CURP,
        Question(
            Bilingual(
                "¿Ya estás en el IMSS por tu cuenta?", "Are you in IMSS on your own already?"
            ),
            advised_on=False,
            advice=Bilingual(
                "Sí puedes, pero primero inscríbete en el IMSS: el ahorro es para quien ya está ahí"
                " por su cuenta.",
                "You can, but first enroll in IMSS: these savings are for those who are there on"
                " their own.",
            ),
            program="imss",
        ),
    ),
    tariff=_TARIFF,
    requires=("imss",),
    results=(
        Result("nss", Bilingual("Número de seguridad social (NSS)", "Social security number")),
        Result("savings_account", Bilingual("Cuenta de ahorro", "Savings account")),
        Result("saving_from", Bilingual("Puedes ahorrar desde", "You can save from"), Kind.DATE),
    ),
    appeal=HOUSING,
    reasons={
        "data_mismatch": DATA_MISMATCH,
        "already_registered": Bilingual(
            "Ya tienes este ahorro en el Infonavit.", "You already have these savings."
        ),
        "not_insured": Bilingual(
            "El Infonavit no encontró tu inscripción por tu cuenta en el IMSS.",
            "Infonavit did not find that you enrolled in IMSS on your own.",
        ),
    },
)
