"""What an adapter raises. The class says what the caller may believe and do next.

    AdapterError
    ├── NotSent               nothing reached the venue; safe to try again
    ├── OutcomeUnknown        it may have been executed; ask before resending
    ├── Rejected              the venue said no; `reason` says why in neutral words
    ├── RateLimited           slow down until `until_ns`
    │   └── Banned            send nothing at all until `until_ns`
    ├── AuthFailed            key, secret, permission or address refused; trying again cannot help
    ├── ClockSkew             the venue refuses our time even after a correction
    ├── VenueDown             maintenance or overload; nothing was executed
    ├── BadAnswer             the venue's answer could not be read; a question is unanswered
    └── Unsupported           this adapter does not do that

Every error keeps the venue's own code and text, never a secret. An adapter raises nothing else on purpose:
any other exception that leaves it is judged as a failure of the adapter.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a venue refuses, in words that no venue owns."""

    INSUFFICIENT_MARGIN = "insufficient-margin"
    BELOW_MINIMUM = "below-minimum"
    ABOVE_MAXIMUM = "above-maximum"
    PRECISION = "precision"
    PRICE_BAND = "price-band"
    UNKNOWN_ORDER = "unknown-order"
    UNKNOWN_INSTRUMENT = "unknown-instrument"
    DUPLICATE_ID = "duplicate-id"
    WOULD_CROSS = "would-cross"
    NOT_FILLABLE = "not-fillable"
    """Fill-or-kill that could not be filled at once."""
    REDUCE_ONLY = "reduce-only"
    WOULD_TRIGGER = "would-trigger"
    NO_CHANGE = "no-change"
    OPEN_ORDERS = "open-orders"
    """A setting cannot change while orders are open."""
    OPEN_POSITION = "open-position"
    TOO_MANY_ORDERS = "too-many-orders"
    POSITION_SIDE = "position-side"
    BAD_PARAMETER = "bad-parameter"
    NOT_ALLOWED = "not-allowed"
    OTHER = "other"


class AdapterError(Exception):
    """Root of all that an adapter raises on purpose.

    `code` and `text` are the venue's own, empty when there was no answer.
    """

    def __init__(self, message: str = "", *, code: str = "", text: str = "") -> None:
        super().__init__(message or text or type(self).__name__)
        self.code = code
        self.text = text


class NotSent(AdapterError):
    """Nothing reached the venue: sending again is safe."""


class OutcomeUnknown(AdapterError):
    """The request may have been executed. Query by reference before sending again."""


class Rejected(AdapterError):
    """The venue refused. `reason` is neutral; `code` and `text` are the venue's."""

    def __init__(self, reason: Reason, message: str = "", *, code: str = "", text: str = "") -> None:
        told = f"{reason.value}: {text}" if text else reason.value
        super().__init__(message or told, code=code, text=text)
        self.reason = reason


class RateLimited(AdapterError):
    """The venue asks for fewer requests. `until_ns`: wall clock in ns after which sending is allowed again.

    0 when neither the venue nor the adapter says until when.
    """

    def __init__(self, until_ns: int, message: str = "", *, code: str = "", text: str = "") -> None:
        super().__init__(message, code=code, text=text)
        self.until_ns = until_ns


class Banned(RateLimited):
    """The venue refuses this address or account until `until_ns`; requests meanwhile make it longer."""


class AuthFailed(AdapterError):
    """Key, secret, permission or address refused: trying again cannot help."""


class ClockSkew(AdapterError):
    """The venue refuses our time although the clock was corrected."""


class VenueDown(AdapterError):
    """The venue is closed or overloaded and executed nothing."""


class BadAnswer(AdapterError):
    """An answer to a question could not be read: not JSON, cut short, or without what it must hold."""


class Unsupported(AdapterError):
    """This adapter does not do that; the venue might."""
