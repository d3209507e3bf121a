"""What a reply means: the code at its top, or of its one row, is judged on any HTTP status.

A refusal of an order stands in its row, inside a success; a time-out that may have been executed has HTTP 400. So the
status counts only where there is no code. Source: the vendor's error pages; ccxt 4.5.90; issue reports.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.errortable import ErrorTable
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Unreadable
from venueproof_adapters.native.okx.wire import Envelope, Outcome
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    Banned,
    OutcomeUnknown,
    RateLimited,
)

_TABLE = ErrorTable(Path(__file__).with_name("errors.toml"))
NO_AMEND = _TABLE.calling_for("replacing")
NO_FILLS = _TABLE.calling_for("other-channel")
"""Refusals of the channel of fills to accounts with a low tier of fees."""
IN_USE = _TABLE.calling_for("looking")
"""One code for open orders and open positions: which it is has to be looked up."""

OK = "0"
_WITH_ROWS = frozenset({OK, "1", "2"})
"""All well, all refused, some refused: what it is stands in the rows."""
_PAUSE_S = 2
"""The length of every window."""
_BAN_S = 60
_envelope = msgspec.json.Decoder(Envelope)
_outcome = msgspec.json.Decoder(Outcome)


class Judge:
    """Tells success from failure."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for; None for rows that have to be judged one by one."""
        try:
            told = _envelope.decode(reply.body)
        except msgspec.MsgspecError:
            return self._by_status(reply)
        if told.code not in _WITH_ROWS:
            return self.meant(told.code, told.msg)
        if len(told.data) == 1:
            return self.refusal(bytes(told.data[0]))
        return None if told.data or told.code == OK else self.meant(told.code, told.msg)

    def passes(self, reply: Reply) -> bool:
        """Every window is short."""
        return True

    def refusal(self, row: bytes) -> AdapterError | None:
        """The error that a row of an answer stands for."""
        try:
            told = _outcome.decode(row)
        except msgspec.MsgspecError:
            return None  # a row of numbers, or one that its reader refuses
        return self.meant(told.s_code, told.s_msg) if told.s_code not in ("", OK) else None

    def meant(self, code: str, text: str) -> AdapterError:
        """The error that a code stands for, wherever it is told."""
        return _TABLE.error(code, text, self._in_ns(_PAUSE_S))

    def _by_status(self, reply: Reply) -> AdapterError:
        code = str(reply.status)
        if reply.status == 429:
            return RateLimited(self._in_ns(_PAUSE_S), "too many requests", code=code)
        if reply.status == 403:
            return Banned(self._in_ns(_BAN_S), "turned away before the venue", code=code)
        if reply.status == 401:
            return AuthFailed("the key was refused", code=code)
        if reply.status >= 500:
            return OutcomeUnknown("the venue does not say what became of it", code=code)
        return Unreadable("the reply is not the venue's protocol", code=code)

    def _in_ns(self, seconds: int) -> int:
        return self._now_ns() + seconds * SECOND_NS
