"""API of a workspace's billing: what it has, what it owes, and what stands on its invoices."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.exceptions import Problem
from accounts.api.step_up import demand_fresh_sign_in
from billing import selectors
from billing.api.problems import problem_of
from billing.api.serializers import BillingInfoSerializer, InvoiceSerializer, SubscriptionSerializer
from billing.errors import BillingError, Moved
from billing.models import BillingAccount, Invoice
from billing.services import details
from billing.services.details import BillingInfo
from tenants.api.strict import StrictSerializer, read_body
from tenants.api.versions import etag, is_wanted
from tenants.api.views import TenantAPIView, TenantListAPIView
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.scope import tenant_scope

_VERSION = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of a GET.")


class BillingAPIView(TenantAPIView):
    """A resource of billing. `takes` is what its writes take, `is_charging` that they charge, or change the card."""

    permission = Permission.BILLING_READ
    write_permission = Permission.BILLING_WRITE
    takes: ClassVar[type[StrictSerializer] | None] = None
    is_charging: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask the guards; then, for what charges somebody, for a fresh sign-in."""
        super().initial(request, *args, **kwargs)
        if self.is_charging and request.method in ("POST", "PUT"):
            demand_fresh_sign_in(request)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an error; billing's own become those of an API."""
        if isinstance(exc, BillingError):
            fields = self.takes().fields if self.takes else ()
            return super().handle_exception(problem_of(exc, fields=fields))
        return super().handle_exception(exc)

    def account(self) -> BillingAccount:
        """Return the workspace's account; before anything was done, one that says so."""
        with tenant_scope(self.access.tenant):
            found = selectors.account_of(tenant=self.access.tenant)
        return found or selectors.empty_account(tenant=self.access.tenant)


class SubscriptionView(BillingAPIView):
    """What is subscribed to, as of `synced_at`."""

    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the subscription; before there is one, its plan and status are null."""
        return Response(subscription_of(self.access.tenant, self.account()))


def subscription_of(tenant: Tenant, account: BillingAccount) -> dict[str, Any]:
    """Return a subscription as the API shows it."""
    values = {
        "plan": account.plan,
        "status": account.status,
        "seats": account.seats,
        "seats_used": tenant.seats_used,
        "currency": account.currency,
        "monthly_minor": account.monthly_minor,
        "interval": account.interval,
        "renews_at": account.renews_at,
        "cancel_at_period_end": account.is_cancelling,
        "synced_at": account.synced_at,
    }
    return dict(SubscriptionSerializer(values).data)


class InvoiceListView(TenantListAPIView):
    """The invoices of a workspace, newest first."""

    permission = Permission.BILLING_READ
    serializer_class = InvoiceSerializer
    order: ClassVar = selectors.INVOICE_ORDER

    def get_queryset(self) -> QuerySet[Invoice]:
        """Return the invoices that a customer sees."""
        return selectors.invoices(tenant=self.access.tenant)


class BillingInfoView(BillingAPIView):
    """Company, VAT number, country and e-mail address."""

    takes = BillingInfoSerializer

    @extend_schema(responses=BillingInfoSerializer)
    def get(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the billing details; their version is the ETag."""
        return _info(self.account())

    @extend_schema(request=BillingInfoSerializer, responses=BillingInfoSerializer, parameters=[_VERSION])
    def patch(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Change what is given, if nobody else has changed anything since the version that `If-Match` names."""
        seen = self.account()
        if not is_wanted(request, seen.details_version):
            raise _stale(seen)
        given = read_body(BillingInfoSerializer, request, partial=True)
        info = BillingInfo(**{name: given.get(name, getattr(seen, name)) for name in details.FIELDS})
        try:
            changed = details.update_billing_info(
                tenant=self.access.tenant, info=info, expected_version=seen.details_version, by=self.actor
            )
        except Moved as error:
            raise _stale(self.account(), str(error)) from error
        return _info(changed)


def _info(account: BillingAccount) -> Response:
    return Response(BillingInfoSerializer(account).data, headers={"ETag": etag(account.details_version)})


def _stale(account: BillingAccount, text: str = "") -> Problem:
    """Say that somebody else was faster, and what stands there now."""
    return Problem(
        412,
        text or "Somebody else changed the billing details since the version that you have.",
        more={"code": "stale", "current": BillingInfoSerializer(account).data},
        headers={"ETag": etag(account.details_version)},
    )
