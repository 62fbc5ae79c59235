"""Errors as people and programs read them: problem+json (RFC 9457), or a page. Never a trace."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, current_app, g, json, render_template, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestTimeout

from consular.i18n import MEXICO_CITY, amount, deadline, folio
from services.kernel.audit import Role
from services.kernel.commits import NothingDone, OutcomeUnknown
from services.kernel.db import READ_ONLY, sqlstate, violated_constraint
from services.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unavailable,
)
from services.kernel.logins import UnsafeDatabase

_log = structlog.get_logger()
_ = lazy_gettext


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token proves nothing: one answer for all cases."""

    code = "unauthenticated"


class Malformed(DomainError):
    """The request can't be read at all."""

    code = "malformed_request"


class FieldsInvalid(Invalid):
    """The fields and what is wrong with each."""

    code = "invalid_fields"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors


STATUS: dict[type[DomainError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


@dataclass(frozen=True)
class Words:
    """What happened and what to do next."""

    title: Any
    detail: Any


WORDS: dict[str, Words] = {
    "malformed_request": Words(
        _("No pudimos leer la solicitud"), _("Envía JSON bien formado, en UTF-8.")
    ),
    "unauthenticated": Words(
        _("Hace falta entrar"), _("Entra otra vez: tu acceso no es válido o ya venció.")
    ),
    "forbidden": Words(
        _("No tienes permiso"), _("Tu cuenta no puede hacer esto. El intento queda registrado.")
    ),
    "form_expired": Words(
        _("La página llevaba mucho tiempo abierta"),
        _("No se hizo nada. Revísala y envíala otra vez."),
    ),
    "form_from_elsewhere": Words(
        _("La solicitud vino de otro sitio"), _("Abre la página desde aquí e intenta otra vez.")
    ),
    "no_staff_account": Words(
        _("No tienes cuenta de personal"), _("Pide que te den de alta en la administración.")
    ),
    "sign_in_refused": Words(
        _("No pudimos comprobar quién eres"), _("Vuelve a entrar; el enlace sirve una sola vez.")
    ),
    "sign_in_unavailable": Words(
        _("Por ahora no se puede entrar por ahí"), _("Intenta en unos minutos, o usa un código.")
    ),
    "slot_over": Words(
        _("Esa hora ya pasó"), _("Elige otra hora: lo demás que escribiste sigue aquí.")
    ),
    "fee_not_told": Words(_("Falta el pago"), _("Escribe cuánto pagó; 0 si no pagó.")),
    "session_over": Words(
        _("Tu sesión había terminado"),
        _("No se hizo nada. Lo que escribiste está aquí: revísalo y envíalo otra vez."),
    ),
    "not_found": Words(
        _("No lo encontramos"),
        _("No existe, o no está a tu nombre. Revisa el folio o la dirección."),
    ),
    "method_not_allowed": Words(
        _("No pudimos abrir esta página"),
        _("Vuelve al inicio y busca desde ahí lo que querías hacer. No se hizo nada."),
    ),
    "request_timeout": Words(
        _("Tu petición no llegó completa a tiempo"),
        _("No se hizo nada. Revisa tu conexión y envíala otra vez."),
    ),
    "too_large": Words(_("Es demasiado grande"), _("Envía menos de 64 KiB.")),
    "unsupported_media_type": Words(
        _("Tipo de contenido equivocado"), _("Envía el cuerpo como application/json.")
    ),
    "invalid_fields": Words(_("Revisa los datos"), _("Corrige los campos que se indican.")),
    "invalid": Words(_("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")),
    "required": Words(_("Revisa los datos"), _("Falta este dato.")),
    "not_expected": Words(_("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")),
    "unknown_field": Words(_("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")),
    "out_of_range": Words(_("Revisa los datos"), _("Algo de lo enviado no se puede aceptar.")),
    "curp_invalid": Words(
        _("Revisa los datos"), _("La CURP no es correcta: revisa sus 18 caracteres.")
    ),
    "clabe_invalid": Words(
        _("Revisa los datos"), _("La CLABE no es correcta: revisa sus 18 dígitos.")
    ),
    "card_invalid": Words(_("Revisa los datos"), _("El número de tarjeta no es correcto.")),
    "amount_required": Words(_("Revisa los datos"), _("Escribe monto y moneda.")),
    "currency_not_offered": Words(
        _("Revisa los datos"), _("Escribe el monto con dos decimales, en USD o MXN.")
    ),
    "tariff_unavailable": Words(
        _("No disponible por ahora"), _("No se hizo nada. Intenta otra vez en unos minutos.")
    ),
    "already_posted": Words(
        _("Ya no es posible"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
    "recipient_forgotten": Words(
        _("Los datos de esta persona se borraron"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
    "conflict": Words(
        _("Ya no es posible"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
    "request_in_progress": Words(
        _("Tu solicitud sigue en curso"), _("Espera unos segundos y repite la misma solicitud.")
    ),
    "idempotency_key_required": Words(
        _("Falta la clave de la solicitud"),
        _("Envía Idempotency-Key: así un reintento nunca duplica el dinero."),
    ),
    "idempotency_key_invalid": Words(
        _("La clave de la solicitud no sirve"),
        _("Idempotency-Key lleva de 1 a 128 caracteres visibles, sin acentos."),
    ),
    "idempotency_key_reused": Words(
        _("Esa clave ya se usó"),
        _("La misma Idempotency-Key llegó con otros datos. Usa una nueva."),
    ),
    "too_many_requests": Words(
        _("Demasiados intentos"), _("Espera un poco antes de volver a intentar.")
    ),
    "unavailable": Words(
        _("No disponible por ahora"), _("No se hizo nada. Intenta otra vez en unos minutos.")
    ),
    "outcome_unknown": Words(
        _("No sabemos aún si quedó registrado"),
        _(
            "Repite la misma solicitud en unos segundos, con la misma clave si llevaba una, o"
            " consulta su estado: repetirla no la duplica."
        ),
    ),
    "internal_error": Words(
        _("Algo falló de nuestro lado"),
        _(
            "Ya quedó registrado. Intenta otra vez; si lo que hacías mueve dinero,"
            " primero consulta su estado."
        ),
    ),
    "slot_taken": Words(
        _("Ese horario ya se ocupó"), _("Elige otro horario: los demás siguen libres.")
    ),
    "slot_not_offered": Words(
        _("Ese horario no se ofrece"), _("Consulta los horarios libres y elige uno de ellos.")
    ),
    "already_booked": Words(
        _("Ya hay una cita para este trámite"),
        _(
            "Cada persona puede tener una cita vigente por trámite."
            " Puedes cancelarla y reservar otra."
        ),
    ),
    "identity_check_pending": Words(
        _("Hay que comprobar la identidad"),
        _(
            "Ve a la ventanilla de cualquier consulado, en su horario de atención y sin cita, con"
            " una identificación oficial vigente con fotografía: ahí comprueban quién eres y lo"
            " resuelven."
        ),
    ),
    "person_repeated": Words(
        _("Revisa los datos"), _("Esta persona ya está en la lista: nómbrala una sola vez.")
    ),
    "nobody_else": Words(
        _("Nadie más tiene una cita con esos datos"),
        _("La persona puede reservar como siempre. Revisa que el trámite y los datos coincidan."),
    ),
    "account_or_curp_required": Words(
        _("Falta con qué reconocerla"),
        _("Escribe su CURP, su correo o su teléfono: así reservará sin confundirse con la otra."),
    ),
    "booking_limit": Words(
        _("Ya no caben más citas"),
        _(
            "Tu cuenta, tu correo o teléfono, o esta conexión ya tiene todas las citas que puede."
            " Cancela alguna que no vayas a usar, o espera a que pase."
        ),
    ),
    "wrong_state": Words(
        _("Ese paso no corresponde"), _("El trámite está en otro estado. Vuelve a consultarlo.")
    ),
    "too_early": Words(
        _("Todavía no"),
        _("Ese paso se da el día de la cita; la ausencia se anota después de la hora."),
    ),
    "already_called": Words(
        _("Ya la llamó otra ventanilla"),
        _(
            "La ventanilla %(desk)s llamó antes a esta persona."
            " Para llamarla desde otra, primero regrésala a la sala de espera."
        ),
    ),
    "service_not_offered": Words(
        _("Ese servicio no se puede reservar"), _("Elige un servicio del catálogo.")
    ),
    "consulate_not_found": Words(
        _("No conocemos esa oficina"), _("Elige una oficina de la lista.")
    ),
    "office_closed": Words(
        _("La oficina cierra ese día"), _("Es día no laborable en México o en el país. Elige otro.")
    ),
    "desk_not_open": Words(
        _("Esa ventanilla no abre ese día"), _("Elige una de las ventanillas de ese día.")
    ),
    "desk_taken": Words(
        _("Una ventanilla ya está ocupada a esa hora"),
        _(
            "La ventanilla %(desk)s ya atiende en otro horario a esa hora."
            " Cambia la hora o la ventanilla, o cierra antes el otro horario."
        ),
    ),
    "draw_not_available": Words(
        _("Todavía no hay sorteos"), _("Todavía no hay sorteos: abre el horario para reservar ya.")
    ),
    "service_longer_than_slot": Words(
        _("El trámite dura más que el turno"),
        _("Alarga los turnos (slot_minutes) hasta la duración del trámite más largo."),
    ),
    "too_many_desk_patterns": Words(
        _("Demasiadas combinaciones de ventanillas"),
        _("Agrupa los servicios de modo que más ventanillas ofrezcan lo mismo."),
    ),
    "session_too_short": Words(
        _("No cabe ningún turno"), _("Cierra más tarde o usa turnos más cortos.")
    ),
    "in_the_past": Words(_("Esa fecha ya pasó"), _("Elige un día que esté por venir.")),
    "in_the_future": Words(
        _("Ese corte aún no llega"), _("Ese corte aún no llega. Elige uno que ya haya pasado.")
    ),
    "person_forgotten": Words(
        _("Los datos de esta persona se borraron"), _("Registra el trámite con una cita nueva.")
    ),
    "subject_taken": Words(
        _("Esa persona ya tiene cuenta"), _("Cambia su función o su oficina en la lista.")
    ),
    "role_and_office": Words(
        _("Función y oficina no concuerdan"),
        _("Oficiales y supervisores llevan oficina; las demás funciones, no."),
    ),
    "own_account": Words(
        _("No puedes terminar tu propia cuenta"), _("Pídelo a otra persona que administre.")
    ),
    "code_wrong": Words(
        _("El código no coincide"),
        _(
            "No es el que mandamos. Revisa el mensaje y escríbelo otra vez."
            " Intentos que quedan: %(left)s."
        ),
    ),
    "code_tries_used": Words(
        _("Se acabaron los intentos"),
        _("Escribiste cinco códigos equivocados. Pide otro con «Mandarme otro código»."),
    ),
    "code_expired": Words(
        _("El código ya venció"),
        _("Ese código ya venció o ya se usó. Pide otro con «Mandarme otro código»."),
    ),
    "too_many_codes": Words(
        _("Ya mandamos varios códigos"),
        _(
            "El que te llegó sirve diez minutos: escríbelo. Para pedir otro, espera"
            " %(minutes)s minutos, o entra con Llave MX."
        ),
    ),
    "profile_required": Words(
        _("Faltan tus datos"), _("Escribe primero tu nombre y fecha de nacimiento.")
    ),
    "program_not_available": Words(
        _("Ese programa aún no está disponible"), _("Por ahora puedes pedir tu RFC.")
    ),
    "already_enrolled": Words(
        _("Ya hay una solicitud de este programa"), _("Consulta su estado en tus trámites.")
    ),
    "consent_required": Words(
        _("Hace falta tu consentimiento"),
        _("Para tramitarlo, la dependencia necesita recibir estos datos."),
    ),
    "curp_birth_date_differs": Words(
        _("La CURP no coincide con tu fecha de nacimiento"),
        _("La CURP no coincide con tu fecha de nacimiento. Revisa ambas."),
    ),
    "quote_expired": Words(
        _("La cotización venció"), _("Pide otra: el tipo de cambio se aparta quince minutos.")
    ),
    "quote_used": Words(
        _("Esa cotización ya se usó"), _("Consulta tus envíos; si quieres enviar otra vez, cotiza.")
    ),
    "amount_out_of_range": Words(
        _("Ese monto no se puede enviar"),
        _("Cada envío va de %(minimum)s a %(maximum)s dólares."),
    ),
    "limit_exceeded": Words(
        _("Pasarías tu límite"),
        _(
            "Hoy puedes enviar hasta %(available)s dólares más."
            " Envía menos, o envía después del %(frees_at)s."
        ),
    ),
    "person_limit_exceeded": Words(
        _("Pasarías el límite por persona"),
        _(
            "El límite es por persona: cuenta también lo enviado con tu nombre o tu CURP desde"
            " otras cuentas. Envía un monto menor o espera a que se libere."
        ),
    ),
    "identity_bound": Words(
        _("Estos datos ya no se cambian aquí"),
        _(
            "Ya enviaste dinero con ellos: tu nombre, tu fecha de nacimiento y tu CURP quedan"
            " fijos. Si tienen un error, pide la corrección en tu consulado con tu identificación."
        ),
    ),
    "incident_resolved": Words(
        _("Ese caso ya se cerró"), _("Vuelve a la lista: ahí ves cómo terminó y quién lo cerró.")
    ),
    "incident_taken": Words(
        _("Otra persona atiende ese caso"), _("Puedes anotar lo que sepas, o elegir otro caso.")
    ),
    "resolution_not_offered": Words(
        _("Ese caso no puede terminar así"), _("Elige una de las opciones que muestra el caso.")
    ),
    "rate_unavailable": Words(
        _("Sin tipo de cambio por ahora"), _("No se cobró nada. Intenta otra vez en unos minutos.")
    ),
    "funding_unavailable": Words(
        _("Aún no se puede pagar aquí"),
        _("No se cobró nada. Este servicio todavía no recibe pagos."),
    ),
    "cancel_window_over": Words(
        _("Ya pasó el plazo para cancelar"), _("Si algo salió mal, abre una reclamación.")
    ),
    "already_paid": Words(
        _("El dinero ya se entregó"), _("Ya no se puede cancelar. Si hay un error, repórtalo.")
    ),
    "own_role": Words(
        _("No puedes darte una función"),
        _("Tu propia cuenta la cambia otra persona que administre."),
    ),
    "figures_differ": Words(
        _("Las cifras no coinciden"),
        _(
            "Se escribió %(typed)s y se reportó %(reported)s. Revisen la fuente:"
            " quien se equivocó corrige la suya y dice por qué."
        ),
    ),
    "already_reported": Words(
        _("Ese conteo ya se reportó"),
        _("Espera a que otra persona lo apruebe o lo rechace. Si está mal, corrígelo."),
    ),
    "reason_required": Words(_("Falta la razón"), _("Escribe por qué cambia la cifra.")),
    "election_unknown": Words(
        _("No conocemos esa elección"), _("El voto desde el extranjero existe desde 2006.")
    ),
    "count_in_the_future": Words(_("Ese día aún no llega"), _("Ese día aún no llega. Revísalo.")),
    "day_far_from_election": Words(
        _("Ese día no es de esa elección"),
        _("Un conteo es del año de la elección o del anterior. Revisa el día y la elección."),
    ),
    "no_in_person_voting": Words(
        _("En esa oficina no se vota en persona"), _("Elige otra modalidad o revisa la oficina.")
    ),
    "more_votes_than_registered": Words(
        _("Son más votos que personas registradas"),
        _("Son más votos que personas en la lista. Revisa la cifra."),
    ),
    "modes_differ_from_total": Words(
        _("Las modalidades no suman el total"),
        _("Las modalidades no suman el total. Revisa la cifra."),
    ),
    "zero_after_hundreds": Words(
        _("Un cero llama la atención"),
        _("Antes hubo cientos en esta oficina y ahora cero. Explica por qué en la nota."),
    ),
    "same_as_another_office": Words(
        _("La cifra es igual a la de otra oficina"),
        _("La cifra es igual a la de otra oficina. Si es correcta, explícalo en la nota."),
    ),
    "same_as_last_election": Words(
        _("La cifra es igual a la de la elección anterior"),
        _("La cifra es igual a la de la elección anterior. Si es correcta, explícalo en la nota."),
    ),
    "self_approval": Words(
        _("Otra persona debe aprobarlo"), _("Quien captura un dato no puede aprobarlo.")
    ),
    "signature_invalid": Words(_("La firma no es válida"), _("El mensaje no se aceptó.")),
}

# What else is said by whose or which limit it is, or with a folio.
_MONTH_IS_FULL = _(
    "Este mes puedes enviar hasta %(available)s dólares más."
    " Envía menos, o envía después del %(frees_at)s."
)
_TAKE_THE_FOLIO = _("Lleva también este folio de revisión: %(folio)s.")

# Set by the server where a request's body didn't arrive whole within its deadline.
LATE = "consular.late"

_HTTP_CODES = {
    400: "malformed_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}


def problem_type(code: str) -> str:
    """RFC 9457's ``type``: a name for the kind of problem, not an address to open."""
    return f"urn:consular:problem:{code}"


@dataclass
class Problem:
    """One error, ready to be shown."""

    status: int
    code: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    clock: tuple[str, str | bool] = (MEXICO_CITY, True)

    @property
    def words(self) -> Words:
        """The code's words, or those of its kind when the code has none of its own."""
        return WORDS.get(self.code) or WORDS[_HTTP_CODES.get(self.status, "invalid")]

    @property
    def detail(self) -> str:
        """What to do next, with the error's own values in it, e.g. ``%(desk)s``."""
        text = str(self.words.detail)
        if self.code == "limit_exceeded" and self.params.get("limit") == "month":
            text = str(_MONTH_IS_FULL)
        if "folio" in self.params:
            text = f"{text} {_TAKE_THE_FOLIO}"
        return text % self._said() if "%(" in text else text

    def _said(self) -> dict[str, object]:
        """The error's values as people read them."""
        said = dict(self.params)
        for name, value in said.items():
            if isinstance(value, datetime):
                said[name] = deadline(value, *self.clock)
            elif name in ("available", "minimum", "maximum"):
                said[name] = amount(str(value))
            elif name == "folio":
                said[name] = folio(str(value))
        return said

    def as_json(self) -> Response:
        """The contract's form."""
        body = {
            "type": problem_type(self.code),
            "title": str(self.words.title),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
            "request_id": g.get("request_id"),
            **self.more,
        }
        return Response(
            json.dumps(body, ensure_ascii=False),
            self.status,
            self.headers,
            content_type="application/problem+json",
        )

    def as_page(self) -> Response:
        """The same for a person."""
        page = render_template(
            "errors/error.html",
            title=self.words.title,
            detail=self.detail,
            request_id=g.get("request_id"),
            login_url=sign_in_address(request.path) if self.status == 401 else None,
        )
        return Response(page, self.status, self.headers, content_type="text/html; charset=utf-8")


def problem_of(error: DomainError, clock: tuple[str, str | bool] = (MEXICO_CITY, True)) -> Problem:
    """Kind -> status; the field, when there is one, gets the code's words. ``clock``: the zone in
    which times are told, and whose it is called."""
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 400)
    problem = Problem(status, error.code, params=error.params, clock=clock)
    if isinstance(error, FieldsInvalid):
        problem.errors = error.errors
    elif error.field:
        problem.errors = {error.field: [problem.detail]}
    if isinstance(error, Unauthenticated):
        problem.headers["WWW-Authenticate"] = 'Bearer realm="consular"'
    if "folio" in error.params:
        problem.more["folio"] = str(error.params["folio"])
    retry = error.params.get("retry_after")
    if retry is None and error.code == "request_in_progress":
        retry = 2
    if retry is not None:
        problem.headers["Retry-After"] = str(retry)
    return problem


def init_errors(app: Flask) -> None:
    """Every way a request can fail ends in a problem."""
    app.register_error_handler(DomainError, answer_error)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(psycopg.Error, _database)
    app.register_error_handler(PoolTimeout, lambda _error: _show(_busy()))
    app.register_error_handler(NothingDone, lambda _error: _show(_busy()))
    app.register_error_handler(OutcomeUnknown, lambda _error: _show(_unknown()))
    app.register_error_handler(UnsafeDatabase, _unsafe)
    app.register_error_handler(Exception, _unexpected)


def refuse_late() -> None:
    """Before a request is acted on: one that didn't arrive whole is refused."""
    if request.environ.get(LATE):
        raise RequestTimeout()


def answer_error(error: DomainError) -> Response:
    """A refusal as a problem, a page, or the way to the sign-in."""
    return _show(problem_of(error))


def _show(problem: Problem) -> Response:
    if request.path.startswith(("/api/", "/health", "/metrics")):
        return problem.as_json()
    if problem.status == 401 and request.method in ("GET", "HEAD"):
        return _to_sign_in()
    return problem.as_page()


def _to_sign_in() -> Response:
    """Nobody did anything wrong: sign in, and come back to this page."""
    address = sign_in_address(request.full_path.rstrip("?"))
    return Response(status=303, headers={"Location": address})


def sign_in_address(then: str) -> str:
    """Where citizens sign in, or staff for a page of theirs."""
    view = current_app.view_functions.get(request.endpoint or "")
    for_citizens = Role.CITIZEN in getattr(view, "who", frozenset(Role))
    door = "portal.login" if for_citizens else "portal.login_staff"
    return url_for(door, next=then)


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    other = "internal_error" if status >= 500 else "malformed_request"
    problem = Problem(status, _HTTP_CODES.get(status, other))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        problem.headers["Allow"] = ", ".join(sorted(allowed))
    return _show(problem)


def _database(error: DBAPIError | psycopg.Error) -> Response:
    """The database refused: the caller's value, a lock that took too long, or it is away."""
    state = sqlstate(error)
    if isinstance(error, DataError | psycopg.DataError) or state in ("22021", "22P05"):
        return _show(Problem(422, "invalid"))
    if state in ("40P01", "55P03", "57014"):
        return _show(Problem(409, "request_in_progress", headers={"Retry-After": "2"}))
    if state == "23503" and (violated_constraint(error) or "").endswith("_account_id"):
        # The account of a token that is still good was deleted in the meantime.
        return _show(problem_of(Unauthenticated()))
    if state == READ_ONLY or isinstance(error, OperationalError | psycopg.OperationalError):
        return _show(_busy())
    return _unexpected(error)


def _unknown() -> Problem:
    return Problem(503, "outcome_unknown", headers={"Retry-After": "10"})


def _unsafe(error: UnsafeDatabase) -> Response:
    """Nothing is shown by a login that could show too much."""
    _log.error("database_refused", reason=str(error), request_id=g.get("request_id"))
    return _show(_busy())


def _busy() -> Problem:
    return Problem(503, "unavailable", headers={"Retry-After": "5"})


def _unexpected(error: Exception) -> Response:
    """Where it happened goes to the log, without values, which could be somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    _log.error(
        "unexpected", error=f"{type(error).__name__} at {where}", request_id=g.get("request_id")
    )
    return _show(Problem(500, "internal_error"))
