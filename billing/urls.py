"""URLs of billing: pages of a workspace, and the inbox of webhooks."""

from django.urls import path

from billing.views.webhook import WebhookView

stripe_urls = [path("webhook/", WebhookView.as_view(), name="webhook")]
