"""URLs of billing: pages of a workspace, and the inbox of webhooks."""

from django.urls import path

from billing.views.cancel import CancelView, ResumeView
from billing.views.change import AddPeopleView, ChangeView
from billing.views.details import DetailsView
from billing.views.invoices import InvoicesFileView, InvoicesView, PayInvoiceView
from billing.views.payment_method import PaymentMethodView, SetupIntentView
from billing.views.quote import QuoteView
from billing.views.subscription import SubscriptionView
from billing.views.webhook import WebhookView

billing_urls = [
    path("subscription/", SubscriptionView.as_view(), name="subscription"),
    path("subscription/change/", ChangeView.as_view(), name="change"),
    path("subscription/seats/", AddPeopleView.as_view(), name="seats"),
    path("subscription/quotes/<uuid:quote_id>/", QuoteView.as_view(), name="quote"),
    path("subscription/cancel/", CancelView.as_view(), name="cancel"),
    path("subscription/resume/", ResumeView.as_view(), name="resume"),
    path("subscription/details/", DetailsView.as_view(), name="details"),
    path("subscription/payment-method/", PaymentMethodView.as_view(), name="payment-method"),
    path("subscription/payment-method/setup-intent/", SetupIntentView.as_view(), name="setup-intent"),
    path("invoices/", InvoicesView.as_view(), name="invoices"),
    path("invoices/export/", InvoicesFileView.as_view(), name="invoices-export"),
    path("invoices/<uuid:invoice_id>/pay/", PayInvoiceView.as_view(), name="pay"),
]
stripe_urls = [path("webhook/", WebhookView.as_view(), name="webhook")]
