"""The venue's three-part credentials, and its two ways to stamp and sign.

A request is stamped in ISO 8601 with milliseconds and signed over stamp, method, path with query, and body. A login is
stamped in seconds since the epoch and signed over stamp, `GET` and one fixed path. Either sent in the other's format is
refused. Source: the vendor's pages on authentication; ccxt 4.5.90; python-okx 0.4.4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_contracts.model import Credentials

_LOGIN_PATH = "/users/self/verify"
_NAMES = ("apiKey", "secret", "password")


class Signer(Struct, frozen=True):
    """Key, secret and passphrase of one environment."""

    key: str
    secret: str
    passphrase: str

    def headers(self, now_ns: int, method: str, path: str, body: bytes) -> dict[str, str]:
        """What proves a request; `path` begins with /api and has the query as it is sent."""
        stamp = iso_stamp(now_ns)
        return {
            "OK-ACCESS-KEY": self.key,
            "OK-ACCESS-SIGN": self._sign(f"{stamp}{method}{path}".encode() + body),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self.passphrase,
        }

    def login(self, now_ns: int) -> str:
        """The frame that logs a connection in."""
        stamp = str(now_ns // SECOND_NS)
        proof = {
            "apiKey": self.key,
            "passphrase": self.passphrase,
            "timestamp": stamp,
            "sign": self._sign(f"{stamp}GET{_LOGIN_PATH}".encode()),
        }
        return msgspec.json.encode({"op": "login", "args": [proof]}).decode()

    def _sign(self, text: bytes) -> str:
        return base64.b64encode(hmac.new(self.secret.encode(), text, hashlib.sha256).digest()).decode()


def iso_stamp(now_ns: int) -> str:
    """A moment as requests are stamped with it: `2026-11-20T09:53:39.152Z`."""
    seconds, ms = divmod(now_ns // MS_NS, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03}Z"


def signer_of(credentials: Credentials, demo: bool) -> Signer:
    """The key of the environment: on demo trading that named `demoApiKey` and so on, where there is one."""
    names = [f"demo{name[0].upper()}{name[1:]}" for name in _NAMES] if demo else []
    chosen = names if names and names[0] in credentials else _NAMES
    return Signer(*(credentials.get(name, "") for name in chosen))
