"""Positions: REST names the entry `avgPrice`, the stream `entryPrice`. Source: the vendor's pages; recordings."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.state import MarginMode, MarginState, PositionState
from venueproof_simulators.host.decimals import counted, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import unpadded, wire_ms
from venueproof_simulators.venues.bybit.wire.numbers import INDEXES, SEQUENCE_BASE, Listing, ms_text, short


class Held(Struct, frozen=True):
    """One position with everything that its row tells."""

    position: PositionState
    margin: MarginState
    rank: int
    take_profit: int = 0
    """Ticks of what is bound to it, 0 for none."""
    stop_loss: int = 0
    trailing: int = 0
    opened_ns: int = 0
    """When what is open was opened; 0 while flat."""
    begun_ns: int = 0
    """When there was a position for the first time; 0 for never."""
    fees: int = 0
    """Ever paid on it, in atoms."""
    before_atoms: int = 0
    """Realized, fees taken off, before what is open was opened."""
    portfolio: bool = False
    """The account has portfolio margin, which knows no leverage."""


def position_row(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One row of position/list."""
    state = held.position
    flat = not state.lots
    entry = "0" if flat else short(listing.mark(state.entry_nano_ticks))
    initial = "" if held.portfolio else short(money(held.margin.initial_position_atoms))
    maintenance = "" if held.portfolio else short(money(held.margin.maintenance_atoms))
    realized = state.realized_atoms - held.fees
    return {
        "symbol": listing.name,
        "positionIdx": INDEXES[state.side],
        "side": "" if flat else ("Buy" if state.lots > 0 else "Sell"),
        "size": listing.plain_amount(abs(state.lots)),
        "avgPrice": entry,
        "positionValue": "" if flat else short(_value(listing, state)),
        "leverage": "" if held.portfolio else unpadded(counted(state.leverage_centi, 2)),
        "breakEvenPrice": "" if flat else short(listing.mark(state.break_even_nano_ticks)),
        "markPrice": listing.scaled(held.margin.mark_nano_ticks // 10**9),
        "liqPrice": listing.price_or_blank(held.margin.liquidation_ticks),
        "bustPrice": "",
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "positionBalance": short(money(state.isolated_atoms)),
        "unrealisedPnl": "" if flat else short(money(state.unrealized_atoms)),
        "curRealisedPnl": short(money(realized - held.before_atoms)),
        "cumRealisedPnl": short(money(realized)),
        "sessionAvgPrice": "",
        "takeProfit": listing.price_or_blank(held.take_profit),
        "stopLoss": listing.price_or_blank(held.stop_loss),
        "trailingStop": plain(listing.price(held.trailing)) if held.trailing else "0",
        "tpslMode": "Full",
        "tradeMode": 1 if state.margin_mode is MarginMode.ISOLATED else 0,
        "autoAddMargin": 0,
        "riskId": 0 if held.portfolio else 1,
        "riskLimitValue": "" if held.portfolio else str(listing.row.wire["riskLimit"]),
        "positionStatus": "Normal",
        "adlRankIndicator": held.rank,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "seq": SEQUENCE_BASE + state.updated_ns // 1_000_000 % SEQUENCE_BASE,
        "openTime": wire_ms(time, held.opened_ns) if held.opened_ns else 0,
        "createdTime": ms_text(time, held.begun_ns) if held.begun_ns else "0",
        "updatedTime": ms_text(time, state.updated_ns),
    }


def _value(listing: Listing, state: PositionState) -> Decimal:
    entry = listing.mark(state.entry_nano_ticks)
    face = listing.face(abs(state.lots))
    return face / entry if listing.inverse else face * entry


def streamed_position(listing: Listing, row: Document) -> Document:
    """The row as the stream has it: other names, and zeros where REST is silent."""
    kept = {("entryPrice" if name == "avgPrice" else name): value for name, value in row.items()}
    zeros = {name: kept[name] or "0" for name in ("takeProfit", "stopLoss", "trailingStop", "positionValue")}
    return {**kept, **zeros, "unrealisedPnl": kept["unrealisedPnl"] or "0", "category": listing.category}
