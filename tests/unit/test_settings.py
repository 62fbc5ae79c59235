"""Production refuses whatever belongs to development, and a bad setting says its name."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from services.kernel.settings import Settings, SettingsError, TokenIssuer

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()
PRODUCTION = {
    "CONSULAR_ENV": "production",
    "DATABASE_URL": "postgresql://app@db/consular",
    "REDIS_URL": "redis://redis",
    "CONSULAR_PUBLIC_URL": "https://citas.example",
    "CONSULAR_MASTER_KEY": KEY,
    "CONSULAR_INDEX_KEY": OTHER,
}


def _without(name: str) -> dict[str, str]:
    return {key: value for key, value in PRODUCTION.items() if key != name}


def test_production_starts_with_everything_in_place() -> None:
    settings = Settings.load(PRODUCTION)
    assert not settings.development
    assert settings.master_keys() == {1: bytes(range(32))}


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "REDIS_URL",
        "CONSULAR_PUBLIC_URL",
        "CONSULAR_MASTER_KEY",
        "CONSULAR_INDEX_KEY",
    ],
)
def test_production_refuses_to_start_without(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.load(_without(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSULAR_SIMULATOR_URL", "http://127.0.0.1:8001"),
        ("CONSULAR_FINABIEN_URL", "http://simulator:8001/finabien"),
        ("CONSULAR_SAT_URL", "https://SIMULATOR.example/sat"),
        ("CONSULAR_SAT_URL", "https://user:secret@sat.example/"),
        ("CONSULAR_SAT_URL", "https://sat.example/#sat"),
        ("CONSULAR_TOKEN_KEY_FILE", "/run/token-key.pem"),
        ("CONSULAR_PUBLIC_URL", "http://citas.example"),
        ("CONSULAR_MASTER_KEY", base64.b64encode(bytes(32)).decode()),
        ("CONSULAR_INDEX_KEY", base64.b64encode(b"a" * 32).decode()),
        ("CONSULAR_MASTER_KEY", "short"),
        ("CONSULAR_MASTER_KEY", f"1:{KEY},2:"),
        ("CONSULAR_INDEX_KEY", KEY),
        ("CONSULAR_SIGNING_KEY", base64.b64encode(bytes(32)).decode()),
        ("CONSULAR_SIGNING_KEY", f"2:{KEY}"),
        ("CONSULAR_FINABIEN_URL", "http://api.finabien.example"),
        ("CONSULAR_SAT_URL", "http://127.0.0.1:9000"),
        ("CONSULAR_RATES_URL", "HTTP://rates.example"),
        ("CONSULAR_NOTICES_URL", "smtp://mail.example"),
        ("CONSULAR_LLAVEMX_PAGE_URL", "http://llave.example"),
        ("CONSULAR_TOKEN_JWKS_URL", "http://idp.example/jwks"),
        ("CONSULAR_FINABIEN_SECRET", ""),
        ("CONSULAR_FINABIEN_SECRET", "whsec_"),
        ("CONSULAR_SAT_SECRET", "secret"),
        ("CONSULAR_SAT_SECRET", f"whsec_{base64.b64encode(b'a' * 32).decode()}"),
        ("CONSULAR_SAT_SECRET", f"whsec_{base64.b64encode(bytes(range(8))).decode()}"),
        ("CONSULAR_SAT_SECRET", f"whsec_{KEY},"),
        ("CONSULAR_SAT_SECRET", f"whsec_{KEY},whsec_"),
    ],
)
def test_production_refuses(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.load({**PRODUCTION, name: value})


def test_a_secret_that_changes_is_two_with_a_comma_between() -> None:
    both = f"whsec_{KEY}, whsec_{OTHER}"
    settings = Settings.load({**PRODUCTION, "CONSULAR_SAT_SECRET": both})
    assert settings.signing_secrets("CONSULAR_SAT_SECRET") == (f"whsec_{KEY}", f"whsec_{OTHER}")
    assert settings.signing_secrets("CONSULAR_FINABIEN_SECRET") == ()


ISSUER = {
    "CONSULAR_TOKEN_ISSUER": "https://idp.example",
    "CONSULAR_TOKEN_AUDIENCE": "consular",
    "CONSULAR_TOKEN_JWKS_URL": "https://idp.example/jwks",
}


def test_production_takes_an_issuer_of_tokens() -> None:
    assert Settings.load(PRODUCTION).token_issuer() is None
    issuer = Settings.load({**PRODUCTION, **ISSUER}).token_issuer()
    assert issuer == TokenIssuer(*ISSUER.values())


@pytest.mark.parametrize("name", ISSUER)
def test_half_an_issuer_of_tokens_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.load({**PRODUCTION, **ISSUER, name: ""})


def test_production_reads_no_file_of_a_development_instance(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("CONSULAR_TOKEN_KEY_FILE=key.pem\nREDIS_URL=redis://x\n")
    settings = Settings.load({**PRODUCTION, "CONSULAR_HOME": str(tmp_path)})
    assert "CONSULAR_TOKEN_KEY_FILE" not in settings.values
    with pytest.raises(SettingsError, match="REDIS_URL"):
        Settings.load({**_without("REDIS_URL"), "CONSULAR_HOME": str(tmp_path)})


def test_production_asks_for_every_agencys_address() -> None:
    with pytest.raises(SettingsError, match="CONSULAR_SAT_URL"):
        Settings.load(PRODUCTION).agency_url("SAT", "/sat")


def test_development_fills_in_from_its_file_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("# secrets\nREDIS_URL=redis://file\nCONSULAR_PORT=9000\n")
    settings = Settings.load({"CONSULAR_HOME": str(tmp_path), "CONSULAR_PORT": "9100"})
    assert (settings.redis_url, settings.port, settings.simulator_port) == (
        "redis://file", 9100, 9101,
    )  # fmt: skip
    assert settings.agency_url("SAT", "/sat") == "http://127.0.0.1:9101/sat"


@pytest.mark.parametrize("env", ["", "prod", "Production", "development "])
def test_an_environment_that_isnt_known_is_refused(env: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CONSULAR_ENV"):
        Settings.load({"CONSULAR_ENV": env, "CONSULAR_HOME": str(tmp_path)})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "١٢", "²"])
def test_a_port_that_isnt_one_is_refused(port: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CONSULAR_PORT"):
        Settings.load({"CONSULAR_PORT": port, "CONSULAR_HOME": str(tmp_path)})


def test_the_highest_version_of_the_master_key_is_kept_beside_the_older(tmp_path: Path) -> None:
    environ = {"CONSULAR_HOME": str(tmp_path), "CONSULAR_MASTER_KEY": f"1:{KEY},2:{OTHER}"}
    assert sorted(Settings.load(environ).master_keys()) == [1, 2]


@pytest.mark.parametrize("key", ["x:" + KEY, f"1:{KEY},1:{OTHER}", f"-1:{KEY}", f"70000:{KEY}"])
def test_a_master_key_with_an_odd_version_is_refused(key: str, tmp_path: Path) -> None:
    settings = Settings.load({"CONSULAR_HOME": str(tmp_path), "CONSULAR_MASTER_KEY": key})
    with pytest.raises(SettingsError, match="CONSULAR_MASTER_KEY"):
        settings.master_keys()


def test_a_missing_or_unreadable_setting_says_its_name(tmp_path: Path) -> None:
    settings = Settings.load({"CONSULAR_HOME": str(tmp_path), "CONSULAR_LEASE_SECONDS": "soon"})
    with pytest.raises(SettingsError, match="CONSULAR_INDEX_KEY"):
        settings.index_key()
    with pytest.raises(SettingsError, match="CONSULAR_LEASE_SECONDS"):
        settings.number("CONSULAR_LEASE_SECONDS", 30)


def test_secrets_dont_show_in_what_is_printed() -> None:
    shown = repr(Settings.load(PRODUCTION))
    assert not any(secret in shown for secret in (KEY, OTHER, "postgresql://", "redis://"))


def test_errors_dont_repeat_the_secret(tmp_path: Path) -> None:
    settings = Settings.load(
        {"CONSULAR_HOME": str(tmp_path), "CONSULAR_MASTER_KEY": "my-secret-that-is-too-short"}
    )
    with pytest.raises(SettingsError) as refused:
        settings.master_keys()
    assert "my-secret" not in str(refused.value)
