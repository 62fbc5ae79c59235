"""Words of processes and of jobs that were given up."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _
from services.operations.rules import Decision, Liveness, Process

PROCESSES: Mapping[str, str] = {
    Process.RELAY: _("Reparto de tareas (relay)"),
    Process.WORKER: _("Trabajo con dependencias (worker)"),
    Process.SCHEDULE: _("Tareas periódicas (schedule)"),
    Process.BOOKS: _("Comparación de los libros (books)"),
}
LIVENESS: Mapping[str, str] = {
    Liveness.ALIVE: _("Trabaja"),
    Liveness.STARTING: _("Está arrancando"),
    Liveness.DEAD: _("No da señales de vida"),
}
DECISIONS: Mapping[str, str] = {
    Decision.RELEASED: _("Se intentó otra vez"),
    Decision.ENDED: _("Se dejó sin hacer"),
}
# What work waits for (`rules.area_of` its topic).
AREAS: Mapping[str, str] = {
    "alerts": _("Alertas e informes"),
    "appointments": _("Citas"),
    "callback": _("Avisos que llegaron de dependencias y proveedores"),
    "citizens": _("Códigos de acceso"),
    "collection": _("Documentos por recoger"),
    "disputes": _("Reclamaciones de envíos"),
    "enrollments": _("Inscripciones"),
    "facts": _("Sumas de los indicadores"),
    "housekeeping": _("Limpieza de datos vencidos"),
    "identity": _("Correcciones de identidad"),
    "incidents": _("Casos por atender"),
    "ledger": _("Libros de los envíos"),
    "messages": _("Mensajes por otro medio"),
    "open_data": _("Datos abiertos"),
    "places": _("Sucursales donde se cobra"),
    "privacy": _("Datos por suprimir"),
    "published": _("Cifras que otros publican"),
    "rates": _("Tipo de cambio"),
    "remittances": _("Envíos"),
}
UNKNOWN: Mapping[str, str] = {
    "enrollment": _("Inscripción"),
    "remittance": _("Envío"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "job_already_decided": ErrorMessage(
        _("Otra persona ya decidió"),
        _("Alguna de esas tareas ya se atendió. Ninguna cambió: vuelve a elegir en la lista."),
    ),
}
MESSAGES: Mapping[str, Message] = {
    "process_dead": Message(
        _("Guardia: dejó de trabajar %(process)s"),
        _(
            "Ningún proceso «%(process)s» da señales de vida. Lo que le toca no se pierde,"
            " pero no avanza. Arráncalo y mira: %(address)s"
        ),
    ),
}
