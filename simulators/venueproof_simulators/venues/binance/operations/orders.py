"""Placing, amending and canceling orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import cast

import msgspec
from msgspec import Struct, structs

from venueproof_simulators.engine.commands import Amend, CancelAll, Place
from venueproof_simulators.engine.events import Event, OrderChanged, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderKind, OrderState, OrderStatus, Side, TimeInForce
from venueproof_simulators.host.decimals import fixed, places, plain, steps
from venueproof_simulators.venues.binance.operations.desk import Call, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.operations.refusing import VenueError
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import (
    Amendment,
    Document,
    OrderNote,
    amend_reply,
    order_reply,
)

REDUCE_ONLY_NOTIONAL = "binance.order.min-notional-reduce-only"
AMEND_REFUSED = "binance.order.amend-in-place"
ENGINE_WINDOW = "binance.auth.me-recvwindow"

_KINDS = {"LIMIT": OrderKind.LIMIT, "MARKET": OrderKind.MARKET}
_CONDITIONAL = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
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
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_CLIENT_ID_MAX = 36
_GOOD_TILL_LEAST_MS = 600_000
_GOOD_TILL_MOST_MS = 253_402_300_799_000
CANCELED_ALL = {"code": 200, "msg": "The operation of cancel all open order is done."}


class Request(Struct, frozen=True):
    """A placement that was read and found well formed."""

    listing: Listing
    command: Place
    note: OrderNote
    show_result: bool


# --- placing ----------------------------------------------------------------------------------------------------------


def place(call: Call) -> Document:
    """POST order."""
    request = read_request(call)
    _check_engine_window(call)
    events = call.desk.command(request.command, call.time, request.note)
    _raise_refused(call, request.listing, request.command.side, events)
    taken, last = _outcome(events, request.command)
    if request.note.good_till_ms and last.status in LIVE:
        due_ns = call.time.age_ns + request.note.good_till_ms * 1_000_000 - call.time.wire_ns
        call.desk.expire_at(last, due_ns)
    shown = last if request.show_result else taken
    return order_reply(request.listing, shown, request.note, call.time)


def place_test(call: Call) -> Document:
    """POST order/test: looks at the parameters and places nothing."""
    request = read_request(call)
    command = request.command
    now_ns = call.time.true_ns
    order = OrderState(
        order_id=0,
        client_id=command.client_id,
        account=command.account,
        instrument=command.instrument,
        side=command.side,
        kind=command.kind,
        time_in_force=command.time_in_force,
        status=OrderStatus.OPEN,
        ticks=command.ticks,
        lots=command.lots,
        filled_lots=0,
        filled_value=0,
        post_only=command.post_only,
        reduce_only=command.reduce_only,
        position_side=command.position_side,
        created_ns=now_ns,
        updated_ns=now_ns,
    )
    return order_reply(request.listing, order, request.note, call.time)


def _outcome(events: Sequence[Event], command: Place) -> tuple[OrderState, OrderState]:
    """The order as it was taken in, and as it stands after all that followed at once."""
    states = [
        event.order
        for event in events
        if isinstance(event, OrderChanged)
        and event.order.client_id == command.client_id
        and event.order.instrument == command.instrument
        and event.order.account == command.account
    ]
    return states[0], states[-1]


def _raise_refused(call: Call, listing: Listing, side: Side, events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, Refused) and event.account == call.account.name:
            raise refusal_error(call, listing, side, event.refusal)


def refusal_error(call: Call, listing: Listing, side: Side, refusal: Refusal) -> VenueError:
    """The venue's word for a refusal of the engine."""
    key = call.desk.errors.for_refusal(refusal).key
    if refusal is Refusal.PRICE_OUT_OF_BAND:
        key = "price-band-high" if side is Side.BUY else "price-band-low"
    mark = listing.mark(call.desk.engine.mark_nano_ticks(listing.name, call.time.true_ns))
    bound = fixed(mark * (1 + side.sign * listing.row.price_band), listing.price_places)
    return VenueError(key, notional=plain(listing.row.notional_min), price=bound, leverage=0)


def _check_engine_window(call: Call) -> None:
    """The matching engine looks at the timestamp once more, after the order waited in its queue."""
    if not call.desk.switches.on(ENGINE_WINDOW):
        return
    limits = call.desk.limits
    stamp = call.parameters.integer("timestamp") or 0
    window_ms = call.parameters.integer("recvWindow")
    window_ms = limits.named("recv-window").limit if window_ms is None else window_ms
    if stamp + window_ms < call.time.wire_ms + limits.named("engine-queue").limit:
        raise VenueError("me-recv-window")


# --- reading ----------------------------------------------------------------------------------------------------------


def read_request(call: Call) -> Request:
    """A placement out of its parameters. Raises `VenueError`."""
    sent = call.parameters
    listing = call.listing()
    side = _SIDES[sent.word("side", _SIDES, "side", "") or _missing("side")]
    kind = _kind(sent)
    reduce_only = _reduce_only(sent)
    position_side = sent.word("positionSide", frozenset({"BOTH", "LONG", "SHORT"}), "position-side-invalid", "BOTH")
    if position_side != "BOTH":
        raise VenueError("position-side")
    wait, note = _waiting(call, kind)
    ticks = _limit_ticks(call, listing, side, kind, note)
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=kind,
        lots=read_lots(listing, _mandatory_decimal(sent, "quantity")),
        ticks=ticks,
        time_in_force=TimeInForce.IOC if kind is OrderKind.MARKET else _WAITS[wait],
        post_only=wait == "GTX",
        reduce_only=reduce_only,
        client_id=_client_id(sent) or call.desk.next_client_id(),
        notional_exempt=reduce_only and not call.desk.switches.on(REDUCE_ONLY_NOTIONAL),
    )
    show_result = sent.word("newOrderRespType", _RESPONSES, "not-valid", "ACK") == "RESULT"
    return Request(listing=listing, command=command, note=note, show_result=show_result)


def _missing(name: str) -> str:
    raise VenueError("mandatory", parameter=name)


def _mandatory_decimal(sent: Parameters, name: str) -> Decimal:
    value = sent.decimal(name)
    if value is None:
        raise VenueError("mandatory", parameter=name)
    return value


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
        price_match=sent.word("priceMatch", {"NONE": 0, **_PRICE_MATCH}, "price-match", "NONE"),
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
        return read_ticks(listing, _mandatory_decimal(call.parameters, "price"))
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
    value = sent.raw("newClientOrderId")
    if not value:
        return None
    if len(value) > _CLIENT_ID_MAX:
        raise VenueError("client-id-length")
    if not _CLIENT_ID.fullmatch(value):
        raise VenueError("client-id")
    return value


# --- one order --------------------------------------------------------------------------------------------------------


def find_order(call: Call, listing: Listing, unknown: str) -> OrderState:
    """The order of `orderId` or `origClientOrderId`. Raises `VenueError(unknown)` when there is none."""
    engine, account = call.desk.engine, call.account.name
    order_id = call.parameters.integer("orderId")
    client_id = call.parameters.optional("origClientOrderId")
    if order_id is not None:
        order = engine.order(account, listing.name, order_id)
    elif client_id is not None:
        order = engine.order_by_client_id(account, listing.name, client_id)
    else:
        raise VenueError("order-id-missing")
    if order is None or order.account != account or not call.desk.remembered(order, call.time):
        raise VenueError(unknown)
    return order


def cancel(call: Call) -> Document:
    """DELETE order."""
    listing = call.listing()
    order = find_order(call, listing, "unknown-order-cancel")
    if order.status not in LIVE:
        raise VenueError("unknown-order-cancel")
    events = call.desk.cancel(order, call.time)
    _raise_refused(call, listing, order.side, events)
    return order_reply(listing, _state_of(call.desk, order), call.desk.note(order), call.time)


def cancel_all(call: Call) -> Document:
    """DELETE allOpenOrders."""
    listing = call.listing()
    call.desk.command(CancelAll(account=call.account.name, instrument=listing.name), call.time)
    return CANCELED_ALL


def count_down(call: Call) -> Document:
    """POST countdownCancelAll: all orders end unless this is called again in time; 0 stops it."""
    listing = call.listing()
    countdown_ms = call.parameters.integer("countdownTime")
    if countdown_ms is None:
        raise VenueError("mandatory", parameter="countdownTime")
    due_ns = call.time.age_ns + countdown_ms * 1_000_000 if countdown_ms else None
    call.desk.count_down(call.account.name, listing.name, due_ns)
    return {"symbol": listing.name, "countdownTime": str(countdown_ms)}


def _state_of(desk: Desk, order: OrderState) -> OrderState:
    return desk.engine.order(order.account, order.instrument, order.order_id) or order


# --- amending ---------------------------------------------------------------------------------------------------------


def amend(call: Call) -> Document:
    """PUT order: price and total of a live limit order; it keeps its id and loses its place in the queue.

    A total no larger than what is filled, or a post-only price that would trade, cancels the order.
    """
    listing = call.listing()
    side = _SIDES[call.parameters.word("side", _SIDES, "side", "") or _missing("side")]
    modify_id = call.parameters.integer("modifyId")
    lots = read_lots(listing, _mandatory_decimal(call.parameters, "quantity"))
    ticks = read_ticks(listing, _mandatory_decimal(call.parameters, "price"))
    order = find_order(call, listing, "unknown-order-query")
    _check_amendable(call, order, side)
    _check_engine_window(call)
    before = call.desk.note(order)
    note = _amended_note(call, order, ticks, lots, modify_id)
    call.desk.set_note(listing.name, order.order_id, note)
    command = Amend(account=order.account, instrument=listing.name, order_id=order.order_id, ticks=ticks, lots=lots)
    events = call.desk.command(command, call.time)
    refusal = next((event.refusal for event in events if isinstance(event, Refused)), None)
    if refusal is not None:
        call.desk.set_note(listing.name, order.order_id, before)
        raise _amend_error(call, listing, side, refusal)
    return amend_reply(listing, _state_of(call.desk, order), note, call.time)


def _check_amendable(call: Call, order: OrderState, side: Side) -> None:
    desk = call.desk
    if order.status not in LIVE:
        raise VenueError("unknown-order-query")
    if order.kind is not OrderKind.LIMIT or desk.switches.on(AMEND_REFUSED):
        raise VenueError("not-amendable")
    if side is not order.side:
        raise VenueError("side")
    if call.parameters.flag("reduceOnly") and not order.reduce_only:
        raise VenueError("amend-not-reduce-only")
    if order.amendments >= desk.limits.named("amendments").limit:
        raise VenueError("amend-too-often")


def _amended_note(call: Call, order: OrderState, ticks: int, lots: int, modify_id: int | None) -> OrderNote:
    note = call.desk.note(order)
    change = Amendment(
        at_ns=call.time.true_ns, ticks=(order.ticks, ticks), lots=(order.lots, lots), modify_id=modify_id or 0
    )
    return structs.replace(note, modify_id=modify_id, amendments=(*note.amendments, change))


def _amend_error(call: Call, listing: Listing, side: Side, refusal: Refusal) -> VenueError:
    if refusal is Refusal.NOTIONAL_TOO_SMALL:
        return VenueError("amend-min-notional", notional=plain(listing.row.notional_min))
    return refusal_error(call, listing, side, refusal)


# --- several at once --------------------------------------------------------------------------------------------------


def place_many(call: Call) -> list[Document]:
    """POST batchOrders: each item succeeds or fails by itself, inside an answer with status 200."""
    items = _batch(call)
    most = call.desk.limits.named("batch-orders").limit
    if not 1 <= len(items) <= most:
        raise VenueError("batch-size", count=len(items))
    return [_attempt(call, item, place) for item in items]


def amend_many(call: Call) -> list[Document]:
    """PUT batchOrders."""
    items = _batch(call)
    most = call.desk.limits.named("batch-orders").limit
    if not 1 <= len(items) <= most:
        raise VenueError("batch-size", count=len(items))
    return [_attempt(call, item, amend) for item in items]


def cancel_many(call: Call) -> list[Document]:
    """DELETE batchOrders: by `orderIdList` or `origClientOrderIdList`."""
    listing = call.listing()
    name, key = _id_list(call.parameters)
    ids = _json_list(call.parameters, name)
    if not 1 <= len(ids) <= call.desk.limits.named("batch-cancels").limit:
        raise VenueError("batch-size", count=len(ids))
    return [_attempt(call, {"symbol": listing.name, key: _scalar(one)}, cancel) for one in ids]


def _id_list(sent: Parameters) -> tuple[str, str]:
    names = (("orderIdList", "orderId"), ("orderidlist", "orderId"), ("origClientOrderIdList", "origClientOrderId"))
    found = next(((name, key) for name, key in names if sent.has(name)), None)
    if found is None:
        raise VenueError("order-id-missing")
    return found


def _batch(call: Call) -> list[dict[str, str]]:
    items = _json_list(call.parameters, "batchOrders")
    rows: list[dict[str, str]] = []
    for item in items:
        if not isinstance(item, dict):
            raise VenueError("not-valid", parameter="batchOrders")
        values = cast(dict[str, object], item)
        rows.append({name: _scalar(value) for name, value in values.items()})
    return rows


def _json_list(sent: Parameters, name: str) -> list[object]:
    try:
        return msgspec.json.decode(sent.text(name), type=list[object])
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise VenueError("not-valid", parameter=name) from fault


def _scalar(value: object) -> str:
    """A JSON value as it would have been sent as a parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _attempt(call: Call, item: dict[str, str], operation: Callable[[Call], Document]) -> Document:
    """One item of a batch: its document, or its error in place."""
    sent = call.parameters
    stamps = {name: sent.text(name) for name in ("timestamp", "recvWindow") if sent.has(name)}
    try:
        return operation(structs.replace(call, parameters=Parameters(stamps | item)))
    except VenueError as error:
        row = call.desk.errors.row(error.key)
        return {"code": row.code, "msg": row.text.format(**error.fields)}
