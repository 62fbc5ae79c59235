"""Published data sets: what there is, and the files of each version, for anyone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from consular.api.contract import endpoint
from consular.api.v1.open_data.answers import (
    ColumnAnswer,
    DataAnswer,
    DatasetAnswer,
    DatasetItem,
    DatasetList,
    FileAnswer,
    VersionAnswer,
)
from consular.auth import ANYONE
from consular.db import transaction
from consular.i18n import in_language
from consular.open_data import CSV, LINKED, as_published, file_address
from services.kernel.errors import NotFound
from services.open_data.datasets import COLUMNS, DATASETS, LICENSE, Dataset
from services.open_data.queries import find_latest, get_file, list_hashes, list_versions

api = Blueprint("open_data", __name__, url_prefix="/api/v1/open-data")


@endpoint(api, "GET", "", operation="listDatasets", who=ANYONE, answer=DatasetList(), errors={})
def list_datasets() -> dict[str, Any]:
    """List the data sets that are published."""
    with transaction() as session:
        items = [_item(session, each) for each in DATASETS.values()]
    return DatasetList.page(items)


@endpoint(
    api,
    "GET",
    "/<code:dataset>",
    operation="showDataset",
    who=ANYONE,
    answer=DatasetAnswer(),
    errors={},
)
def show_dataset(dataset: str) -> dict[str, Any]:
    """Return a data set: its columns, its versions and what is new in each, with hashes."""
    if dataset not in DATASETS:
        raise NotFound()
    columns = [
        ColumnAnswer.render(
            name=column.code, type=column.type, description=in_language(column, "means")
        )
        for column in COLUMNS
    ]
    with transaction() as session:
        versions = [_version(session, row) for row in list_versions(session, dataset)]
        item = _item(session, DATASETS[dataset])
    return DatasetAnswer.render(**item, columns=columns, versions=versions)


@endpoint(
    api,
    "GET",
    "/<code:dataset>/versions/<int:number>/<code:name>.<code:form>",
    operation="getDatasetFile",
    who=ANYONE,
    answer=DataAnswer(),
    content=(CSV, LINKED),
    errors={},
)
def get_file_of(dataset: str, number: int, name: str, form: str) -> Response:
    """Return a file of a version: data.csv, data.json or metadata.json.

    Its bytes never change: a correction is another version.
    """
    with transaction() as session:
        return as_published(get_file(session, dataset, number, f"{name}.{form}"))


def _item(session: Session, dataset: Dataset) -> dict[str, Any]:
    latest = find_latest(session, dataset.code)
    return DatasetItem.render(
        dataset=dataset.code,
        title=in_language(dataset, "title"),
        description=in_language(dataset, "about"),
        license=LICENSE,
        latest=latest.number if latest else None,
    )


def _version(session: Session, row: Any) -> dict[str, Any]:
    files = [
        FileAnswer.render(
            name=name,
            sha256=sha256,
            size=size,
            address=file_address(row.dataset, row.number, name),
        )
        for name, (sha256, size) in sorted(list_hashes(session, row.id).items())
    ]
    return VersionAnswer.render(row, changes=in_language(row, "changes"), files=files)
