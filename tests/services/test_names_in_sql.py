"""Names are compared in SQL exactly as in Python."""

from __future__ import annotations

import unicodedata

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.kernel.identifiers import normalise_name, unwritable_in_name

NAMES = (
    "D'Amico", "D’Amico", "O Relling", "  Łukasz   Weiß ", "Ørsted-Æsir", "M.ª José", "Jose\u0301",
    "NGUYỄN THỊ", "İpek Işık", "Gal·la", "Þór/Ðað", "Dꞌamico", "ŉ Ǽsa ǿ", "de la Cruz (viuda)", "—",
)  # fmt: skip


def test_sql_and_python_agree_on_every_letter_and_sign_of_names(session: Session) -> None:
    letters = [chr(c) for c in range(0x20, 0x1FFFF) if unicodedata.category(chr(c)) != "Cs"]
    taken = [f"A{c}b {c}" for c in letters if not unwritable_in_name(c)]
    names = [*taken, *NAMES]
    rows = session.execute(
        text("SELECT name, normal_name(name) FROM unnest(CAST(:names AS text[])) name"),
        {"names": names},
    )
    said = {row.name: row.normal_name for row in rows}
    assert len(said) > 600
    assert said == {name: normalise_name(name) for name in names}
