"""Verification of a caller: three credentials, a time, and a signature over the bytes that came in.

Source: the vendor's page on authentication, ccxt 4.5.90 and python-okx 0.4.4. A REST request is signed over time,
method, path with its query as received, and body; its time is written out (ISO 8601 in UTC with milliseconds). A login
is signed over time, `GET` and one fixed path; its time counts seconds since the epoch.
"""

from __future__ import annotations

import re
from datetime import datetime

from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import base64_digest, same

KEY_HEADER = "ok-access-key"
SIGN_HEADER = "ok-access-sign"
TIME_HEADER = "ok-access-timestamp"
PASSPHRASE_HEADER = "ok-access-passphrase"
DEMO_HEADER = "x-simulated-trading"
LOGIN_PATH = "/users/self/verify"
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z")
_SECONDS = re.compile(r"\d{1,10}(\.\d{1,9})?")
_MS = 1_000_000


def sign(secret: str, text: bytes) -> str:
    """What a client must send for a text: base64 of the HMAC with SHA-256."""
    return base64_digest(secret, text)


def signed_text(stamp: str, method: str, path: str, query: str, body: bytes) -> bytes:
    """What a REST request is signed over."""
    asked = f"{path}?{query}" if query else path
    return f"{stamp}{method}{asked}".encode("utf-8", "surrogateescape") + body


def genuine(secret: str, given: str, text: bytes) -> bool:
    """Whether a signature is that of a text."""
    return same(given, sign(secret, text))


def well_formed(key: str) -> bool:
    """Whether a text can be an API key."""
    return _KEY.fullmatch(key) is not None


def iso_ns(stamp: str) -> int:
    """A time of a REST request in ns. Raises `VenueError`."""
    if not _ISO.fullmatch(stamp):
        raise VenueError("timestamp-format")
    try:
        moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        raise VenueError("timestamp-format") from None
    return (int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond) * 1_000


def seconds_ns(stamp: str) -> int:
    """A time of a login in ns. Raises `VenueError`."""
    if not _SECONDS.fullmatch(stamp):
        raise VenueError("ws-timestamp-format")
    whole, _, fraction = stamp.partition(".")
    return int(whole) * 10**9 + int(fraction.ljust(9, "0"))
