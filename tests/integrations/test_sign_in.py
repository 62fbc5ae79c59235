"""Citizens come in by Llave MX, staff by OpenID Connect; a code opens once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from integrations.contracts import CitizenClaims
from integrations.errors import NeverSent, Refused, Unanswered
from integrations.identity.llavemx import LlaveMxClient
from integrations.identity.oidc import OidcClient, key_id
from integrations.simulator.app import Simulator
from integrations.simulator.english import ENGLISH
from integrations.simulator.inprocess import InProcessTransport
from integrations.simulator.names import well_formed
from integrations.simulator.personas import CITIZENS, OFFICIALS
from tests.integrations.conftest import PRODUCT, SECRETS, Clock, order_faults

BACK = f"{PRODUCT}/login/callback"
SPANISH_SAID = {spanish for spanish, english in ENGLISH.items() if spanish != english}
VERIFIER = "v" * 64
HOST = "http://simulator.test"


@pytest.fixture
def llave(simulator: Simulator) -> Iterator[LlaveMxClient]:
    identifier, secret = SECRETS["llavemx"].split(":")
    transport = InProcessTransport(simulator)
    with LlaveMxClient(f"{HOST}/llavemx", identifier, secret, transport=transport) as client:
        yield client


@pytest.fixture
def oidc(simulator: Simulator) -> Iterator[OidcClient]:
    identifier, _, secret = SECRETS["oidc"].partition(":")
    transport = InProcessTransport(simulator)
    with OidcClient(f"{HOST}/oidc", identifier, secret, transport=transport) as client:
        yield client


def choose(control: httpx.Client, url: str, **form: str) -> str:
    """Press a button on the sign-in page; returns the code that comes back."""
    assert control.get(url).status_code == 200
    answer = control.post(url, data=form)
    assert answer.status_code == 303
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    query = parse_qs(back.query)
    assert query["state"] == ["s-1"]
    return query["code"][0]


def citizen(llave: LlaveMxClient, control: httpx.Client, **form: str) -> CitizenClaims:
    url = llave.authorize_url(state="s-1", redirect_uri=BACK)
    return llave.exchange(code=choose(control, url, **form), redirect_uri=BACK)


def test_a_demonstration_citizen_signs_in(llave: LlaveMxClient, control: httpx.Client) -> None:
    claims = citizen(llave, control, persona="demo-uno")
    assert claims.subject == "demo-uno"
    assert (claims.given_names, claims.first_surname) == ("Persona", "Demo")
    assert claims.second_surname == "Uno"
    assert claims.birth_date == date(1985, 3, 14)
    assert claims.email == "demo-uno@example.org"
    assert claims.curp is not None
    assert well_formed(claims.curp)


def test_the_pages_are_english_for_who_chose_it_at_the_product(
    llave: LlaveMxClient, oidc: OidcClient, control: httpx.Client
) -> None:
    control.cookies.set("lang", "en")
    addresses = {
        llave.authorize_url(state="s-1", redirect_uri=BACK): "Sign in as Persona Demo Uno",
        oidc.authorize_url(
            state="s-1", redirect_uri=BACK, nonce="n", code_verifier=VERIFIER
        ): "Sign in as Oficial Demo · Officer, Los Angeles",
    }
    for address, button in addresses.items():
        page = control.get(address).text
        assert '<html lang="en">' in page
        assert button in page
        assert not SPANISH_SAID & set(re.findall(r"[^<>]+", page))
    wrong = control.post(next(iter(addresses)), data={"curp": "x"})
    assert "The CURP is not valid." in wrong.text
    assert "Write the given names." in wrong.text


def test_curp_and_email_may_be_empty(llave: LlaveMxClient, control: httpx.Client) -> None:
    assert citizen(llave, control, persona="demo-sin-curp").curp is None
    assert citizen(llave, control, persona="demo-sin-correo").email is None
    assert citizen(llave, control, persona="demo-cinco").second_surname is None


def test_any_invented_profile_signs_in_and_is_the_same_again(
    llave: LlaveMxClient, control: httpx.Client
) -> None:
    form = {"given_names": "Ana", "first_surname": "Inventada", "birth_date": "1990-05-12"}
    first, second = citizen(llave, control, **form), citizen(llave, control, **form)
    assert first == second
    assert first.birth_date == date(1990, 5, 12)
    assert (first.curp, first.email, first.phone) == (None, None, None)


def test_a_profile_with_mistakes_is_told_them_and_keeps_what_was_typed(
    llave: LlaveMxClient, control: httpx.Client
) -> None:
    url = llave.authorize_url(state="s-1", redirect_uri=BACK)
    answer = control.post(url, data={"given_names": "Ana <b>", "curp": "X", "birth_date": "ayer"})
    assert answer.status_code == 422
    assert "Ana &lt;b&gt;" in answer.text
    assert answer.text.count('aria-invalid="true"') == 3


def test_a_code_opens_once(llave: LlaveMxClient, control: httpx.Client) -> None:
    url = llave.authorize_url(state="s-1", redirect_uri=BACK)
    code = choose(control, url, persona="demo-dos")
    llave.exchange(code=code, redirect_uri=BACK)
    with pytest.raises(Refused) as refused:
        llave.exchange(code=code, redirect_uri=BACK)
    assert refused.value.code == "invalid_grant"


def test_a_code_belongs_to_its_address_and_soon_expires(
    llave: LlaveMxClient, control: httpx.Client, clock: Clock
) -> None:
    url = llave.authorize_url(state="s-1", redirect_uri=BACK)
    with pytest.raises(Refused):
        llave.exchange(code=choose(control, url, persona="demo-dos"), redirect_uri=f"{BACK}/x")
    code = choose(control, url, persona="demo-dos")
    clock.forward(121)
    with pytest.raises(Refused):
        llave.exchange(code=code, redirect_uri=BACK)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.test/",
        f"{PRODUCT}@evil.test/",
        "javascript:alert(1)",
        "",
        f"{PRODUCT}.evil.test/",
    ],
)
def test_nobody_is_sent_to_a_foreign_address(
    llave: LlaveMxClient, oidc: OidcClient, control: httpx.Client, back: str
) -> None:
    staff = {"nonce": "n", "code_verifier": VERIFIER}
    for url in (
        llave.authorize_url(state="s", redirect_uri=back),
        oidc.authorize_url(state="s", redirect_uri=back, **staff),
    ):
        assert control.get(url).status_code == 400
        assert control.post(url, data={"persona": "demo-uno"}).status_code == 400


def test_an_error_told_with_status_200_is_an_error() -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"error": "invalid_token", "errorDescription": "no"})
    )
    client = LlaveMxClient("http://x.test", "id", "secret", transport=transport)
    with pytest.raises(Refused) as refused:
        client.exchange(code="c", redirect_uri=BACK)
    assert refused.value.code == "invalid_token"


def userinfo(**claims: object) -> CitizenClaims:
    body = {"idUsuario": 7, "nombre": "Ana", "primerApellido": "Demo"} | claims

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("obtenerToken"):
            assert request.headers["authorization"].startswith("Basic ")
            assert parse_qs(request.content.decode())["redirect_uri"] == [BACK]
            return httpx.Response(200, json={"accessToken": "t-1", "expiresIn": 900})
        assert request.headers["accessToken"] == "t-1"
        assert request.headers["authorization"].startswith("Basic ")
        return httpx.Response(200, json=body)

    client = LlaveMxClient("http://x.test", "id", "s", transport=httpx.MockTransport(answer))
    return client.exchange(code="c", redirect_uri=BACK)


def test_an_empty_curp_falls_back_to_a_login_that_is_one() -> None:
    assert userinfo(curp="", login="boxw310820hnerxn09").curp == "BOXW310820HNERXN09"
    assert userinfo(curp=None, login="ana@example.org").curp is None


def test_only_verified_contacts_count() -> None:
    contact = {"correo": "a@example.org", "telVigente": "+12135550101"}
    assert userinfo(**contact).email is None
    claims = userinfo(**contact, correoVerificado="true", telefonoVerificado=True)
    assert (claims.email, claims.phone) == ("a@example.org", "+12135550101")


def test_birth_dates_come_in_either_form() -> None:
    assert userinfo(fechaNacimiento="12/05/1990").birth_date == date(1990, 5, 12)
    assert userinfo(fechaNacimiento="1990-05-12T00:00:00").birth_date == date(1990, 5, 12)
    with pytest.raises(Unanswered):
        userinfo(fechaNacimiento="ayer")


def test_the_authorize_address_uses_llaves_own_words() -> None:
    client = LlaveMxClient("https://api.test", "id", "s", page_url="https://www.llave.test/")
    url = urlsplit(client.authorize_url(state="a&b", redirect_uri=BACK))
    assert (url.netloc, url.path) == ("www.llave.test", "/oauth.xhtml")
    assert parse_qs(url.query) == {
        "client_id": ["id"],
        "redirect_url": [BACK],
        "response_type": ["code"],
        "state": ["a&b"],
    }


def staff_code(oidc: OidcClient, control: httpx.Client, persona: str) -> str:
    url = oidc.authorize_url(state="s-1", redirect_uri=BACK, nonce="n-1", code_verifier=VERIFIER)
    return choose(control, url, persona=persona)


@pytest.mark.parametrize("subject", OFFICIALS)
def test_staff_get_a_token_that_verifies_against_the_keys(
    oidc: OidcClient, control: httpx.Client, clock: Clock, subject: str
) -> None:
    code = staff_code(oidc, control, subject)
    grant = oidc.exchange(code=code, redirect_uri=BACK, code_verifier=VERIFIER)
    keys: Any = grant.jwks
    token = jwt.decode(grant.id_token, KeySet.import_key_set(keys), algorithms=["RS256"])
    claims = token.claims
    assert (claims["iss"], claims["aud"]) == (grant.issuer, grant.client_id)
    assert (claims["sub"], claims["nonce"]) == (subject, "n-1")
    assert claims["exp"] - clock.now.timestamp() == 300


@pytest.mark.parametrize("verifier", ["", "w" * 64])
def test_a_stolen_code_is_worth_nothing_without_the_verifier(
    oidc: OidcClient, control: httpx.Client, verifier: str
) -> None:
    code = staff_code(oidc, control, "demo-admin")
    with pytest.raises(Refused):
        oidc.exchange(code=code, redirect_uri=BACK, code_verifier=verifier)
    with pytest.raises(Refused):
        oidc.exchange(code=code, redirect_uri=BACK, code_verifier=VERIFIER)


def test_another_clients_secret_gets_no_token(
    simulator: Simulator, oidc: OidcClient, control: httpx.Client
) -> None:
    code = staff_code(oidc, control, "demo-admin")
    transport = InProcessTransport(simulator)
    with (
        OidcClient(f"{HOST}/oidc", "consular-staff", "wrong", transport=transport) as thief,
        pytest.raises(Refused) as refused,
    ):
        thief.exchange(code=code, redirect_uri=BACK, code_verifier=VERIFIER)
    assert refused.value.code == "invalid_client"


def test_without_pkce_nobody_signs_in(control: httpx.Client) -> None:
    query = {
        "response_type": "code",
        "client_id": "consular-staff",
        "redirect_uri": BACK,
        "scope": "openid",
    }
    assert control.get("/oidc/authorize", params=query).status_code == 400


def test_the_last_good_keys_stay_when_the_provider_is_down(
    oidc: OidcClient, control: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = oidc.keys()
    order_faults(control, "oidc", unavailable_rate=1)
    monkeypatch.setattr("integrations.identity.keys.REFETCH_SECONDS", 0)
    assert oidc.keys("unknown") == good


def test_without_any_keys_a_provider_that_is_down_is_an_error(
    oidc: OidcClient, control: httpx.Client
) -> None:
    order_faults(control, "oidc", unavailable_rate=1)
    with pytest.raises(NeverSent):
        oidc.keys()


def provider(**changes: object) -> tuple[OidcClient, list[str]]:
    """A provider whose discovery says what the test wants; and the paths it was asked for."""
    paths: list[str] = []
    body = {
        "issuer": "http://idp.test",
        "authorization_endpoint": "http://idp.test/authorize",
        "token_endpoint": "http://idp.test/token",
        "jwks_uri": "http://idp.test/jwks",
    } | changes

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        if request.url.path == "/jwks":
            return httpx.Response(200, json={"keys": [{"kty": "RSA", "kid": "k-1"}]})
        return httpx.Response(200, json=body)

    return OidcClient("http://idp.test", "id", "s", transport=httpx.MockTransport(answer)), paths


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://evil.test"},
        {"token_endpoint": "http://evil.test/token"},
        {"jwks_uri": "http://idp.test@evil.test/"},
        {"authorization_endpoint": "https://idp.test/authorize"},
    ],
)
def test_a_provider_cannot_point_elsewhere(changes: dict[str, object]) -> None:
    client, _ = provider(**changes)
    with pytest.raises(Unanswered):
        client.keys()


def test_unknown_keys_cause_one_fetch_a_minute_at_most() -> None:
    client, paths = provider()
    for number in range(20):
        client.keys(f"unknown-{number}")
        client.keys("k-1")
    assert paths.count("/jwks") == 1


def test_key_ids_of_nonsense_are_none() -> None:
    for token in ("", "a.b.c", "é.b.c", "e30.e30.x", "W10.b.c", "bnVsbA.b.c"):
        assert key_id(token) is None


def test_demonstration_people_are_plainly_synthetic() -> None:
    for persona in CITIZENS.values():
        assert persona.person.first_surname == "Demo"
        assert not persona.curp or well_formed(persona.curp)
        assert not persona.email or persona.email.endswith("@example.org")


def test_an_account_with_one_name_or_none_is_a_person_all_the_same() -> None:
    assert userinfo(primerApellido="").first_surname is None
    nameless = userinfo(nombre=None, primerApellido=None)
    assert (nameless.subject, nameless.given_names) == ("7", None)
