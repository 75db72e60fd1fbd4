"""Settings of Dezky: one file, read from the environment alone.

Every variable stands in `.env.example`; a test compares the two. Nothing imports this module:
the code reads `django.conf.settings`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.utils.csp import CSP

django_stubs_ext.monkeypatch()  # lets generic Django classes carry their model's type

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- The site -----------------------------------------------------------------------------------
SITE_URL = env.str("SITE_URL").rstrip("/")
ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="production")
_site = urlsplit(SITE_URL)
IS_HTTPS = _site.scheme == "https"

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname])
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many of ours append to X-Forwarded-For
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

INSTALLED_APPS = [
    "config.apps.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "djstripe",
    "procrastinate.contrib.django",
    "accounts",
    "tenants",
    "billing",
    "partner",
    "tenant_portal",
    "operator_portal",
]

MIDDLEWARE = [
    "accounts.middleware.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.requests.DatabaseAwayMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.requests.BodyLimitMiddleware",
    "accounts.middleware.sessions.TwoSessionsMiddleware",
    "accounts.middleware.requests.PrivateResponsesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.identity.IdentityMiddleware",
    "partner.middleware.PartnerViewMiddleware",
    "accounts.middleware.guard.GuardMiddleware",
    "tenants.middleware.TenantGuardMiddleware",
    "partner.middleware.PartnerGuardMiddleware",
    "operator_portal.middleware.OperatorGuardMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.page",
                "tenant_portal.context_processors.switcher",
            ],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------
# `default` is the application's role, which owns nothing and is subject to row-level security;
# `owner` exists for migrations alone.
DATABASES = {"default": env.db_url("DATABASE_URL")}
if env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = env.db_url("DATABASE_OWNER_URL")
for _database in DATABASES.values():
    _database["ENGINE"] = "django.db.backends.postgresql"
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    _database["ATOMIC_REQUESTS"] = False  # begins after the middleware; our scopes open transactions themselves
    _database["OPTIONS"] = {"connect_timeout": 2}
DATABASE_ROUTERS: list[str] = []
AUTH_USER_MODEL = "accounts.User"

# --- Sessions and cookies -----------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-dezky-csrf" if IS_HTTPS else "dezky-csrf"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

# --- Headers ------------------------------------------------------------------------------------
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_SSL_REDIRECT = False  # the proxy in front redirects; see docs
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"  # sign-in opens in a window of its own
X_FRAME_OPTIONS = "DENY"

# --- Signing in ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["accounts.backends.PortalBackend", "accounts.backends.OperatorBackend"]
TOKEN_ENCRYPTION_KEYS = env.list("TOKEN_ENCRYPTION_KEYS")
OIDC_CLIENTS = {
    "portal": {
        "issuer": env.str("OIDC_ISSUER"),
        "client_id": env.str("OIDC_CLIENT_ID", default="dezky-portal"),
        "client_secret": env.str("OIDC_CLIENT_SECRET"),
        "sign_out_url": env.str("OIDC_SIGN_OUT_URL", default=""),
        "idle": timedelta(hours=8),
        "absolute": timedelta(days=7),
    },
    "operator": {
        "issuer": env.str("OPERATOR_OIDC_ISSUER"),
        "client_id": env.str("OPERATOR_OIDC_CLIENT_ID", default="dezky-operator"),
        "client_secret": env.str("OPERATOR_OIDC_CLIENT_SECRET"),
        "sign_out_url": env.str("OPERATOR_OIDC_SIGN_OUT_URL", default=""),
        "idle": timedelta(minutes=30),
        "absolute": timedelta(hours=8),
    },
}
# In each process, how many threads may wait for the provider at once: a quarter of them at most.
IDENTITY_LANES = env.int("IDENTITY_LANES", default=2)
OIDC_SCOPES = "openid profile email offline_access"
API_SCOPE = "dezky:api"
IDENTITY_CONFIRM_EVERY = timedelta(minutes=5)  # how often the provider is asked about who is at work
IDENTITY_GRACE = timedelta(minutes=15)  # after the last answer
GUARDS = "config.guards.RULES"
OIDC_MAX_STATES = 20
LOGIN_URL = "/oidc/portal/login/"
LOGIN_REDIRECT_URL = "/"

# The provider is a form target too: sign-out posts to us and is redirected there.
_identity_origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(c["issuer"])) for c in OIDC_CLIENTS.values()})
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF, *_identity_origins],
    "frame-ancestors": [CSP.NONE],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["htmx"],
}

# --- The gate watch ------------------------------------------------------------------------------
# Everything here may be missing: what can't be asked is reported as unknown, never as green.
AUTHENTIK_API_URL = env.str("AUTHENTIK_API_URL", default="").rstrip("/")
AUTHENTIK_API_TOKEN = env.str("AUTHENTIK_API_TOKEN", default="")
AUTHENTIK_PROBES = {
    "operator": {
        "username": env.str("AUTHENTIK_PROBE_OPERATOR", default=""),
        "password": env.str("AUTHENTIK_PROBE_OPERATOR_PASSWORD", default=""),
    },
    "outsider": {
        "username": env.str("AUTHENTIK_PROBE_OUTSIDER", default=""),
        "password": env.str("AUTHENTIK_PROBE_OUTSIDER_PASSWORD", default=""),
    },
}
AUTHENTIK_PROBE_FLOW = env.str("AUTHENTIK_PROBE_FLOW", default="default-authentication-flow")
PROCRASTINATE_IMPORT_PATHS = ["config.jobs", "operator_portal.gates.tasks", "billing.mails"]
OPERATOR_BLUEPRINT = BASE_DIR / "authentik" / "blueprints" / "operator-application.yaml"

# --- Requests -----------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.storage.ModuleStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# --- Mail ---------------------------------------------------------------------------------------
_mail = env.email_url("EMAIL_URL")
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": _mail["EMAIL_HOST"],
            "port": _mail["EMAIL_PORT"],
            "username": _mail["EMAIL_HOST_USER"] or "",
            "password": _mail["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": _mail.get("EMAIL_USE_TLS", False),
            "use_ssl": _mail.get("EMAIL_USE_SSL", False),
            "timeout": 5,
        },
    }
}
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default=f"Dezky <no-reply@{_site.hostname}>")

# --- Stripe -------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY")
STRIPE_LIVE_MODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_SECRET_KEY
STRIPE_LIVE_SECRET_KEY = STRIPE_SECRET_KEY if STRIPE_LIVE_MODE else ""
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
# Two hold while one replaces the other. Without any, every delivery is refused.
STRIPE_WEBHOOK_SECRETS = [secret for secret in env.list("STRIPE_WEBHOOK_SECRET", default=[]) if secret]
STRIPE_CURRENCY = env.str("STRIPE_CURRENCY", default="eur").lower()  # of tenants that have no subscription yet
# In each process, how many threads may wait for Stripe at once: a quarter of them at most.
STRIPE_LANES = env.int("STRIPE_LANES", default=2)
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_JS_URL = env.str("STRIPE_JS_URL", default="https://js.stripe.com/dahlia/stripe.js")
STRIPE_ELEMENT = env.str("STRIPE_ELEMENT", default="payment")  # of the card form: `payment`, or the older `card`
STRIPE_API_VERSION = "2026-08-26.dahlia"  # SDK, endpoint and description move together
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "tenants.Tenant"
DJSTRIPE_SUBSCRIBER_MODEL_MIGRATION_DEPENDENCY = "0001_initial"
DJSTRIPE_SUBSCRIBER_MODEL_REQUEST_CALLBACK = "billing.subscribers.no_subscriber_of_request"

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.BearerAuthentication",
        "accounts.api.authentication.OIDCSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.AudiencePermission"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "config.drf.TidyBrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.drf.problem_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dezky API",
    "DESCRIPTION": "The control plane of a white-label cloud workspace. Errors are RFC 9457 problems; "
    "lists page by key with `cursor`.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "TenantStatus": "tenants.enums.TenantStatus",
        "MembershipRole": "tenants.enums.MembershipRole",
        "GateState": "operator_portal.enums.GateState",
        "SubscriptionStatus": "billing.enums.SubscriptionStatus",
        "InvoiceStatus": "billing.enums.InvoiceStatus",
        "VatStatus": "billing.enums.VatStatus",
        "QuoteState": "billing.enums.QuoteState",
        "InboxState": "billing.enums.InboxState",
        "Interval": "billing.enums.Interval",
        "Plan": "tenants.enums.Plan",
    },
}

# --- Logs ---------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "accounts.middleware.requests.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Mails of exceptions could carry what people typed; errors go to the log alone.
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "httpcore": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
