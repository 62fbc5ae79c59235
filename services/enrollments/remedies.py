"""What somebody can do about a no: the next step by its reason, and where to appeal.

The appeal is the program's (`services/enrollments/programs/appeals.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.enrollments.programs.schema import Appeal, Bilingual, Program
from services.enrollments.rules import (
    COVER_LAPSED,
    IDENTITY_CHECKED,
    NO_ANSWER_IN_TERM,
    NOT_ANSWERED,
    OVER,
    PAYMENT_LAPSED,
    Status,
)


@dataclass(frozen=True)
class Remedy:
    """What to do next; ``appeal`` where the reason is a decision that can be appealed."""

    next_step: Bilingual
    appeal: Appeal | None


_CORRECT = Bilingual(
    "Revisa tu nombre, tu fecha de nacimiento y tu CURP en gob.mx/curp. Si algo está mal ahí, pide"
    " que lo corrijan; si te equivocaste aquí, pide la inscripción otra vez con los datos buenos.",
    "Check your name, date of birth and CURP at gob.mx/curp. If something is wrong there, ask for"
    " it to be corrected; if it was wrong here, ask for the enrollment again with the right"
    " details.",
)
_CHECK_NUMBER = Bilingual(
    "Revisa el número letra por letra y pide la inscripción otra vez.",
    "Check the number letter by letter and ask for the enrollment again.",
)
_ASK_AGENCY = Bilingual(
    "Solo la dependencia puede cambiar lo que tiene. Llámala, o pide ayuda en tu consulado.",
    "Only the agency can change what it has. Call it, or ask your consulate for help.",
)
_AGAIN = Bilingual(
    "Puedes pedirla otra vez cuando quieras, con los datos que ya nos diste.",
    "You can ask for it again whenever you like, with the details that you already gave us.",
)
# Reason -> what to do next. The agencies' reasons are those of their tables of codes.
NEXT_STEPS: Mapping[str, Bilingual] = {
    "data_mismatch": _CORRECT,
    "curp_not_found": _CORRECT,
    "curp_invalid": _CHECK_NUMBER,
    "nss_invalid": _CHECK_NUMBER,
    "nss_mismatch": _CHECK_NUMBER,
    "data_invalid": Bilingual(
        "Revisa lo que escribiste y pide la inscripción otra vez.",
        "Check what you wrote and ask for the enrollment again.",
    ),
    "already_registered": Bilingual(
        "No tienes que inscribirte otra vez. Pide tu constancia a la dependencia, o ayuda en tu"
        " consulado.",
        "You don't have to enroll again. Ask the agency for your certificate, or your consulate for"
        " help.",
    ),
    "under_age": Bilingual(
        "Puedes pedirla cuando cumplas la edad. Si crees que es un error, revisa tu fecha de"
        " nacimiento.",
        "You can ask for it once you are old enough. If you think this is a mistake, check your"
        " date of birth.",
    ),
    "missed_appointment": _AGAIN,
    "not_paid": Bilingual(
        "Pide la inscripción otra vez: te damos otra línea de captura. Si ya pagaste, guarda tu"
        " comprobante y llama a la dependencia.",
        "Ask for the enrollment again: you get a new payment reference. If you have paid, keep your"
        " receipt and call the agency.",
    ),
    "not_insured": Bilingual(
        "Pide primero tu inscripción en el IMSS; cuando esté activa, pide esta otra vez.",
        "Ask for your enrollment in IMSS first; once it is active, ask for this one again.",
    ),
    "pre_existing_illness": _ASK_AGENCY,
    NO_ANSWER_IN_TERM: Bilingual(
        "Puedes pedirla otra vez, o reclamar que no te respondieron. Si la dependencia responde"
        " después, te lo mostramos aquí.",
        "You can ask for it again, or object that nobody answered. If the agency answers later, you"
        " will see it here.",
    ),
    NOT_ANSWERED: _AGAIN,
    COVER_LAPSED: _AGAIN,
    PAYMENT_LAPSED: Bilingual(
        "La línea de captura ya no sirve: no pagues con ella. Si ya pagaste, guarda tu comprobante"
        " y espera, puede tardar unos días en verse aquí. Si no pagaste, retira esta solicitud y"
        " pídela otra vez: te damos otra línea de captura.",
        "The payment reference no longer works: don't pay with it. If you have paid, keep your"
        " receipt and wait, it may take a few days to show here. If you haven't, withdraw this"
        " request and ask for it again: you get a new payment reference.",
    ),
    "other": _ASK_AGENCY,
}
# Not decisions on the person: the request wasn't taken in, or what was given has run out.
_WITHOUT_APPEAL = frozenset({"curp_invalid", "data_invalid", "nss_invalid", COVER_LAPSED})


def find_remedy(program: Program, status: Status, reason: str | None) -> Remedy | None:
    """What can be done about how it ended, or about a payment whose last day has passed; None where
    it didn't end with a no."""
    if reason == PAYMENT_LAPSED:
        return Remedy(NEXT_STEPS[reason], None)
    if status not in OVER - {Status.WITHDRAWN} or reason == IDENTITY_CHECKED:
        return None
    appeal = None if reason in _WITHOUT_APPEAL else program.appeal
    return Remedy(NEXT_STEPS.get(reason or "other", _ASK_AGENCY), appeal)
