"""The demo's stand-in for authentik 2025.12: two OpenID Connect applications, one browser session.

It behaves as the real one was measured to behave, also where that hurts: a denied person stays on the
provider, `max_age=0` is ignored, refresh tokens outlive the sign-out, a renewed ID token has no nonce.
For development and tests only: there are no passwords.
"""
