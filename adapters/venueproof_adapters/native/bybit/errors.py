"""What a reply means: the code in the body, which is 0 for a success, and where there is none the status.

Source: the vendor's pages on error codes, authentication and rate limits. Nearly all comes with HTTP 200. The page of a
403 is told an address that sent too much and, in the same words, one in a country that is not served: the first kind
lifts after ten minutes or a little more, so what stays for twice that is the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.errortable import ErrorTable, Meaning, error_of
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Unreadable
from venueproof_adapters.native.bybit.wire import Envelope
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    Banned,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)

_TABLE = ErrorTable(Path(__file__).with_name("errors.toml"))
_BLOCKED_S = 600
"""Source: the vendor's page on rate limits."""
_PAUSE_S = 1
_RESET = "x-bapi-limit-reset-timestamp"
_QUOTED = re.compile(r"\[[^\]]*\]")
"""Refusals of a proof quote it, with the key in it."""
_envelopes = msgspec.json.Decoder(Envelope)


class Judge:
    """Tells success from failure."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._blocked_ns = 0

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for, None when it is a success."""
        try:
            told = _envelopes.decode(reply.body)
        except msgspec.MsgspecError:
            return self._by_status(reply)
        self._blocked_ns = 0
        if reply.status == 200 and told.ret_code == 0:
            return None
        return self._by_code(reply, str(told.ret_code or reply.status), told.ret_msg)

    def passes(self, reply: Reply) -> bool:
        """Whether a pause of a moment is enough: not for an address that is blocked."""
        return reply.status != 403

    def _by_code(self, reply: Reply, code: str, text: str) -> AdapterError:
        meaning = _TABLE.meaning(code, text)
        told = _QUOTED.sub("[…]", text) if meaning is Meaning.AUTH else text
        return error_of(meaning, code, told, self._until_ns(reply))

    def _until_ns(self, reply: Reply) -> int:
        told = reply.headers.get(_RESET, "")
        return max(int(told) * MS_NS if told.isdigit() else 0, self._now_ns() + _PAUSE_S * SECOND_NS)

    def _outlasted(self) -> bool:
        """Whether a block is longer than one for haste can be; else it is noted when it began."""
        self._blocked_ns = self._blocked_ns or self._now_ns()
        return self._now_ns() - self._blocked_ns >= 2 * _BLOCKED_S * SECOND_NS

    def _by_status(self, reply: Reply) -> AdapterError:
        code, text = str(reply.status), reply.body[:200].decode("utf-8", "replace")
        match reply.status:
            case 401:
                return AuthFailed("the key was refused", code=code, text=text)
            case 403 if self._outlasted():
                return AuthFailed("this address is not served", code=code, text=text)
            case 403:
                until_ns = self._now_ns() + _BLOCKED_S * SECOND_NS
                return Banned(until_ns, "the address is blocked", code=code, text=text)
            case 404:
                return Rejected(Reason.NOT_ALLOWED, "no such path for this account", code=code, text=text)
            case 429:
                return RateLimited(self._until_ns(reply), code=code, text=text)
            case 503:
                return VenueDown(code=code, text=text)
            case _:
                return Unreadable("the reply is not the venue's protocol", code=code, text=text)
