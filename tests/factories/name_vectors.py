"""CURPs and RFCs beside the names that they were given to: published examples and invented ones.

Each part of a name is as its source writes it. The check characters of invented CURPs are right.
"""

from __future__ import annotations

from typing import NamedTuple


class NamedKey(NamedTuple):
    """Names, and a key that the rule gives them."""

    given_names: str
    first_surname: str
    second_surname: str | None
    key: str
    why: str


CURPS = (
    NamedKey("Concepción", "Salgado", "Briseño", "SABC560626MDFLRN01", "CURPSuite's documentation"),
    NamedKey("Gloria", "Hernández", "García", "HEGG560427MVZRRL04", "Wikipedia's example"),
    NamedKey("José", "de la Cruz", "del Ángel", "CUAJ010203HNERNSA0", "JOSÉ alone; particles"),
    NamedKey("María", "Villa", "Trujillo", "VITM820906MVZLRR00", "MARÍA alone"),
    NamedKey("MARÍA ERNESTINA RAFAELA", "Contreras", "Morales", "COME721110MVZNRR03", "the second"),
    NamedKey("María de los Ángeles", "Luna", "Ibarra", "LUIA850314MNENBN02", "particles after it"),
    NamedKey("Ma. Luisa", "Pérez", "Soto", "PESL850314MNERTS01", "MA."),
    NamedKey("Ma Luisa", "Pérez", "Soto", "PESL850314MNERTS01", "MA"),
    NamedKey("M.ª Luisa", "Pérez", "Soto", "PESL850314MNERTS01", "M.ª"),
    NamedKey("J. Jesús", "Luna", "Ibarra", "LUIJ850314HNENBS09", "J."),
    NamedKey("J Jesús", "Luna", "Ibarra", "LUIJ850314HNENBS09", "J"),
    NamedKey("Jo. Luis", "Luna", "Ibarra", "LUIL850314HNENBS09", "JO."),
    NamedKey("M CRISTINA", "QUIAHUA", "CALIHUA", "QUCC810919MVZHLR01", "M"),
    NamedKey("José María", "Tezoco", "Apale", "TEAM470622HVZZPR07", "only the first is skipped"),
    NamedKey("Christian", "Alvarado", "Peralta", "AAPC881008HMCLRH04", "H is a consonant"),
    NamedKey(
        "Rosa Guadalupe", "O Relling", "Alvarado", "OXAR970122MVZXLS09", "one letter, then a space"
    ),
    NamedKey("Edna", "Pérez", "H. Tolentino", "PEHE771120MVZRXD09", "one letter and a dot"),
    NamedKey("Alberto", "Ñando", "Rodríguez", "XARA891014HJCNDL02", "Ñ as initial"),
    NamedKey("Ana", "Ibarra", "Ñando", "IAXA850314MNEBNN09", "Ñ as another initial"),
    NamedKey("Enrique", "Peña", "Nieto", "PXNE660720HMCXTN06", "Ñ within; a word with its X"),
    NamedKey("Juan José", "D/AMICO", "Álvarez", "DXAJ850314HNEMLN03", "a slash counts as X"),
    NamedKey("Juan José", "D'Amico", "Álvarez", "DXAJ850314HNEMLN03", "an apostrophe may"),
    NamedKey("Juan José", "D’Amico", "Álvarez", "DAAJ850314HNEMLN01", "or may not"),
    NamedKey("Ana", "Pérez-Gil", "Soto", "PESA850314MNERTN04", "a hyphen elsewhere"),
    NamedKey("Olga", "Carrasco", "Cortés", "CACO560427MVZRRL01", "a word that was kept"),
    NamedKey("Olga", "Carrasco", "Cortés", "CXCO560427MVZRRL03", "the same with its X"),
    NamedKey("Ana", "Argüelles", None, "AUXA850314MNERXN07", "a diaeresis; no second surname"),
    NamedKey("A", "Ó", None, "OXXA850314MNEXXX03", "one letter"),
    NamedKey("Ana", "Y", "Soto", "YXSA850314MNEXTN02", "a particle that is a surname"),
    NamedKey("Ana", "de la O", "Soto", "OXSA850314MNEXTN02", "one letter behind particles"),
    NamedKey("Carlos", "Mc Gregor", "Luna", "GELC850314HNERNR05", "MC"),
    NamedKey("Ana", "Van der Beek", "Luna", "BELA850314MNEKNN00", "VAN and DER"),
    NamedKey("Jesús Ociel", "Baena", "Saucedo", "BASJ841209XCLNCS02", "sex X"),
    NamedKey("Andrés", "Ich", "Rodríguez", "IXRA750909HDFCDN09", "no vowel within"),
)  # fmt: skip

RFCS = (
    NamedKey("Emma", "Gómez", "Díaz", "GODE561231GR8", "SAT's example"),
    NamedKey("José Luis", "Pérez", "Soto", "PESL900512AB1", "JOSÉ is skipped"),
    NamedKey("Ana", "Ek", "Pech", "EPAN700101AB1", "a short surname gives one letter"),
    NamedKey("Juan", "Martínez", None, "MAJU420116AB1", "one surname"),
    NamedKey("Oscar", "Puga", "Torres", "PUTX800101AB1", "a word: X in the last place"),
    NamedKey("Oscar", "Puga", "Torres", "PUTO800101AB1", "the word kept"),
    NamedKey("Ana", "Ñando", "Soto", "ÑASA800101AB1", "SAT keeps the Ñ"),
    NamedKey("Ana", "Ñando", "Soto", "XASA800101AB1", "or wrote X"),
)
