"""Tokens as the identity provider signs them, and worse ones."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KID = "key-1"


def jwks(*, use: str = "sig", key: rsa.RSAPrivateKey = KEY, kid: str = KID) -> dict[str, Any]:
    """Return a key set with one public key."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {"keys": [{**public, "use": use, "kid": kid, "alg": "RS256"}]}


def claims_for(client_id: str, issuer: str, **changes: Any) -> dict[str, Any]:
    """Return the claims of a good token; a change to None takes the claim out."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": client_id,
        "sub": "sub-of-the-person",
        "iat": now,
        "exp": now + 3600,
        "nonce": "the-nonce",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def sign(
    claims: dict[str, Any], *, key: Any = KEY, algorithm: str | None = "RS256", kid: str | None = KID, typ: str = "JWT"
) -> str:
    """Return a signed token."""
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ, **({"kid": kid} if kid else {})})


def at_hash(access_token: str) -> str:
    """Return the claim that binds an ID token to an access token."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
