"""Running sums over fills, so that no document has to go through them all: of orders, of legs, of coins."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceChanged, Forgotten, OrderChanged
from venueproof_simulators.engine.state import FillState, OrderState, PositionSide
from venueproof_simulators.host.decimals import CONTEXT, money
from venueproof_simulators.venues.bybit.wire.numbers import Listing
from venueproof_simulators.venues.bybit.wire.orders import Figures

_NOTHING = Figures()
_RECENT_NS = 10**9
"""How long changes of a wallet are kept: longer than any answer lags."""


class FillTally(Struct, frozen=True):
    """One fill."""

    left: int = 0
    """Lots that its order had left then."""
    closed: int = 0
    """Lots of a position that it closed."""
    mark_ticks: int = 0
    entry_value: Decimal = Decimal(0)
    """What it closed was worth when it was opened."""
    open_fee_atoms: int = 0
    """Paid when what it closed was opened."""
    close_fee_atoms: int = 0
    """Of its own fee the part for closing; the rest opened something."""


_NO_FILL = FillTally()


class LegTally(Struct):
    """One leg of a position since the venue was opened."""

    lots: int = 0
    opened_ns: int = 0
    """When what is open was opened, or what was open last."""
    begun_ns: int = 0
    """When there was a position for the first time; 0 for never."""
    fees: int = 0
    """All fees paid on it, in atoms."""
    before_atoms: int = 0
    """Realized, fees taken off, before what is open was opened, or what was open last."""
    realized_atoms: int = 0
    """By its fills, fees not taken off."""
    open_value: Decimal = Decimal(0)
    """What is open was worth when it was opened."""
    open_fee_atoms: int = 0
    """Paid for opening what is open."""

    def book(self, fill: FillState, value: Decimal, mark_ticks: int, left: int) -> FillTally:
        """Take in a fill of that value, which left so many lots of its order; what it closed comes back."""
        before, signed = self.lots, fill.lots * fill.side.sign
        closed = min(abs(before), fill.lots) if before * signed < 0 else 0
        close_fee = fill.fee_atoms * closed // fill.lots
        entry_value = _share(self.open_value, closed, before)
        open_fee = self.open_fee_atoms * closed // abs(before) if closed else 0
        self.lots += signed
        self.fees += fill.fee_atoms
        self.realized_atoms += fill.realized_atoms
        self.begun_ns = self.begun_ns or fill.at_ns
        self.open_value += value - _share(value, closed, fill.lots) - entry_value
        self.open_fee_atoms += fill.fee_atoms - close_fee - open_fee
        if before * self.lots <= 0 and self.lots:
            self.before_atoms = self.realized_atoms - self.fees + fill.fee_atoms - close_fee
        if before * self.lots <= 0:
            self.opened_ns = fill.at_ns
        return FillTally(left, closed, mark_ticks, entry_value, open_fee, close_fee)


def _share(value: Decimal, part: int, whole: int) -> Decimal:
    return CONTEXT.divide(value * part, Decimal(abs(whole))) if part else Decimal(0)


class Tallies:
    """All of them. Keys are the engine's names and numbers."""

    def __init__(self, listings: Mapping[str, Listing]) -> None:
        self._listings = listings
        self._orders: dict[tuple[str, int], dict[int, Figures]] = {}
        """Order → lots filled by then → what they came to."""
        self._fills: dict[tuple[str, int], dict[int, FillTally]] = {}
        """Order → trade → lots that the order had left then, lots of a position that the trade closed, mark."""
        self._legs: dict[tuple[str, str, PositionSide], LegTally] = {}
        self._realized: dict[tuple[str, str], int] = {}
        self._recent: dict[str, list[tuple[int, str, int]]] = {}
        """Account → when its wallet changed lately, of which coin, by how much."""
        self._held: dict[tuple[str, str], list[tuple[int, int]]] = {}
        """When payments of funding came, and the lots held then."""

    def note(self, event: OrderChanged, mark_ticks: int) -> None:
        """A fill, if it is one, and where mark is."""
        fill, order = event.fill, event.order
        if fill is None:
            return
        key, listing = (fill.instrument, fill.order_id), self._listings[fill.instrument]
        leg = self._legs.setdefault((fill.account, fill.instrument, fill.position_side), LegTally())
        value = listing.worth(fill.ticks, fill.lots)
        told = leg.book(fill, value, mark_ticks, order.lots - order.filled_lots)
        self._fills.setdefault(key, {})[fill.trade_id] = told
        costs = self._orders.setdefault(key, {})
        cost = costs.get(order.filled_lots - fill.lots, _NOTHING)
        costs[order.filled_lots] = Figures(
            cost.value + value,
            cost.fee + money(fill.fee_atoms),
            cost.closed + money(fill.realized_atoms - told.open_fee_atoms - told.close_fee_atoms),
        )
        coin = (fill.account, fill.fee_asset)
        self._realized[coin] = self._realized.get(coin, 0) + fill.realized_atoms - fill.fee_atoms

    def note_funding(self, paid: BalanceChanged) -> None:
        """A position paid or was given funding."""
        account, instrument = paid.balance.account, paid.instrument
        legs = (self._legs.get((account, instrument, side)) for side in PositionSide)
        lots = sum(leg.lots for leg in legs if leg is not None)
        self._held.setdefault((account, instrument), []).append((paid.balance.updated_ns, lots))

    def note_change(self, event: BalanceChanged) -> None:
        """A wallet changed."""
        recent = self._recent.setdefault(event.balance.account, [])
        now_ns = event.balance.updated_ns
        recent[:] = [row for row in recent if row[0] > now_ns - _RECENT_NS]
        recent.append((now_ns, event.balance.asset, event.change_atoms))

    def changed_since(self, account: str, asset: str, since_ns: int) -> int:
        """By how much a wallet changed after a moment, in atoms."""
        recent = self._recent.get(account, ())
        return sum(atoms for at_ns, coin, atoms in recent if coin == asset and at_ns > since_ns)

    def of_order(self, order: OrderState) -> Figures:
        """What an order had cost when it stood so."""
        return self._orders.get((order.instrument, order.order_id), {}).get(order.filled_lots, _NOTHING)

    def of_fill(self, fill: FillState) -> FillTally:
        """What is kept of a fill."""
        return self._fills.get((fill.instrument, fill.order_id), {}).get(fill.trade_id, _NO_FILL)

    def of_leg(self, account: str, instrument: str, side: PositionSide) -> LegTally:
        """One leg."""
        return self._legs.get((account, instrument, side)) or LegTally()

    def held_at(self, account: str, instrument: str, at_ns: int) -> int:
        """What was held when funding was paid, signed."""
        held = self._held.get((account, instrument), [])
        return next((lots for moment, lots in reversed(held) if moment == at_ns), 0)

    def realized(self, account: str, asset: str) -> int:
        """All that was realized in a coin, fees taken off, in atoms."""
        return self._realized.get((account, asset), 0)

    def forget(self, event: Forgotten, before_ns: int) -> None:
        """Drop what there is on orders that the engine knows no more, and on funding of before a time."""
        for held in self._held.values():
            held[:] = [row for row in held if row[0] >= before_ns]
        for key in event.orders:
            self._orders.pop(key, None)
            self._fills.pop(key, None)
