"""Questions before booking a service: whether one can, and what has to come first.

From what services.csv and requirements.csv say of who can ask and what is needed. A service without
questions of its own is for anybody. To add some: here, in the order in which they are asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.questionnaires import Bilingual, Question

_PROOF = Question(
    Bilingual(
        "¿Tienes un documento que pruebe que eres mexicana o mexicano?",
        "Do you have a document that proves that you are Mexican?",
    ),
    advised_on=False,
    advice=Bilingual(
        "Necesitas uno. Si tu nacimiento se registró en México, pide aquí tu acta. Si naciste en"
        " otro país y tu papá o tu mamá es de México, primero registra tu nacimiento.",
        "You need one. If your birth was registered in Mexico, ask for your certificate here. If"
        " you were born in another country and a parent is Mexican, register your birth first.",
    ),
    hint=Bilingual(
        "Acta de nacimiento, pasaporte anterior, matrícula o carta de naturalización.",
        "Birth certificate, earlier passport, consular ID or naturalization papers.",
    ),
    services=("ACT", "RCN"),
)
_IDENTIFICATION = Question(
    Bilingual("¿Tienes una identificación oficial con foto?", "Do you have an official photo ID?"),
    advised_on=False,
    advice=Bilingual(
        "La piden, de México o del país donde vives. Si no tienes ninguna, pregunta antes en tu"
        " consulado: el área de Protección te ayuda.",
        "It is required, from Mexico or the country you live in. If you have none, ask your"
        " consulate first: its Protection area helps you.",
    ),
    ends=False,
)
_MINOR = Question(
    Bilingual("¿Es para alguien menor de 18 años?", "Is it for somebody under 18?"),
    advised_on=True,
    advice=Bilingual(
        "Van la niña, el niño o adolescente y sus dos padres. Si falta uno, antes tiene que dar su"
        " permiso OP-7: vale 90 días.",
        "The child and both parents come. If one is absent, that parent has to give the OP-7"
        " consent first: it is good for 90 days.",
    ),
    ends=False,
    services=("OP7",),
)
_GROWN_UP = Question(
    Bilingual("¿Tienes 18 años o más?", "Are you 18 or older?"),
    advised_on=False,
    advice=Bilingual(
        "El de 10 años es para mayores de edad. Para menores hay de 3 y de 6 años.",
        "The 10-year one is for adults. For minors there are those of 3 and 6 years.",
    ),
    services=("PAS3", "PAS6"),
)
_INFANT = Question(
    Bilingual(
        "¿Es para alguien menor de 3 años, o por un caso de protección?",
        "Is it for somebody under 3, or in a protection case?",
    ),
    advised_on=False,
    advice=Bilingual(
        "El de 1 año es solo para esos casos. Los demás piden el de 3, 6 o 10 años.",
        "The 1-year one is only for those cases. Everybody else asks for 3, 6 or 10 years.",
    ),
    services=("PAS3", "PAS6", "PAS10"),
)
_VOTER = Question(
    Bilingual(
        "¿Tienes 18 años, o los cumples antes de la próxima elección?",
        "Are you 18, or will you be before the next election?",
    ),
    advised_on=False,
    advice=Bilingual(
        "La credencial para votar es desde los 18 años, o desde los 17 si los cumples antes de la"
        " elección.",
        "The voter card is for people of 18, or of 17 who turn 18 before the election.",
    ),
)
_LETTER_BOX = Question(
    Bilingual(
        "¿Tienes un comprobante de domicilio del lugar donde vives?",
        "Do you have proof of address for where you live?",
    ),
    advised_on=False,
    advice=Bilingual(
        "Lo piden: ahí llega la credencial. Sirve un recibo reciente.",
        "It is required: the card is sent there. A recent bill will do.",
    ),
    ends=False,
)
_PARENT = Question(
    Bilingual("¿El papá o la mamá es de México?", "Is a parent Mexican?"),
    advised_on=False,
    advice=Bilingual(
        "Para este registro uno de los dos tiene que ser de México y probarlo.",
        "For this registration one of them has to be Mexican and prove it.",
    ),
)
_REGISTERED = Question(
    Bilingual(
        "¿Ya está registrada en México o en otro consulado?",
        "Is the person already registered in Mexico or at another consulate?",
    ),
    advised_on=True,
    advice=Bilingual(
        "Entonces no se registra otra vez: pide una copia certificada de su acta.",
        "Then it isn't registered again: ask for a certified copy of the certificate.",
    ),
    services=("ACT",),
)
_WITNESSES = Question(
    Bilingual(
        "¿Pueden venir los padres y dos testigos?", "Can both parents and two witnesses come?"
    ),
    advised_on=False,
    advice=Bilingual(
        "Vienen la persona que se registra, ambos padres y dos testigos. Si alguien no puede,"
        " pregunta antes en tu consulado.",
        "The person to be registered, both parents and two witnesses come. If somebody can't, ask"
        " your consulate first.",
    ),
    ends=False,
)
QUESTIONS: Mapping[str, tuple[Question, ...]] = {
    "PAS1": (_INFANT, _PROOF, _MINOR),
    "PAS3": (_PROOF, _IDENTIFICATION, _MINOR),
    "PAS6": (_PROOF, _IDENTIFICATION, _MINOR),
    "PAS10": (_GROWN_UP, _PROOF, _IDENTIFICATION),
    "MAT": (_PROOF, _IDENTIFICATION, _LETTER_BOX, _MINOR),
    "INE": (_VOTER, _PROOF, _IDENTIFICATION, _LETTER_BOX),
    "RCN": (_PARENT, _REGISTERED, _WITNESSES),
    "POF": (_PROOF, _IDENTIFICATION),
}
