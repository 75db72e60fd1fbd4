"""API of changing a subscription: a price first, then a yes to it; what was quoted is what is charged."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.serializers import QuoteRequestSerializer, QuoteSerializer, SubscriptionSerializer
from billing.api.views import BillingAPIView, subscription_of
from billing.enums import Interval
from billing.services import quotes, subscriptions
from tenants.api.strict import NothingSerializer, read_body
from tenants.enums import Permission, Plan


class QuotesView(BillingAPIView):
    """Says what a plan and a number of seats would cost from now on."""

    permission = Permission.BILLING_WRITE
    takes = QuoteRequestSerializer

    @extend_schema(request=QuoteRequestSerializer, responses={201: QuoteSerializer})
    def post(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the price; nothing is charged, and it stands for half an hour."""
        given = read_body(QuoteRequestSerializer, request)
        quote = quotes.quote_change(
            tenant=self.access.tenant,
            plan=Plan(given["plan"]),
            interval=Interval(given["interval"]),
            seats=given["seats"],
            by=self.actor,
        )
        return Response(QuoteSerializer(quote).data, status=201)


class QuoteAcceptView(BillingAPIView):
    """Says yes to a price: subscribes, or changes plan and seats."""

    permission = Permission.BILLING_WRITE
    takes = NothingSerializer
    is_charging = True

    @extend_schema(request=None, responses=QuoteSerializer)
    def post(self, request: Request, slug: str, quote_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the quote with what was charged; it is charged once, however often it is accepted."""
        read_body(NothingSerializer, request)
        quote = subscriptions.accept_quote(tenant=self.access.tenant, quote_id=quote_id, by=self.actor)
        return Response(QuoteSerializer(quote).data)


class SubscriptionCancelView(BillingAPIView):
    """Lets the subscription end with the period that is paid for."""

    permission = Permission.BILLING_WRITE
    takes = NothingSerializer
    is_charging = True  # as the page does, it asks for a fresh sign-in

    @extend_schema(request=None, responses=SubscriptionSerializer)
    def post(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the subscription, cancelled."""
        read_body(NothingSerializer, request)
        account = subscriptions.cancel(tenant=self.access.tenant, by=self.actor)
        return Response(subscription_of(self.access.tenant, account))


class SubscriptionResumeView(BillingAPIView):
    """Lets a cancelled subscription go on, while it has not ended."""

    permission = Permission.BILLING_WRITE
    takes = NothingSerializer

    @extend_schema(request=None, responses=SubscriptionSerializer)
    def post(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the subscription, going on."""
        read_body(NothingSerializer, request)
        account = subscriptions.resume(tenant=self.access.tenant, by=self.actor)
        return Response(subscription_of(self.access.tenant, account))
