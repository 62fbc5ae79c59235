"""What crafts there are, for anybody: a page that the test adds."""

from __future__ import annotations

from flask import render_template

from consular.auth import ANYONE, allow
from consular.pages.portal.blueprint import pages


@pages.get("/artesania")
@allow(ANYONE)
def crafts() -> str:
    """Show the crafts."""
    return render_template("portal/crafts.html", crafts=["Alfarería", "Talla en copal"])
