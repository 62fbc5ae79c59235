"""Words of counts of the vote abroad."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.voting.rules import Metric, Mode, Odd, Status

STATUSES: Mapping[str, str] = {
    Status.PUBLISHED: _("Publicado"),
    Status.REPORTED: _("Por aprobar"),
    Status.APPROVED: _("Aprobado"),
    Status.SUPERSEDED: _("Sustituido"),
    Status.REJECTED: _("Rechazado"),
}
# Over a number of them.
COUNTED: Mapping[str, str] = {
    Status.PUBLISHED: _("Publicados"),
    Status.REPORTED: _("Por aprobar"),
    Status.APPROVED: _("Aprobados"),
    Status.SUPERSEDED: _("Sustituidos"),
    Status.REJECTED: _("Rechazados"),
}
METRICS: Mapping[str, str] = {
    Metric.VOTES: _("Votos"),
    Metric.VOTE_ENVELOPES: _("Sobres con voto"),
    Metric.LATE_VOTES: _("Votos que llegaron tarde"),
    Metric.REGISTERED: _("Personas registradas"),
    Metric.REGISTRATION_REQUESTS: _("Solicitudes de registro"),
    Metric.CREDENTIALS_REQUESTED: _("Credenciales para votar solicitadas"),
    Metric.CREDENTIALS_ISSUED: _("Credenciales para votar expedidas"),
    Metric.CREDENTIALS_DELIVERED: _("Credenciales para votar entregadas"),
    Metric.CREDENTIALS_ACTIVATED: _("Credenciales para votar activadas"),
}
# What others published, besides what an office counts.
PUBLISHED: Mapping[str, str] = {
    **METRICS,
    "lnere": _("Lista nominal en el extranjero"),
    "votes_share": _("Parte de los votos"),
    "votes_local_deputies_MEX": _("Votos para diputaciones locales del Estado de México"),
    "countries_with_votes": _("Países con votos"),
    "registration_accepted": _("Solicitudes de registro aceptadas"),
    "registration_accepted_on_review": _("Solicitudes de registro aceptadas tras revisarlas"),
    "registration_rejected": _("Solicitudes de registro rechazadas"),
    "registration_in_review": _("Solicitudes de registro en revisión"),
    "registration_requests_share": _("Parte de las solicitudes de registro"),
    "credentials_issued_abroad_cumulative": _("Credenciales expedidas en el extranjero"),
    "turnout": _("Participación"),
    "voter_card_requests_received": _("Solicitudes de credencial recibidas"),
    "credentials_printed": _("Credenciales impresas"),
    "credentials_produced": _("Credenciales producidas"),
    "credentialed_abroad": _("Personas con credencial tramitada en el extranjero"),
    "voter_card_procedures": _("Trámites de credencial"),
    "voter_card_procedures_month": _("Trámites de credencial en el mes"),
    "voter_card_procedures_cumulative": _("Trámites de credencial acumulados"),
    "credentials_produced_month": _("Credenciales producidas en el mes"),
    "credentials_delivered_month": _("Credenciales entregadas en el mes"),
    "padron_abroad": _("Padrón en el extranjero"),
    "lista_nominal_abroad": _("Lista nominal"),
}
# Their notes, which the file has in English.
NOTES: Mapping[str, str] = {
    "the paper gives 71.3; 184,326 of 223,961 is 82.3: the bases differ, do not recompute": _(
        "Así lo publicó el diario: su base no es la lista nominal de arriba"
    ),
    "preliminary 2024-06-02": _("Preliminar, del día de la elección"),
    "preliminary, received to 2024-05-31": _("Preliminar, de antes del día de la elección"),
    "final list": _("Lista definitiva"),
    "final list, 144 countries": _("Lista definitiva, de todos los países"),
    "SRVE at close 2024-02-25": _("Del sistema de registro, al cierre"),
    "INE+SRE count reported in April 2024": _("Cuenta del INE y la SRE, publicada después"),
    "cumulative since 2016-02-08": _("Acumuladas desde que empezó el trámite en el extranjero"),
    "cumulative": _("Acumuladas"),
    '"more than", in 150 consulates': _("«Más de», según la publicación"),
    "about, four years": _("Aproximada, desde que empezó el trámite"),
    "10,232 men + 9,661 women": _("Hombres y mujeres"),
    "delivered may exceed produced: earlier months": _(
        "Puede ser más que lo producido: vienen de meses anteriores"
    ),
}
# What was odd about a number, to whoever reads its explanation.
WARNINGS: Mapping[str, str] = {
    Odd.ZERO_AFTER_HUNDREDS: _(
        "Antes hubo cientos en esta oficina, o en su país si no tiene otra, y ahora cero."
    ),
    Odd.ZERO_OF_HUNDREDS_LISTED: _("En esta oficina hay cientos en la lista y ningún voto."),
    Odd.SAME_AS_ANOTHER_OFFICE: _("Es igual a la cifra de otra oficina."),
    Odd.SAME_AS_LAST_ELECTION: _(
        "Es igual a una cifra de la elección anterior: de la oficina, de su país o de todo el"
        " exterior."
    ),
    Odd.LOWER_THAN_BEFORE: _("Es menor que la de un día anterior, y solo puede crecer."),
    Odd.CORRECTION_DIFFERS: _("Con esta corrección las modalidades no suman el total."),
}
# Without one it is all of them.
MODES: Mapping[str, str] = {
    "": _("Todas las modalidades"),
    Mode.ELECTRONIC: _("Por internet"),
    Mode.POSTAL: _("Por correo"),
    Mode.IN_PERSON: _("En persona"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "figures_differ": ErrorMessage(
        _("Las cifras no coinciden"),
        _(
            "Se escribió %(typed)s y se reportó %(reported)s. Revisen la fuente:"
            " quien se equivocó corrige la suya y dice por qué."
        ),
    ),
    "already_reported": ErrorMessage(
        _("Ese conteo ya se reportó"),
        _("Espera a que otra persona lo apruebe o lo rechace. Si está mal, corrígelo."),
    ),
    "reason_required": ErrorMessage(_("Falta la razón"), _("Escribe por qué cambia la cifra.")),
    "election_unknown": ErrorMessage(
        _("No conocemos esa elección"), _("El voto desde el extranjero existe desde %(first)s.")
    ),
    "count_in_the_future": ErrorMessage(
        _("Ese día aún no llega"), _("Ese día aún no llega. Revísalo.")
    ),
    "day_far_from_election": ErrorMessage(
        _("Ese día no es de esa elección"),
        _("Un conteo es del año de la elección o del anterior. Revisa el día y la elección."),
    ),
    "day_after_deadline": ErrorMessage(
        _("Ese día ya había cerrado el plazo"),
        _(
            "Ese día ya había cerrado el plazo de la ley. Lo que llegó después se reporta aparte,"
            " como votos que llegaron tarde."
        ),
    ),
    "day_before_deadline": ErrorMessage(
        _("Ese día el plazo seguía abierto"),
        _("Ese día el plazo de la ley seguía abierto: lo que llegó no llegó tarde."),
    ),
    "no_in_person_voting": ErrorMessage(
        _("En esa oficina no se vota en persona"), _("Elige otra modalidad o revisa la oficina.")
    ),
    "counted_without_mode": ErrorMessage(
        _("Las credenciales no tienen modalidad"),
        _("Las credenciales se cuentan sin modalidad: elige todas."),
    ),
    "envelopes_only_by_post": ErrorMessage(
        _("Los sobres llegan por correo"), _("Los sobres llegan por correo: elige esa modalidad.")
    ),
    "more_votes_than_registered": ErrorMessage(
        _("Son más votos que personas registradas"),
        _("Son %(less)s y en la lista hay %(more)s personas. Revisa la cifra."),
    ),
    "more_votes_than_envelopes": ErrorMessage(
        _("Son más votos que sobres"),
        _("Son %(less)s votos por correo y llegaron %(more)s sobres. Revisa la cifra."),
    ),
    "more_issued_than_requested": ErrorMessage(
        _("Se expidieron más credenciales de las solicitadas"),
        _("Son %(less)s expedidas y %(more)s solicitadas. Revisa la cifra."),
    ),
    "more_delivered_than_issued": ErrorMessage(
        _("Se entregaron más credenciales de las expedidas"),
        _("Son %(less)s entregadas y %(more)s expedidas. Revisa la cifra."),
    ),
    "more_activated_than_delivered": ErrorMessage(
        _("Se activaron más credenciales de las entregadas"),
        _("Son %(less)s activadas y %(more)s entregadas. Revisa la cifra."),
    ),
    "modes_differ_from_total": ErrorMessage(
        _("Las modalidades no suman el total"),
        _("Las modalidades suman %(added)s y el total es %(total)s. Revisa la cifra."),
    ),
    "explanation_not_read": ErrorMessage(
        _("La cifra es la misma, y tiene algo que explicar"),
        _("La cifra es la misma. Lee qué llama la atención y decide si la explicación basta."),
    ),
    "zero_after_hundreds": ErrorMessage(
        _("Un cero llama la atención"),
        _("Antes hubo cientos en esta oficina y ahora cero. Explica por qué en la nota."),
        when={
            ("whose", "country"): _(
                "De %(country)s se publicaron cientos en la elección de %(election)s, no tiene otra"
                " oficina que esta, y ahora cero. Explica por qué en la nota."
            )
        },
    ),
    "zero_of_hundreds_registered": ErrorMessage(
        _("Un cero llama la atención"),
        _(
            "En esta oficina hay cientos de personas en la lista y ningún voto. Explica por qué en"
            " la nota."
        ),
    ),
    "same_as_another_office": ErrorMessage(
        _("La cifra es igual a la de otra oficina"),
        _("La cifra es igual a la de otra oficina. Si es correcta, explícalo en la nota."),
    ),
    "same_as_last_election": ErrorMessage(
        _("La cifra es igual a la de la elección anterior"),
        _(
            "La cifra es igual a la de esta oficina en la elección de %(election)s. Si es correcta,"
            " explícalo en la nota."
        ),
        when={
            ("whose", "country"): _(
                "La cifra es igual a la que se publicó de %(country)s en la elección de"
                " %(election)s. Si es correcta, explícalo en la nota."
            ),
            ("whose", "abroad"): _(
                "La cifra es igual a la que se publicó de todo el exterior en la elección de"
                " %(election)s. Si es correcta, explícalo en la nota."
            ),
        },
    ),
    "lower_than_before": ErrorMessage(
        _("La cifra bajó"),
        _(
            "Es menor que la de un día anterior, y solo puede crecer. Si es correcta, explícalo en"
            " la nota."
        ),
    ),
    "correction_differs_from_total": ErrorMessage(
        _("Con la corrección las modalidades no suman el total"),
        _(
            "Con esta corrección las modalidades ya no suman el total. Explica en la nota qué otra"
            " cifra vas a corregir."
        ),
    ),
    "self_approval": ErrorMessage(
        _("Otra persona debe aprobarlo"), _("Quien captura un dato no puede aprobarlo.")
    ),
}
