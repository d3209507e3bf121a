"""Verification of signed requests and of challenges.

Source: the vendor's pages "REST authentication" and "WebSocket sign challenge". Signed is SHA-256 of what was sent
(query and body, url-encoded as it came), the nonce, and the path from `/api` on; `/derivatives` is no part of it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote_plus

from msgspec import Struct

from venueproof_simulators.host.venue import HttpRequest
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import base64_digest, same

_PREFIX = "/derivatives"
_NONCE_DIGITS_MAX = 30


class Proof(Struct, frozen=True):
    """What the headers of a request hold."""

    api_key: str
    signature: str
    nonce: str


def read_proof(headers: Mapping[str, str]) -> Proof:
    """The three headers; what is missing is empty."""
    return Proof(headers.get("apikey", ""), headers.get("authent", ""), headers.get("nonce", ""))


def sign(secret: str, data: str, nonce: str, path: str) -> str:
    """What a client sends as `Authent`."""
    digest = hashlib.sha256(f"{data}{nonce}{path.removeprefix(_PREFIX)}".encode("utf-8", "surrogateescape")).digest()
    return base64_digest(base64.b64decode(secret), digest, "sha512")


def sign_challenge(secret: str, challenge: str) -> str:
    """What a client sends as `signed_challenge`."""
    return base64_digest(
        base64.b64decode(secret), hashlib.sha256(challenge.encode("utf-8", "replace")).digest(), "sha512"
    )


def check_signature(secret: str, request: HttpRequest, proof: Proof, *, decoded_too: bool) -> None:
    """Raises `VenueError` unless the request was signed with this secret; `decoded_too`: over decoded data as well."""
    data = request.query + request.body.decode("utf-8", "surrogateescape")
    if same(proof.signature, sign(secret, data, proof.nonce, request.path)):
        return
    if decoded_too and same(proof.signature, sign(secret, unquote_plus(data), proof.nonce, request.path)):
        return
    raise VenueError("identity")


class Nonces:
    """Nonces of one key: none twice, and none below those of a while ago. Times in ns of the age clock."""

    def __init__(self, tolerance_ns: int) -> None:
        self._tolerance_ns = tolerance_ns
        self._lately: dict[int, int] = {}
        self._threshold = -1
        """The highest of those of longer ago."""

    def take(self, text: str, now_ns: int) -> None:
        """Use one up; an empty text is none. Raises `VenueError`."""
        if not text:
            return
        if not (text.isascii() and text.isdigit() and len(text) <= _NONCE_DIGITS_MAX):
            raise VenueError("not-valid", parameter="nonce")
        self._settle(now_ns)
        nonce = int(text)
        if nonce in self._lately or nonce == self._threshold:
            raise VenueError("nonce-used")
        if nonce < self._threshold:
            raise VenueError("nonce-low")
        self._lately[nonce] = now_ns

    def _settle(self, now_ns: int) -> None:
        """What came before the tolerated while is the threshold."""
        for nonce, at_ns in list(self._lately.items()):
            if now_ns - at_ns > self._tolerance_ns:
                del self._lately[nonce]
                self._threshold = max(self._threshold, nonce)
