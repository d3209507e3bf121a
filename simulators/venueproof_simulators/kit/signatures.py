"""Keyed digests, and comparing what a client sent with what it should have sent."""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache


def hex_digest(secret: str | bytes, text: bytes, algorithm: str = "sha256") -> str:
    """The HMAC of a text as hex digits in lower case. `secret` is the key itself, or its text."""
    keyed = _keyed(secret, algorithm).copy()
    keyed.update(text)
    return keyed.hexdigest()


def base64_digest(secret: str | bytes, text: bytes, algorithm: str = "sha256") -> str:
    """The same in base64."""
    keyed = _keyed(secret, algorithm).copy()
    keyed.update(text)
    return base64.b64encode(keyed.digest()).decode()


@lru_cache(maxsize=256)
def _keyed(secret: str | bytes, algorithm: str) -> hmac.HMAC:
    """What every signature with this secret begins with: to be copied."""
    return hmac.new(secret if isinstance(secret, bytes) else secret.encode(), digestmod=algorithm)


def same(given: str, wanted: str) -> bool:
    """Whether a text that came in is the wanted one; whatever letters it has, and in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
