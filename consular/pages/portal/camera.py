"""Try camera and microphone before a video call."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, render_template, request, url_for

from consular.auth import ANYONE, allow
from consular.pages.portal.blueprint import pages
from consular.security import CAMERA_ALLOWED


@pages.get("/inscripciones/prueba-de-video")
@allow(ANYONE)
def camera() -> Response:
    """Show the page, the only one that may use them."""
    own = request.args.get("solicitud", type=UUID)
    back = url_for("portal.enrollment", id=own) if own else None
    response = make_response(render_template("portal/camera.html", back=back))
    response.headers["Permissions-Policy"] = CAMERA_ALLOWED
    return response
