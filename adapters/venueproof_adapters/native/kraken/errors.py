"""What a reply means. Each of the venue's surfaces has an envelope of its own, and refusals stand on two levels.

`/derivatives` says `result`, and the error as a word or as a list of codes; an order that is refused stands as a status
inside a success, and a status that nobody knows is a refusal too. `/api/history` refuses with a status and two words,
charts and histories have no envelope, and what stands before the services has a document of its own. Source: the
vendor's error pages; field reports as in errors.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct, field

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.errortable import ErrorTable, Meaning, error_of
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Unreadable
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)

_TABLE = ErrorTable(Path(__file__).with_name("errors.toml"))
PLACED = frozenset({"placed", "partiallyFilled", "filled"})
CHANGED = frozenset({"edited"})
ENDED = frozenset({"cancelled", "noOrdersToCancel"})
_PAUSE_S = 1
_TOO_MANY, _CLOSED = 429, 503


class _Listed(Struct):
    code: int | str = 0
    message: str = ""


class _Outcome(Struct):
    status: str = ""


class _Answer(Struct, rename="camel"):
    result: str = ""
    error: str = ""
    errors: list[_Listed] = field(default_factory=list[_Listed])
    status: object = ""
    reason: str = ""
    message: str = ""
    send_status: _Outcome | None = None
    edit_status: _Outcome | None = None
    cancel_status: _Outcome | None = None


_answers = msgspec.json.Decoder(_Answer)


class Judge:
    """Tells success from failure."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for, None when it is a success as far as status and words tell."""
        try:
            told = _answers.decode(reply.body)
        except msgspec.MsgspecError:
            told = None
        if reply.status == _TOO_MANY:
            return self._limited("apiLimitExceeded")
        if told is None:
            return None if reply.status < 400 else _by_status(reply.status, "the reply is not the venue's protocol")
        if told.status == "unauthorized":
            return AuthFailed(code="unauthorized", text=told.reason)
        if told.result == "error":
            return self._refused(told)
        if reply.status >= 400:
            return _by_status(reply.status, told.message or told.error or told.reason)
        return self._inside(told)

    def passes(self, reply: Reply) -> bool:
        """What is too much is so for a while."""
        return True

    def outcome(self, status: str, done: frozenset[str]) -> AdapterError | None:
        """The error that a status inside a success stands for, unless it is one of `done`."""
        return None if status in done else self._meant(status, status)

    def _inside(self, told: _Answer) -> AdapterError | None:
        for outcome, done in ((told.send_status, PLACED), (told.edit_status, CHANGED), (told.cancel_status, ENDED)):
            if outcome is not None and (error := self.outcome(outcome.status, done)):
                return error
        return None

    def _refused(self, told: _Answer) -> AdapterError:
        listed = told.errors[0] if told.errors else _Listed(message=told.error)
        word = listed.message
        if listed.code and _TABLE.meaning(word.partition(":")[0]) is Reason.OTHER:
            return self._meant(str(listed.code), word)
        return self._meant(word, word)

    def _meant(self, word: str, text: str) -> AdapterError:
        code, _, about = word.partition(": ")
        meaning = _TABLE.meaning(code, about)
        return self._limited(code) if meaning is Meaning.LIMIT else error_of(meaning, code, text, 0)

    def _limited(self, code: str) -> RateLimited:
        """The venue does not say for how long."""
        return RateLimited(self._now_ns() + _PAUSE_S * SECOND_NS, "too many requests", code=code)


def reason_of(word: str) -> Reason:
    """The neutral reason behind one of the venue's words, in either of its spellings (IOC_WOULD_NOT_EXECUTE)."""
    first, *others = word.lower().split("_")
    meaning = _TABLE.meaning(word if "_" not in word else first + "".join(map(str.capitalize, others)))
    return meaning if isinstance(meaning, Reason) else Reason.OTHER


def _by_status(status: int, text: str) -> AdapterError:
    code = str(status)
    if status == _CLOSED:
        return VenueDown("nothing is accepted", code=code, text=text)
    if status in (401, 403):
        return AuthFailed("the key was refused", code=code, text=text)
    if status == 404:
        return Rejected(Reason.UNKNOWN_INSTRUMENT, code=code, text=text)
    if status == 400:
        return Rejected(Reason.BAD_PARAMETER, code=code, text=text)
    if status < 500 and status != 408:
        return Unreadable("the reply is not the venue's protocol", code=code)
    return OutcomeUnknown("the venue does not say what became of it", code=code, text=text)
