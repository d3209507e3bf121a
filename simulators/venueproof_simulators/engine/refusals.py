"""Why the engine refuses a command, as finely as any venue tells it apart.

A venue's `facts/errors.toml` gives each refusal its code and text; `REASONS` joins them to the coarser neutral reasons
that an adapter reports.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """One reason why a command is not carried out."""

    UNKNOWN_INSTRUMENT = "unknown-instrument"
    UNKNOWN_ORDER = "unknown-order"
    DUPLICATE_CLIENT_ID = "duplicate-client-id"
    AMOUNT_NOT_POSITIVE = "amount-not-positive"
    AMOUNT_TOO_SMALL = "amount-too-small"
    AMOUNT_TOO_LARGE = "amount-too-large"
    AMOUNT_OFF_STEP = "amount-off-step"
    PRICE_NOT_POSITIVE = "price-not-positive"
    PRICE_TOO_SMALL = "price-too-small"
    PRICE_TOO_LARGE = "price-too-large"
    PRICE_OFF_TICK = "price-off-tick"
    PRICE_OUT_OF_BAND = "price-out-of-band"
    NOTIONAL_TOO_SMALL = "notional-too-small"
    INSUFFICIENT_MARGIN = "insufficient-margin"
    WOULD_CROSS = "would-cross"
    NOT_FILLABLE = "not-fillable"
    NO_LIQUIDITY = "no-liquidity"
    REDUCE_ONLY = "reduce-only"
    POSITION_SIDE = "position-side"
    TOO_MANY_ORDERS = "too-many-orders"
    NO_CHANGE = "no-change"
    NOT_AMENDABLE = "not-amendable"
    OPEN_ORDERS = "open-orders"
    OPEN_POSITION = "open-position"
    LEVERAGE_INVALID = "leverage-invalid"
    LEVERAGE_TOO_LOW = "leverage-too-low"
    POSITION_TOO_LARGE = "position-too-large"
    NOT_ALLOWED = "not-allowed"
    WOULD_TRIGGER = "would-trigger"
    CLOSE_POSITION_EXISTS = "close-position-exists"
    TOO_MANY_CONDITIONALS = "too-many-conditionals"
    TRIGGER_PRICE = "trigger-price"
    """A trigger or activation price on the wrong side, or none at all."""
    CALLBACK = "callback"
    """A callback out of range."""
    NOT_ISOLATED = "not-isolated"
    NO_POSITION = "no-position"
    MARGIN_AMOUNT = "margin-amount"
    """More than may be moved into or out of a position."""
    INSTRUMENT_EXPIRED = "instrument-expired"
    """The instrument was delivered."""


REASONS: dict[Refusal, str] = {
    Refusal.UNKNOWN_INSTRUMENT: "unknown-instrument",
    Refusal.UNKNOWN_ORDER: "unknown-order",
    Refusal.DUPLICATE_CLIENT_ID: "duplicate-id",
    Refusal.AMOUNT_NOT_POSITIVE: "below-minimum",
    Refusal.AMOUNT_TOO_SMALL: "below-minimum",
    Refusal.AMOUNT_TOO_LARGE: "above-maximum",
    Refusal.AMOUNT_OFF_STEP: "precision",
    Refusal.PRICE_NOT_POSITIVE: "bad-parameter",
    Refusal.PRICE_TOO_SMALL: "price-band",
    Refusal.PRICE_TOO_LARGE: "price-band",
    Refusal.PRICE_OFF_TICK: "precision",
    Refusal.PRICE_OUT_OF_BAND: "price-band",
    Refusal.NOTIONAL_TOO_SMALL: "below-minimum",
    Refusal.INSUFFICIENT_MARGIN: "insufficient-margin",
    Refusal.WOULD_CROSS: "would-cross",
    Refusal.NOT_FILLABLE: "not-fillable",
    Refusal.NO_LIQUIDITY: "not-fillable",
    Refusal.REDUCE_ONLY: "reduce-only",
    Refusal.POSITION_SIDE: "position-side",
    Refusal.TOO_MANY_ORDERS: "too-many-orders",
    Refusal.NO_CHANGE: "no-change",
    Refusal.NOT_AMENDABLE: "not-allowed",
    Refusal.OPEN_ORDERS: "open-orders",
    Refusal.OPEN_POSITION: "open-position",
    Refusal.LEVERAGE_INVALID: "bad-parameter",
    Refusal.LEVERAGE_TOO_LOW: "insufficient-margin",
    Refusal.POSITION_TOO_LARGE: "above-maximum",
    Refusal.NOT_ALLOWED: "not-allowed",
    Refusal.WOULD_TRIGGER: "would-trigger",
    Refusal.CLOSE_POSITION_EXISTS: "not-allowed",
    Refusal.TOO_MANY_CONDITIONALS: "too-many-orders",
    Refusal.TRIGGER_PRICE: "bad-parameter",
    Refusal.CALLBACK: "bad-parameter",
    Refusal.NOT_ISOLATED: "not-allowed",
    Refusal.NO_POSITION: "not-allowed",
    Refusal.MARGIN_AMOUNT: "bad-parameter",
    Refusal.INSTRUMENT_EXPIRED: "unknown-instrument",
}
"""The neutral reason of each refusal, spelled as the contracts spell it."""
