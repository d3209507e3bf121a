"""ccxt's exception classes as the contracts' errors.

The class is all that is looked at: reading the venue's code out of the message would be a service that ccxt does not
do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

from venueproof_adapters.ccxt_adapter.exchanges import Exchange, ccxt_pro
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    Unsupported,
    VenueDown,
)

_REASONS: tuple[tuple[str, Reason], ...] = (
    ("InsufficientFunds", Reason.INSUFFICIENT_MARGIN),
    ("OrderNotFound", Reason.UNKNOWN_ORDER),
    ("OrderNotCached", Reason.UNKNOWN_ORDER),
    ("OrderImmediatelyFillable", Reason.WOULD_CROSS),
    ("OrderNotFillable", Reason.NOT_FILLABLE),
    ("DuplicateOrderId", Reason.DUPLICATE_ID),
    ("BadSymbol", Reason.UNKNOWN_INSTRUMENT),
    ("NoChange", Reason.NO_CHANGE),
    ("ArgumentsRequired", Reason.BAD_PARAMETER),
    ("BadRequest", Reason.BAD_PARAMETER),
    ("MarketClosed", Reason.NOT_ALLOWED),
)
"""Refusals, the narrower class first. What is in none of them is refused for `other`."""

_NEVER = ("AuthenticationError", "RestrictedLocation")
"""Who asks, or from where, is not served: trying again cannot help."""

_UNANSWERED = ("NetworkError", "BadResponse")
"""What leaves a question unanswered. The other failures are the venue's own word that it could not do it now."""


def translate(error: Exception, *, changes: bool, until_ns: int, waits: bool = False) -> AdapterError:
    """The contracts' error for an exception of ccxt.

    `changes`: the call may have changed something at the venue. `until_ns`: when a limit ends, 0 when that is not told.
    `waits`: it was about an order that waits for a price, which is filled at once only when that is there already.
    """
    text = str(error)
    if waits and _is(error, "OrderImmediatelyFillable"):
        return Rejected(Reason.WOULD_TRIGGER, text=text)
    if any(_is(error, name) for name in _NEVER):
        return AuthFailed(text, text=text)
    if _is(error, "NotSupported"):
        return Unsupported(text, text=text)
    for name, reason in _REASONS:
        if _is(error, name):
            return Rejected(reason, text=text)
    if _is(error, "OperationFailed"):
        return _failed(error, text, changes=changes, until_ns=until_ns)
    return Rejected(Reason.OTHER, text=text)


def _failed(error: Exception, text: str, *, changes: bool, until_ns: int) -> AdapterError:
    """ccxt's errors that do not say no: limits, clock, network, unreadable answers."""
    if _is(error, "DDoSProtection") or _is(error, "RateLimitExceeded"):
        return RateLimited(until_ns, text, text=text)
    if _is(error, "InvalidNonce"):
        return ClockSkew(text, text=text)
    if _is(error, "OnMaintenance"):
        return VenueDown(text, text=text)
    if changes:
        return OutcomeUnknown(text, text=text)
    if any(_is(error, name) for name in _UNANSWERED) and not _is(error, "ExchangeNotAvailable"):
        return BadAnswer(text, text=text)
    return VenueDown(text, text=text)


@contextlib.contextmanager
def translated(exchange: Exchange, *, changes: bool = False, waits: bool = False) -> Generator[None]:
    """Raise ccxt's exceptions as the contracts' errors. Any other exception passes: it is a fault of ccxt."""
    try:
        yield
    except ccxt_pro().BaseError as error:
        raise translate(error, changes=changes, until_ns=_until_ns(exchange), waits=waits) from error


def _until_ns(exchange: Exchange) -> int:
    """ccxt's errors do not say until when; of the time it knows no more than the headers that it shows to everybody."""
    headers: Mapping[str, str] = exchange.last_response_headers or {}
    seconds = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    if not seconds.isdecimal():
        return 0
    return int(exchange.milliseconds()) * 1_000_000 + int(seconds) * 1_000_000_000


def _is(error: Exception, name: str) -> bool:
    kind: Any = getattr(ccxt_pro(), name)
    return isinstance(error, kind)
