"""Open data: the public's pages, and those on which an analyst publishes a version."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import ANYONE, actor, allow, now
from consular.db import transaction
from consular.i18n import MEXICO_CITY, in_language
from consular.input.open_data import PublishForm
from consular.open_data import file_address, render
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.names import program_name, service_names
from services.consulates.queries import list_consulates
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.audit import Role
from services.kernel.errors import NotFound
from services.open_data.datasets import COLUMNS, DATASETS, LICENSE_URL
from services.open_data.leaving_out import ask, is_under_way
from services.open_data.preparing import Prepared, prepare
from services.open_data.publishing import publish
from services.open_data.queries import find_latest, list_hashes, list_versions

pages = Blueprint("open_data_pages", __name__)
ANALYSTS = frozenset({Role.ANALYST})
# Rows of a preview: those of the newest month first.
SHOWN = 60


@pages.get("/open-data/")
@allow(ANYONE)
def datasets() -> str:
    """List the data sets that are published."""
    return render_template("open_data/datasets.html", datasets=_all(), license_url=LICENSE_URL)


@pages.get("/open-data/<code:dataset>")
@allow(ANYONE)
def dataset(dataset: str) -> str:
    """Show a data set: versions, files, and what each column means."""
    if dataset not in DATASETS:
        raise NotFound()
    with transaction() as session:
        versions = [_version(session, row) for row in list_versions(session, dataset)]
    known = DATASETS[dataset]
    return render_template(
        "open_data/dataset.html",
        title=in_language(known, "title"),
        about=in_language(known, "about"),
        columns=[[column.code, in_language(column, "means")] for column in COLUMNS],
        versions=versions,
        license_url=LICENSE_URL,
        zone=MEXICO_CITY,
    )


@pages.get("/monitoring/open-data/")
@allow(ANALYSTS)
def publishing() -> str:
    """List the data sets that an analyst may publish."""
    return render_template("open_data/publishing.html", datasets=_all(), zone=MEXICO_CITY)


@pages.get("/monitoring/open-data/<code:dataset>")
@allow(ANALYSTS)
def preview(dataset: str) -> str:
    """Show what a new version would say, what it would leave out, and ask what is new."""
    errors = draft().errors(_read)
    with transaction() as session:
        prepared = prepare(session, dataset)
        under_way = is_under_way(session, dataset)
        places = {row.code: in_language(row, "name") for row in list_consulates(session)}
        programs = {code: program_name(code) for code in PROGRAMS}
        categories = service_names(session) | programs
    return render_template(
        "open_data/preview.html",
        dataset={"code": dataset, "title": in_language(prepared.dataset, "title")},
        prepared=prepared,
        under_way=under_way,
        rows=[_shown(row, places, categories) for row in _newest(prepared)],
        zone=MEXICO_CITY,
        form=draft().form,
        errors=errors,
    )


@pages.post("/monitoring/open-data/<code:dataset>/prepare")
@allow(ANALYSTS)
def prepare_version(dataset: str) -> Response:
    """Have it worked out what a new version would leave out, where that takes long."""
    if dataset not in DATASETS:
        raise NotFound()
    with transaction() as session:
        ask(session, dataset)
    return go(url_for(".preview", dataset=dataset))


@pages.get("/monitoring/open-data/<code:dataset>/prepare")
@allow(ANALYSTS)
def back_to_preview(dataset: str) -> Response:
    """Lead back to the page of the form, with what a refusal or a sign-in kept."""
    return go(url_for(".preview", dataset=dataset, d=request.args.get("d")))


@pages.post("/monitoring/open-data/<code:dataset>")
@allow(ANALYSTS)
def publish_version(dataset: str) -> Response:
    """Publish the version that was looked at: its moment gives the same numbers again."""
    changes, as_of = _read(answers(), None)
    moment = now()
    with transaction() as session:
        prepared = prepare(session, dataset, as_of)
        files = render(prepared, changes, moment)
        publish(session, prepared, changes, files, now=moment, actor=actor())
    return finish(url_for("open_data_pages.dataset", dataset=dataset))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(PublishForm(), pick(form, "changes_es", "changes_en", "as_of"), errors)


def _all() -> list[dict[str, Any]]:
    with transaction() as session:
        return [
            {
                "code": each.code,
                "title": in_language(each, "title"),
                "about": in_language(each, "about"),
                "latest": find_latest(session, each.code),
            }
            for each in DATASETS.values()
        ]


def _version(session: Session, row: Any) -> dict[str, Any]:
    files = [
        {"name": name, "sha256": sha256, "address": file_address(row.dataset, row.number, name)}
        for name, (sha256, _size) in sorted(list_hashes(session, row.id).items())
    ]
    return {"row": row, "changes": in_language(row, "changes"), "files": files}


def _newest(prepared: Prepared) -> list[Any]:
    newest = max((row["period"] for row in prepared.rows), default=None)
    return [row for row in prepared.rows if row["period"] == newest][:SHOWN]


def _shown(row: Any, places: dict[str, str], categories: dict[str, str]) -> dict[str, Any]:
    place = places.get(row["consulate"] or "", row["consulate"] or row["country"] or "")
    return {**row, "place": place, "category_name": categories.get(row["category"], "")}
