"""Words of counts of the vote abroad."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.voting.rules import Metric, Mode, Status

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
    "no_in_person_voting": ErrorMessage(
        _("En esa oficina no se vota en persona"), _("Elige otra modalidad o revisa la oficina.")
    ),
    "more_votes_than_registered": ErrorMessage(
        _("Son más votos que personas registradas"),
        _("Son más votos que personas en la lista. Revisa la cifra."),
    ),
    "modes_differ_from_total": ErrorMessage(
        _("Las modalidades no suman el total"),
        _("Las modalidades no suman el total. Revisa la cifra."),
    ),
    "zero_after_hundreds": ErrorMessage(
        _("Un cero llama la atención"),
        _("Antes hubo cientos en esta oficina y ahora cero. Explica por qué en la nota."),
    ),
    "same_as_another_office": ErrorMessage(
        _("La cifra es igual a la de otra oficina"),
        _("La cifra es igual a la de otra oficina. Si es correcta, explícalo en la nota."),
    ),
    "same_as_last_election": ErrorMessage(
        _("La cifra es igual a la de la elección anterior"),
        _("La cifra es igual a la de la elección anterior. Si es correcta, explícalo en la nota."),
    ),
    "self_approval": ErrorMessage(
        _("Otra persona debe aprobarlo"), _("Quien captura un dato no puede aprobarlo.")
    ),
}
