"""Llave MX as public implementations describe it, with a page to choose whom to be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from integrations.simulator import sign_in
from integrations.simulator.names import Person, well_formed
from integrations.simulator.personas import CITIZENS, Citizen
from integrations.simulator.world import World, refuse

AGENCY = "llavemx"
TOKEN_SECONDS = 900
REQUIRED = {
    "given_names": "Escribe los nombres.",
    "first_surname": "Escribe el primer apellido.",
    "birth_date": "Escribe la fecha de nacimiento.",
}


class SimulatedAgency:
    """The authorize page, the token and the person's data."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The provider's routes, under /llavemx."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/llavemx")
        routes.add_url_rule("/oauth.xhtml", "authorize", self.authorize, methods=["GET", "POST"])
        api = "/ws/rest/oauth"
        routes.add_url_rule(f"{api}/obtenerToken", "token", self.token, methods=["POST"])
        routes.add_url_rule(f"{api}/datosUsuario", "person", self.person, methods=["GET"])
        routes.add_url_rule(f"{api}/cerrarSesion", "sign_out", self.sign_out, methods=["POST"])
        return routes

    def authorize(self) -> Response | str | tuple[str, int]:
        """Show who can sign in; on POST, return with a code for the one chosen."""
        back = request.args.get("redirect_url", "")
        known = request.args.get("client_id") == self._world.client(AGENCY)[0]
        if not known or not sign_in.may_return_to(self._world, back):
            return render_template("refused.html"), 400
        if request.method == "GET":
            return _page({}, {})
        claims, errors = _chosen()
        if errors:
            page = "llavemx.html"
            return (
                render_template(page, citizens=CITIZENS.values(), errors=errors, form=request.form),
                422,
            )
        code = sign_in.new_secret()
        payload = {"claims": claims, "back": back}
        expires = self._world.now() + sign_in.CODE_SECONDS
        self._world.memory.grant("llavemx-code", code, payload, expires)
        return sign_in.send_back(back, code, request.args.get("state", ""))

    def token(self) -> Response:
        """A code, once, for a token of fifteen minutes."""
        sign_in.require_client(self._world, AGENCY)
        now = self._world.now()
        code = request.form.get("code", "")
        granted = self._world.memory.redeem("llavemx-code", code, now, keep=False)
        if granted is None or granted["back"] != request.form.get("redirect_uri"):
            raise refuse(400, {"error": "invalid_grant", "errorDescription": "Código no válido"})
        token = sign_in.new_secret()
        self._world.memory.grant("llavemx-token", token, granted["claims"], now + TOKEN_SECONDS)
        return jsonify(
            accessToken=token, expiresIn=TOKEN_SECONDS, refreshToken=sign_in.new_secret()
        )

    def person(self) -> Response:
        """The data of the token's person."""
        sign_in.require_client(self._world, AGENCY)
        token = request.headers.get("accessToken", "")
        claims = self._world.memory.redeem("llavemx-token", token, self._world.now(), keep=True)
        if claims is None:
            # Told in the body with status 200, as the real one does.
            return jsonify(error="invalid_token", errorDescription="Token no válido")
        return jsonify(claims)

    def sign_out(self) -> Response:
        """Forget the token."""
        token = request.headers.get("accessToken", "")
        self._world.memory.redeem("llavemx-token", token, self._world.now(), keep=False)
        return jsonify({})


def _page(errors: Mapping[str, str], form: Mapping[str, str]) -> str:
    return render_template("llavemx.html", citizens=CITIZENS.values(), errors=errors, form=form)


def _chosen() -> tuple[dict[str, Any], dict[str, str]]:
    """(claims, errors) of the persona or of the profile that was typed in."""
    citizen = CITIZENS.get(request.form.get("persona", ""))
    if citizen is not None:
        return _claims(citizen), {}
    form = {name: value.strip() for name, value in request.form.items()}
    errors = _errors(form)
    return ({}, errors) if errors else (_claims(_person_of_form(form)), {})


def _errors(form: dict[str, str]) -> dict[str, str]:
    errors = {name: text for name, text in REQUIRED.items() if not form.get(name)}
    curp = form.get("curp", "").upper()
    if curp and not well_formed(curp):
        errors["curp"] = "La CURP no es válida. Revísala o deja el campo vacío."
    try:
        date.fromisoformat(form.get("birth_date") or "2000-01-01")
    except ValueError:
        errors["birth_date"] = "Escribe la fecha como año-mes-día, por ejemplo 1990-05-12."
    return errors


def _person_of_form(form: dict[str, str]) -> Citizen:
    person = Person(
        form["given_names"],
        form["first_surname"],
        form.get("second_surname") or None,
        date.fromisoformat(form["birth_date"]),
    )
    # The same profile is the same account again.
    seed = "|".join(
        (person.given_names, person.first_surname, str(person.second_surname), form["birth_date"])
    )
    slug = "profile-" + hashlib.sha256(seed.upper().encode()).hexdigest()[:16]
    return Citizen(
        slug=slug,
        person=person,
        sex=form.get("sex", ""),
        curp=form.get("curp", "").upper(),
        email=form.get("email", ""),
        phone=form.get("phone", ""),
    )


def _claims(citizen: Citizen) -> dict[str, Any]:
    person = citizen.person
    return {
        "idUsuario": citizen.slug,
        "login": citizen.curp or citizen.email or citizen.slug,
        "curp": citizen.curp,
        "nombre": person.given_names,
        "primerApellido": person.first_surname,
        "segundoApellido": person.second_surname or "",
        "correo": citizen.email,
        "correoVerificado": bool(citizen.email),
        "telVigente": citizen.phone,
        "telefonoVerificado": bool(citizen.phone),
        "fechaNacimiento": person.birth_date.strftime("%d/%m/%Y"),
        "sexo": citizen.sex,
        "estadoNacimiento": citizen.curp[11:13],
        "domicilio": {"alcaldiaMunicipio": ""},
    }
