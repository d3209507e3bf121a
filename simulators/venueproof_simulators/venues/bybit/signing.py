"""Verification of requests and logins over what came in.

Source: the vendor's authentication page and its page on connecting to WebSocket streams. A request is signed over
timestamp + key + window + (query string as sent, or body as sent); a login over `GET/realtime` + expiry.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from venueproof_simulators.host.venue import HttpRequest, VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import hex_digest, same

KEY, STAMP, WINDOW, SIGNATURE = "x-bapi-api-key", "x-bapi-timestamp", "x-bapi-recv-window", "x-bapi-sign"
_DIGITS_MAX = 16


class Proof(Struct, frozen=True):
    """What a request says of who sent it, as it came."""

    key: str
    stamp: str
    window: str
    signature: str
    payload: str


def proof_of(request: HttpRequest) -> Proof:
    """What a request's headers say."""
    sent = request.headers
    payload = request.body.decode("utf-8", "replace") if request.method == "POST" else request.query
    return Proof(sent.get(KEY, ""), sent.get(STAMP, ""), sent.get(WINDOW, ""), sent.get(SIGNATURE, ""), payload)


def check_proof(secret: str, proof: Proof) -> None:
    """Raises `VenueError` unless the request was signed with this secret."""
    origin = f"{proof.stamp}{proof.key}{proof.window}{proof.payload}"
    if not same(proof.signature, hex_digest(secret, origin.encode("utf-8", "surrogateescape"))):
        raise VenueError("signature", origin=origin)


def check_window(headers: Mapping[str, str], window_ms: int, ahead_ms: int, time: VenueTime) -> None:
    """Raises `VenueError` unless the timestamp lies in the window that the caller allowed."""
    stamp, window = headers.get(STAMP, ""), headers.get(WINDOW, "") or str(window_ms)
    if not (_number(stamp) and _number(window)):
        raise VenueError("timestamp", stamp=stamp, server=time.wire_ms, window=window)
    if not time.wire_ms - int(window) <= int(stamp) < time.wire_ms + ahead_ms:
        raise VenueError("timestamp", stamp=stamp, server=time.wire_ms, window=window)


def check_login(secret: str, expires: str, signature: str, time: VenueTime) -> None:
    """Raises `VenueError` unless a login was signed with this secret and has not expired."""
    if not _number(expires):
        raise VenueError("login-params")
    if int(expires) <= time.wire_ms or not same(signature, hex_digest(secret, f"GET/realtime{expires}".encode())):
        raise VenueError("login-signature")


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
