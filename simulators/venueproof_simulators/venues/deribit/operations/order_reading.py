"""A placement read out of its parameters: every rule that needs no look at the engine's verdict."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.commands import Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.state import OrderKind, Side, TimeInForce
from venueproof_simulators.host.decimals import CONTEXT, steps
from venueproof_simulators.kit.numbers import decimals
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Call
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num
from venueproof_simulators.venues.deribit.wire.orders import WATCHED_WORDS, Note

CLOSING_ONLY = "deribit.account.reduce-only"
PLAIN_TYPES = {"limit": OrderKind.LIMIT, "market": OrderKind.MARKET, "market_limit": OrderKind.LIMIT}
TRIGGER_TYPES = {
    "stop_limit": (TriggerKind.STOP, OrderKind.LIMIT),
    "stop_market": (TriggerKind.STOP, OrderKind.MARKET),
    "take_limit": (TriggerKind.TAKE, OrderKind.LIMIT),
    "take_market": (TriggerKind.TAKE, OrderKind.MARKET),
    "trailing_stop": (TriggerKind.TRAILING, OrderKind.MARKET),
}
_TYPES = frozenset({*PLAIN_TYPES, *TRIGGER_TYPES})
GOOD_TIL_DAY = "good_til_day"
_WAITS = {
    "good_til_cancelled": TimeInForce.GTC,
    GOOD_TIL_DAY: TimeInForce.GTC,
    "fill_or_kill": TimeInForce.FOK,
    "immediate_or_cancel": TimeInForce.IOC,
}
_WAIT_WORDS = frozenset(_WAITS)
_ADVANCED = frozenset({"usd", "implv"})
"""Prices of options in another unit than the coin: not built, and never taken for coins."""
_WATCHED = {word: watched for watched, word in WATCHED_WORDS.items()}
_PLACES_MAX = 8
"""More decimals than these are too many, whatever the tick."""


class Request(Struct, frozen=True):
    """A placement that was read and found well formed."""

    listing: Listing
    command: Place | PlaceConditional
    note: Note


def read_type(sent: Parameters) -> str:
    """Parameter `type`: a limit order when it was not sent. Raises `VenueError`."""
    return sent.word("type", _TYPES, "not-valid", "limit")


def read_request(call: Call, side: Side, oco_group: str = "") -> Request:
    """A placement out of its parameters. Raises `VenueError`."""
    sent, listing = call.parameters, call.listing()
    check_trading(call, listing)
    check_closing(call, listing, side)
    kind = read_type(sent)
    label = read_label(call)
    lots = read_lots(sent, listing)
    check_valid_until(call)
    if sent.has("advanced") and not listing.option:
        raise VenueError("advanced-future")
    if sent.has("advanced"):
        sent.word("advanced", _ADVANCED, "not-valid", "")
        raise VenueError("not-implemented")
    note = _note(sent, kind)
    if kind in TRIGGER_TYPES:
        return Request(listing, _conditional(call, listing, kind, side, lots, label, oco_group), note)
    return Request(listing, _plain(call, listing, kind, side, lots, label, oco_group), note)


def check_trading(call: Call, listing: Listing) -> None:
    """Raises `VenueError` while an instrument is not traded."""
    if call.desk.locked:
        raise VenueError(call.desk.locked)
    if call.desk.state(listing, call.time) == "settlement":
        raise VenueError("settlement")


def check_closing(call: Call, listing: Listing, side: Side) -> None:
    """Raises `VenueError` for what would open, where the account may only close."""
    if call.desk.switches.on(CLOSING_ONLY):
        held = call.desk.engine.position(call.account.name, listing.name).lots
        if not call.parameters.flag("reduce_only") or held * side.sign >= 0:
            raise VenueError("locked")


def check_valid_until(call: Call) -> None:
    """Raises `VenueError` when the time is over until which the caller wanted it."""
    until_ms = call.parameters.integer("valid_until")
    if until_ms is not None and until_ms < call.time.wire_ms:
        raise VenueError("timed-out")


def read_label(call: Call) -> str:
    """Parameter `label`: any text that is not too long, used before or not. Raises `VenueError`."""
    label = call.parameters.raw("label") or ""
    if len(label) > call.desk.limits.named("label").limit:
        raise VenueError("not-valid", parameter="label")
    return label


def _note(sent: Parameters, kind: str) -> Note:
    display = sent.number_or_none("display_amount") or sent.number_or_none("max_show")
    wait = sent.word("time_in_force", _WAIT_WORDS, "not-valid", "")
    return Note(
        time_in_force="" if kind == "market" else wait,
        reject_post_only=bool(sent.flag("reject_post_only")) and bool(sent.flag("post_only")),
        original_type=kind if kind == "market_limit" else "",
        display_amount=num(Decimal(display)) if display else None,
        mmp=bool(sent.flag("mmp")),
    )


# --- amounts and prices -----------------------------------------------------------------------------------------------


def read_lots(sent: Parameters, listing: Listing) -> int:
    """Parameter `amount`, or `contracts`; where both are sent they must agree. Raises `VenueError`."""
    amount, contracts = sent.number_or_none("amount"), sent.number_or_none("contracts")
    if amount is None and contracts is None:
        raise VenueError("missing", parameter="amount")
    by_contracts = None if contracts is None else CONTEXT.multiply(Decimal(contracts), listing.contract_size)
    value = by_contracts if amount is None else Decimal(amount)
    if value is None or (by_contracts is not None and by_contracts != value):
        raise VenueError("not-valid", reason="amount and contracts do not agree", parameter="contracts")
    return lots_of(listing, value)


def lots_of(listing: Listing, value: Decimal) -> int:
    """An amount in lots. Raises `VenueError`."""
    if value == 0:
        raise VenueError("amount-zero")
    if value < listing.row.amount_min:
        raise VenueError("amount-too-low")
    if value > listing.row.amount_max:
        raise VenueError("amount-too-high", limit=num(listing.row.amount_max))
    lots = steps(value, listing.row.amount_step)
    if lots is None:
        raise VenueError("amount-step" if listing.inverse else "amount-step-coin")
    return lots


def read_price(sent: Parameters, listing: Listing, name: str = "price") -> int:
    """A price that must be there, in ticks. Raises `VenueError`."""
    text = sent.number(name)
    if decimals(text) > _PLACES_MAX:
        raise VenueError("price-precision")
    ticks = steps(Decimal(text), listing.row.tick)
    if ticks is None or ticks % listing.instrument.step_at(ticks):
        raise VenueError("price-tick" if name == "price" else "trigger-tick")
    if ticks <= 0:
        raise VenueError("price" if name == "price" else "trigger-missing")
    return ticks


def limits_of(call: Call, listing: Listing, side: Side, ticks: int) -> None:
    """Raises `VenueError` for a price beyond the band of now, which the error names."""
    band, mark = listing.instrument.price_band_ppm, call.desk.engine.mark_ticks(listing.name)
    row = listing.row
    if not row.price_min <= listing.price(ticks) <= row.price_max:
        low = listing.price(ticks) < row.price_min
        raise VenueError(
            "price-too-low" if low else "price-too-high", limit=num(row.price_min if low else row.price_max)
        )
    if band and side is Side.BUY and (ticks - mark) * 1_000_000 > mark * band:
        raise VenueError("price-too-high-index", limit=num(listing.price(mark + mark * band // 1_000_000)))
    if band and side is Side.SELL and (mark - ticks) * 1_000_000 > mark * band:
        raise VenueError("price-too-low-index", limit=num(listing.price(mark - mark * band // 1_000_000)))


# --- commands ---------------------------------------------------------------------------------------------------------


def _plain(call: Call, listing: Listing, kind: str, side: Side, lots: int, label: str, oco_group: str) -> Place:
    sent = call.parameters
    wait = sent.word("time_in_force", _WAIT_WORDS, "not-valid", "good_til_cancelled")
    post_only = bool(sent.flag("post_only"))
    if post_only and (kind != "limit" or _WAITS[wait] is not TimeInForce.GTC):
        raise VenueError("post-only-type")
    ticks = 0
    if kind == "limit":
        ticks = read_price(sent, listing)
        if post_only:
            ticks = passive(call, listing, side, ticks)
        limits_of(call, listing, side, ticks)
    elif kind == "market_limit":
        ticks = _best(call, listing, side)
    return Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=PLAIN_TYPES[kind],
        lots=lots,
        ticks=ticks,
        time_in_force=TimeInForce.IOC if kind == "market" else _WAITS[wait],
        post_only=post_only,
        reduce_only=bool(sent.flag("reduce_only")),
        client_id=label,
        unique_client_id=False,
        oco_group=oco_group,
    )


def passive(call: Call, listing: Listing, side: Side, ticks: int) -> int:
    """The price of a post-only order: moved next to the other side where it would trade, unless it is to be refused.

    Raises `VenueError` where there is no room.
    """
    book = call.desk.engine.book(listing.name, 1)
    other = book.asks if side is Side.BUY else book.bids
    if not other or (other[0][0] - ticks) * side.sign > 0:
        return ticks
    if call.parameters.flag("reject_post_only"):
        raise VenueError("post-only")
    moved = other[0][0] - side.sign
    if moved <= 0:
        raise VenueError("post-only-price")
    return moved


def _best(call: Call, listing: Listing, side: Side) -> int:
    """The best price of the other side. Raises `VenueError` where there is none."""
    book = call.desk.engine.book(listing.name, 1)
    other = book.asks if side is Side.BUY else book.bids
    if not other:
        raise VenueError("no-liquidity")
    return other[0][0]


def _conditional(
    call: Call, listing: Listing, kind: str, side: Side, lots: int, label: str, oco_group: str
) -> PlaceConditional:
    sent, (trigger, then) = call.parameters, TRIGGER_TYPES[kind]
    watches = read_watched(sent)
    trailing = trigger is TriggerKind.TRAILING
    limit = then is OrderKind.LIMIT
    wait = sent.word("time_in_force", _WAIT_WORDS, "not-valid", "good_til_cancelled")
    return PlaceConditional(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        trigger=trigger,
        kind=then,
        lots=lots,
        trigger_ticks=0 if trailing else read_price(sent, listing, "trigger_price"),
        callback_ticks=read_price(sent, listing, "trigger_offset") if trailing else 0,
        ticks=read_price(sent, listing) if limit else 0,
        watches=watches,
        time_in_force=_WAITS[wait] if limit else TimeInForce.IOC,
        post_only=limit and bool(sent.flag("post_only")),
        reduce_only=bool(sent.flag("reduce_only")),
        client_id=label,
        oco_group=oco_group,
    )


def read_watched(sent: Parameters) -> WatchedPrice:
    """Parameter `trigger`, which must be there. Raises `VenueError`."""
    return sent.choice("trigger", _WATCHED, "not-valid")
