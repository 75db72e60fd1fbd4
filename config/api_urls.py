"""URLs of the API, its schema and its documentation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from billing.api.payment_views import InvoicePayView, PaymentMethodView, SetupIntentView
from billing.api.subscription_views import (
    QuoteAcceptView,
    QuotesView,
    SubscriptionCancelView,
    SubscriptionResumeView,
)
from billing.api.views import BillingInfoView, InvoiceListView, SubscriptionView
from operator_portal.api.gates import GatesView
from operator_portal.api.views import OperatorTenantListView
from operator_portal.api.webhooks import WebhookListView
from partner.api.views import CustomerListView
from tenant_portal.api.views import MeView
from tenants.api.views import AuditListView, TenantDetailView, TenantListView, UserListView

# Swagger UI styles by attribute and shows its own data: images, and knows no Trusted Types.
_DOCS_CSP: dict[str, list[str]] = {
    **{name: value for name, value in settings.SECURE_CSP.items() if not name.startswith(("require-", "trusted-"))},
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}
_READ_ONLY = ["get", "head"]


def unknown(_request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """Answer any other API path with a problem, not with a page."""
    raise Http404


_TENANT = "tenants/<slug:slug>"
billing_urls = [
    path(f"{_TENANT}/subscription", SubscriptionView.as_view(), name="subscription"),
    path(f"{_TENANT}/subscription/quotes", QuotesView.as_view(), name="quotes"),
    path(f"{_TENANT}/subscription/quotes/<uuid:quote_id>/accept", QuoteAcceptView.as_view(), name="quote-accept"),
    path(f"{_TENANT}/subscription/cancel", SubscriptionCancelView.as_view(), name="subscription-cancel"),
    path(f"{_TENANT}/subscription/resume", SubscriptionResumeView.as_view(), name="subscription-resume"),
    path(f"{_TENANT}/invoices", InvoiceListView.as_view(), name="invoices"),
    path(f"{_TENANT}/invoices/<uuid:invoice_id>/pay", InvoicePayView.as_view(), name="invoice-pay"),
    path(f"{_TENANT}/billing-info", BillingInfoView.as_view(), name="billing-info"),
    path(f"{_TENANT}/payment-method", PaymentMethodView.as_view(), name="payment-method"),
    path(f"{_TENANT}/payment-method/setup-intent", SetupIntentView.as_view(), name="setup-intent"),
]
api_urls = [
    path("me", MeView.as_view(), name="me"),
    path("tenants", TenantListView.as_view(), name="tenants"),
    path("tenants/<slug:slug>", TenantDetailView.as_view(), name="tenant"),
    path("tenants/<slug:slug>/users", UserListView.as_view(), name="users"),
    path("tenants/<slug:slug>/audit", AuditListView.as_view(), name="audit"),
    *billing_urls,
    path("partner/customers", CustomerListView.as_view(), name="partner-customers"),
    path("operator/tenants", OperatorTenantListView.as_view(), name="operator-tenants"),
    path("operator/webhooks", WebhookListView.as_view(), name="operator-webhooks"),
    path("operator/gates", GatesView.as_view(), name="operator-gates"),
    re_path(r"^(?P<path>.*)$", unknown, name="unknown"),
]
docs_urls = [
    path(
        "schema/",
        SpectacularAPIView.as_view(
            permission_classes=[AllowAny], authentication_classes=[], http_method_names=_READ_ONLY
        ),
        name="schema",
    ),
    path(
        "docs/",
        csp_override(_DOCS_CSP)(
            SpectacularSwaggerSplitView.as_view(
                url_name="api-docs:schema",
                permission_classes=[AllowAny],
                authentication_classes=[],
                http_method_names=_READ_ONLY,  # DRF's OPTIONS has no template here
            )
        ),
        name="docs",
    ),
]
