"""What a reply means: the code in the body is judged on any HTTP status, and the status when there is no code.

Source: the vendor's general information and error pages; HTTP 200 with a refusal inside is a field report.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.errortable import ErrorTable, Meaning, error_of
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Unreadable
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    Banned,
    OutcomeUnknown,
    RateLimited,
    VenueDown,
)

_TABLE = ErrorTable(Path(__file__).with_name("errors.toml"))
NO_AMEND = _TABLE.calling_for("replacing")
"""Refusals that say: this order cannot be amended (any more), replace it."""
LISTEN_KEY_UNKNOWN = _TABLE.calling_for("credential")

_BANNED_UNTIL = re.compile(r"banned until (\d{10,})")
_MAINTENANCE_KEY = "239999"
_PAUSE_S = 1
_BAN_S = 120


class _Code(Struct):
    code: int | str
    msg: str = ""


_codes = msgspec.json.Decoder(_Code)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Judge:
    """Tells success from failure."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for, None when it is a success as far as status and code tell."""
        code, text = _told(reply.body)
        if reply.status == 418 or _BANNED_UNTIL.search(text):
            return Banned(self._until_ns(reply, text, _BAN_S), "banned", code=code, text=text)
        if reply.status in (429, 403):
            return RateLimited(self._until_ns(reply, text, _PAUSE_S), "too many requests", code=code, text=text)
        if reply.status == 451:
            return AuthFailed("not served in this region", code=code, text=text)
        if code in ("", "200", "0") and reply.status < 400:
            return None
        return _by_status(reply, text) if code in ("", "0") else self._by_code(reply, code, text)

    def passes(self, reply: Reply) -> bool:
        """A firewall's 403 says that there is too much of it altogether, and lasts."""
        return reply.status != 403

    def _by_code(self, reply: Reply, code: str, text: str) -> AdapterError:
        meaning = _TABLE.meaning(code)
        if reply.status == 503 and meaning is Meaning.UNCLEAR and "Service Unavailable" in text:
            return VenueDown(code=code, text=text)
        return error_of(meaning, code, text, self._until_ns(reply, text, _PAUSE_S))

    def _until_ns(self, reply: Reply, text: str, otherwise_s: int) -> int:
        """The later of the two ends that may be told: this very request may have made a ban longer than its text."""
        found, told = _BANNED_UNTIL.search(text), reply.headers.get("retry-after", "")
        ends_ns = [int(found[1]) * MS_NS] if found else []
        if told.isdigit():
            ends_ns.append(self._now_ns() + int(told) * SECOND_NS)
        return max(ends_ns, default=self._now_ns() + otherwise_s * SECOND_NS)


def _told(body: bytes) -> tuple[str, str]:
    """Code and text of a body, empty when it has none."""
    try:
        told = _codes.decode(body)
        return str(told.code), told.msg
    except msgspec.MsgspecError:
        pass
    try:
        return (_MAINTENANCE_KEY, "maintenance") if _MAINTENANCE_KEY in _keys.decode(body) else ("", "")
    except msgspec.MsgspecError:
        return "", body[:200].decode("utf-8", "replace")


def _by_status(reply: Reply, text: str) -> AdapterError:
    code = str(reply.status)
    if reply.status == 401:
        return AuthFailed("the key was refused", code=code)
    if "Service Unavailable" in text:
        return VenueDown("service unavailable", code=code)
    if reply.status == 408 or (reply.status >= 500 and (not reply.body or "Unknown error" in text)):
        return OutcomeUnknown("the venue does not say what became of it", code=code)
    return Unreadable("the reply is not the venue's protocol", code=code)
