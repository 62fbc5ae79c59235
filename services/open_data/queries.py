"""Read what was published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.open_data.models import DatasetFile, DatasetVersion

DATA_JSON, DATA_CSV, METADATA = "data.json", "data.csv", "metadata.json"


def list_versions(session: Session, dataset: str) -> Sequence[DatasetVersion]:
    """Of a data set, the newest first."""
    query = select(DatasetVersion).where(DatasetVersion.dataset == dataset)
    return session.scalars(query.order_by(DatasetVersion.number.desc())).all()


def find_latest(session: Session, dataset: str) -> DatasetVersion | None:
    """The newest version, or None before there is one."""
    query = select(DatasetVersion).where(DatasetVersion.dataset == dataset)
    return session.scalars(query.order_by(DatasetVersion.number.desc()).limit(1)).one_or_none()


def list_hashes(session: Session, version: UUID) -> Mapping[str, tuple[str, int]]:
    """Of each file of a version: its SHA-256 and its size."""
    query = select(DatasetFile.name, DatasetFile.sha256, DatasetFile.content)
    rows = session.execute(query.where(DatasetFile.version_id == version))
    return {row.name: (row.sha256, len(row.content)) for row in rows}


def get_file(session: Session, dataset: str, number: int, name: str) -> DatasetFile:
    """A file as it was published. Raises NotFound."""
    query = (
        select(DatasetFile)
        .join(DatasetVersion, DatasetVersion.id == DatasetFile.version_id)
        .where(DatasetVersion.dataset == dataset, DatasetVersion.number == number)
    )
    file = session.scalars(query.where(DatasetFile.name == name)).one_or_none()
    if file is None:
        raise NotFound()
    return file


def find_published(session: Session, sha256: str) -> tuple[DatasetVersion, str] | None:
    """The version of which a file has that SHA-256, and the file's name; None where none has."""
    query = (
        select(DatasetVersion, DatasetFile.name)
        .join(DatasetFile, DatasetFile.version_id == DatasetVersion.id)
        .where(DatasetFile.sha256 == sha256)
    )
    row = session.execute(query.order_by(DatasetVersion.number.desc()).limit(1)).one_or_none()
    return (row[0], row[1]) if row else None


def read_rows(session: Session, version: UUID) -> list[dict[str, Any]]:
    """The rows of a version, as its file has them."""
    query = select(DatasetFile.content).where(DatasetFile.version_id == version)
    content = session.scalars(query.where(DatasetFile.name == DATA_JSON)).one()
    rows: list[dict[str, Any]] = json.loads(content)["rows"]
    return rows
