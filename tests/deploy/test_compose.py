"""deploy/compose.yaml, read: there is no Docker in the tests."""

from __future__ import annotations

import re
from typing import Any

import pytest

from devstack.postgres_roles import APP, OWNER
from tests.authentik.compose import DEPLOY, IDENTITY, environment, listed_variables, services
from tests.authentik.documents import FOLDER, ORDER

OURS = ("web", "worker", "migrate")
DATABASES = ("dezky-database", "authentik-database")
ROOT = DEPLOY.parent
_TEXT = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def settings_variables() -> set[str]:
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text(encoding="utf-8")))


def needs(service: str) -> dict[str, str]:
    return {name: how["condition"] for name, how in services()[service].get("depends_on", {}).items()}


def test_the_services_are_these() -> None:
    assert set(services()) == {*OURS, *DATABASES, *IDENTITY, "authentik-blueprints", "proxy"}


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]


def test_a_database_is_reached_by_its_own_product_alone() -> None:
    on = {name: list(service["networks"]) for name, service in services().items()}
    networks = {
        network: {name for name, joined in on.items() if network in joined}
        for network in ("dezky-data", "authentik-data")
    }

    assert networks == {
        "dezky-data": {*OURS, "dezky-database"},
        "authentik-data": {*IDENTITY, "authentik-blueprints", "authentik-database"},
    }
    assert _TEXT.count("internal: true") == 2


def test_every_service_says_how_it_is() -> None:
    silent = {name for name, service in services().items() if not service.get("healthcheck")}
    once = {name for name, service in services().items() if service["healthcheck"].get("disable")}

    assert silent == set()
    assert once == {"migrate", "authentik-blueprints"}


def test_services_wait_for_what_they_need() -> None:
    assert needs("migrate") == {"dezky-database": "service_healthy"}
    assert needs("web") == needs("worker") == {"migrate": "service_completed_successfully"}
    assert needs("authentik-server") == needs("authentik-worker") == {"authentik-database": "service_healthy"}
    assert needs("authentik-blueprints") == dict.fromkeys(IDENTITY, "service_healthy")


def test_the_owner_of_the_tables_is_known_to_the_migration_alone() -> None:
    for name in services():
        text = " ".join(environment(name).values())
        assert ("DEZKY_OWNER_PASSWORD" in text) is (name in {"migrate", "dezky-database"}), name
    assert environment("migrate")["DATABASE_OWNER_URL"].startswith(f"postgres://{OWNER}:")
    assert all(environment(name)["DATABASE_URL"].startswith(f"postgres://{APP}:") for name in OURS)


def test_dezky_gets_what_its_settings_read_and_nothing_else() -> None:
    given = environment("web")
    # Each of these has a default that is right here.
    left_out = {
        *("ALLOWED_HOSTS", "STATIC_ROOT", "AUTHENTIK_API_URL", "AUTHENTIK_PROBE_FLOW", "IDENTITY_LANES"),
        *("STRIPE_API_BASE", "STRIPE_JS_URL", "STRIPE_ELEMENT", "STRIPE_LANES", "DATABASE_OWNER_URL"),
    }

    assert set(given) == settings_variables() - left_out
    assert environment("worker") == given
    assert {name: value for name, value in environment("migrate").items() if name != "DATABASE_OWNER_URL"} == given


@pytest.mark.parametrize("prefix", ["PORTAL_OIDC_", "OPERATOR_OIDC_"])
def test_both_containers_of_authentik_have_both_clients(prefix: str) -> None:
    wanted = {f"{prefix}CLIENT_ID", f"{prefix}CLIENT_SECRET"}

    assert all(wanted <= set(environment(service)) for service in IDENTITY)
    assert environment(IDENTITY[0]) == environment(IDENTITY[1]) == environment("authentik-blueprints")
    assert len({str(services()[service]["env_file"]) for service in IDENTITY}) == 1


def test_a_secret_has_one_source() -> None:
    dezky, authentik = environment("web"), environment("authentik-worker")

    assert dezky["OIDC_CLIENT_SECRET"] == authentik["PORTAL_OIDC_CLIENT_SECRET"]
    for name in ("OPERATOR_OIDC_CLIENT_SECRET", "AUTHENTIK_API_TOKEN", "AUTHENTIK_PROBE_OUTSIDER_PASSWORD", "SITE_URL"):
        assert dezky[name] == authentik[name]
    assert dezky["OIDC_CLIENT_ID"] == authentik["PORTAL_OIDC_CLIENT_ID"]
    assert dezky["OPERATOR_OIDC_CLIENT_ID"] == authentik["OPERATOR_OIDC_CLIENT_ID"]


def test_authentik_knows_no_secret_of_dezkys_own() -> None:
    assert not {"SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "STRIPE_SECRET_KEY", "DATABASE_URL"} & set(
        environment("authentik-worker")
    )


def test_no_secret_stands_in_the_file() -> None:
    secret = re.compile("SECRET|PASSWORD|TOKEN|_KEY|_URL$")
    literal = {
        name: value
        for service in services()
        for name, value in environment(service).items()
        if secret.search(name) and "${" not in value
    }

    assert literal == {}


def test_what_has_no_default_is_demanded_before_anything_starts() -> None:
    asked = re.findall(r"\$\{([A-Z_]+)(:[?-])?", _TEXT)
    demanded = {name for name, how in asked if how == ":?"}

    assert {name for name, how in asked if not how} <= demanded
    assert {name for name, _ in asked} == listed_variables()


def test_the_example_leaves_every_secret_empty() -> None:
    text = (DEPLOY / ".env.example").read_text(encoding="utf-8")

    assert re.findall(r"^(?:\w*(?:SECRET|PASSWORD|TOKEN|KEY|KEYS))=(.+)$", text, re.MULTILINE) == []


def test_the_blueprints_are_mounted_where_they_are_applied() -> None:
    mount = "../authentik/blueprints:/blueprints/custom:ro"
    with_mount = {name for name, service in services().items() if mount in service.get("volumes", [])}
    command: list[str] = services()["authentik-blueprints"]["command"]

    assert (DEPLOY / "../authentik/blueprints").resolve() == FOLDER.resolve()
    assert with_mount == {"authentik-worker", "authentik-blueprints"}
    assert command == ["apply_blueprint", *(f"custom/{name}.yaml" for name in ORDER)]


def test_both_public_names_lead_to_the_proxy_from_inside_too() -> None:
    proxy: dict[str, Any] = services()["proxy"]

    assert proxy["networks"]["edge"]["aliases"] == ["${DEZKY_HOST}", "${AUTHENTIK_HOST}"]
    assert all("edge" in services()[name]["networks"] for name in ("web", "worker", *IDENTITY))
    for name in ("OIDC_ISSUER", "OPERATOR_OIDC_ISSUER", "OIDC_SIGN_OUT_URL", "OPERATOR_OIDC_SIGN_OUT_URL"):
        assert environment("web")[name].startswith("https://${AUTHENTIK_HOST")
    assert environment("web")["SITE_URL"].startswith("https://${DEZKY_HOST")
    assert int(environment("web")["TRUSTED_PROXIES"]) == 1


def test_every_file_that_is_mounted_exists() -> None:
    mounts = [volume for service in services().values() for volume in service.get("volumes", [])]
    sources = [volume.split(":")[0] for volume in mounts if volume.startswith(".")]

    assert [source for source in sources if not (DEPLOY / source).exists()] == []
    assert set(sources) == {"./postgres/roles.sh", "../authentik/blueprints", "./Caddyfile"}


def test_caddy_has_a_site_for_each_name() -> None:
    sites = dict(
        re.findall(r"^(\{\$\w+\}) \{\n\treverse_proxy (\S+)$", (DEPLOY / "Caddyfile").read_text(), re.MULTILINE)
    )

    assert sites == {"{$DEZKY_HOST}": "web:8000", "{$AUTHENTIK_HOST}": "authentik-server:9000"}


def test_the_roles_have_the_rights_of_the_demo_and_the_tests() -> None:
    script = (DEPLOY / "postgres" / "roles.sh").read_text(encoding="utf-8")
    source = (ROOT / "devstack" / "postgres_roles.py").read_text(encoding="utf-8")
    names = {"{owner}": OWNER, "{{app}}": APP, "{app}": APP, "{database}": "dezky"}
    future = re.search(r'future = "([^"]+)"', source)
    assert future
    wanted = re.findall(r'^ {12}f?"([^"]+)",$', source, re.MULTILINE)
    attributes = re.search(r'_ATTRIBUTES = sql.SQL\("([^"]+)"\)', source)
    assert attributes
    assert len(wanted) == 7
    for statement in wanted:
        text = statement.replace("{future}", future[1])
        for placeholder, name in names.items():
            text = text.replace(placeholder, name)
        assert f"{text};\n" in script
    for role, variable in ((OWNER, "owner_password"), (APP, "app_password")):
        assert f"CREATE ROLE {role} {attributes[1].replace('{}', f':{variable!r}')};\n" in script
