"""Pages of a workspace that belong to the tenants app."""

from django.urls import path

from tenants.views.audit import AuditView
from tenants.views.people import PeopleView, PersonRemoveView, PersonRoleView

app_name = "tenants"
urlpatterns = [
    path("people/", PeopleView.as_view(), name="people"),
    path("people/<uuid:membership_id>/role/", PersonRoleView.as_view(), name="person-role"),
    path("people/<uuid:membership_id>/remove/", PersonRemoveView.as_view(), name="person-remove"),
    path("audit/", AuditView.as_view(), name="audit"),
]
