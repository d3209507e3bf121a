"""A new conditional order as it was sent → what waits in the engine for it, and what the venue notes."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.engine.commands import PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.state import MarginMode, OrderKind, PositionSide, Side
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.operations.notes import STOP, TAKE, TRAIL, TRIGGER, Algo, Leg
from venueproof_simulators.venues.okx.operations.order_reading import (
    SIDES,
    WATCHES,
    check_level,
    client_id_of,
    leverage_leg,
    read_leg,
    read_leg_of,
    read_mode,
    read_price,
    read_size,
    tag_of,
)
from venueproof_simulators.venues.okx.wire.numbers import Listing

KINDS = {name: name for name in ("conditional", "oco", "trigger", "move_order_stop")}
"""Kinds that are built; `twap`, `iceberg` and `chase` work an order over time and are refused."""
_FRACTION = re.compile(r"[01]?(\.[0-9]{1,8})?|1(\.0{1,8})?")
_MARKET_PRICE = "-1"


class Planned(Struct, frozen=True):
    """A conditional order, read: what is to wait, by what it is."""

    listing: Listing
    algo: Algo
    commands: dict[str, PlaceConditional]
    mode: MarginMode


def read_algo(call: Call, sent: Parameters) -> Planned:
    """A new conditional order. Raises `VenueError`."""
    listing = call.desk.listing(sent.text("instId"))
    check_level(call.account)
    mode, side = read_mode(sent), sent.choice("side", SIDES, "not-valid")
    kind = sent.choice("ordType", KINDS, "not-valid")
    leg = read_leg(call.account, sent)
    algo = Algo(
        algo_id="",
        account=call.account.name,
        instrument=listing.name,
        kind=kind,
        td_mode=mode.value,
        leverage_centi=call.account.leverage_centi(listing, mode.value, leverage_leg(mode, leg)),
        client_id=client_id_of(sent, "algoClOrdId"),
        order_client_id=client_id_of(sent, "clOrdId"),
        tag=tag_of(sent),
        close_fraction=_read_fraction(sent),
    )
    _check_id(call.desk, algo)
    reduces = bool(sent.flag("reduceOnly"))
    if algo.close_fraction and not reduces and not call.account.hedged:
        raise VenueError("close-fraction-reduce")
    usual = PlaceConditional(
        account=algo.account,
        instrument=listing.name,
        side=side,
        trigger=TriggerKind.STOP,
        kind=OrderKind.MARKET,
        lots=0 if algo.close_fraction else read_size(listing, sent, "sz"),
        reduce_only=reduces and leg is PositionSide.NET,
        close_position=bool(algo.close_fraction),
        position_side=leg,
        client_id=algo.client_id,
        ends_when_flat=bool(sent.flag("cxlOnClosePos")),
    )
    return Planned(listing, algo, _READERS[kind](call, sent, algo, usual, listing), mode)


def _check_id(desk: Desk, algo: Algo) -> None:
    """A client id names one that waits at a time. Raises `VenueError`."""
    other = desk.find_algo(algo.account, "", algo.client_id) if algo.client_id else None
    if other is not None and not other.ended_age_ns:
        raise VenueError("duplicate-id")


def _read_fraction(sent: Parameters) -> str:
    """`closeFraction`: all of the position, or nothing said. Raises `VenueError`."""
    text = sent.raw("closeFraction")
    if text is None:
        return ""
    if not _FRACTION.fullmatch(text) or Decimal(text or "0") != 1:
        raise VenueError("not-valid", parameter="closeFraction")
    return "1"


def _read_sides(
    call: Call, sent: Parameters, algo: Algo, usual: PlaceConditional, listing: Listing
) -> dict[str, PlaceConditional]:
    """`conditional` has one of take-profit and stop-loss, `oco` both."""
    algo.take, algo.stop = read_leg_of(sent, "tp"), read_leg_of(sent, "sl")
    found = {name: leg for name, leg in ((TAKE, algo.take), (STOP, algo.stop)) if leg is not None}
    if len(found) != (2 if algo.kind == "oco" else 1):
        raise VenueError("not-valid", parameter="slTriggerPx" if algo.take else "tpTriggerPx")
    return side_commands(listing, found, usual)


def side_commands(listing: Listing, sides: dict[str, Leg], usual: PlaceConditional) -> dict[str, PlaceConditional]:
    """What waits for a take-profit, a stop-loss, or both. Raises `VenueError`."""
    words = {TAKE: "tp", STOP: "sl"}
    return {
        name: _with_leg(listing, replace(usual, trigger=TriggerKind(name)), leg, words[name])
        for name, leg in sides.items()
    }


def _with_leg(listing: Listing, command: PlaceConditional, leg: Leg, word: str) -> PlaceConditional:
    ticks = listing.tick.count(leg.trigger) if leg.trigger != _MARKET_PRICE else None
    if not ticks:
        raise VenueError("not-valid", parameter=f"{word}TriggerPx" if word else "triggerPx")
    price = 0
    if leg.price != _MARKET_PRICE:
        found = listing.tick.count(leg.price)
        if not found:
            raise VenueError("not-valid", parameter=f"{word}OrdPx" if word else "orderPx")
        price = found
        if command.close_position:
            raise VenueError("close-fraction-market")
    return replace(
        command,
        trigger_ticks=ticks,
        kind=OrderKind.LIMIT if price else OrderKind.MARKET,
        ticks=price,
        watches=WatchedPrice(leg.watches),
    )


def _read_trigger(
    call: Call, sent: Parameters, algo: Algo, usual: PlaceConditional, listing: Listing
) -> dict[str, PlaceConditional]:
    """`trigger`: fires when the price comes to it from where it is now."""
    watches = sent.word("triggerPxType", WATCHES, "not-valid", "last")
    ticks = read_price(listing, sent, "triggerPx")
    order_price = sent.text("orderPx")
    if order_price != _MARKET_PRICE:
        read_price(listing, sent, "orderPx")
    algo.trigger = Leg(str(sent.raw("triggerPx")), order_price, watches)
    above = ticks > watched_ticks(call.desk, listing, WatchedPrice(watches), call)
    kind = TriggerKind.STOP if above is (usual.side is Side.BUY) else TriggerKind.TAKE
    return {TRIGGER: _with_leg(listing, replace(usual, trigger=kind), algo.trigger, "")}


def watched_ticks(desk: Desk, listing: Listing, watches: WatchedPrice, call: Call) -> int:
    """Where a watched price is."""
    if watches is WatchedPrice.MARK:
        return desk.engine.mark_ticks(listing.name)
    if watches is WatchedPrice.INDEX:
        return desk.engine.index_ticks(listing.name)
    return desk.engine.ticker(listing.name, call.time.true_ns).last


def _read_trail(
    call: Call, sent: Parameters, algo: Algo, usual: PlaceConditional, listing: Listing
) -> dict[str, PlaceConditional]:
    """`move_order_stop`: by a part of the price, or by so much of it; from an activation price on, or from now."""
    ratio, spread = sent.number_or_none("callbackRatio"), sent.number_or_none("callbackSpread")
    if (ratio is None) is (spread is None):
        raise VenueError("either-missing", parameter="callbackRatio", other="callbackSpread")
    algo.callback_ratio, algo.callback_spread = ratio or "", spread or ""
    activation = read_price(listing, sent, "activePx") if sent.has("activePx") else 0
    algo.activation = str(sent.raw("activePx") or "")
    command = replace(
        usual,
        trigger=TriggerKind.TRAILING,
        activation_ticks=activation,
        callback_ppm=callback_ppm(ratio),
        callback_ticks=callback_ticks(listing, spread),
    )
    return {TRAIL: command}


def callback_ppm(ratio: str | None) -> int:
    """`callbackRatio`: `0.01` is a hundredth. Raises `VenueError`."""
    parts = Decimal(ratio or "0").scaleb(6)
    if parts != int(parts):
        raise VenueError("not-valid", parameter="callbackRatio")
    return int(parts)


def callback_ticks(listing: Listing, spread: str | None) -> int:
    """`callbackSpread`. Raises `VenueError`."""
    ticks = listing.tick.count(spread) if spread else 0
    if ticks is None or (spread and not ticks):
        raise VenueError("not-valid", parameter="callbackSpread")
    return ticks


_READERS = {
    "conditional": _read_sides,
    "oco": _read_sides,
    "trigger": _read_trigger,
    "move_order_stop": _read_trail,
}
