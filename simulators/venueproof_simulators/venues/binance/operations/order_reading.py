"""A placement read out of its parameters: every rule that needs no look at the account."""

from __future__ import annotations

import re

from msgspec import Struct

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.state import OrderKind, PositionSide, SelfTrade, Side, TimeInForce
from venueproof_simulators.kit.numbers import decimals
from venueproof_simulators.kit.parameters import needed
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import PLAIN_NOTE, SELF_TRADE_WORDS, OrderNote

REDUCE_ONLY_NOTIONAL = "binance.order.min-notional-reduce-only"
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
"""The venue's words for the two sides."""
CONDITIONAL = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
"""Types that only the algo service takes."""

_LIMIT, _MARKET = OrderKind.LIMIT, OrderKind.MARKET
_IOC, _NET, _EXPIRE_MAKER = TimeInForce.IOC, PositionSide.NET, SelfTrade.EXPIRE_MAKER
_KINDS = {"LIMIT": _LIMIT, "MARKET": _MARKET}
WAITS = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "GTX": TimeInForce.GTC,
    "GTD": TimeInForce.GTC,
}
_WAIT_WORDS = {word: word for word in WAITS}
_SELF_TRADE = {word: mode for mode, word in SELF_TRADE_WORDS.items()}
_RESULT = {"ACK": False, "RESULT": True}
PRICE_MATCH = {
    "NONE": 0,
    **{
        f"{word}{suffix}": sign * int(suffix.strip("_") or 1)
        for word, sign in (("OPPONENT", 1), ("QUEUE", -1))
        for suffix in ("", "_5", "_10", "_20")
    },
}
"""Whose price an order takes: a level of the other side, or (negative) of its own; 0 for its own price."""
_LEGS = {"BOTH": _NET, "LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT}
_CLOSING = {(PositionSide.LONG, Side.SELL), (PositionSide.SHORT, Side.BUY)}
_SURPLUS = {_LIMIT: ("stopPrice",), _MARKET: ("price", "timeInForce", "stopPrice", "priceMatch")}
_WITHOUT = {kind: frozenset({"closePosition", *names}) for kind, names in _SURPLUS.items()}
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_CLIENT_ID_MAX = 36
_GOOD_TILL_LEAST_MS = 600_000
_GOOD_TILL_MOST_MS = 253_402_300_799_000


class Request(Struct, frozen=True, gc=False):
    """A placement that was read and found well formed."""

    listing: Listing
    command: Place
    note: OrderNote
    show_result: bool


def read_request(call: Call) -> Request:
    """A placement out of its parameters. Raises `VenueError`."""
    sent = call.parameters
    listing = call.listing()
    side = sent.choice("side", SIDES, "side")
    kind = _kind(sent)
    leg, reduce_only = read_leg(call)
    wait = "" if kind is _MARKET else sent.choice("timeInForce", _WAIT_WORDS, "time-in-force")
    note = PLAIN_NOTE if wait != "GTD" and sent.raw("priceMatch") is None else _note(call, wait)
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=kind,
        lots=read_lots(listing, sent.number("quantity")),
        ticks=0 if kind is _MARKET else read_limit(call, listing, side, note.price_match),
        time_in_force=_IOC if kind is _MARKET else WAITS[wait],
        post_only=wait == "GTX",
        reduce_only=reduce_only,
        position_side=leg,
        client_id=read_client_id(sent, "newClientOrderId") or call.desk.next_client_id(),
        self_trade=read_self_trade(sent),
        notional_exempt=is_exempt(call, leg, side, reduce_only=reduce_only),
    )
    return Request(listing, command, note, sent.option("newOrderRespType", _RESULT, "not-valid", False))


def _kind(sent: Parameters) -> OrderKind:
    kind = _KINDS.get(word := sent.optional("type") or sent.text("type"))
    if kind is None:
        raise VenueError("algo-only" if word in CONDITIONAL else "order-type")
    if not sent.lacks(_WITHOUT[kind]):
        if sent.flag("closePosition"):
            raise VenueError("close-position-type", type=word)
        sent.refuse(_SURPLUS[kind])
    return kind


def read_leg(call: Call) -> tuple[PositionSide, bool]:
    """Which leg an order belongs to, and whether it only reduces. Hedge mode wants the one and refuses the other."""
    sent, leg = call.parameters, read_position_side(call)
    if call.account.hedged and sent.has("reduceOnly"):
        raise VenueError("surplus", parameter="reduceonly")
    return leg, bool(sent.flag("reduceOnly"))


def read_position_side(call: Call) -> PositionSide:
    """The leg that is asked for, which must be one of the account's position mode."""
    leg = call.parameters.option("positionSide", _LEGS, "position-side-invalid", _NET)
    if (leg is not _NET) is not call.account.hedged:
        raise VenueError("position-side")
    return leg


def closes(leg: PositionSide, side: Side) -> bool:
    """Whether an order of hedge mode closes its leg."""
    return (leg, side) in _CLOSING


def is_exempt(call: Call, leg: PositionSide, side: Side, *, reduce_only: bool) -> bool:
    """Whether an order may be worth less than the least: one that only reduces, while the register says nothing else.

    That it holds for what closes a leg, which cannot say so, is inferred.
    """
    return (reduce_only or closes(leg, side)) and not call.desk.switches.on(REDUCE_ONLY_NOTIONAL)


def read_self_trade(sent: Parameters) -> SelfTrade:
    """What gives way when the order would trade with another one of its account."""
    return sent.option("selfTradePreventionMode", _SELF_TRADE, "self-trade-prevention", _EXPIRE_MAKER)


def _note(call: Call, wait: str) -> OrderNote:
    """What the venue notes of an order that waits so."""
    sent = call.parameters
    return OrderNote(
        price_match=sent.word("priceMatch", PRICE_MATCH, "price-match", "NONE"),
        good_till_ms=read_good_till_ms(call) if wait == "GTD" else 0,
    )


def read_good_till_ms(call: Call) -> int:
    """When an order is to end, in whole seconds. Raises `VenueError`, also where the product knows no such orders."""
    if not call.product.good_till:
        raise VenueError("time-in-force")
    value = needed("goodTillDate", call.parameters.integer("goodTillDate"))
    if not call.time.wire_ms + _GOOD_TILL_LEAST_MS < value < _GOOD_TILL_MOST_MS:
        raise VenueError("good-till-date")
    return value // 1000 * 1000


def read_limit(call: Call, listing: Listing, side: Side, price_match: str) -> int:
    """The price of a limit order in ticks: its own, or the one that `priceMatch` finds."""
    if price_match == "NONE":
        return read_ticks(listing, call.parameters.number("price"))
    call.parameters.refuse(("price",))
    return _matched_ticks(call.desk, listing, side, price_match)


def _matched_ticks(desk: Desk, listing: Listing, side: Side, word: str) -> int:
    """The price that `priceMatch` asks for: the first or a deeper level of the other or of the own side."""
    level = PRICE_MATCH[word]
    book = desk.engine.book(listing.name, abs(level))
    levels = book.asks if (side is Side.BUY) is (level > 0) else book.bids
    if not levels:
        raise VenueError("no-liquidity")
    return levels[-1][0]


def read_ticks(listing: Listing, price: str) -> int:
    """A price in ticks. Raises `VenueError` for too many decimals, or when it is off the tick."""
    ticks = listing.tick.count(price)
    if ticks is None:
        raise VenueError("precision" if decimals(price) > listing.price_places else "price-tick")
    return ticks


def read_lots(listing: Listing, amount: str) -> int:
    """An amount in lots. Raises `VenueError` for too many decimals, or when it is off the step."""
    lots = listing.lot.count(amount)
    if lots is None:
        raise VenueError("precision" if decimals(amount) > listing.amount_places else "amount-step")
    return lots


def read_client_id(sent: Parameters, name: str) -> str | None:
    """A client's own id; None when it sent none."""
    value = sent.optional(name)
    if value is None:
        return None
    if len(value) > _CLIENT_ID_MAX:
        raise VenueError("client-id-length")
    if not _CLIENT_ID.fullmatch(value):
        raise VenueError("client-id")
    return value
