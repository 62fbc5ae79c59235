"""Publish a version of a data set: its files as they are, for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import Conflict
from services.kernel.ids import new_id
from services.open_data.errors import NotPrepared, PublishedMeanwhile, Unsafe
from services.open_data.models import DatasetFile, DatasetVersion
from services.open_data.preparing import Prepared


@dataclass(frozen=True)
class PublishedFile:
    """A file of a version."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash by which anyone sees that it is the same."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Changes:
    """What is new, for the readers of a version."""

    es: str
    en: str


def publish(
    session: Session,
    prepared: Prepared,
    changes: Changes,
    files: Sequence[PublishedFile],
    *,
    now: datetime,
    actor: Actor,
) -> DatasetVersion:
    """Append the version. Raises `Unsafe` where a small count could be found, `NotPrepared`,
    `PublishedMeanwhile`, Conflict ``nothing_to_publish``."""
    if prepared.waiting:
        raise NotPrepared()
    if prepared.unsafe:
        raise Unsafe()
    if not (prepared.added or prepared.revised):
        raise Conflict("nothing_to_publish")
    version = session.scalars(
        insert(DatasetVersion)
        .values(
            id=new_id(),
            dataset=prepared.dataset.code,
            number=prepared.number,
            as_of=prepared.as_of,
            threshold=prepared.threshold,
            row_count=len(prepared.rows),
            suppressed_count=prepared.suppressed,
            changes_es=changes.es,
            changes_en=changes.en,
            published_at=now,
            published_by=actor.account_id,
        )
        .on_conflict_do_nothing()
        .returning(DatasetVersion)
    ).one_or_none()
    if version is None:
        raise PublishedMeanwhile()
    session.add_all(
        DatasetFile(
            version_id=version.id,
            name=file.name,
            media_type=file.media_type,
            content=file.content,
            sha256=file.sha256,
        )
        for file in files
    )
    session.flush()
    subject = audit.Subject("dataset_version", version.id)
    audit.record(session, subject, action="dataset.publish", now=now, actor=actor)
    return version
