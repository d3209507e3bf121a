"""A new order as it was sent → what the engine is told, and what the venue notes of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from msgspec import Struct

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, OrderKind, PositionSide, SelfTrade, Side, TimeInForce
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.desk import Account, Call
from venueproof_simulators.venues.okx.operations.notes import Attached, Leg, OrderNote
from venueproof_simulators.venues.okx.operations.parameters import as_object
from venueproof_simulators.venues.okx.products import SPOT_LEVEL
from venueproof_simulators.venues.okx.wire.numbers import Listing

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_TAG = re.compile(r"[A-Za-z0-9]{1,16}")
_PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
LEGS = {"net": PositionSide.NET, "long": PositionSide.LONG, "short": PositionSide.SHORT}
SELF_TRADES = {
    "cancel_maker": SelfTrade.EXPIRE_MAKER,
    "cancel_taker": SelfTrade.EXPIRE_TAKER,
    "cancel_both": SelfTrade.EXPIRE_BOTH,
}
_TARGETS = frozenset({"base_ccy", "quote_ccy"})
"""What `tgtCcy` may say: it is of spot orders alone, and changes nothing on swaps."""
WATCHES = frozenset({"last", "mark", "index"})
_ENDED_AT_ONCE = (Refusal.WOULD_CROSS, Refusal.NOT_FILLABLE)
"""What is taken in with an id, and canceled at once."""


class Kind(Struct, frozen=True):
    """What a word of `ordType` means."""

    kind: OrderKind
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False


KINDS = {
    "market": Kind(OrderKind.MARKET),
    "limit": Kind(OrderKind.LIMIT),
    "post_only": Kind(OrderKind.LIMIT, post_only=True),
    "fok": Kind(OrderKind.LIMIT, TimeInForce.FOK),
    "ioc": Kind(OrderKind.LIMIT, TimeInForce.IOC),
    "optimal_limit_ioc": Kind(OrderKind.MARKET),
}
"""Kinds of ordinary orders on swaps; those of options and of orders by hand alone are refused."""


class Request(Struct, frozen=True):
    """A new order, read."""

    listing: Listing
    command: Place
    note: OrderNote
    mode: MarginMode


def read_order(call: Call, sent: Parameters) -> Request:
    """A new order. Raises `VenueError`."""
    listing = call.desk.listing(sent.text("instId"))
    check_level(call.account)
    mode = read_mode(sent)
    side = sent.choice("side", SIDES, "not-valid")
    kind = sent.choice("ordType", KINDS, "not-valid")
    leg = read_leg(call.account, sent)
    lots = read_size(listing, sent, "sz")
    ticks = read_price(listing, sent, "px") if kind.kind is OrderKind.LIMIT else worst_ticks(call, sent, listing, side)
    client_id, tag = client_id_of(sent, "clOrdId"), tag_of(sent)
    reduce_only = bool(sent.flag("reduceOnly")) and leg is PositionSide.NET
    sent.word("tgtCcy", _TARGETS, "not-valid", "")
    sent.flag("banAmend")
    stp = sent.word("stpMode", SELF_TRADES, "not-valid", call.account.self_trade)
    if stp == "cancel_both" and kind.time_in_force is TimeInForce.FOK:
        raise VenueError("not-valid", parameter="stpMode")
    if client_id and (call.account.name, client_id) in call.desk.keep.live_ids:
        raise VenueError("duplicate-id")
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=kind.kind,
        lots=lots,
        ticks=ticks,
        time_in_force=kind.time_in_force,
        post_only=kind.post_only,
        reduce_only=reduce_only,
        position_side=leg,
        client_id=client_id,
        self_trade=SELF_TRADES[stp],
        late=_ENDED_AT_ONCE,
    )
    note = OrderNote(
        td_mode=mode.value,
        leverage_centi=call.account.leverage_centi(listing, mode.value, leverage_leg(mode, leg)),
        kind=str(sent.raw("ordType")),
        client_id=client_id,
        tag=tag,
        stp_mode=stp,
        attached=read_attached(sent),
    )
    check_attached(call, listing, command, note.attached)
    return Request(listing, command, note, mode)


def check_level(account: Account) -> None:
    """Swaps are not traded in spot mode. Raises `VenueError`."""
    if account.level == SPOT_LEVEL:
        raise VenueError("account-mode")


def read_mode(sent: Parameters, name: str = "tdMode") -> MarginMode:
    """`tdMode`, which on swaps is cross or isolated. Raises `VenueError`."""
    return sent.choice(name, MODES, "not-valid")


def read_leg(account: Account, sent: Parameters) -> PositionSide:
    """`posSide`: long or short where an account has both legs, net or nothing where it has one. Raises `VenueError`."""
    leg = sent.option("posSide", LEGS, "position-side", PositionSide.NET)
    if (leg is PositionSide.NET) is account.hedged:
        raise VenueError("position-side")
    return leg


def leverage_leg(mode: MarginMode, leg: PositionSide) -> str:
    """Whose leverage holds: legs have one of their own in isolated margin only."""
    return leg.value if mode is MarginMode.ISOLATED else "net"


def read_size(listing: Listing, sent: Parameters, name: str) -> int:
    """An amount of contracts in lots. Raises `VenueError`."""
    text = sent.text(name)
    if not _PRICE.fullmatch(text):
        raise VenueError("not-valid", parameter=name)
    lots = listing.lot.count(text)
    if lots is None:
        small = Decimal(text) < listing.row.amount_min
        raise VenueError("size-minimum" if small else "size-step")
    return lots


def read_price(listing: Listing, sent: Parameters, name: str) -> int:
    """A price in ticks. Raises `VenueError`."""
    text = sent.raw(name)
    if text is None:
        raise VenueError("price-missing" if name == "px" else "missing", parameter=name)
    ticks = listing.tick.count(text) if _PRICE.fullmatch(text) else None
    if ticks is None:
        key = "price-tick" if name == "px" else "not-valid"
        raise VenueError(key, parameter=name)
    return ticks


def worst_ticks(call: Call, sent: Parameters, listing: Listing, side: Side) -> int:
    """The worst price of a market order by `slippagePct`, a share of the last price; 0 for any. Raises `VenueError`."""
    text = sent.raw("slippagePct")
    if text is None:
        return 0
    if not _PRICE.fullmatch(text) or not 0 < Decimal(text) < 1:
        raise VenueError("slippage-range")
    ticker = call.desk.engine.ticker(listing.name, call.time.true_ns)
    worst = int(ticker.last * (1 + side.sign * Decimal(text)))
    best = ticker.ask if side is Side.BUY else ticker.bid
    if best and (best - worst) * side.sign > 0:
        raise VenueError("slippage")
    return worst


def client_id_of(sent: Parameters, name: str) -> str:
    """A client's id: letters and digits alone, empty where none was sent. Raises `VenueError`."""
    value = sent.raw(name) or ""
    if value and not _ID.fullmatch(value):
        raise VenueError("not-valid", parameter=name)
    return value


def tag_of(sent: Parameters) -> str:
    """`tag`. Raises `VenueError`."""
    value = sent.raw("tag") or ""
    if value and not _TAG.fullmatch(value):
        raise VenueError("not-valid", parameter="tag")
    return value


# --- take-profit and stop-loss ----------------------------------------------------------------------------------------


def read_attached(sent: Parameters) -> tuple[Attached, ...]:
    """`attachAlgoOrds`. Raises `VenueError`."""
    rows = sent.nested("attachAlgoOrds")
    if rows is None and not sent.has("attachAlgoOrds"):
        return ()
    if not isinstance(rows, list):
        raise VenueError("not-valid", parameter="attachAlgoOrds")
    return tuple(_attached(as_object(row)) for row in cast(list[object], rows))


def _attached(row: Parameters) -> Attached:
    take, stop = read_leg_of(row, "tp"), read_leg_of(row, "sl")
    if take is None and stop is None:
        raise VenueError("not-valid", parameter="attachAlgoOrds")
    return Attached(client_id_of(row, "attachAlgoClOrdId"), take, stop)


def check_attached(call: Call, listing: Listing, order: Place, attached: tuple[Attached, ...]) -> None:
    """Take-profits lie ahead of the price of a limit order, or of the book for a market order, stop-losses behind it.
    Raises `VenueError`.
    """
    ticker = call.desk.engine.ticker(listing.name, call.time.true_ns)
    limited = order.kind is OrderKind.LIMIT
    level = order.ticks if limited else (ticker.ask if order.side is Side.BUY else ticker.bid)
    for one in attached:
        for name, leg, ahead in (("tp", one.take, order.side.sign), ("sl", one.stop, -order.side.sign)):
            if leg is None:
                continue
            ticks = listing.tick.count(leg.trigger)
            if ticks is None:
                raise VenueError("not-valid", parameter=f"{name}TriggerPx")
            if level and (ticks - level) * ahead <= 0:
                raise VenueError(f"attached-{name}-{'order' if limited else 'book'}-{order.side.value}")


def read_leg_of(sent: Parameters, side: str) -> Leg | None:
    """Take-profit (`tp`) or stop-loss (`sl`), as far as it was sent. Raises `VenueError`."""
    trigger, price = sent.raw(f"{side}TriggerPx"), sent.raw(f"{side}OrdPx")
    if trigger is None and price is None:
        return None
    for name, value in ((f"{side}TriggerPx", trigger), (f"{side}OrdPx", price)):
        if value is None:
            raise VenueError("missing", parameter=name)
        market = value == "-1" and name.endswith("OrdPx")
        if not market and not _PRICE.fullmatch(value):
            raise VenueError("not-valid", parameter=name)
    watches = sent.word(f"{side}TriggerPxType", WATCHES, "not-valid", "last")
    return Leg(str(trigger), str(price), watches)
