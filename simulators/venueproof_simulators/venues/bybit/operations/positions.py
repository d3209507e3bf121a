"""Positions: asking for them, and the stops that are bound to them."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.commands import MoveMargin, PlaceConditional
from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.instruments import ASSET_DECIMALS
from venueproof_simulators.engine.state import OrderKind, PositionSide, SelfTrade, Side
from venueproof_simulators.host.decimals import counted
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import Grid, unpadded
from venueproof_simulators.kit.refusing import VenueError, check_refused
from venueproof_simulators.venues.bybit.operations.desk import CATEGORIES, PORTFOLIO, Call, Desk
from venueproof_simulators.venues.bybit.operations.ledgers import bound, shown_position
from venueproof_simulators.venues.bybit.operations.market import ELSEWHERE
from venueproof_simulators.venues.bybit.operations.order_reading import (
    TYPES,
    WATCHES,
    check_stop_side,
    read_leg,
    read_lots,
    read_price,
)
from venueproof_simulators.venues.bybit.operations.orders import check
from venueproof_simulators.venues.bybit.operations.paging import page
from venueproof_simulators.venues.bybit.wire.numbers import INDEXES, Listing
from venueproof_simulators.venues.bybit.wire.order_notes import OrderNote

MISMATCH_EMPTY = "bybit.position.symbol-mismatch-empty"
NO_TRAILING = "bybit.order.no-native-trailing"
_ATOM = Grid(Decimal(1).scaleb(-ASSET_DECIMALS))
_AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


def positions(call: Call) -> Document:
    """GET position/list: by symbol always a row for each leg; else what is open."""
    sent = call.parameters
    limit = sent.limit(20, 200)
    try:
        listings = _asked(call)
    except VenueError:
        if not call.desk.switches.on(MISMATCH_EMPTY) or not sent.has("category"):
            raise
        listings = []
    flat_too = sent.has("symbol")
    rows = [
        (f"{listing.name}:{side.value}", (listing, side))
        for listing in listings
        for side in call.desk.legs(call.account, listing)
        if flat_too or call.engine.position(call.account.name, listing.name, side).lots
    ]

    def show(row: tuple[Listing, PositionSide]) -> Document:
        return shown_position(call.desk, call.account, *row, call.time)

    return {"category": sent.raw("category"), **page(sent, rows, limit, show)}


def _asked(call: Call) -> list[Listing]:
    """The instruments asked for; of a settle coin that the category does not have, none. Raises `VenueError`."""
    sent = call.parameters
    if sent.raw("category") in ELSEWHERE and not sent.has("symbol"):
        return []
    category = call.category()
    if sent.has("symbol"):
        return call.listings()
    settle, base = sent.raw("settleCoin"), sent.raw("baseCoin")
    if settle is None and base is None and category == CATEGORIES[0]:
        raise VenueError("scope")
    found = (one for one in call.desk.listings_of(category) if settle in {None, one.row.settle})
    return [one for one in found if base in {None, one.row.base}]


def symbol_info(call: Call) -> Document:
    """GET position/symbol-info: the leverage of each leg."""
    if call.account.margin_mode == PORTFOLIO:
        raise VenueError("portfolio-call")
    rows = [
        {
            "symbol": listing.name,
            "leverage": unpadded(counted(call.engine.leverage_centi(call.account.name, listing.name), 2)),
            "side": "" if side is PositionSide.NET else ("Buy" if side is PositionSide.LONG else "Sell"),
            "positionIdx": INDEXES[side],
        }
        for listing in call.listings()
        for side in call.desk.legs(call.account, listing)
    ]
    return {"category": call.category(), "list": rows}


def add_margin(call: Call) -> Document:
    """POST position/add-margin: into an isolated position, or out of it where the amount is negative."""
    listing = call.listing()
    side = read_leg(call, listing, call.parameters)
    text = call.parameters.text("margin")
    digits = text.removeprefix("-")
    atoms = _ATOM.count(digits) if _AMOUNT.fullmatch(digits) else None
    if not atoms:
        raise VenueError("parameter", parameter="margin")
    command = MoveMargin(call.account.name, listing.name, side, -atoms if text.startswith("-") else atoms)
    check_refused(call.desk.command(command, call.time), call.account.name, call.desk.errors)
    return {"category": listing.category, **shown_position(call.desk, call.account, listing, side, call.time)}


def set_auto_add(call: Call) -> Document:
    """POST position/set-auto-add-margin: taken note of by nobody, as margin never runs short unseen here."""
    call.listing()
    call.parameters.within("autoAddMargin", 0, 1, 0)
    return {}


# --- stops of a position ----------------------------------------------------------------------------------------------


class Asked(Struct, frozen=True):
    """One stop as it was asked for. No ticks: it is to be taken away."""

    name: str
    """`stopOrderType` of one for the whole position."""
    field: str
    trigger: TriggerKind
    ticks: int
    by: str = "LastPrice"
    kind: OrderKind = OrderKind.MARKET
    limit_ticks: int = 0
    activation_ticks: int = 0
    lots: int = 0
    """Of one for a part of the position; 0: for all of it."""


def trading_stop(call: Call) -> Document:
    """POST position/trading-stop: take-profit, stop-loss and trailing stop of a position; "0" takes one away.

    Nothing tells which order came of it: only the streams and the lists of orders do.
    """
    listing = call.listing()
    sent = call.parameters
    if call.desk.switches.on(NO_TRAILING) and (sent.raw("trailingStop") or "0").strip("0.") != "":
        raise VenueError("no-trailing")
    side = read_leg(call, listing, sent)
    held = call.engine.position(call.account.name, listing.name, side).lots
    asked = _read_stops(call, listing)
    if not held:
        raise VenueError("flat-stop")
    closing = Side.SELL if held > 0 else Side.BUY
    _check_sides(call, listing, closing, asked)
    changed = [_ask_stop(call, listing, side, closing, one) for one in asked]
    if not any(changed):
        raise VenueError("stops-not-modified")
    return {}


def _read_stops(call: Call, listing: Listing) -> list[Asked]:
    """What is asked for. Raises `VenueError`."""
    sent = call.parameters
    partial = sent.word("tpslMode", frozenset({"Full", "Partial"}), "parameter", "Full") == "Partial"
    found = list[Asked]()
    for field, short, name, kind in (
        ("takeProfit", "tp", "TakeProfit", TriggerKind.TAKE),
        ("stopLoss", "sl", "StopLoss", TriggerKind.STOP),
    ):
        if sent.has(field):
            order_kind = sent.option(f"{short}OrderType", TYPES, "generic", OrderKind.MARKET)
            lots = read_lots(listing, sent.number(f"{short}Size")) if partial and sent.has(f"{short}Size") else 0
            found.append(
                Asked(
                    name=f"Partial{name}" if lots else name,
                    field=field,
                    trigger=kind,
                    ticks=read_price(listing, sent, field),
                    by=sent.word(f"{short}TriggerBy", WATCHES, "parameter", "LastPrice"),
                    kind=order_kind,
                    limit_ticks=read_price(listing, sent, f"{short}LimitPrice") if order_kind is OrderKind.LIMIT else 0,
                    lots=lots,
                )
            )
    if sent.has("trailingStop"):
        distance = read_price(listing, sent, "trailingStop")
        active = read_price(listing, sent, "activePrice")
        found.append(Asked("TrailingStop", "trailingStop", TriggerKind.TRAILING, distance, activation_ticks=active))
    return found


def _check_sides(call: Call, listing: Listing, closing: Side, asked: list[Asked]) -> None:
    """A take-profit is on the winning side of the last price, a stop-loss on the other. Raises `VenueError`."""
    last = call.engine.ticker(listing.name, call.time.true_ns).last
    held = closing.opposite
    for one in asked:
        if one.trigger is not TriggerKind.TRAILING and one.ticks:
            rises = (one.trigger is TriggerKind.TAKE) is (held is Side.BUY)
            check_stop_side(listing, one.field, held, one.ticks, last, one.by, rises=rises)


def _ask_stop(call: Call, listing: Listing, side: PositionSide, closing: Side, one: Asked) -> bool:
    """Put one stop in the place of what is there; whether anything changed. Raises `VenueError`."""
    events = set_stop(call.desk, call.account.name, listing, side, closing, one, call.time)
    check(call, listing, events or ())
    return events is not None


def set_stop(
    desk: Desk, account: str, listing: Listing, side: PositionSide, closing: Side, one: Asked, time: VenueTime
) -> list[Event] | None:
    """The same for whoever does it; the engine's events, or None when all is as it was."""
    there = bound(desk, account, listing, side).get(one.name)
    if (there is None and not one.ticks) or (there is not None and _is_same(there, one)):
        return None
    if there is not None:
        desk.cancel_conditional(there, time)
    if not one.ticks:
        return []
    last = desk.engine.ticker(listing.name, time.true_ns).last
    return desk.command(stop_command(account, listing, side, closing, one), time, _stop_note(closing, one, last))


def _is_same(there: ConditionalState, one: Asked) -> bool:
    if one.trigger is TriggerKind.TRAILING:
        return (there.callback_ticks, there.activation_ticks) == (one.ticks, one.activation_ticks)
    return (there.trigger_ticks, there.ticks, there.watches) == (one.ticks, one.limit_ticks, WATCHES[one.by])


def stop_command(account: str, listing: Listing, side: PositionSide, closing: Side, one: Asked) -> PlaceConditional:
    """The conditional order behind a stop; it ends with the position."""
    trailing = one.trigger is TriggerKind.TRAILING
    return PlaceConditional(
        account=account,
        instrument=listing.name,
        side=closing,
        trigger=one.trigger,
        kind=one.kind,
        lots=one.lots,
        trigger_ticks=0 if trailing else one.ticks,
        ticks=one.limit_ticks,
        watches=WATCHES[one.by],
        activation_ticks=one.activation_ticks,
        callback_ticks=one.ticks if trailing else 0,
        reduce_only=True,
        close_position=not one.lots,
        ends_when_flat=True,
        position_side=side,
        self_trade=SelfTrade.NONE,
        notional_exempt=True,
        takes_order_id=True,
    )


def _stop_note(closing: Side, one: Asked, last_ticks: int) -> OrderNote:
    trailing = one.trigger is TriggerKind.TRAILING
    rises = (one.trigger is TriggerKind.TAKE) is (closing is Side.SELL)
    return OrderNote(
        create_type=f"CreateBy{one.name}",
        stop_type=one.name,
        trigger_by=one.by,
        trigger_direction=1 if rises else 2,
        trigger_ticks=0 if trailing else one.ticks,
        close_on_trigger=True,
        last_ticks=last_ticks,
        partial=bool(one.lots),
    )
