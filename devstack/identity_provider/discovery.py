"""What each application publishes about itself."""

from __future__ import annotations

from typing import Any

from .applications import SCOPES, Application
from .tokens import ACR


def discovery(application: Application, base_url: str, *, has_signing_key: bool = True) -> dict[str, Any]:
    """Return the OpenID configuration under the host that was asked; without a key, authentik signs by the secret."""
    oauth = f"{base_url}/application/o"
    return {
        "issuer": application.issuer(base_url),
        "authorization_endpoint": f"{oauth}/authorize/",
        "token_endpoint": f"{oauth}/token/",
        "userinfo_endpoint": f"{oauth}/userinfo/",
        "end_session_endpoint": f"{oauth}/{application.slug}/end-session/",
        "introspection_endpoint": f"{oauth}/introspect/",
        "revocation_endpoint": f"{oauth}/revoke/",
        "jwks_uri": f"{oauth}/{application.slug}/jwks/",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "id_token_signing_alg_values_supported": ["RS256" if has_signing_key else "HS256"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "acr_values_supported": [ACR],
        "scopes_supported": list(SCOPES),
        "request_parameter_supported": False,
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce"),
            *("email", "email_verified", "name", "given_name", "preferred_username", "nickname", "groups"),
        ],
        "claims_parameter_supported": False,
        "code_challenge_methods_supported": ["S256"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }
