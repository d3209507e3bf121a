"""Verification of signed requests over the bytes that came in.

Source: the vendor's "endpoint security" page. What is signed is the query string followed directly by the body, as
received and still percent-encoded, without the `signature` parameter. The hex digest may be in either case. Over
WebSocket it is the sorted parameters, not encoded; there keys of kind Ed25519 are known too, whose signatures are
base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import hex_digest, same
from venueproof_simulators.venues.binance.operations.parameters import Parameters

KEY_HEADER = "x-mbx-apikey"
_ED25519_HEAD = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before a private key's bytes in its DER form."""
_KEY_LENGTH = 64
"""So many letters and digits are an API key."""


def api_key(headers: Mapping[str, str]) -> str:
    """The API key of a request. Raises `VenueError` when there is none or it cannot be one."""
    return well_formed_key(headers.get(KEY_HEADER, ""))


def well_formed_key(key: str | None) -> str:
    """The key itself. Raises `VenueError` when it is missing or cannot be one."""
    if key is None or len(key) != _KEY_LENGTH or not (key.isascii() and key.isalnum()):
        raise VenueError("api-key-format")
    return key


def sign(secret: str, query: str, body: bytes) -> str:
    """The hex digest that a client sends."""
    signed = _unsigned(body)
    return hex_digest(secret, _unsigned(query.encode("utf-8", "surrogateescape")) + signed if query else signed)


def check_signature(secret: str, query: str, body: bytes, parameters: Parameters) -> None:
    """Raises `VenueError` unless the request was signed with this secret."""
    given = parameters.text("signature").lower()
    if not same(given, sign(secret, query, body)):
        raise VenueError("signature")


def check_text(secret: str, text: str, parameters: Parameters) -> None:
    """Raises `VenueError` unless this text was signed with this secret."""
    given = parameters.text("signature").lower()
    if not same(given, hex_digest(secret, text.encode())):
        raise VenueError("signature")


def check_ed25519(seed: str, text: str, parameters: Parameters) -> None:
    """Raises `VenueError` unless this text was signed with the private key of this seed."""
    from cryptography.exceptions import InvalidSignature  # loaded by the few who log on: it takes its time

    try:
        given = base64.b64decode(parameters.text("signature"), validate=True)
        _ed25519(seed).verify(given, text.encode())
    except (binascii.Error, ValueError, InvalidSignature):
        raise VenueError("signature") from None


@lru_cache(maxsize=256)
def _ed25519(seed: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed.encode()).public_key()


def ed25519_pem(seed: str) -> str:
    """The private key of 32 letters in the form that clients read (PKCS #8)."""
    encoded = base64.b64encode(_ED25519_HEAD + seed.encode()).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n"


def check_time(parameters: Parameters, window_ms_default: int, ahead_ms: int, time: VenueTime) -> None:
    """Raises `VenueError` unless the timestamp lies in the window that the caller allowed."""
    stamp = parameters.integer("timestamp")
    if stamp is None:
        raise VenueError("missing", parameter="timestamp")
    window_ms, now_ms = parameters.integer("recvWindow"), time.wire_ms
    if stamp >= now_ms + ahead_ms:
        raise VenueError("timestamp-ahead")
    if now_ms - stamp > (window_ms_default if window_ms is None else window_ms):
        raise VenueError("timestamp-old")


def _unsigned(text: bytes) -> bytes:
    """The text without its `signature` pair, wherever it stands."""
    head, found, tail = text.rpartition(b"&signature=")
    if found and b"&" not in tail and b"signature=" not in head:
        return head
    return b"&".join([pair for pair in text.split(b"&") if not pair.startswith(b"signature=")])
