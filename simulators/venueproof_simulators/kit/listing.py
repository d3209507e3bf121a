"""One instrument as a venue knows it: its row of facts, the engine's integers, and the way from one to the other.

A venue extends `Listing` with what only its documents say (decimals of prices, pairs, contract types).
"""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.worth import SCALE
from venueproof_simulators.host.decimals import CONTEXT, plain
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.kit.numbers import NANO, Grid


class Listing:
    """One instrument. `instrument` is that of the row unless the venue adds to it (brackets of leverage)."""

    def __init__(self, row: InstrumentRow, instrument: Instrument | None = None) -> None:
        self.row = row
        self.instrument: Instrument = instrument or row.instrument()
        self.name = row.name
        self.symbol = row.symbol
        self.tick = Grid(row.tick)
        self.lot = Grid(row.amount_step)
        self.inverse = row.kind is ContractKind.INVERSE
        self._value = row.tick * row.amount_step * row.contract_size
        self._face = row.amount_step * row.contract_size
        self._scaled_tick = row.tick * SCALE

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return self.row.tick * ticks

    def amount(self, lots: int) -> Decimal:
        """Lots as an amount."""
        return self.row.amount_step * lots

    def mark(self, nano_ticks: int) -> Decimal:
        """Billionths of a tick as a price."""
        return self.row.tick * nano_ticks * NANO

    def value(self, ticks_lots: int) -> Decimal:
        """A sum of ticks × lots as money of the quote, for linear contracts."""
        return self._value * ticks_lots

    def face(self, lots: int) -> Decimal:
        """How much lots are of what an amount is in, contracts counted out: of the base, or dollars of inverse ones."""
        return self._face * lots

    def quote(self, ticks: int, lots: int) -> Decimal:
        """What lots that traded at one price are worth in the quote: of inverse ones, their face value."""
        return self._face * lots if self.inverse else self._value * (ticks * lots)

    def base(self, ticks: int, lots: int) -> Decimal:
        """How much of the base coin lots are that traded at one price: of inverse ones, their face value over it."""
        if not self.inverse or not lots:
            return self._face * lots
        return CONTEXT.divide(self._face * lots, self.row.tick * ticks)

    def turnover(self, value: int) -> Decimal:
        """What a value of the engine is in the money the contract is settled in: quote, or coin of inverse ones."""
        if not self.inverse:
            return self._value * value
        return CONTEXT.divide(CONTEXT.multiply(self._face, Decimal(value)), self._scaled_tick)

    def mean(self, value: int, lots: int) -> Decimal:
        """The average price of lots that traded for a value, as exact as decimals are here; 0 for no lots."""
        if not lots:
            return Decimal(0)
        over, under = (lots * SCALE, value) if self.inverse else (value, lots)
        return CONTEXT.divide(CONTEXT.multiply(self.row.tick, Decimal(over)), Decimal(under))

    def tick_text(self, ticks: int) -> str:
        """A price with the decimals of its tick: `60000.0`."""
        return self.tick.text(ticks)

    def plain_price(self, ticks: int) -> str:
        """A price without trailing zeros: `60000`."""
        return plain(self.row.tick * ticks)

    def amount_text(self, lots: int) -> str:
        """An amount with the decimals of its step: `0.010`."""
        return self.lot.text(lots)
