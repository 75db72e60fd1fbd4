"""The provider's RSA keys and its signatures, the honest and the hostile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .store import Store

EncryptionKid = Literal["different", "same", "none"]


def encode_bytes(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def half_hash(value: str) -> str:
    """Return OpenID Connect's at_hash of a token (Core 3.1.3.6)."""
    return encode_bytes(hashlib.sha256(value.encode()).digest()[:16])


def _number(value: int) -> str:
    return encode_bytes(value.to_bytes((value.bit_length() + 7) // 8))


class KeyRing:
    """One key to sign with, one marked for encryption, one that nobody publishes."""

    def __init__(self, store: Store) -> None:
        """Load the keys, or make them."""
        self._store = store
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[str, rsa.RSAPrivateKey]] = {}
        self.encryption_kid: EncryptionKid = "different"
        for kid, use, pem in store.signing_keys():
            key = serialization.load_pem_private_key(pem, None)
            if isinstance(key, rsa.RSAPrivateKey):
                self._keys[use] = (kid, key)
        for use in ("sig", "enc"):
            if use not in self._keys:
                self._make(use)

    def rotate(self) -> str:
        """Replace the signing key; the old one leaves the JWKS at once. Returns the new kid."""
        return self._make("sig")

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as JSON Web Keys."""
        with self._lock:
            keys = [self._jwk(*self._keys["sig"], use="sig", alg="RS256")]
            if self.encryption_kid != "none":
                kid, key = self._keys["enc"]
                kid = keys[0]["kid"] if self.encryption_kid == "same" else kid
                keys.insert(0, self._jwk(kid, key, use="enc", alg="RSA-OAEP-256"))
        return {"keys": keys}

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        typ: str = "JWT",
        alg: str | None = None,
        key: str | None = None,
        client_secret: str = "",
    ) -> str:
        """Return a compact JWS.

        `alg` is RS256 unless it is "none" or "HS256" (with the client's secret, as authentik does without
        a signing key). `key` is "wrong" (unpublished, under the right kid), "unknown_kid" (the right key
        under an unpublished kid) or "enc" (the published key that is not for signatures, under the kid that
        it is published by). What is not signed at all still names the right key.
        """
        with self._lock:
            kid, private_key = self._keys["enc" if key == "enc" else "sig"]
            if self.encryption_kid == "same":
                kid = self._keys["sig"][0]
        if key == "wrong":
            private_key = self._wrong_key()
        if key == "unknown_kid":
            kid = secrets.token_hex(16)
        alg = alg or "RS256"
        header = {"alg": alg, "typ": typ} | ({} if alg == "HS256" else {"kid": kid})
        message = ".".join(encode_bytes(json.dumps(part).encode()) for part in (header, dict(claims)))
        if alg == "none":
            return f"{message}."
        if alg == "HS256":
            signature = hmac.digest(client_secret.encode(), message.encode(), "sha256")
        else:
            signature = private_key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{message}.{encode_bytes(signature)}"

    def _wrong_key(self) -> rsa.RSAPrivateKey:
        if "wrong" not in self._keys:
            self._make("wrong")
        return self._keys["wrong"][1]

    def _make(self, use: str) -> str:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        kid = secrets.token_hex(16)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._store.replace_key(kid, use, pem)
        with self._lock:
            self._keys[use] = (kid, key)
        return kid

    @staticmethod
    def _jwk(kid: str, key: rsa.RSAPrivateKey, *, use: str, alg: str) -> dict[str, Any]:
        numbers = key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "alg": alg,
            "use": use,
            "kid": kid,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
