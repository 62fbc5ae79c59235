"""The report of a session of the Commission as PDF, in the reader's language.

Everything it says is the content that `services.commission.assembling` made: no number is worked
out here but differences of two of them. What people typed stands in English where somebody wrote
it, else in Spanish, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, url_for
from flask_babel import gettext as _

from consular import i18n
from consular.printing.pdf import compile_pdf
from consular.printing.report_charts import report_charts
from consular.printing.report_words import NOTHING, change_text, in_words, note_text, value_text
from services.commission.assembling import content_hash
from services.commission.rules import OWN_GROUP

# As a query is read.
_IN_QUERY = (
    "indicator", "entry", "session", "period", "election", "metric", "status", "first", "last",
    "compared",
)  # fmt: skip
# After these a long address may go on in the next line.
_BREAKS = re.compile(r"([./-])")
_TEMPLATE = Path(__file__).with_name("report.typ")
Content = Mapping[str, Any]
Block = dict[str, Any]


def make_report_pdf(content: Content, session_id: Any, language: str, made_on: date) -> bytes:
    """The report as a file in ``language``. Of a draft it says on each page that it is one."""
    with i18n.reading_in(language):
        return compile_pdf(_TEMPLATE, _document(content, session_id, made_on))


def session_name(content: Content) -> str:
    """«12.ª sesión ordinaria»."""
    return str(_("%(number)s.ª sesión ordinaria", number=content["number"]))


def cut_off_text(result: Content) -> str:
    """Up to when a number counts: a moment where it was counted here, else its source's period."""
    if result["as_of"]:
        at = datetime.fromisoformat(result["as_of"])
        return f"{i18n.date_short(at, i18n.MEXICO_CITY)}, {i18n.time_at(at, i18n.MEXICO_CITY)}"
    if result["cut_off"]:
        return i18n.date_short(date.fromisoformat(result["cut_off"]))
    return in_words(result["texts"]["period"]) or NOTHING


def query_text(result: Content) -> str:
    """How a number is asked for, in one line."""
    query = result["query"]
    return " · ".join(f"{name}={query[name]}" for name in _IN_QUERY if query.get(name))


def group_name(group: int) -> str:
    """What a working group is called."""
    if group == OWN_GROUP:
        name = _("Grupo de trabajo %(group)s: comunidades mexicanas en el exterior", group=group)
        return str(name)
    return str(_("Grupo de trabajo %(group)s", group=group))


def _document(content: Content, session_id: Any, made_on: date) -> dict[str, Any]:
    name = session_name(content)
    version = _("Versión %(version)s", version=content["version"])
    mark, mark_says = _mark(content)
    return {
        "language": i18n.current_language(),
        "title": str(_("Informe de la %(session)s", session=name)),
        "subtitle": version,
        "author": _("Comisión Intersecretarial de Atención Integral en Materia Migratoria"),
        "running": f"{_('Informe de la %(session)s', session=name)} · {version}",
        "mark": mark,
        "mark_says": mark_says,
        "made_on": made_on,
        "cover": _cover(content),
        "contents": _("Contenido"),
        "page": _("Página {n} de {all}"),
        "note": _note(content, session_id),
        "sections": list(_sections(content, session_id)),
    }


def _mark(content: Content) -> tuple[str, str]:
    """What stands on each page of what isn't a signed report of a real session."""
    if content["example"]:
        return (
            _("EJEMPLO"),
            _(
                "Muestra cómo queda un informe, con las cifras de la nota de prensa sobre la"
                " %(number)s.ª sesión. No es un documento de la Comisión.",
                number=content["number"],
            ),
        )
    if content["signed"] is None:
        return _("BORRADOR"), _("Todavía no está firmado: puede cambiar.")
    return "", ""


def _cover(content: Content) -> list[list[Any]]:
    rows: list[list[Any]] = [
        [_("Fecha de la sesión"), _plain_day(content["held_on"])],
        [
            _("Lugar de la sesión"),
            _typed(content, content["place"]) if content["place"] else _("Por llenar"),
        ],
        [_("Periodo del informe"), _period(content)],
    ]
    if content["as_of"]:
        at = i18n.moment(datetime.fromisoformat(content["as_of"]), i18n.MEXICO_CITY, True)
        rows.append([_("Corte de las cifras contadas en Consular"), at])
    return rows


def _period(content: Content) -> str:
    if not content["first"]:
        return str(_("Por llenar"))
    first, last = (date.fromisoformat(content[name]) for name in ("first", "last"))
    return str(
        _("Del %(first)s al %(last)s", first=i18n.date_plain(first), last=i18n.date_plain(last))
    )


def _note(content: Content, session_id: Any) -> str:
    if content["signed"] is None:
        return str(_("Sin firma"))
    return check_address(session_id)


def check_address(session_id: Any) -> str:
    """Where anybody sees which files were signed."""
    site = str(current_app.extensions["consular.settings"].public_url)
    return f"{site}{url_for('commission.verify', id=session_id)}"


def _sections(content: Content, session_id: Any) -> Iterator[Block]:
    if content["amends"]:
        yield _amended(content)
    yield {"heading": _("Asistencia"), "blocks": [_attendance(content)]}
    yield {"heading": _("Orden del día"), "apart": False, "blocks": [_agenda(content)]}
    followed = _("Seguimiento de acuerdos de sesiones anteriores")
    yield {"heading": followed, "apart": False, "blocks": [_followed(content)]}
    for group in content["groups"]:
        yield {
            "heading": group_name(group["group"]),
            "apart": group["group"] in (1, OWN_GROUP),
            "blocks": list(_group(group)),
        }
    agreed = _("Acuerdos de esta sesión")
    yield {"heading": agreed, "apart": False, "blocks": [_agreements(content)]}
    yield from _annexes(content)
    yield {"heading": _("Firma"), "blocks": list(_signature(content, session_id))}


def _amended(content: Content) -> Block:
    amends = content["amends"]
    head = [_column(_("Qué cambió"), 3), _column(_("Antes"), 3), _column(_("Ahora"), 3)]
    rows = [
        [_changed(content, each), _said(content, each, "before"), _said(content, each, "after")]
        for each in amends["changes"]
    ]
    heading = _("Cambios respecto de la versión %(version)s", version=amends["version"])
    why = [_("Por qué"), ": ", _typed(content, amends["reason"])]
    table = _table(_("Lo que dice distinto"), head, rows)
    return {"heading": heading, "blocks": [{"kind": "paragraph", "text": why}, table]}


def _changed(content: Content, change: Content) -> Any:
    if change["part"] == "english":
        return [_("En inglés"), ": ", _typed(content, change["name"]["es"])]
    return in_words(change["name"]) or _parts()[change["part"]]


def _said(content: Content, change: Content, when: str) -> Any:
    """One side of a change, as the report says it elsewhere."""
    said = change[when]
    if said is None:
        return NOTHING
    if change["part"] == "results":
        return value_text(said)
    if change["part"] in ("held_on", "first", "last"):
        return _day(said, NOTHING)
    if change["part"] == "english":
        return {"text": said, "lang": "en"}
    if change["part"] == "attendance":
        return [_typed(content, said["agency"]), f": {_came(said)}"]
    return _said_of(content, said) if isinstance(said, Mapping) else _typed(content, said)


def _said_of(content: Content, agreement: Content) -> list[Any]:
    """An agreement, with how far it is where that is said of it."""
    typed = [_typed(content, agreement["agreed"]), " · ", _typed(content, agreement["responsible"])]
    day, status = _day(agreement["due_on"], NOTHING), agreement.get("status")
    words = [day, *([i18n.words("commission.follow_up", status)] if status else [])]
    return [*typed, *(f" · {each}" for each in words)]


def _parts() -> dict[str, str]:
    return {
        "held_on": _("Fecha de la sesión"),
        "place": _("Lugar de la sesión"),
        "first": _("Primer día del periodo"),
        "last": _("Último día del periodo"),
        "attendance": _("Asistencia"),
        "agenda": _("Orden del día"),
        "followed": _("Seguimiento de un acuerdo"),
        "agreements": _("Acuerdo de esta sesión"),
    }


def _attendance(content: Content) -> Block:
    if not content["attendance"]:
        return _empty(_("Por llenar: qué dependencias asistieron."))
    head = [_column(_("Dependencia"), 5), _column(_("Asistió"), 1)]
    rows = [[_typed(content, each["agency"]), _came(each)] for each in content["attendance"]]
    return _table(_("Dependencias convocadas"), head, rows, size=10)


def _came(row: Content) -> str:
    return str(_("Sí")) if row["attended"] else str(_("No"))


def _agenda(content: Content) -> Block:
    if not content["agenda"]:
        return _empty(_("Por llenar."))
    return {"kind": "list", "items": [_typed(content, item) for item in content["agenda"]]}


def _followed(content: Content) -> Block:
    if not content["followed"]:
        return _empty(_("No hay acuerdos abiertos de sesiones anteriores."))
    head = [
        _column(_("Acuerdo"), 5),
        _column(_("Responsable"), 3),
        _column(_("Para cuándo"), 2),
        _column(_("Cómo va"), 4),
    ]
    rows = [_follow(content, each) for each in content["followed"]]
    return _table(_("Acuerdos en seguimiento"), head, rows)


def _follow(content: Content, each: Content) -> list[Any]:
    status = i18n.words("commission.follow_up", each["status"])
    due = _day(each["moved_to"] or each["due_on"], NOTHING)
    moved = _("%(day)s (antes: %(before)s)", day=due, before=_day(each["due_on"], NOTHING))
    return [
        [f"{each['session']}/{each['position']}. ", _typed(content, each["agreed"])],
        _typed(content, each["responsible"]),
        str(moved) if each["moved_to"] else due,
        [f"{status}. ", _typed(content, each["evidence"])] if each["evidence"] else status,
    ]


def _group(group: Content) -> Iterator[Block]:
    if not group["results"]:
        yield _empty(_("No reportó cifras para esta sesión."))
        return
    head = [
        _column(_("N.º"), 1),
        _column(_("Resultado"), 5.6),
        _column(_("Valor"), 3.6, number=True),
        _column(_("Antes"), 2, number=True),
        _column(_("Cambio"), 3.2, number=True),
        _column(_("Corte"), 3),
        _column(_("Fuente"), 3.8),
    ]
    rows = [_result(group["group"], place, each) for place, each in enumerate(group["results"], 1)]
    yield _table(_("Resultados"), head, rows, size=8.5)
    yield from report_charts(group["results"])
    if any(each["as_of"] and each["before"] is not None for each in group["results"]):
        before = _(
            "«Antes» es el periodo de igual duración que termina el día anterior al del informe."
            " Las cifras de citas cuentan en el día de la cita; las demás, en el día en que se"
            " pidió cada cosa, por el calendario de cada oficina."
        )
        yield {"kind": "quiet", "text": str(before)}


def _result(group: int, place: int, result: Content) -> list[Any]:
    note, name = note_text(result), in_words(result["texts"]["name"])
    return [
        f"{group}.{place}",
        f"{name} ({note})" if note else name,
        value_text(result["value"], result["unit"]),
        value_text(result["before"]),
        change_text(result["value"], result["before"]),
        cut_off_text(result),
        _BREAKS.sub("\\1\N{ZERO WIDTH SPACE}", in_words(result["texts"]["source"])),
    ]


def _agreements(content: Content) -> Block:
    if not content["agreements"]:
        none = _("Esta sesión no tomó acuerdos nuevos.")
        return _empty(none if content["signed"] else _("Por llenar."))
    head = [
        _column(_("N.º"), 1),
        _column(_("Acuerdo"), 6),
        _column(_("Responsable"), 4),
        _column(_("Para cuándo"), 3),
    ]
    rows = [
        [
            f"{content['number']}/{each['position']}",
            _typed(content, each["agreed"]),
            _typed(content, each["responsible"]),
            _day(each["due_on"], NOTHING),
        ]
        for each in content["agreements"]
    ]
    return _table(_("Acuerdos nuevos"), head, rows, size=10)


def _annexes(content: Content) -> Iterator[Block]:
    for place, annex in enumerate(content["annexes"], 1):
        name = in_words(annex["name"])
        heading = _("Anexo %(number)s. %(name)s", number=place, name=name)
        head = [_column(in_words(annex["head"][0]), 3)]
        head += [_column(in_words(each), 1, number=True) for each in annex["head"][1:]]
        rows = [[in_words(row[0]), *map(value_text, row[1:])] for row in annex["rows"]]
        table = _table(name, head, rows) if rows else _empty(_("Sin datos en este periodo."))
        yield {"heading": heading, "apart": place == 1, "blocks": [table]}
    heading = _("Anexo %(number)s. De dónde sale cada número", number=len(content["annexes"]) + 1)
    yield {"heading": heading, "apart": True, "blocks": list(_traces(content))}


def _traces(content: Content) -> Iterator[Block]:
    says = _(
        "Ningún número se escribió a mano. La consulta de cada uno, con su corte, da siempre el"
        " mismo resultado; la revisión dice cuál de las cifras de su fuente es, cuando la fuente"
        " las corrige."
    )
    yield {"kind": "paragraph", "text": str(says)}
    head = [
        _column(_("N.º"), 1),
        _column(_("Consulta"), 7),
        _column(_("Corte exacto (UTC)"), 4),
        _column(_("Revisión"), 1.6, number=True),
    ]
    rows = [
        [
            f"{group['group']}.{place}",
            query_text(each),
            each["as_of"] or NOTHING,
            NOTHING if each["revision"] is None else str(each["revision"]),
        ]
        for group in content["groups"]
        for place, each in enumerate(group["results"], 1)
    ]
    yield _table(_("Consultas"), head, rows, size=8) if rows else _empty(_("Sin números."))


def _signature(content: Content, session_id: Any) -> Iterator[Block]:
    signed = content["signed"]
    if signed is None:
        yield _empty(_("Este borrador no está firmado."))
        return
    prepared = content["prepared"]
    yield {
        "kind": "rows",
        "rows": [
            [_("Preparó"), _by(prepared)],
            [_("Firmó"), _by(signed)],
            [_("Huella del contenido (SHA-256)"), _in_groups(content_hash(content))],
            [_("Comprobar"), check_address(session_id)],
        ],
    }
    says = _(
        "La firma electrónica (Ed25519) ampara los archivos de este informe en español y en inglés."
        " En esa página están sus huellas, la firma y un programa que los comprueba sin conexión."
    )
    yield {"kind": "quiet", "text": str(says)}


def _by(who: Content) -> str:
    at = i18n.moment(datetime.fromisoformat(who["at"]), i18n.MEXICO_CITY, True)
    return f"{who['name']}, {at}"


def _in_groups(digest: str) -> str:
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def _day(day: str | None, missing: str) -> str:
    return i18n.date_short(date.fromisoformat(day)) if day else str(missing)


def _plain_day(day: str | None) -> str:
    return i18n.date_plain(date.fromisoformat(day)) if day else str(_("Por llenar"))


def _typed(content: Content, text: str) -> Any:
    """What somebody typed, in English where it is known; else it is Spanish, which a screen reader
    has to know in an English report."""
    if i18n.current_language() == "es":
        return text
    return content["english"].get(text) or {"text": text, "lang": "es"}


def _column(text: str, width: float, *, number: bool = False) -> dict[str, Any]:
    return {"text": str(text), "width": width, "number": number}


def _table(
    caption: str, head: Sequence[Block], rows: Sequence[Sequence[Any]], size: float = 9
) -> Block:
    return {"kind": "table", "caption": str(caption), "head": head, "rows": rows, "size": size}


def _empty(text: str) -> Block:
    return {"kind": "paragraph", "text": str(text)}


def day_in_mexico(at: datetime) -> date:
    """The day of a document that is made at ``at``."""
    return at.astimezone(ZoneInfo(i18n.MEXICO_CITY)).date()
