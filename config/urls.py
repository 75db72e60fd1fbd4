"""All URLs, each in a namespace of the guard table."""

from django.contrib import admin
from django.urls import include, path

from accounts.urls import oidc_urls, own_session_urls, session_urls
from billing.urls import billing_urls, stripe_urls
from config import errors
from config.api_urls import api_urls, docs_urls
from config.health import health_urls
from operator_portal.urls import operator_urls, turned_away_urls
from tenant_portal.urls import dashboard_urls, launcher_urls, me_urls

urlpatterns = [
    path("", include((launcher_urls, "launcher"))),
    path("me/", include(([*me_urls, *own_session_urls], "accounts"))),
    path("admin/", include((dashboard_urls, "dashboard"))),
    path("admin/<slug:slug>/", include("tenants.urls")),
    path("admin/<slug:slug>/", include((billing_urls, "billing"))),
    path("partner/", include("partner.urls")),
    path("operator/", include((turned_away_urls, "operator-exit"))),
    path("operator/", include((operator_urls, "operator"))),
    path("support/", admin.site.urls),
    path("stripe/", include((stripe_urls, "stripe"))),
    path("oidc/", include((oidc_urls, "oidc"))),
    path("session/", include((session_urls, "session"))),
    path("api/v1/", include((api_urls, "api"))),
    path("api/", include((docs_urls, "api-docs"))),
    path("", include((health_urls, "health"))),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
