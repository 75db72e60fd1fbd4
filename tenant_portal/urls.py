"""URLs of launcher and dashboard."""

from django.urls import path

from tenant_portal.views import DashboardView, LauncherView, ProfileView, WorkspaceIndexView

launcher_urls = [path("", LauncherView.as_view(), name="home")]
me_urls = [path("", ProfileView.as_view(), name="profile")]
dashboard_urls = [
    path("", WorkspaceIndexView.as_view(), name="index"),
    path("<slug:slug>/", DashboardView.as_view(), name="overview"),
]
