"""Words of rules that watch figures, of reports by schedule, and of what they tell."""

from __future__ import annotations

from collections.abc import Mapping

from services.alerts.rules import Condition, Covers, Every, Level, Span, State
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

LEVELS: Mapping[str, str] = {
    Level.OPEN: _("Inscripciones abiertas"),
    Level.LATE: _("Inscripciones fuera de plazo"),
    Level.UNCONFIRMED: _("Inscripciones sin saber si llegaron"),
    Level.WAITING: _("Personas que esperan en la oficina"),
}
SPANS: Mapping[str, str] = {
    Span.DAY: _("El último día completo"),
    Span.WEEK: _("La última semana completa, de lunes a domingo"),
    Span.MONTH: _("El último mes completo"),
    Span.NOW: _("Cómo está ahora"),
}
CONDITIONS: Mapping[str, str] = {
    Condition.ABOVE: _("Pasa de un número"),
    Condition.BELOW: _("Baja de un número"),
    Condition.CHANGED: _("Cambia más de un porcentaje respecto al periodo anterior"),
    Condition.CHANGED_FROM_YEAR: _("Cambia más de un porcentaje respecto al año anterior"),
    Condition.BELOW_TARGET: _("Va por debajo de la meta"),
}
# The same with its number, as a rule is listed.
CONDITIONS_SAID: Mapping[str, str] = {
    Condition.ABOVE: _("Más de %(limit)s"),
    Condition.BELOW: _("Menos de %(limit)s"),
    Condition.CHANGED: _("Cambia más de %(limit)s %% respecto al periodo anterior"),
    Condition.CHANGED_FROM_YEAR: _("Cambia más de %(limit)s %% respecto al año anterior"),
    Condition.BELOW_TARGET: _("Por debajo de la meta"),
}
STATES: Mapping[str, str] = {
    State.RAISED: _("Avisó"),
    State.CLEARED: _("Volvió a lo normal"),
}

FIGURE = _("%(about)s, %(days)s: %(value)s %(unit)s.")
NOW = _("ahora")
DAY = _("el %(day)s")
DAYS = _("del %(first)s al %(last)s")
NO_TARGET = _("No hay meta para ese periodo: la regla no puede decir nada.")
NOTHING_BEFORE = _("Antes no hubo nada con qué comparar.")
# Of a condition that holds, and of one that doesn't.
VERDICTS: Mapping[tuple[str, bool], str] = {
    (Condition.ABOVE, True): _("Pasa del límite de %(against)s."),
    (Condition.ABOVE, False): _("No pasa del límite de %(against)s."),
    (Condition.BELOW, True): _("Está por debajo del mínimo de %(against)s."),
    (Condition.BELOW, False): _("No baja del mínimo de %(against)s."),
    (Condition.CHANGED, True): _(
        "En el periodo anterior fueron %(against)s: cambió %(change)s, más de %(limit)s %%."
    ),
    (Condition.CHANGED, False): _(
        "En el periodo anterior fueron %(against)s: cambió %(change)s, no más de %(limit)s %%."
    ),
    (Condition.CHANGED_FROM_YEAR, True): _(
        "El año anterior fueron %(against)s: cambió %(change)s, más de %(limit)s %%."
    ),
    (Condition.CHANGED_FROM_YEAR, False): _(
        "El año anterior fueron %(against)s: cambió %(change)s, no más de %(limit)s %%."
    ),
    (Condition.BELOW_TARGET, True): _(
        "Va por debajo de la meta: a esta fecha corresponden %(against)s."
    ),
    (Condition.BELOW_TARGET, False): _(
        "No va por debajo de la meta: a esta fecha corresponden %(against)s."
    ),
}

COVERS: Mapping[str, str] = {
    Covers.DAY: _("El último día completo"),
    Covers.WEEK: _("La última semana completa, de lunes a domingo"),
    Covers.MONTH: _("El último mes completo"),
    Covers.YEAR: _("Lo que va del año, hasta ayer"),
}
EVERY: Mapping[str, str] = {
    Every.DAY: _("Cada día"),
    Every.WEEK: _("Cada lunes"),
    Every.MONTH: _("El primer día de cada mes"),
}
# Of which election a stock of voters is.
ELECTION = _("Elección %(year)s")
LINE = _("%(name)s: %(value)s")
LINE_COMPARED = _("%(name)s: %(value)s (antes %(before)s, %(change)s)")
MORE = _("… Renglones que faltan aquí y están en la página: %(count)s")
NOTHING = _("No hubo nada que contar.")
# An agreement of a session, by its day.
AGREEMENT_SOON = _("- Vence el %(day)s: %(agreed)s (%(responsible)s; sesión %(session)s)")
AGREEMENT_OVERDUE = _("- Venció el %(day)s: %(agreed)s (%(responsible)s; sesión %(session)s)")

MESSAGES: Mapping[str, Message] = {
    "figures_report": Message(
        _("Reporte: %(about)s, %(days)s"),
        _(
            "%(total)s\n\n%(lines)s\n\nDías: %(days)s, los de cada oficina. Entre paréntesis, los"
            " mismos días de antes.\nCorte: %(cutoff)s.\n\nEn la página: %(page)s\n"
            "Completo, en Excel: %(xlsx)s\nEn CSV: %(csv)s\nRenglones del archivo: %(rows)s\n\n"
            "Para dejar de recibirlo: %(stop)s"
        ),
    ),
    "agreements_due": Message(
        _("Acuerdos de la Comisión por vencer o vencidos"),
        _("%(lines)s\n\nDecir cómo van, o darles otra fecha: %(address)s"),
    ),
    "alert_raised": Message(
        _("Alerta: %(about)s"),
        _(
            "%(said)s\n\nCorte: %(cutoff)s.\nPor qué se vigila: %(why)s\n\n"
            "La cifra: %(address)s\n"
            "La regla, lo que ha avisado y cómo dejar de recibirla: %(rule)s"
        ),
    ),
    "alert_cleared": Message(
        _("Volvió a lo normal: %(about)s"),
        _(
            "Ya no se cumple lo que se vigila.\n\n%(said)s\n\nCorte: %(cutoff)s.\n"
            "Por qué se vigila: %(why)s\n\nLa cifra: %(address)s\n"
            "La regla, lo que ha avisado y cómo dejar de recibirla: %(rule)s"
        ),
    ),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "alert_unknown_indicator": ErrorMessage(
        _("No conocemos ese indicador"), _("Elige uno de la lista.")
    ),
    "alert_unknown_status": ErrorMessage(
        _("Ese indicador no tiene ese estado"), _("Elige uno de los estados de ese indicador.")
    ),
    "alert_unknown_country": ErrorMessage(
        _("No hay oficinas en ese país"), _("Elige uno de la lista.")
    ),
    "alert_unknown_program": ErrorMessage(
        _("No conocemos ese programa o trámite"), _("Elige uno de la lista.")
    ),
    "alert_needs_days": ErrorMessage(
        _("Falta el periodo"),
        _("Para comparar con antes elige el último día, semana o mes, no cómo está ahora."),
    ),
    "alert_needs_limit": ErrorMessage(
        _("Falta el número"), _("Escribe a partir de qué número o porcentaje hay que avisar.")
    ),
    "alert_only_now": ErrorMessage(
        _("Esa cifra es de ahora"), _("De plazos y filas solo se sabe cómo están ahora.")
    ),
    "alert_only_numbers": ErrorMessage(
        _("Esa cifra se compara con un número"),
        _("Elige «Pasa de un número» o «Baja de un número»."),
    ),
    "alert_not_split": ErrorMessage(
        _("Esa cifra no se desglosa así"),
        _("Plazos y filas se desglosan por oficina; las inscripciones, también por programa."),
    ),
    "alert_target_span": ErrorMessage(
        _("La meta es mensual o anual"),
        _("Elige el último mes completo, o cómo está ahora para la meta del año."),
    ),
    "alert_target_whole": ErrorMessage(
        _("La meta es de toda la red o de una oficina"),
        _("Para compararla no elijas país ni estado; la oficina y el programa sí se pueden."),
    ),
    "alert_target_offices": ErrorMessage(
        _("Esta cifra no tiene metas por oficina"),
        _("Lo que cuenta no es de una oficina: elige la meta de toda la red."),
    ),
    "alert_own_levels": ErrorMessage(
        _("Vigila los plazos y filas de tu oficina"),
        _("Las demás cifras las vigila quien las analiza para toda la red."),
    ),
    "reader_unknown": ErrorMessage(
        _("No encontramos a quién avisar"),
        _(
            "Escribe el correo de alguien del personal que pueda ver estas cifras. No lo"
            " encontramos así: %(addresses)s"
        ),
    ),
}
