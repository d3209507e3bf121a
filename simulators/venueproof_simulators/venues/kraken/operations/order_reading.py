"""What a sendorder, or a row of a batch, asks for.

Source: the vendor's page on sendorder. The time an order lives is its type; a market order trades within one percent.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct

from venueproof_simulators.engine.commands import Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.state import OrderKind, Side, TimeInForce
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import STRATEGIES, UNNAMED, Call
from venueproof_simulators.venues.kraken.operations.parameters import number, number_or_none
from venueproof_simulators.venues.kraken.wire.numbers import Listing
from venueproof_simulators.venues.kraken.wire.orders import SIGNALS, TRIGGERS

NO_TRAILING = "kraken.order.trailing-none"
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_TYPES = ("lmt", "post", "mkt", "ioc", "fok", *TRIGGERS)
_PROTECTION = Decimal("0.01")
_PRINTABLE_FROM = " "
_NOT_TAKEN = ("limitPriceOffsetValue", "limitPriceOffsetUnit")
"""A limit that follows the trigger is not built: it is refused, and never left out of an order in silence."""


class Request(Struct, frozen=True):
    """An order that was asked for, in the engine's words."""

    listing: Listing
    command: Place | PlaceConditional


def read_request(call: Call) -> Request:
    """The order of a request. Raises `VenueError`."""
    given = call.parameters
    kind = given.text("orderType")
    given.refuse(_NOT_TAKEN)
    listing = call.listing()
    side = given.choice("side", _SIDES, "side")
    if kind not in _TYPES or (kind == "trailing_stop" and call.desk.switches.on(NO_TRAILING)):
        raise VenueError("order-type", parameter="orderType")
    lots = read_size(call, listing)
    client_id = _client_id(call)
    check_process_before(call)
    if kind in TRIGGERS:
        return Request(listing, _conditional(call, listing, side, lots, client_id))
    return Request(listing, _plain(call, listing, kind, side, lots, client_id))


def read_size(call: Call, listing: Listing) -> int:
    """Parameter `size` in lots. Raises `VenueError`."""
    lots = listing.lot.count(number(call.parameters, "size"))
    if lots is None:
        raise VenueError("size-off-step", parameter="size")
    return lots


def read_price(call: Call, listing: Listing, name: str) -> int | None:
    """A price in ticks; None when it was not sent. Raises `VenueError`."""
    text = number_or_none(call.parameters, name)
    if text is None:
        return None
    ticks = listing.tick.count(text)
    if ticks is None:
        raise VenueError("price-off-tick", parameter=name)
    return ticks


def _needed_price(call: Call, listing: Listing, name: str) -> int:
    ticks = read_price(call, listing, name)
    if ticks is None:
        raise VenueError("missing", parameter=name)
    return ticks


def _client_id(call: Call) -> str:
    """The caller's own id, or one that nobody is told."""
    own = call.parameters.raw("cliOrdId")
    if not own:
        return UNNAMED + call.desk.next_client_id()
    if len(own) > call.desk.limits.named("client-id-length").limit:
        raise VenueError("id-too-long", parameter="cliOrdId")
    if min(own) < _PRINTABLE_FROM:
        raise VenueError("id-invalid", parameter="cliOrdId")
    return own


def check_process_before(call: Call) -> None:
    """An order may say until when it must have been looked at. Raises `VenueError`."""
    text = call.parameters.raw("processBefore")
    if not text:
        return
    try:
        until = datetime.fromisoformat(text)
    except ValueError as fault:
        raise VenueError("not-valid", parameter="processBefore") from fault
    if until.tzinfo is None:
        raise VenueError("not-valid", parameter="processBefore")
    if until.timestamp() * 10**9 < call.time.wire_ns:
        raise VenueError("too-late")


def _reduces(call: Call) -> bool:
    return call.parameters.flag("reduceOnly") or False


def _plain(call: Call, one: Listing, kind: str, side: Side, lots: int, client_id: str) -> Place:
    market = kind == "mkt"
    immediate = {"ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}
    return Place(
        account=call.account.name,
        instrument=one.name,
        side=side,
        kind=OrderKind.MARKET if market else OrderKind.LIMIT,
        lots=lots,
        ticks=worst_ticks(call, one, side) if market else _needed_price(call, one, "limitPrice"),
        time_in_force=TimeInForce.IOC if market else immediate.get(kind, TimeInForce.GTC),
        post_only=kind == "post",
        reduce_only=_reduces(call),
        client_id=client_id,
        self_trade=STRATEGIES[call.account.strategy],
    )


def worst_ticks(call: Call, one: Listing, side: Side) -> int:
    """The worst price of a market order: one percent from the best one, or from mark when there is none."""
    ticker = call.desk.engine.ticker(one.name, call.time.true_ns)
    best = ticker.ask if side is Side.BUY else ticker.bid
    price = Decimal(best or call.desk.engine.mark_ticks(one.name))
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    return int((price * (1 + side.sign * _PROTECTION)).to_integral_value(rounding))


def _conditional(call: Call, one: Listing, side: Side, lots: int, client_id: str) -> PlaceConditional:
    trigger = TRIGGERS[call.parameters.text("orderType")]
    limit = read_price(call, one, "limitPrice")
    trailing = trigger is TriggerKind.TRAILING
    ppm, ticks = read_deviation(call, one) if trailing else (0, 0)
    return PlaceConditional(
        account=call.account.name,
        instrument=one.name,
        side=side,
        trigger=trigger,
        kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
        lots=lots,
        trigger_ticks=0 if trailing else _needed_price(call, one, "stopPrice"),
        ticks=limit or 0,
        watches=call.parameters.option("triggerSignal", SIGNALS, "not-valid", WatchedPrice.LAST),
        callback_ppm=ppm,
        callback_ticks=ticks,
        reduce_only=_reduces(call),
        client_id=client_id,
        self_trade=STRATEGIES[call.account.strategy],
        takes_order_id=True,
    )


def read_deviation(call: Call, one: Listing) -> tuple[int, int]:
    """How far a trailing order follows: in parts per million, or in ticks. Raises `VenueError`."""
    units = {"PERCENT": True, "QUOTE_CURRENCY": False}
    text = number(call.parameters, "trailingStopMaxDeviation")
    percent = call.parameters.choice("trailingStopDeviationUnit", units, "not-valid")
    if percent:
        return int(Decimal(text) * 10_000), 0
    ticks = one.tick.count(text)
    if not ticks:
        raise VenueError("deviation")
    return 0, ticks
