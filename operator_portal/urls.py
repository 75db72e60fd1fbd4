"""URLs of the operator portal. The not-authorised page is for those who are none: a namespace of its own."""

from django.urls import path

from operator_portal.views import NotAuthorisedView, OverviewView, TenantsView

operator_urls = [
    path("", OverviewView.as_view(), name="overview"),
    path("tenants/", TenantsView.as_view(), name="tenants"),
]
turned_away_urls = [path("not-authorised/", NotAuthorisedView.as_view(), name="not-authorised")]
