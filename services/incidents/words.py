"""Words of incidents."""

from __future__ import annotations

from collections.abc import Mapping

from services.incidents.rules import Kind, Resolution, Step
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

KINDS: Mapping[str, str] = {
    Kind.PAID_AFTER_REFUND: _("Pagado después de devolverse"),
    Kind.REFUSED_AFTER_PAID: _("Rechazado después de pagarse"),
    Kind.AMOUNT_DIFFERS: _("Otro monto o moneda que lo ordenado"),
    Kind.KEY_REUSED: _("Folio usado para otra orden"),
    Kind.CANCEL_REFUSED: _("Cancelación rechazada"),
    Kind.ANSWER_OVERDUE: _("Respuesta vencida"),
    Kind.AGENCY_SILENT: _("Sin respuesta desde hace una hora"),
    Kind.JOB_RETRYING: _("Tarea que no sale desde hace una hora"),
    Kind.JOB_PARKED: _("Tarea abandonada"),
    Kind.CALLBACK_UNMATCHED: _("Aviso de un folio desconocido"),
    Kind.FIELD_UNUSABLE: _("Dato que no se puede usar"),
    Kind.WITHDRAWN_AT_AGENCY: _("Solicitud retirada que la dependencia ya tiene"),
    Kind.PROCESS_DEAD: _("Un proceso dejó de trabajar"),
    Kind.AGENCY_UNAVAILABLE: _("Dependencia que no contesta"),
    Kind.TERM_ENDING: _("Plazo de la dependencia por vencer"),
    Kind.ASKED_TWICE: _("La dependencia pide datos por segunda vez"),
    Kind.GIVEN_AFTER_END: _("Respuesta después de que venció el plazo"),
    Kind.RESULTS_CONTRADICT: _("Archivo de resultados que no cuadra"),
    Kind.SUMS_DIFFER: _("Sumas de indicadores que no cuadran"),
    Kind.BOOKS_DIFFER: _("Libros de los envíos que no cuadran"),
    Kind.FUNDING_RETURNED: _("El banco del remitente retiró el pago"),
    Kind.FUNDING_CONTRADICTS: _("Pago que no cuadra con el envío"),
    Kind.REFUND_DUE: _("Devolución por vencer"),
    Kind.NAME_LISTED: _("Nombre en una lista, con la orden ya enviada"),
    Kind.DISPUTE_OVERDUE: _("Reclamación sin respuesta en su plazo"),
    Kind.REMEDY_DUE: _("Devolución por un error, por vencer"),
}
# What each means, and what to do about it.
MEANINGS: Mapping[str, str] = {
    Kind.PAID_AFTER_REFUND: _(
        "La dependencia dice que pagó un envío que ya se devolvió al remitente. Los pesos"
        " están en suspenso. Pide a la dependencia que los recupere; si no puede, la casa"
        " asume la pérdida."
    ),
    Kind.REFUSED_AFTER_PAID: _(
        "La dependencia dice que no entregó un envío que ya constaba como pagado. Los pesos"
        " están en suspenso y se le deben al remitente. Aclara con la dependencia cuál de"
        " las dos cosas ocurrió."
    ),
    Kind.AMOUNT_DIFFERS: _(
        "La dependencia tiene otro monto u otra moneda que la que ordenamos. Si dice que ya pagó,"
        " la diferencia está en suspenso y el envío no consta como pagado hasta que cierres el"
        " caso. Pide que lo corrija."
    ),
    Kind.KEY_REUSED: _(
        "La dependencia tiene otra orden con nuestro folio. Seguimos preguntando; compara"
        " ambas órdenes con ella."
    ),
    Kind.CANCEL_REFUSED: _(
        "La dependencia no aceptó cancelar. Seguimos preguntando qué pasó con el envío;"
        " pide que lo detenga por otro medio."
    ),
    Kind.ANSWER_OVERDUE: _(
        "Pasó el plazo que prometimos y no hay respuesta final. Pregunta a la dependencia"
        " por el folio."
    ),
    Kind.AGENCY_SILENT: _(
        "Desde hace más de una hora la dependencia no dice nada que sirva de este envío."
        " Revisa si su servicio funciona."
    ),
    Kind.JOB_RETRYING: _(
        "Se intenta una y otra vez sin lograrlo. Revisa en los registros por qué falla."
    ),
    Kind.JOB_PARKED: _(
        "Se dejó de intentar después de muchos fallos. Alguien debe hacerlo a mano o"
        " corregir la causa."
    ),
    Kind.CALLBACK_UNMATCHED: _(
        "Una dependencia avisó de un folio que no es nuestro, o de un número suyo con el que no se"
        " encontró ningún envío. Pregúntale por ese mensaje."
    ),
    Kind.FIELD_UNUSABLE: _(
        "Un dato opcional de sus respuestas no se puede usar y se descarta. Avisa a la"
        " dependencia; nada se detiene por eso."
    ),
    Kind.WITHDRAWN_AT_AGENCY: _(
        "Otra persona demostró en una ventanilla que la solicitud usaba su nombre. Aquí ya"
        " se retiró, pero la dependencia la tiene. Pídele que la anule o que la deje a"
        " nombre de quien es."
    ),
    Kind.PROCESS_DEAD: _(
        "Ningún proceso de este tipo da señales de vida. Lo que le toca no se pierde, pero no"
        " avanza: vuelve a arrancarlo y revisa sus registros."
    ),
    Kind.AGENCY_UNAVAILABLE: _(
        "Sus llamadas fallan desde hace rato y casi no se le llama. Lo pendiente espera y sale en"
        " cuanto conteste. Pregunta a la dependencia qué pasa; si va para largo, páusala."
    ),
    Kind.TERM_ENDING: _(
        "La dependencia aún no resuelve una solicitud y su plazo termina pronto. Si no dice"
        " nada, la ley lo toma como un no y la solicitud se cierra. Pide que responda."
    ),
    Kind.ASKED_TWICE: _(
        "La dependencia pide otra vez datos de una solicitud que ya se contestó. La ley le"
        " permite pedirlos una sola vez. Aclara con ella qué falta; la solicitud sigue en"
        " revisión."
    ),
    Kind.GIVEN_AFTER_END: _(
        "La dependencia resolvió una solicitud que aquí ya se había cerrado porque venció un"
        " plazo. Lo que dio se guarda para la persona. Aclara con la dependencia cuál vale y"
        " avisa a la persona."
    ),
    Kind.RESULTS_CONTRADICT: _(
        "Un archivo de resultados dice dos cosas de la misma solicitud, o trae una que no"
        " enviamos. No contamos esas filas y preguntamos folio por folio. Avisa a la dependencia."
    ),
    Kind.BOOKS_DIFFER: _(
        "Alguien cambió el libro de los envíos por fuera, o un saldo no es la suma de sus"
        " movimientos. No se ordenan pagos mientras el caso siga abierto; lo demás funciona."
        " Averigua quién cambió esas filas; `consular books check` las nombra todas."
    ),
    Kind.FUNDING_RETURNED: _(
        "El banco del remitente retiró lo que pagó, y el envío ya se había entregado o devuelto. La"
        " pérdida está en su cuenta. Averigua con el proveedor de pagos si se puede recuperar."
    ),
    Kind.FUNDING_CONTRADICTS: _(
        "El proveedor de pagos dice algo que no puede ser: otro monto, un pago de un envío que ya"
        " terminó, o que no hubo un pago que ya constaba. Nada se movió por eso. Acláralo con él."
    ),
    Kind.REFUND_DUE: _(
        "Mañana vence el plazo de la ley para devolver el dinero de este envío. Pregunta al"
        " proveedor de pagos por el folio."
    ),
    Kind.NAME_LISTED: _(
        "Un nombre de este envío coincide con una lista, y la orden ya está en Finabien. Decide en"
        " la revisión de nombres si sigue o se detiene."
    ),
    Kind.DISPUTE_OVERDUE: _(
        "Pasaron los días que da la ley para investigar una reclamación y nadie la ha decidido."
        " Decídela hoy en Tesorería, con su folio, y avisa a quien la espera."
    ),
    Kind.REMEDY_DUE: _(
        "Hoy vence el plazo de la ley para devolver lo que se debe por un error, y el proveedor de"
        " pagos no ha dicho que lo devolvió. Pregúntale por el folio de la reclamación."
    ),
    Kind.SUMS_DIFFER: _(
        "Las sumas guardadas de los indicadores no son las del recuento. Ya no se usan: los"
        " indicadores se cuentan hecho por hecho, exactos pero más lentos. Averigua quién cambió"
        " la base de datos; `consular recount --rebuild` las hace de nuevo."
    ),
}
RESOLUTIONS: Mapping[str, str] = {
    Resolution.EXPLAINED: _("Aclarado"),
    Resolution.CORRECTED: _("Corregido por la dependencia"),
    Resolution.WRITTEN_OFF: _("Pérdida asumida"),
    Resolution.RECOVERED: _("Se resolvió solo"),
}
STEPS: Mapping[str, str] = {
    Step.OPENED: _("Se abrió"),
    Step.TAKEN: _("Alguien lo atiende"),
    Step.NOTED: _("Nota"),
    Step.RESOLVED: _("Se cerró"),
    Step.CLEARED: _("El suspenso quedó en cero"),
}
# What an entry of an incident's detail is called.
FACTS: Mapping[str, str] = {
    "topic": _("Tarea"),
    "ref": _("Sobre qué"),
    "attempts": _("Intentos"),
    "agency": _("Dependencia"),
    "field": _("Dato"),
    "folio": _("Folio"),
    "reference": _("Número de la dependencia"),
    "message": _("Mensaje de la dependencia"),
    "operation": _("Operación"),
    "code": _("Código"),
    "batch": _("Lote"),
    "folios": _("Folios"),
    "answer": _("Qué dijo la dependencia"),
    "amount": _("Monto según la dependencia"),
    "currency": _("Moneda según la dependencia"),
    "reason_code": _("Motivo"),
    "status": _("Estado cuando se abrió"),
    "program": _("Programa"),
    "process": _("Proceso"),
    "until": _("Último día"),
    "sums": _("Sumas"),
    "cells": _("Cifras distintas"),
    "rows": _("Filas que no se pudieron leer"),
    "readable": _("Filas que sí"),
    "first": _("La primera: guardada y recontada"),
}

MESSAGES: Mapping[str, Message] = {
    "incident_urgent": Message(
        _("Guardia: %(what)s"), _("%(meaning)s Caso abierto desde el %(since)s: %(address)s")
    ),
}
ERRORS: Mapping[str, ErrorMessage] = {
    "incident_resolved": ErrorMessage(
        _("Ese caso ya se cerró"), _("Vuelve a la lista: ahí ves cómo terminó y quién lo cerró.")
    ),
    "incident_taken": ErrorMessage(
        _("Otra persona atiende ese caso"), _("Puedes anotar lo que sepas, o elegir otro caso.")
    ),
    "resolution_not_offered": ErrorMessage(
        _("Ese caso no puede terminar así"), _("Elige una de las opciones que muestra el caso.")
    ),
}
