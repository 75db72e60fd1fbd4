"""What the API shows of billing, and what it takes: explicit fields; amounts in minor units, with their currency."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from billing.enums import Interval, InvoiceStatus, QuoteState, SubscriptionStatus, VatStatus
from billing.locales import is_country
from billing.models import Invoice, Quote
from billing.models.quote import QUOTE_LIFE
from billing.services.quotes import MAX_SEATS
from tenants.api.strict import StrictSerializer
from tenants.enums import Plan

_PAYMENT_METHOD = re.compile(r"pm_[A-Za-z0-9_]{1,60}", re.ASCII)


class Word(serializers.ChoiceField):
    """One of our words, or null where there is none; read only."""

    def __init__(self, choices: type[Any], **more: Any) -> None:
        """Take the words of an enumeration, without its empty one."""
        given = [(value, label) for value, label in choices.choices if value]
        super().__init__(choices=given, read_only=True, allow_null=True, **more)

    def to_representation(self, value: Any) -> Any:
        """Return the word."""
        return str(value) if value else None


class Link(serializers.URLField):
    """An address, or null where there is none; read only."""

    def __init__(self, **more: Any) -> None:
        """Make it a field to read."""
        super().__init__(read_only=True, allow_null=True, **more)

    def to_representation(self, value: Any) -> Any:
        """Return the address."""
        return value or None


class SubscriptionSerializer(serializers.Serializer[Any]):
    """What is subscribed to; `monthly_minor` is normalised to a month, whatever the interval."""

    plan = Word(Plan)
    status = Word(SubscriptionStatus)
    seats = serializers.IntegerField(read_only=True)
    seats_used = serializers.IntegerField(read_only=True)
    currency = serializers.CharField(read_only=True)
    monthly_minor = serializers.IntegerField(read_only=True)
    interval = Word(Interval)
    renews_at = serializers.DateTimeField(read_only=True, allow_null=True)
    cancel_at_period_end = serializers.BooleanField(read_only=True)
    synced_at = serializers.DateTimeField(read_only=True, allow_null=True)


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice; its PDF and its page are Stripe's."""

    status = serializers.ChoiceField(choices=InvoiceStatus.choices, read_only=True)
    pdf_url = Link()
    hosted_url = Link()

    class Meta:
        model = Invoice
        fields = (
            *("id", "number", "created_at", "due_at", "status", "currency"),
            *("total_minor", "tax_minor", "amount_due_minor", "pdf_url", "hosted_url"),
        )
        read_only_fields = fields


class BillingInfoSerializer(StrictSerializer):
    """What stands on invoices, and where they go. What is left out of a PATCH stays as it is."""

    company = serializers.CharField(max_length=200)
    vat_number = serializers.CharField(max_length=32, allow_blank=True)
    country = serializers.CharField(max_length=2)
    email = serializers.EmailField(max_length=254)
    vat_status = Word(VatStatus)
    synced_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def validate_company(self, value: str) -> str:
        """Return a name of one line."""
        if not value.isprintable():
            raise serializers.ValidationError("Use one line of text.")
        return value

    def validate_country(self, value: str) -> str:
        """Return the code of a country."""
        if not is_country(value):
            raise serializers.ValidationError("Give a country by its two letters, as in ISO 3166.")
        return value


class CardSerializer(serializers.Serializer[Any]):
    """The card that pays."""

    brand = serializers.CharField(read_only=True)
    last4 = serializers.CharField(read_only=True)
    exp_month = serializers.IntegerField(read_only=True)
    exp_year = serializers.IntegerField(read_only=True)


class PaymentMethodSerializer(StrictSerializer):
    """Which card pays from now on: one that Stripe has set up for this workspace."""

    payment_method = serializers.CharField(max_length=64)

    def validate_payment_method(self, value: str) -> str:
        """Return the id of a payment method."""
        if not _PAYMENT_METHOD.fullmatch(value):
            raise serializers.ValidationError("This is no payment method of Stripe's: pm_…")
        return value


class CardSetupSerializer(serializers.Serializer[Any]):
    """What a browser needs to hand a card to Stripe."""

    client_secret = serializers.CharField(read_only=True)
    publishable_key = serializers.CharField(read_only=True)


class QuoteRequestSerializer(StrictSerializer):
    """What a price is asked for."""

    plan = serializers.ChoiceField(choices=Plan.choices)
    interval = serializers.ChoiceField(choices=Interval.choices)
    seats = serializers.IntegerField(min_value=1, max_value=MAX_SEATS)


_LINES = inline_serializer(
    "QuoteLine",
    {
        "description": serializers.CharField(),
        "amount_minor": serializers.IntegerField(),
        "starts_at": serializers.DateTimeField(),
        "ends_at": serializers.DateTimeField(),
    },
    many=True,
)


class QuoteSerializer(serializers.ModelSerializer[Quote]):
    """A price that stands for half an hour; `due_minor` is charged when it is accepted, `invoiced_minor` was."""

    state = serializers.ChoiceField(choices=QuoteState.choices, read_only=True)
    plan = serializers.ChoiceField(choices=Plan.choices, read_only=True)
    interval = serializers.ChoiceField(choices=Interval.choices, read_only=True)
    lines = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()

    class Meta:
        model = Quote
        fields = (
            *("id", "state", "plan", "interval", "seats", "currency", "total_minor", "tax_minor", "due_minor"),
            *("monthly_minor", "lines", "created_at", "expires_at", "accepted_at", "invoiced_minor"),
        )
        read_only_fields = fields

    @extend_schema_field(_LINES)
    def get_lines(self, quote: Quote) -> list[dict[str, Any]]:
        """Return what the total is made of."""
        return [
            {
                "description": line["description"],
                "amount_minor": line["amount_minor"],
                "starts_at": _moment(line["from"]),
                "ends_at": _moment(line["to"]),
            }
            for line in quote.lines
        ]

    @extend_schema_field(serializers.DateTimeField())
    def get_expires_at(self, quote: Quote) -> str:
        """Return until when it can be accepted."""
        return _iso(quote.created_at + QUOTE_LIFE)


def _moment(seconds: int) -> str:
    return _iso(datetime.fromtimestamp(seconds, UTC))


def _iso(moment: datetime) -> str:
    return str(serializers.DateTimeField().to_representation(moment))
