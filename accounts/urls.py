"""URLs of accounts: signing in and out, and the session as a script sees it."""

from django.urls import URLPattern, path, register_converter

from accounts.enums import ClientName
from accounts.views.back_channel import BackChannelLogoutView
from accounts.views.own_sessions import EndOwnSessionView, OwnSessionsView, SignOutEverywhereView
from accounts.views.session import DoneView, RefreshView
from accounts.views.sign_in import CallbackView, SignInView
from accounts.views.sign_out import SignedOutView, SignOutView


class ClientConverter:
    """Matches the names of the clients."""

    regex = "|".join(name.value for name in ClientName)

    def to_python(self, value: str) -> str:
        """Return the name as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Return the name as it stands."""
        return str(value)


register_converter(ClientConverter, "client")

oidc_urls: list[URLPattern] = [
    path("<client:client>/login/", SignInView.as_view(), name="login"),
    path("<client:client>/callback/", CallbackView.as_view(), name="callback"),
    path("<client:client>/logout/", SignOutView.as_view(), name="logout"),
    path("<client:client>/backchannel-logout/", BackChannelLogoutView.as_view(), name="back-channel"),
    path("<client:client>/signed-out/", SignedOutView.as_view(), name="signed-out"),
]
session_urls: list[URLPattern] = [
    path("refresh/", RefreshView.as_view(), name="refresh"),
    path("done/", DoneView.as_view(), name="done"),
]
own_session_urls: list[URLPattern] = [
    path("sessions/", OwnSessionsView.as_view(), name="sessions"),
    path("sessions/everywhere/", SignOutEverywhereView.as_view(), name="sign-out-everywhere"),
    path("sessions/<uuid:session_id>/end/", EndOwnSessionView.as_view(), name="session-end"),
]
