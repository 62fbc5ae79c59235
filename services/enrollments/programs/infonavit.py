"""Savings for a home. Announced: nobody can enter it through us yet."""

from __future__ import annotations

from services.enrollments.programs.schema import Bilingual, Program

INFONAVIT = Program(
    code="infonavit",
    agency="infonavit",
    short="Infonavit",
    name=Bilingual("Ahorro para vivienda (Infonavit)", "Housing savings (Infonavit)"),
)
