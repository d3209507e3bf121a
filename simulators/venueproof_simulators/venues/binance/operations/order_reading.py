"""A placement read out of its parameters: every rule that needs no look at the account."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.state import OrderKind, Side, TimeInForce
from venueproof_simulators.host.decimals import places, steps
from venueproof_simulators.venues.binance.operations.desk import Call, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.operations.refusing import VenueError
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import OrderNote

REDUCE_ONLY_NOTIONAL = "binance.order.min-notional-reduce-only"
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
"""The venue's words for the two sides."""

_KINDS = {"LIMIT": OrderKind.LIMIT, "MARKET": OrderKind.MARKET}
_CONDITIONAL = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
_WAITS = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "GTX": TimeInForce.GTC,
    "GTD": TimeInForce.GTC,
}
_SELF_TRADE = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
_RESPONSES = frozenset({"ACK", "RESULT"})
_PRICE_MATCH = {
    f"{word}{suffix}": (opposite, int(suffix.strip("_") or 1) - 1)
    for word, opposite in (("OPPONENT", True), ("QUEUE", False))
    for suffix in ("", "_5", "_10", "_20")
}
_PRICE_MATCH_WORDS = frozenset({"NONE", *_PRICE_MATCH})
_POSITION_SIDES = frozenset({"BOTH", "LONG", "SHORT"})
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_CLIENT_ID_MAX = 36
_GOOD_TILL_LEAST_MS = 600_000
_GOOD_TILL_MOST_MS = 253_402_300_799_000


class Request(Struct, frozen=True):
    """A placement that was read and found well formed."""

    listing: Listing
    command: Place
    note: OrderNote
    show_result: bool


def read_request(call: Call) -> Request:
    """A placement out of its parameters. Raises `VenueError`."""
    sent = call.parameters
    listing = call.listing()
    side = SIDES[sent.required_word("side", SIDES, "side")]
    kind = _kind(sent)
    reduce_only = _reduce_only(sent)
    position_side = sent.word("positionSide", _POSITION_SIDES, "position-side-invalid", "BOTH")
    if position_side != "BOTH":
        raise VenueError("position-side")
    wait, note = _waiting(call, kind)
    ticks = _limit_ticks(call, listing, side, kind, note)
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=kind,
        lots=read_lots(listing, sent.required_decimal("quantity")),
        ticks=ticks,
        time_in_force=TimeInForce.IOC if kind is OrderKind.MARKET else _WAITS[wait],
        post_only=wait == "GTX",
        reduce_only=reduce_only,
        client_id=_client_id(sent) or call.desk.next_client_id(),
        notional_exempt=reduce_only and not call.desk.switches.on(REDUCE_ONLY_NOTIONAL),
    )
    show_result = sent.word("newOrderRespType", _RESPONSES, "not-valid", "ACK") == "RESULT"
    return Request(listing=listing, command=command, note=note, show_result=show_result)


def _kind(sent: Parameters) -> OrderKind:
    word = sent.text("type")
    if word in _CONDITIONAL:
        raise VenueError("algo-only")
    if word not in _KINDS:
        raise VenueError("order-type")
    kind = _KINDS[word]
    if sent.flag("closePosition"):
        raise VenueError("close-position-type", type=word)
    surplus = ("price", "timeInForce", "stopPrice", "priceMatch") if kind is OrderKind.MARKET else ("stopPrice",)
    for name in surplus:
        if sent.has(name):
            raise VenueError("not-required", parameter=name)
    return kind


def _reduce_only(sent: Parameters) -> bool:
    return bool(sent.flag("reduceOnly"))


def _waiting(call: Call, kind: OrderKind) -> tuple[str, OrderNote]:
    """How long the order may wait, and what the venue notes of it."""
    sent = call.parameters
    wait = sent.word("timeInForce", _WAITS, "time-in-force", "")
    if kind is OrderKind.LIMIT and not wait:
        raise VenueError("mandatory", parameter="timeInForce")
    note = OrderNote(
        price_match=sent.word("priceMatch", _PRICE_MATCH_WORDS, "price-match", "NONE"),
        self_trade_prevention=sent.word(
            "selfTradePreventionMode", _SELF_TRADE, "self-trade-prevention", "EXPIRE_MAKER"
        ),
        good_till_ms=_good_till_ms(call) if wait == "GTD" else 0,
    )
    return wait, note


def _good_till_ms(call: Call) -> int:
    value = call.parameters.integer("goodTillDate")
    if value is None:
        raise VenueError("mandatory", parameter="goodTillDate")
    if not call.time.wire_ms + _GOOD_TILL_LEAST_MS < value < _GOOD_TILL_MOST_MS:
        raise VenueError("good-till-date")
    return value // 1000 * 1000


def _limit_ticks(call: Call, listing: Listing, side: Side, kind: OrderKind, note: OrderNote) -> int:
    if kind is OrderKind.MARKET:
        return 0
    if note.price_match == "NONE":
        return read_ticks(listing, call.parameters.required_decimal("price"))
    if call.parameters.has("price"):
        raise VenueError("not-required", parameter="price")
    return _matched_ticks(call.desk, listing, side, note.price_match)


def _matched_ticks(desk: Desk, listing: Listing, side: Side, word: str) -> int:
    """The price that `priceMatch` asks for: the first or a deeper level of the other or of the own side."""
    opposite, level = _PRICE_MATCH[word]
    book = desk.engine.book(listing.name, level + 1)
    levels = book.asks if (side is Side.BUY) is opposite else book.bids
    if not levels:
        raise VenueError("no-liquidity")
    return levels[min(level, len(levels) - 1)][0]


def read_ticks(listing: Listing, price: Decimal) -> int:
    """A price in ticks. Raises `VenueError` for too many decimals, or when it is off the tick."""
    ticks = steps(price, listing.row.tick)
    if ticks is None:
        raise VenueError("precision" if places(price) > listing.price_places else "price-tick")
    return ticks


def read_lots(listing: Listing, amount: Decimal) -> int:
    """An amount in lots. Raises `VenueError` for too many decimals, or when it is off the step."""
    lots = steps(amount, listing.row.amount_step)
    if lots is None:
        raise VenueError("precision" if places(amount) > listing.amount_places else "amount-step")
    return lots


def _client_id(sent: Parameters) -> str | None:
    value = sent.optional("newClientOrderId")
    if value is None:
        return None
    if len(value) > _CLIENT_ID_MAX:
        raise VenueError("client-id-length")
    if not _CLIENT_ID.fullmatch(value):
        raise VenueError("client-id")
    return value
