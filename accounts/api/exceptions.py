"""API errors that DRF has no class for."""

from rest_framework import status
from rest_framework.exceptions import APIException

from accounts.authentik import ProviderUnavailable


class IdentityUnavailable(APIException):
    """The identity provider can't confirm who this is: 503 with Retry-After."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The sign-in service can't be reached right now. Try again."
    default_code = "identity_unavailable"
    wait = ProviderUnavailable.retry_after_seconds
