"""URLs of the operator portal. The not-authorised page is for those who are none: a namespace of its own."""

from django.urls import path

from operator_portal.billing_views import (
    CompareView,
    PlansReadView,
    PlansView,
    RadarView,
    WebhookReplayView,
    WebhooksView,
)
from operator_portal.gate_views import GateCheckView, GatesView
from operator_portal.people_views import PeopleView, PersonView, TenantView
from operator_portal.sign_out_views import SignOutPersonView, SignOutsView, SignOutTenantView, SignOutView
from operator_portal.views import NotAuthorisedView, OverviewView, TenantsView

operator_urls = [
    path("", OverviewView.as_view(), name="overview"),
    path("tenants/", TenantsView.as_view(), name="tenants"),
    path("tenants/<slug:slug>/", TenantView.as_view(), name="tenant"),
    path("tenants/<slug:slug>/sign-out/", SignOutTenantView.as_view(), name="tenant-sign-out"),
    path("tenants/<slug:slug>/compare/", CompareView.as_view(), name="tenant-compare"),
    path("plans/", PlansView.as_view(), name="plans"),
    path("plans/read/", PlansReadView.as_view(), name="plans-read"),
    path("webhooks/", WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<slug:event_id>/replay/", WebhookReplayView.as_view(), name="webhook-replay"),
    path("billing/", RadarView.as_view(), name="billing"),
    path("people/", PeopleView.as_view(), name="people"),
    path("people/<uuid:person_id>/", PersonView.as_view(), name="person"),
    path("people/<uuid:person_id>/sign-out/", SignOutPersonView.as_view(), name="person-sign-out"),
    path("sign-outs/", SignOutsView.as_view(), name="sign-outs"),
    path("sign-outs/<uuid:order_id>/", SignOutView.as_view(), name="sign-out"),
    path("gates/", GatesView.as_view(), name="gates"),
    path("gates/check/", GateCheckView.as_view(), name="gates-check"),
]
turned_away_urls = [path("not-authorised/", NotAuthorisedView.as_view(), name="not-authorised")]
