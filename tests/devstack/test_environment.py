"""The product's environment: what the caller names takes a stand-in's place, whole."""

from __future__ import annotations

from pathlib import Path

from devstack import environment
from devstack.environment import Ports

_REAL = {
    "OIDC_ISSUER": "https://auth.example.com/application/o/dezky-portal/",
    "OPERATOR_OIDC_ISSUER": "https://auth.example.com/application/o/dezky-operator/",
}


def test_a_real_provider_is_never_signed_out_at_the_stand_in(tmp_path: Path) -> None:
    real = environment.build(tmp_path, Ports(), given=_REAL, database_urls={})
    demo = environment.build(tmp_path, Ports(), given={}, database_urls={})

    assert (real["OIDC_SIGN_OUT_URL"], real["OPERATOR_OIDC_SIGN_OUT_URL"]) == ("", "")
    assert demo["OIDC_SIGN_OUT_URL"] == "http://127.0.0.1:8001/if/flow/dezky-portal-sign-out/"


def test_a_real_provider_is_not_asked_as_the_stand_ins_monitor(tmp_path: Path) -> None:
    real = environment.build(tmp_path, Ports(), given=_REAL, database_urls={})
    own = {"AUTHENTIK_API_TOKEN": "its-own", "AUTHENTIK_PROBE_OUTSIDER": "gate-probe"}
    given = environment.build(tmp_path, Ports(), given={**_REAL, **own}, database_urls={})
    demo = environment.build(tmp_path, Ports(), given={}, database_urls={})

    assert {name: value for name, value in real.items() if name.startswith("AUTHENTIK_") and value} == {}
    assert {name: value for name, value in given.items() if name.startswith("AUTHENTIK_") and value} == own
    assert demo["AUTHENTIK_PROBE_OPERATOR"] == "probe-operator@dezky.test"
    assert len({value for name, value in demo.items() if name.startswith("AUTHENTIK_")}) == 5
