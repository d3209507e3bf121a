"""Verification of signatures. Source: the vendor's "authentication" page; ccxt 4.5.90, which sends both forms.

    public/auth, client_signature:   hex HMAC-SHA256(secret, ts \\n nonce \\n data)
    header deri-hmac-sha256:         hex HMAC-SHA256(secret, ts \\n nonce \\n METHOD \\n URI \\n BODY \\n)

URI is path and query exactly as they were sent. An empty `data` still has the line break before it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from msgspec import Struct

from venueproof_simulators.host.venue import HttpRequest
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import hex_digest, same

_HEADER = "authorization"
_FIELDS = re.compile(r"\s*([a-z]+)=([^,]*)\s*(?:,|$)")


class Header(Struct, frozen=True):
    """A header of authorization, read: one of the three forms. Empty: there was none."""

    scheme: str = ""
    id: str = ""
    secret: str = ""
    token: str = ""
    timestamp: str = ""
    nonce: str = ""
    signature: str = ""


def read_header(headers: Mapping[str, str]) -> Header:
    """The form of authorization that a request shows. Raises `VenueError` for one that is none of them."""
    given = headers.get(_HEADER, "")
    if not given:
        return Header()
    scheme, _, rest = given.strip().partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme == "bearer" and rest:
        return Header(scheme, token=rest)
    if scheme == "basic":
        return _basic(rest)
    if scheme == "deri-hmac-sha256":
        fields = {name: value.strip() for name, value in _FIELDS.findall(rest)}
        return Header(
            scheme,
            id=fields.get("id", ""),
            timestamp=fields.get("ts", ""),
            nonce=fields.get("nonce", ""),
            signature=fields.get("sig", ""),
        )
    raise VenueError("unauthorized", reason="invalid authorization header")


def _basic(encoded: str) -> Header:
    try:
        id, separator, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise VenueError("unauthorized", reason="invalid authorization header") from None
    if not separator:
        raise VenueError("unauthorized", reason="invalid authorization header")
    return Header("basic", id=id, secret=secret)


def request_text(request: HttpRequest) -> str:
    """What a request's header signs after timestamp and nonce."""
    uri = f"{request.path}?{request.query}" if request.query else request.path
    return f"{request.method}\n{uri}\n{request.body.decode('utf-8', 'surrogateescape')}\n"


def sign(secret: str, timestamp: str, nonce: str, text: str) -> str:
    """The hex digest that a client sends."""
    return hex_digest(secret, f"{timestamp}\n{nonce}\n{text}".encode("utf-8", "surrogateescape"))


def matches(secret: str, timestamp: str, nonce: str, text: str, signature: str) -> bool:
    """Whether a digest is that of this secret; its letters may be large."""
    return same(signature.lower(), sign(secret, timestamp, nonce, text))
