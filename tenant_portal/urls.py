"""URLs of launcher and dashboard."""

from django.urls import path

from tenant_portal.views import DashboardView, LauncherView, WorkspaceIndexView

launcher_urls = [path("", LauncherView.as_view(), name="home")]
dashboard_urls = [
    path("", WorkspaceIndexView.as_view(), name="index"),
    path("<slug:slug>/", DashboardView.as_view(), name="overview"),
]
