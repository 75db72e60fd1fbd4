"""API of a workspace's money: the card that pays, and open invoices. Card numbers never come here (P2)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.serializers import CardSerializer, CardSetupSerializer, InvoiceSerializer, PaymentMethodSerializer
from billing.api.views import BillingAPIView
from billing.services import cards, payments
from tenants.api.strict import NothingSerializer, read_body
from tenants.enums import Permission

# The serializer alone would promise a card.
_CARD_OR_NULL = {"allOf": [{"$ref": "#/components/schemas/Card"}], "nullable": True}


class PaymentMethodView(BillingAPIView):
    """The card that pays."""

    takes = PaymentMethodSerializer
    is_charging = True

    @extend_schema(responses=OpenApiResponse(_CARD_OR_NULL, description="The card, or null where there is none."))
    def get(self, request: Request, slug: str) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """Return the card, or null."""
        card = cards.card_of(self.account())
        return Response(_shown(card)) if card else JsonResponse(None, safe=False)  # DRF draws null as nothing

    @extend_schema(request=PaymentMethodSerializer, responses=CardSerializer)
    def put(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Make a card pay that Stripe has set up for this workspace."""
        given = read_body(PaymentMethodSerializer, request)
        return Response(_shown(cards.set_default(tenant=self.access.tenant, by=self.actor, **given)))


class SetupIntentView(BillingAPIView):
    """Begins to set up a card; the workspace becomes Stripe's customer here if it is none yet."""

    permission = Permission.BILLING_WRITE
    takes = NothingSerializer
    is_charging = True

    @extend_schema(request=None, responses=CardSetupSerializer)
    def post(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return what a browser needs to hand a card to Stripe."""
        read_body(NothingSerializer, request)
        setup = cards.start_setup(tenant=self.access.tenant, by=self.actor)
        return Response(CardSetupSerializer(asdict(setup)).data)


class InvoicePayView(BillingAPIView):
    """Pays an open invoice now, instead of at Stripe's next attempt."""

    permission = Permission.BILLING_WRITE
    takes = NothingSerializer
    is_charging = True

    @extend_schema(request=None, responses=InvoiceSerializer)
    def post(self, request: Request, slug: str, invoice_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the invoice, paid; one that is paid already is left alone."""
        read_body(NothingSerializer, request)
        paid = payments.pay_invoice(tenant=self.access.tenant, invoice_id=invoice_id, by=self.actor)
        return Response(InvoiceSerializer(paid).data)


def _shown(card: cards.Card) -> dict[str, Any]:
    return dict(CardSerializer(asdict(card)).data)
