"""Keys, secrets and tokens that look random and are drawn from the seed."""

from __future__ import annotations

import hashlib
import string

ALPHANUMERIC = string.ascii_letters + string.digits


def token(seed: int, label: str, length: int = 64, alphabet: str = ALPHANUMERIC) -> str:
    """`length` characters that depend on seed and label alone."""
    digest = hashlib.shake_256(f"{seed}:{label}".encode()).digest(length * 2)
    pairs = zip(digest[::2], digest[1::2], strict=True)
    return "".join(alphabet[(high * 256 + low) % len(alphabet)] for high, low in pairs)
