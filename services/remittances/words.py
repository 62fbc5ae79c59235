"""Words of transfers of money."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _
from services.remittances.credit import Identification
from services.remittances.rules import (
    DUES_OVER,
    FUNDING_RETURNED,
    NOT_APPROVED,
    RATE_OVER,
    TERM_OVER,
    CorrectionState,
    HolderMatch,
    Purpose,
    ReceiptKind,
    RemedyState,
    Status,
)

# Un envío, so that it is masculine.
STATUSES: Mapping[str, str] = {
    Status.REGISTERED: _("Falta tu pago"),
    Status.FUNDED: _("Pago recibido"),
    Status.SCREENING: _("Revisando nombres"),
    Status.HELD: _("En revisión"),
    Status.SUBMITTED: _("En camino"),
    Status.UNKNOWN: _("Por confirmar"),
    Status.AVAILABLE: _("Listo para cobrar"),
    Status.PAID: _("Entregado"),
    Status.CANCELLING: _("Cancelando"),
    Status.CANCELLED: _("Cancelado"),
    Status.REFUNDING: _("Devolviendo tu dinero"),
    Status.REFUNDED: _("Devuelto"),
    Status.FAILED: _("No se pudo enviar"),
    # Of the version before.
    Status.SENDING: _("Enviando a Finabien"),
    Status.ACCEPTED: _("En camino"),
}

IDENTIFICATIONS: Mapping[str, str] = {
    Identification.VOTER_CARD: _("Credencial para votar"),
    Identification.PASSPORT: _("Pasaporte"),
    Identification.PROFESSIONAL_LICENCE: _("Cédula profesional"),
    Identification.MILITARY_CARD: _("Cartilla militar"),
    Identification.CONSULAR_CARD: _("Matrícula consular"),
    Identification.OTHER: _("Otra identificación"),
}
# What happened, said to the sender.
STEPS: Mapping[str, str] = {
    Status.REGISTERED: _("Pediste este envío."),
    Status.SCREENING: _("Revisamos los nombres, como pide la ley."),
    Status.HELD: _("Una persona revisa un nombre. No tiene que ver con migración."),
    Status.SUBMITTED: _("Le pedimos a Finabien que lo entregue."),
    Status.REFUNDING: _("Pedimos que te devuelvan todo lo que pagaste."),
    Status.FUNDED: _("Recibimos tu pago."),
    Status.SENDING: _("Le pedimos a Finabien que lo entregue."),
    Status.UNKNOWN: _("Finabien aún no confirma. No envíes otra vez."),
    Status.ACCEPTED: _("Finabien ya lo tiene y va en camino."),
    Status.AVAILABLE: _("Ya se puede cobrar."),
    Status.PAID: _("El dinero se entregó."),
    Status.CANCELLING: _("Pediste cancelarlo y le avisamos a Finabien."),
    Status.CANCELLED: _("Se canceló. Te devolvemos todo lo que pagaste."),
    Status.REFUNDED: _("No se pudo entregar. Te devolvemos todo lo que pagaste."),
    Status.FAILED: _("Tu pago no llegó. No se cobró ni se envió nada."),
}
# Why it ended unpaid, and what the sender can do: each code of Finabien's and the payment
# provider's tables but those that say nothing of the sender (`REFUSALS`).
REASONS: Mapping[str, str] = {
    RATE_OVER: _(
        "No salió a tiempo y ya no podíamos sostener tu tipo de cambio. Cotiza otra vez para"
        " enviarlo al de hoy."
    ),
    NOT_APPROVED: _("Lo detuvo la revisión de nombres que pide la ley."),
    FUNDING_RETURNED: _("Tu banco retiró el pago."),
    TERM_OVER: _("Tu pago no llegó a tiempo. Cotiza otra vez."),
    DUES_OVER: _("Ya había pasado el último día para pagar estas cuotas."),
    "line_paid": _("Estas cuotas ya estaban pagadas: no las pagues otra vez. Pregúntale al IMSS."),
    "line_invalid": _("El IMSS no reconoce esta línea de pago. Pregúntale al IMSS."),
    "payment_declined": _("Tu banco no aceptó el pago. Habla con él o paga de otra forma."),
    "account_closed": _("La cuenta o la tarjeta está cerrada. Pide otro número a quien recibe."),
    "account_not_found": _("La cuenta no existe. Revisa la CLABE con quien recibe."),
    "account_invalid": _("La cuenta no existe. Revisa la CLABE con quien recibe."),
    "beneficiary_mismatch": _(
        "La cuenta está a otro nombre. Revisa el nombre y la CLABE con quien recibe."
    ),
    "beneficiary_blocked": _(
        "Finabien no puede pagarle a esa persona. Solo ella puede preguntarle a Finabien por qué."
    ),
    "beneficiary_name_unwritable": _(
        "Los bancos de México no pueden escribir el nombre de quien recibe. Escríbelo con letras"
        " de la A a la Z, como está en su identificación mexicana, y envía otra vez."
    ),
    "sender_name_unwritable": _(
        "Los bancos de México no pueden escribir tu nombre. Pide en tu consulado que se escriba"
        " con letras de la A a la Z, y envía otra vez."
    ),
    "amount_out_of_range": _("Finabien no entrega ese monto. Envía otra cantidad."),
    "data_invalid": _(
        "Finabien no aceptó los datos. Revisa el nombre y la cuenta de quien recibe, y envía otra"
        " vez."
    ),
    "bank_unavailable": _("Ese banco no estaba disponible. Envía más tarde o a otra cuenta."),
    "not_collected": _(
        "Nadie lo cobró a tiempo. Ponte de acuerdo con quien recibe y envía otra vez."
    ),
    "other": _(
        "Finabien no dio un motivo que conozcamos. Pregúntale con tu folio, o envía de otra forma."
    ),
}
# Said to staff of an answer that says nothing of the sender: what to do next.
REFUSALS: Mapping[str, str] = {
    "not_found": _("Dice que no tiene ese folio. Pregúntale si lo recibió con otro número."),
    "key_reused": _("Tiene otra orden con nuestro folio. Compara con ella monto, fecha y nombre."),
    "voided": _("Se detuvo antes y no se cobra. No hay nada que hacer."),
    "not_paid": _(
        "Dice que el remitente no pagó y aquí consta que sí. Pídele su comprobante antes de"
        " devolver por otro medio."
    ),
    "more_than_paid": _(
        "Dice que se devolvería más de lo que se pagó. Suma con ella lo que ya devolvió de ese"
        " folio."
    ),
    "data_invalid": _(
        "No entendió lo que le mandamos. Pide a quien opera el sistema que compare la petición con"
        " el contrato."
    ),
}
RECEIPTS: Mapping[str, str] = {
    ReceiptKind.PAYMENT: _("Recibo del pago"),
    ReceiptKind.DELIVERY: _("Recibo de la entrega"),
    ReceiptKind.REFUND: _("Recibo de la devolución"),
}

# Said before paying, never with the name that the bank has.
HOLDERS: Mapping[str, str] = {
    HolderMatch.YES: _("La cuenta está a ese nombre."),
    HolderMatch.CLOSE: _("La cuenta está a un nombre parecido. Revisa cómo lo escribiste."),
    HolderMatch.NO: _(
        "La cuenta está a otro nombre. Puede ser un error o un fraude: llama a quien recibe y"
        " confirma la CLABE antes de pagar."
    ),
    HolderMatch.NOT_OFFERED: _("Ese banco no dice a nombre de quién está la cuenta."),
}

# Said to staff of what goes back for an error.
REMEDIES: Mapping[str, str] = {
    RemedyState.OWED: _("El proveedor de pagos aún no dice que lo devolvió. Se le pregunta solo."),
    RemedyState.GIVEN: _("El proveedor de pagos lo devolvió."),
    RemedyState.RETURNED: _("El banco del remitente lo retiró antes, con todo lo que pagó."),
}

CORRECTIONS: Mapping[str, str] = {
    CorrectionState.ASKED: _("Estamos corrigiendo el nombre. Tarda unos minutos."),
    CorrectionState.DONE: _("Nombre corregido."),
    CorrectionState.REFUSED: _(
        "Finabien no pudo corregir el nombre: sigue el de antes. Si ya se entregó a otra persona,"
        " reclama; si no, cancela y envía otra vez."
    ),
}

# What the money is for, as the sender says.
PURPOSES: Mapping[str, str] = {
    Purpose.FAMILY: _("Gastos de la familia"),
    Purpose.HEALTH: _("Salud"),
    Purpose.EDUCATION: _("Estudios"),
    Purpose.HOUSING: _("Casa o renta"),
    Purpose.SAVINGS: _("Ahorro"),
    Purpose.OTHER: _("Otra cosa"),
    Purpose.IMSS_DUES: _("Cuotas del IMSS"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "payouts_stopped": ErrorMessage(
        _("Los pagos están detenidos"), _("Tu envío está a salvo y sale en cuanto se aclare.")
    ),
    "amount_required": ErrorMessage(_("Revisa los datos"), _("Escribe monto y moneda.")),
    "currency_not_offered": ErrorMessage(
        _("Revisa los datos"), _("Escribe el monto con dos decimales, en USD o MXN.")
    ),
    "tariff_unavailable": ErrorMessage(
        _("No disponible por ahora"), _("No se hizo nada. Intenta otra vez en unos minutos.")
    ),
    "no_place_to_collect": ErrorMessage(
        _("Ahí no se puede cobrar en efectivo"),
        _(
            "En %(municipality)s no hay oficina de Finabien. La más cercana es %(name)s"
            " (%(address)s), a unos %(kilometres)s km. Elígela, o envía a una cuenta o tarjeta."
        ),
    ),
    "place_unknown": ErrorMessage(
        _("Esa oficina ya no está en la lista"), _("Elige otra de las que se muestran.")
    ),
    "house_account": ErrorMessage(
        _("A esa cuenta no se puede enviar"),
        _("Es una cuenta de Finabien o de este servicio. Escribe la de quien recibe."),
    ),
    "recipient_not_confirmed": ErrorMessage(
        _("Confirma a quién envías"),
        _(
            "Es tu primer envío grande a esta persona, o la cuenta está a otro nombre. Llámale, y"
            " confirma que la conoces y que sus datos son correctos."
        ),
    ),
    "recipient_forgotten": ErrorMessage(
        _("Los datos de esta persona se borraron"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
    "too_many_recipients": ErrorMessage(
        _("Ya guardaste a todas las personas que puedes"), _("Para agregar a otra, quita a una.")
    ),
    "correction_pending": ErrorMessage(
        _("Ya estamos corrigiendo el nombre"),
        _(
            "Espera a que Finabien conteste: tarda unos minutos."
            " Entonces puedes cambiarlo otra vez."
        ),
    ),
    "too_many_corrections": ErrorMessage(
        _("El nombre ya se corrigió %(most)s veces"),
        _("Cancela el envío y haz otro con el nombre correcto."),
    ),
    "dues_exceed_amount": ErrorMessage(
        _("No alcanza para las cuotas"),
        _("Las cuotas toman %(dues)s dólares de lo que envías. Escribe más, o no las pagues aquí."),
    ),
    "no_dues": ErrorMessage(
        _("No hay cuotas por pagar"),
        _("Ese trámite no espera un pago ahora. Elige «No» y calcula otra vez."),
    ),
    "dues_changed": ErrorMessage(
        _("Las cuotas cambiaron"), _("No se cobró nada. Calcula otra vez para ver el monto nuevo.")
    ),
    "dues_ordered": ErrorMessage(
        _("Esas cuotas ya se están pagando"), _("No se cobró nada otra vez. Consulta tus envíos.")
    ),
    "quote_expired": ErrorMessage(
        _("La cotización venció"), _("Pide otra: el tipo de cambio se aparta %(minutes)s minutos.")
    ),
    "quote_used": ErrorMessage(
        _("Esa cotización ya se usó"), _("Consulta tus envíos; si quieres enviar otra vez, cotiza.")
    ),
    "amount_out_of_range": ErrorMessage(
        _("Ese monto no se puede enviar"),
        _("Cada envío va de %(minimum)s a %(maximum)s dólares."),
    ),
    "limit_exceeded": ErrorMessage(
        _("Pasarías tu límite"),
        _(
            "Hoy puedes enviar hasta %(available)s dólares más."
            " Envía menos, o envía después del %(frees_at)s."
        ),
        when={
            ("limit", "month"): _(
                "Este mes puedes enviar hasta %(available)s dólares más."
                " Envía menos, o envía después del %(frees_at)s."
            )
        },
    ),
    "person_limit_exceeded": ErrorMessage(
        _("Pasarías el límite por persona"),
        _(
            "El límite es por persona: cuenta también lo enviado con tu nombre o tu CURP desde"
            " otras cuentas. Envía un monto menor o espera a que se libere. Si alguien más se"
            " llama como tú y nació el mismo día, pide en tu consulado que los distingan."
        ),
    ),
    "rate_unavailable": ErrorMessage(
        _("Sin tipo de cambio por ahora"), _("No se cobró nada. Intenta otra vez en unos minutos.")
    ),
    "funding_unavailable": ErrorMessage(
        _("Aún no se puede pagar aquí"),
        _("No se cobró nada. Este servicio todavía no recibe pagos."),
    ),
    "remedy_exceeds_paid": ErrorMessage(
        _("Sería más de lo que pagó"),
        _("Con lo que ya se devolvió pasaría del total que pagó el remitente. Baja el monto."),
    ),
    "cancel_window_over": ErrorMessage(
        _("Ya pasó el plazo para cancelar"), _("Si algo salió mal, abre una reclamación.")
    ),
    "already_paid": ErrorMessage(
        _("El dinero ya se entregó"), _("Ya no se puede cancelar. Si hay un error, repórtalo.")
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "remittance_funded": Message(
        _("Recibimos tu pago: %(folio)s"),
        _(
            "Recibimos %(total)s por tu envío %(folio)s; llegan %(pesos)s. Puedes cancelarlo hasta"
            " el %(when)s si todavía no se cobra ni se deposita. Tu recibo, con tu cuenta:"
            " %(address)s"
        ),
    ),
    "remittance_available": Message(
        _("Ya se puede cobrar: %(folio)s"),
        _(
            "Tu envío %(folio)s ya se puede cobrar: %(pesos)s en %(where)s, con el folio y una"
            " identificación oficial vigente, hasta el %(day)s. Tu recibo, con tu cuenta:"
            " %(address)s"
        ),
    ),
    "remittance_paid": Message(
        _("Tu envío fue entregado: %(folio)s"),
        _(
            "El dinero de tu envío %(folio)s fue entregado: %(pesos)s. Tu recibo y los detalles,"
            " con tu cuenta: %(address)s"
        ),
    ),
    "remittance_refunded": Message(
        _("Te devolvemos tu dinero: %(folio)s"),
        _(
            "Tu envío %(folio)s no se entregó. Te devolvemos %(back)s, todo lo que pagaste, a más"
            " tardar en %(days)s días hábiles. Tu recibo y los detalles, con tu cuenta:"
            " %(address)s"
        ),
    ),
    "remittance_rest_refunded": Message(
        _("Te devolvemos el resto: %(folio)s"),
        _(
            "Tu envío %(folio)s no se entregó. Te devolvemos %(back)s a más tardar en %(days)s días"
            " hábiles. Ya te habíamos devuelto %(before)s: es todo lo que pagaste. Tu recibo y"
            " los detalles, con tu cuenta: %(address)s"
        ),
    ),
    "remittance_dues_paid": Message(
        _("Se pagaron las cuotas del IMSS: %(folio)s"),
        _(
            "Se pagaron %(pesos)s de cuotas del IMSS con tu envío %(folio)s. Tu recibo y los"
            " detalles, con tu cuenta: %(address)s"
        ),
    ),
    "remittance_part_refunded": Message(
        _("Te devolvemos una parte: %(folio)s"),
        _(
            "El dinero para la persona a quien envías, folio %(folio)s, no se entregó. Te"
            " devolvemos %(back)s, lo que pagaste por esa parte de tu envío, a más tardar en"
            " %(days)s días hábiles. De tu pago quedan %(stays)s en las cuotas del IMSS, folio"
            " %(other)s. Tu recibo y los detalles, con tu cuenta: %(address)s"
        ),
    ),
    "remittance_dues_refunded": Message(
        _("Te devolvemos las cuotas del IMSS: %(folio)s"),
        _(
            "Las cuotas del IMSS, folio %(folio)s, no se pagaron. Te devolvemos %(back)s, lo que"
            " pagaste por esa parte de tu envío, a más tardar en %(days)s días hábiles. De tu pago"
            " quedan %(stays)s en el dinero para la persona a quien envías, folio %(other)s. Tu"
            " recibo y los detalles, con tu cuenta: %(address)s"
        ),
    ),
    "remittance_rate_over": Message(
        _("Te devolvemos tu dinero: %(folio)s"),
        _(
            "Tu envío %(folio)s no salió a tiempo y ya no podíamos sostener tu tipo de cambio. Te"
            " devolvemos %(back)s, lo que pagaste por él, a más tardar en %(days)s días hábiles."
            " Para enviarlo, cotiza otra vez. Tu recibo y los detalles, con tu cuenta:"
            " %(address)s"
        ),
    ),
    "remittance_not_paid": Message(
        _("Tu envío no salió: %(folio)s"),
        _(
            "No recibimos el pago de tu envío %(folio)s, así que no se cobró ni se envió nada. Si"
            " todavía quieres enviarlo, pide un precio nuevo con un toque, con tu cuenta:"
            " %(address)s"
        ),
    ),
    "recipient_collect": Message(
        _("Tienes dinero por cobrar: %(folio)s"),
        _(
            "Tienes %(pesos)s por cobrar en efectivo, a nombre de %(name)s, en %(branch)s."
            " Lleva el folio %(folio)s y una identificación oficial vigente. Último día: %(day)s."
            " Cobrar es gratis. Detalles: %(lookup)s No más avisos: %(stop)s"
        ),
    ),
    "recipient_renamed": Message(
        _("Cambió el nombre para cobrar: %(folio)s"),
        _(
            "Corrigieron el nombre para cobrar %(pesos)s: ahora es %(name)s. Lleva el folio"
            " %(folio)s y una identificación oficial vigente con ese nombre a %(branch)s. Último"
            " día: %(day)s. Detalles: %(lookup)s No más avisos: %(stop)s"
        ),
    ),
    "recipient_deposited": Message(
        _("Te depositaron dinero: %(folio)s"),
        _(
            "Te depositaron %(pesos)s que te enviaron por Finabien, con folio %(folio)s. No tienes"
            " que hacer nada ni pagar nada. Detalles: %(lookup)s No más avisos: %(stop)s"
        ),
    ),
    "recipient_not_coming": Message(
        _("Ya no se puede cobrar: %(folio)s"),
        _(
            "El envío con folio %(folio)s ya no se puede cobrar: no vayas a la oficina. Pregunta a"
            " quien te lo envió. No más avisos: %(stop)s"
        ),
    ),
}
