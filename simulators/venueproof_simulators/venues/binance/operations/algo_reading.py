"""A conditional order read out of its parameters: every rule that needs no look at the account's orders.

Source: the vendor's page of POST algoOrder and its error page; that a trigger price need not be on the tick is recorded
on the test venue, and so is that a callback rate has one decimal.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.commands import PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.state import OrderKind, PositionSide, Side, TimeInForce
from venueproof_simulators.kit.numbers import Grid
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.order_reading import (
    PRICE_MATCH,
    SIDES,
    WAITS,
    closes,
    is_exempt,
    read_client_id,
    read_good_till_ms,
    read_leg,
    read_lots,
    read_self_trade,
    read_ticks,
)
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.wire.algos import ORDER_TYPES, UNTIL_CLOSED, AlgoNote
from venueproof_simulators.venues.binance.wire.numbers import Listing

_ALGO_WORKING_TYPES = {"CONTRACT_PRICE": WatchedPrice.LAST, "MARK_PRICE": WatchedPrice.MARK}
_CLOSING = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET"})
_MARKET_WAITS = frozenset({"GTC", "GTD", UNTIL_CLOSED})
_ALGO_TYPES = {"CONDITIONAL": True}
_WORKING_TYPES = {"CONTRACT_PRICE": WatchedPrice.LAST, "MARK_PRICE": WatchedPrice.MARK}
_TENTHS = Grid(Decimal("0.1"))
_TENTH_PPM = 1000
"""A tenth of a percent, in parts per million."""


class AlgoRequest(Struct, frozen=True):
    """A conditional order that was read and found well formed."""

    listing: Listing
    command: PlaceConditional
    note: AlgoNote


class _Trigger(Struct, frozen=True):
    """When it is to fire, in ticks; as text where the price lies between two of them."""

    ticks: int = 0
    text: str = ""
    activation_ticks: int = 0
    activation: str = ""
    callback_ppm: int = 0


def read_algo(call: Call) -> AlgoRequest:
    """A conditional order out of its parameters. Raises `VenueError`."""
    sent = call.parameters
    sent.choice("algoType", _ALGO_TYPES, "not-valid")
    listing = call.listing()
    side = sent.choice("side", SIDES, "side")
    trigger, kind = sent.choice("type", ORDER_TYPES, "order-type")
    order_type = sent.text("type")
    closes_all = _closes_all(sent, order_type)
    leg, reduce_only = read_leg(call)
    if closes_all and leg is not PositionSide.NET and not closes(leg, side):
        raise VenueError("close-position-type", type=order_type)
    wait = _wait(sent, kind, closes_all=closes_all)
    when = _trigger(call, listing, side, trigger)
    price_match = sent.word("priceMatch", PRICE_MATCH, "price-match", "NONE")
    return AlgoRequest(
        listing,
        PlaceConditional(
            account=call.account.name,
            instrument=listing.name,
            side=side,
            trigger=trigger,
            kind=kind,
            lots=0 if closes_all else read_lots(listing, sent.number("quantity")),
            trigger_ticks=when.ticks,
            ticks=_limit_ticks(sent, listing, kind, price_match),
            level=PRICE_MATCH[price_match],
            watches=_working_type(sent),
            activation_ticks=when.activation_ticks,
            callback_ppm=when.callback_ppm,
            time_in_force=TimeInForce.IOC if kind is OrderKind.MARKET else WAITS[wait],
            post_only=wait == "GTX",
            reduce_only=reduce_only or closes_all,
            close_position=closes_all,
            position_side=leg,
            client_id=read_client_id(sent, "clientAlgoId") or call.desk.next_client_id(),
            self_trade=read_self_trade(sent),
            notional_exempt=closes_all or is_exempt(call, leg, side, reduce_only=reduce_only),
            handover_ns=call.desk.limits.named("algo-handover").limit * 1_000_000,
            finish_ns=call.desk.limits.named("algo-finish").limit * 1_000_000,
            protect_ppm=listing.protect_ppm if sent.flag("priceProtect") else 0,
        ),
        AlgoNote(
            trigger=when.text,
            activation=when.activation,
            price_match=price_match,
            good_till_ms=read_good_till_ms(call) if wait == "GTD" else 0,
        ),
    )


def _closes_all(sent: Parameters, order_type: str) -> bool:
    """Whether it closes whatever the position is; then it has no quantity and nothing to say about reducing."""
    if not sent.flag("closePosition"):
        return False
    if order_type not in _CLOSING:
        raise VenueError("close-position-type", type=order_type)
    if sent.has("quantity"):
        raise VenueError("close-position-quantity")
    reduce_only = sent.flag("reduceOnly")
    if reduce_only is not None:
        raise VenueError("surplus", parameter="reduceonly") if reduce_only else VenueError("close-position-reduce")
    return True


def _wait(sent: Parameters, kind: OrderKind, *, closes_all: bool) -> str:
    """The venue's word for how long it, or the limit order that it leads to, may wait."""
    words = WAITS.keys() if kind is OrderKind.LIMIT else _MARKET_WAITS
    wait = sent.word("timeInForce", frozenset(words), "time-in-force", "GTC")
    if wait == UNTIL_CLOSED and not closes_all:
        raise VenueError("time-in-force")
    return UNTIL_CLOSED if closes_all and wait == "GTC" else wait


def _limit_ticks(sent: Parameters, listing: Listing, kind: OrderKind, price_match: str) -> int:
    """The price of the limit order that follows; 0 where it is found when it fires."""
    if kind is OrderKind.MARKET or PRICE_MATCH[price_match]:
        sent.refuse(("price",) if kind is OrderKind.LIMIT else ("price", "priceMatch"))
        return 0
    return read_ticks(listing, sent.number("price"))


def _working_type(sent: Parameters) -> WatchedPrice:
    """Which price is watched."""
    return sent.option("workingType", _WORKING_TYPES, "working-type", WatchedPrice.LAST)


# --- when it fires ----------------------------------------------------------------------------------------------------


def _trigger(call: Call, listing: Listing, side: Side, kind: TriggerKind) -> _Trigger:
    sent = call.parameters
    if kind is TriggerKind.TRAILING:
        sent.refuse(("triggerPrice",))
        return _trailing(call, listing, side)
    sent.refuse(("activatePrice", "callbackRate"))
    rising = (side is Side.BUY) is (kind is TriggerKind.STOP)
    ticks, text = _price(sent, "triggerPrice", "stop-price-small", listing, up=rising)
    return _Trigger(ticks=ticks, text=text)


def _trailing(call: Call, listing: Listing, side: Side) -> _Trigger:
    """Without an activation price it follows at once, and shows the watched price of then for one."""
    sent = call.parameters
    callback_ppm = _callback_ppm(sent.number("callbackRate"))
    if not sent.has("activatePrice"):
        now = listing.price_text(_watched_ticks(call, listing))
        return _Trigger(activation=now, callback_ppm=callback_ppm)
    ticks, text = _price(sent, "activatePrice", "activation-price", listing, up=side is Side.SELL)
    return _Trigger(activation_ticks=ticks, activation=text, callback_ppm=callback_ppm)


def _watched_ticks(call: Call, listing: Listing) -> int:
    engine = call.desk.engine
    if _working_type(call.parameters) is WatchedPrice.MARK:
        return engine.mark_ticks(listing.name)
    return engine.ticker(listing.name, call.time.true_ns).last


def _price(sent: Parameters, name: str, nothing: str, listing: Listing, *, up: bool) -> tuple[int, str]:
    """The first tick at which a price has come, from below or from above; and the price where it is not that tick."""
    fine = listing.fine.count(sent.number(name))
    if fine is None:
        raise VenueError("precision")
    if not fine:
        raise VenueError(nothing)
    ticks, text = listing.ticks(fine, up=up), listing.fine.text(fine)
    if ticks > listing.instrument.ticks_max:
        raise VenueError("stop-price-large")
    return ticks, "" if text == listing.price_text(ticks) else text


def _callback_ppm(text: str) -> int:
    """Percent in steps of a tenth, as parts per million; whether it is in range the engine says."""
    tenths = _TENTHS.count(text)
    if tenths is None:
        raise VenueError("callback-rate")
    return tenths * _TENTH_PPM
