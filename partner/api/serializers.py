"""What the API shows of a partner's customers: explicit fields, read only."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.enums import BillingHealth, SubscriptionStatus
from billing.models import BillingAccount
from tenants.api.serializers import TenantSerializer
from tenants.models import Tenant

_WORDS = [(value, label) for value, label in SubscriptionStatus.choices if value]


class CustomerSerializer(TenantSerializer):
    """A customer: the workspace, and how its billing stands. What is not subscribed to is null."""

    currency = serializers.SerializerMethodField()
    monthly_minor = serializers.SerializerMethodField()
    subscription_status = serializers.SerializerMethodField()
    renews_at = serializers.SerializerMethodField()
    health = serializers.SerializerMethodField()

    class Meta:
        model = Tenant
        fields = (
            *TenantSerializer.Meta.fields,
            *("currency", "monthly_minor", "subscription_status", "renews_at", "health"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_currency(self, tenant: Tenant) -> str | None:
        """Return the currency of the customer's billing."""
        account = _account(tenant)
        return account.currency if account else None

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_monthly_minor(self, tenant: Tenant) -> int | None:
        """Return the spend of a month, in minor units."""
        account = _account(tenant)
        return account.monthly_minor if account else None

    @extend_schema_field(serializers.ChoiceField(choices=_WORDS, allow_null=True))
    def get_subscription_status(self, tenant: Tenant) -> str | None:
        """Return the subscription's status, by Stripe's own word."""
        account = _account(tenant)
        return (account.status or None) if account else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_renews_at(self, tenant: Tenant) -> Any:
        """Return when the next period begins."""
        account = _account(tenant)
        at = account.renews_at if account else None
        return serializers.DateTimeField().to_representation(at) if at else None

    @extend_schema_field(serializers.ChoiceField(choices=BillingHealth.choices, allow_null=True))
    def get_health(self, tenant: Tenant) -> str | None:
        """Return whether somebody has to look after the customer's billing."""
        account = _account(tenant)
        return account.health if account else None


def _account(tenant: Tenant) -> BillingAccount | None:
    return getattr(tenant, "billing_account", None)
