"""What an answer means: the code in the body is judged whatever the HTTP status is, and the status without one.

Source: the vendor's reference and issue threads; ccxt looks at nothing but the code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.errortable import ErrorTable
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Unreadable
from venueproof_adapters.native.deribit.wire import Envelope, ErrorData, ErrorRow
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    OutcomeUnknown,
    RateLimited,
)

_TABLE = ErrorTable(Path(__file__).with_name("errors.toml"))
NO_AMEND = _TABLE.calling_for("replacing")
"""Refusals that say: this order cannot be edited, replace it."""
TOKEN_REFUSED = "13009"
_PAUSE_S = 1

_envelopes = msgspec.json.Decoder(Envelope)
_data = msgspec.json.Decoder(ErrorData)


class Judge:
    """Tells success from failure."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for, None when it is a success."""
        try:
            said = _envelopes.decode(reply.body)
        except msgspec.MsgspecError:
            return self._by_status(reply)
        if said.error is not None:
            return self.told(said.error)
        return None if bytes(said.result) else self._by_status(reply)

    def told(self, row: ErrorRow) -> AdapterError:
        """What an error in an answer means."""
        code, text = str(row.code), _text(row)
        return _TABLE.error(code, text, self._later_ns())

    def passes(self, reply: Reply) -> bool:
        """Whatever is refused for haste is taken a little later."""
        return True

    def _by_status(self, reply: Reply) -> AdapterError:
        code = str(reply.status)
        if reply.status == 429:
            return RateLimited(self._later_ns(), "too many requests", code=code)
        if reply.status in (401, 403):
            return AuthFailed("refused without a word", code=code)
        if reply.status >= 500 and not reply.body:
            return OutcomeUnknown("the venue does not say what became of it", code=code)
        return Unreadable("the reply is not the venue's protocol", code=code)

    def _later_ns(self) -> int:
        return self._now_ns() + _PAUSE_S * SECOND_NS


def _text(row: ErrorRow) -> str:
    """The venue's words, and what was wrong with which parameter."""
    try:
        data = _data.decode(row.data)
    except msgspec.MsgspecError:
        return row.message
    more = " ".join(part for part in (data.param, data.reason) if part)
    return f"{row.message}: {more}" if more else row.message
