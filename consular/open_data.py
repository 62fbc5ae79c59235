"""The files of a version of a data set, as they are published: CSV, JSON, and what they mean."""

from __future__ import annotations

import json
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Response, url_for

from consular.spreadsheets import Column, Table, write_csv, write_json
from services.open_data.datasets import COLUMNS, LICENSE, LICENSE_URL, Dataset
from services.open_data.models import DatasetFile
from services.open_data.preparing import Prepared
from services.open_data.publishing import Changes, PublishedFile
from services.open_data.queries import DATA_CSV, DATA_JSON, METADATA

JSON, CSV, LINKED = "application/json", "text/csv", "application/ld+json"
# Their bytes never change.
_FOR_EVER = "public, max-age=31536000, immutable"


def render(prepared: Prepared, changes: Changes, published_at: datetime) -> list[PublishedFile]:
    """The version's files; what each means is the last one, with the hashes of the others."""
    table = _table(prepared)
    files = []
    for name, kind, write in ((DATA_CSV, CSV, write_csv), (DATA_JSON, JSON, write_json)):
        file = BytesIO()
        write(table, file)
        files.append(PublishedFile(name, kind, file.getvalue()))
    metadata = _metadata(prepared, changes, published_at, files)
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    return [*files, PublishedFile(METADATA, LINKED, text.encode())]


def as_published(file: DatasetFile) -> Response:
    """A file's bytes, which a cache may keep for ever."""
    return Response(
        file.content,
        content_type=file.media_type,
        headers={
            "Cache-Control": _FOR_EVER,
            "ETag": f'"{file.sha256}"',
            "X-Content-SHA256": file.sha256,
            "Content-Disposition": f'attachment; filename="{file.name}"',
        },
    )


def file_address(dataset: str, number: int, name: str) -> str:
    """Where anyone gets a file."""
    stem, _dot, form = name.partition(".")
    return url_for("open_data.get_file_of", dataset=dataset, number=number, name=stem, form=form)


def _table(prepared: Prepared) -> Table:
    columns = [Column(column.code, column.code) for column in COLUMNS]
    rows = [[row[column.code] for column in COLUMNS] for row in prepared.rows]
    about = [
        (Column(name, name), value)
        for name, value in (
            ("dataset", prepared.dataset.code),
            ("version", prepared.number),
            ("as_of", prepared.as_of.isoformat()),
            ("threshold", prepared.threshold),
            ("license", LICENSE),
        )
    ]
    return Table(prepared.dataset.code, columns, rows, about=about)


def _metadata(
    prepared: Prepared, changes: Changes, published_at: datetime, files: list[PublishedFile]
) -> dict[str, Any]:
    """As DCAT 3 describes a data set, with the columns as CSV on the Web does."""
    dataset: Dataset = prepared.dataset
    return {
        "@context": "https://www.w3.org/ns/dcat3.jsonld",
        "@type": "dcat:Dataset",
        "identifier": dataset.code,
        "title": {"es": dataset.title_es, "en": dataset.title_en},
        "description": {"es": dataset.about_es, "en": dataset.about_en},
        "license": LICENSE_URL,
        "version": str(prepared.number),
        "versionNotes": {"es": changes.es, "en": changes.en},
        "issued": published_at.isoformat(),
        "temporalResolution": "P1M",
        "asOf": prepared.as_of.isoformat(),
        "rowCount": len(prepared.rows),
        "suppressed": {"threshold": prepared.threshold, "rows": prepared.suppressed},
        "periods": {
            "added": list(prepared.added),
            "revised": list(prepared.revised),
            "held": list(prepared.held),
        },
        "columns": [
            {
                "name": column.code,
                "datatype": column.type,
                "description": {"es": column.means_es, "en": column.means_en},
            }
            for column in COLUMNS
        ],
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": file.name,
                "mediaType": file.media_type,
                "byteSize": len(file.content),
                "checksum": {"algorithm": "sha256", "value": file.sha256},
                "downloadURL": file_address(dataset.code, prepared.number, file.name),
            }
            for file in files
        ],
    }
