"""Reading an order: from parameters to a command and what the venue notes beside it."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.engine.commands import Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, PositionSide, SelfTrade, Side, TimeInForce
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.desk import Call
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.wire.numbers import LEGS, Listing
from venueproof_simulators.venues.bybit.wire.order_notes import OrderNote, Stop

TYPE_CASE = "bybit.order.type-case"
SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
TYPES = {"Market": OrderKind.MARKET, "Limit": OrderKind.LIMIT}
_SMALL_TYPES = {name.lower(): kind for name, kind in TYPES.items()}
_TIMES = {
    "GTC": (TimeInForce.GTC, False),
    "IOC": (TimeInForce.IOC, False),
    "FOK": (TimeInForce.FOK, False),
    "PostOnly": (TimeInForce.GTC, True),
}
"""`timeInForce` → how long it lasts, and whether it may only rest. RPI is for market makers by contract."""
WATCHES = {"LastPrice": WatchedPrice.LAST, "MarkPrice": WatchedPrice.MARK, "IndexPrice": WatchedPrice.INDEX}
_SELF_MATCHES = {
    "None": SelfTrade.NONE,
    "CancelMaker": SelfTrade.EXPIRE_MAKER,
    "CancelTaker": SelfTrade.EXPIRE_TAKER,
    "CancelBoth": SelfTrade.EXPIRE_BOTH,
}
_MODES = frozenset({"Full", "Partial"})
_SLIPPAGES = frozenset({"TickSize", "Percent"})
_DIRECTIONS = {"1": 1, "2": 2}
LATE = (Refusal.WOULD_CROSS, Refusal.NOT_FILLABLE, Refusal.NO_LIQUIDITY)
"""What an order is refused for after it was taken in; only the stream tells."""


class Request(Struct, frozen=True):
    """An order as it was asked for."""

    listing: Listing
    command: Place | PlaceConditional
    note: OrderNote


def read_lots(listing: Listing, text: str) -> int:
    """An amount in lots. Raises `VenueError` when it is off the step."""
    lots = listing.lot.count(text)
    if lots is None:
        raise VenueError("qty-step")
    return lots


def read_ticks(listing: Listing, text: str) -> int:
    """A price in ticks. Raises `VenueError` when it is off the tick."""
    ticks = listing.tick.count(text)
    if ticks is None:
        raise VenueError("price-step")
    return ticks


def read_price(listing: Listing, sent: Parameters, name: str) -> int:
    """A price that may be missing, in ticks; 0 then. Raises `VenueError`."""
    text = sent.number_or_none(name)
    return 0 if text is None else read_ticks(listing, text)


def read_leg(call: Call, listing: Listing, sent: Parameters) -> PositionSide:
    """The leg that `positionIdx` names, which the position mode must have. Raises `VenueError`."""
    side = LEGS.get(sent.within("positionIdx", 0, len(LEGS) - 1, 0), PositionSide.NET)
    if side not in call.desk.legs(call.account, listing):
        raise VenueError("position-idx")
    return side


def read_request(call: Call, listing: Listing, sent: Parameters) -> Request:
    """An order of order/create. Raises `VenueError`."""
    side = sent.choice("side", SIDES, "side")
    kind = sent.choice("orderType", _SMALL_TYPES if call.desk.switches.on(TYPE_CASE) else TYPES, "generic")
    lasting, post_only = sent.option("timeInForce", _TIMES, "time-in-force", _TIMES["GTC"])
    leg = read_leg(call, listing, sent)
    reduces = bool(sent.flag("reduceOnly"))
    sent.flag("closeOnTrigger")
    sent.word("slippageToleranceType", _SLIPPAGES, "parameter", "")
    lots = read_lots(listing, sent.number("qty"))
    ticks = read_ticks(listing, sent.number("price")) if kind is OrderKind.LIMIT else 0
    link_id = _fresh_link_id(call, sent)
    self_trade = sent.option("smpType", _SELF_MATCHES, "parameter", SelfTrade.NONE)
    limit = kind is OrderKind.LIMIT
    place = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=kind,
        lots=lots,
        ticks=ticks,
        time_in_force=lasting if limit else TimeInForce.GTC,
        post_only=post_only and limit,
        reduce_only=reduces,
        position_side=leg,
        client_id=link_id,
        notional_exempt=reduces,
        self_trade=self_trade,
        late=LATE,
    )
    note = _note(call, listing, sent, side, ticks)
    if sent.has("triggerPrice"):
        return _conditional(listing, sent, place, note)
    if not limit:
        place = replace(place, ticks=note.shown_ticks)
    if not lots and reduces:
        place = replace(place, lots=_whole_position(call, listing, side, leg))
    return Request(listing, place, note)


def _conditional(listing: Listing, sent: Parameters, place: Place, note: OrderNote) -> Request:
    """An order that waits: its direction says whether it fires on a rise or on a fall."""
    direction = sent.choice("triggerDirection", _DIRECTIONS, "trigger-direction")
    by = sent.word("triggerBy", WATCHES, "parameter", "LastPrice")
    closes = bool(sent.flag("closeOnTrigger"))
    trigger_ticks = read_ticks(listing, sent.number("triggerPrice"))
    reduces = place.reduce_only or closes
    command = PlaceConditional(
        account=place.account,
        instrument=place.instrument,
        side=place.side,
        trigger=trigger_kind(direction, buys=place.side is Side.BUY),
        kind=place.kind,
        lots=place.lots,
        trigger_ticks=trigger_ticks,
        ticks=place.ticks,
        watches=WATCHES[by],
        time_in_force=place.time_in_force,
        post_only=place.post_only,
        reduce_only=reduces,
        close_position=not place.lots and place.reduce_only,
        position_side=place.position_side,
        client_id=place.client_id,
        self_trade=place.self_trade,
        notional_exempt=reduces,
        takes_order_id=True,
    )
    noted = replace(
        note,
        stop_type="Stop",
        trigger_by=by,
        trigger_direction=direction,
        trigger_ticks=trigger_ticks,
        close_on_trigger=closes,
    )
    return Request(listing, command, noted)


def trigger_kind(direction: int, *, buys: bool) -> TriggerKind:
    """The engine's word for a direction (1 rise, 2 fall) and a side."""
    return TriggerKind.STOP if (direction == 1) is buys else TriggerKind.TAKE


def _fresh_link_id(call: Call, sent: Parameters) -> str:
    """The client's own id, which it has never used before. Raises `VenueError`."""
    link_id = sent.link_id()
    if link_id:
        engine, name = call.engine, call.account.name
        orders = (engine.order_by_client_id(name, instrument, link_id) for instrument in call.desk.listings)
        if any(orders) or engine.conditional_by_client_id(name, "", link_id) is not None:
            raise VenueError("order-link-id")
    return link_id


def _whole_position(call: Call, listing: Listing, side: Side, leg: PositionSide) -> int:
    """All lots of the position that an order of this side closes. Raises `VenueError`."""
    held = call.engine.position(call.account.name, listing.name, leg).lots
    if held * side.sign >= 0:
        raise VenueError("reduce-only-rule" if held else "reduce-only")
    return abs(held)


def _note(call: Call, listing: Listing, sent: Parameters, side: Side, ticks: int) -> OrderNote:
    """What is noted of every order."""
    last = call.engine.ticker(listing.name, call.time.true_ns).last
    band = 1 + side.sign * listing.row.price_band
    return OrderNote(
        shown_ticks=0 if ticks else int(Decimal(last) * band),
        last_ticks=last,
        self_match=sent.raw("smpType") or "None",
        stops=read_stops(listing, sent, side, ticks or last),
        partial=sent.word("tpslMode", _MODES, "parameter", "Full") == "Partial",
    )


def read_stops(listing: Listing, sent: Parameters, side: Side, base_ticks: int) -> tuple[Stop, ...]:
    """Take-profit and stop-loss that come with an order of a side. Raises `VenueError`."""
    found = list[Stop]()
    for name, short, rises in (("takeProfit", "tp", side is Side.BUY), ("stopLoss", "sl", side is Side.SELL)):
        ticks = read_price(listing, sent, name)
        if ticks:
            by = sent.word(f"{short}TriggerBy", WATCHES, "parameter", "LastPrice")
            check_stop_side(listing, name, side, ticks, base_ticks, by, rises=rises)
            kind = sent.option(f"{short}OrderType", TYPES, "generic", OrderKind.MARKET)
            limit = read_price(listing, sent, f"{short}LimitPrice") if kind is OrderKind.LIMIT else 0
            found.append(Stop(name, ticks, by, limit))
    return tuple(found)


def check_stop_side(
    listing: Listing, name: str, side: Side, ticks: int, base_ticks: int, by: str, *, rises: bool
) -> None:
    """Raises `VenueError` for a take-profit or stop-loss on the wrong side of a price; `rises`: it must be above."""
    if (ticks - base_ticks) * (1 if rises else -1) <= 0:
        raise VenueError(
            "stop-side",
            field=name[0].upper() + name[1:],
            price=scaled(listing, ticks),
            side=side.value.capitalize(),
            relation="higher" if rises else "lower",
            base=scaled(listing, base_ticks),
            by=by,
        )


def scaled(listing: Listing, ticks: int) -> int:
    """A price as errors tell it: in ten-thousandths."""
    return int(listing.price(ticks).scaleb(4))
