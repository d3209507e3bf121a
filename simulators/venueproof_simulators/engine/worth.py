"""What lots are worth at a price, linear or inverse, and what must be kept for them.

A *value* is a whole number that grows with the lots and adds up: ticks × lots for linear contracts, lots ÷ ticks in
units of 1/`SCALE` for inverse ones. Atoms of the settle asset are a fixed fraction of it, and so everything that is
counted in values (open orders, margin, brackets) is written once for both kinds. What differs is here: how a value
comes from a price and a price from a value, and which way money flows (`direction`).
"""

from __future__ import annotations

from venueproof_simulators.engine.instruments import ASSET_DECIMALS, Bracket, ContractKind, Instrument

PPM = 1_000_000
NANO = 10**9
CENTI = 100
"""Leverage is counted in hundredths."""
SCALE = 10**36
"""An inverse lot at a price of n ticks has the value SCALE // n; far below a billionth of a tick is lost by that."""

Fraction = tuple[int, int]
"""Numerator and denominator, the latter positive."""


class Worth:
    """A linear contract: value is ticks × lots, and who is long gains when it grows."""

    __slots__ = ("_first_max", "delivery_ppm", "denominator", "direction", "ladder", "lot_value", "mark", "numerator")

    premium = False
    """Whether all of the price is paid when it is traded, so that holding it ties up nothing."""

    def __init__(self, instrument: Instrument, mark: int) -> None:
        self.direction = 1
        """+1 where a position gains with the value of what it holds, −1 where it gains when that shrinks."""
        self.numerator, self.denominator = self._unit(instrument)
        self.ladder = [
            (bracket.notional_max_atoms * self.denominator // self.numerator, bracket) for bracket in instrument.ladder
        ]
        """The brackets, smallest positions first, each with the value up to which it counts."""
        self._first_max = self.ladder[0][0]
        self.delivery_ppm = instrument.delivery_fee_ppm
        self.move(mark)

    def _unit(self, instrument: Instrument) -> Fraction:
        unit = instrument.tick * instrument.lot * instrument.contract_size
        return unit.scaleb(ASSET_DECIMALS).as_integer_ratio()

    def move(self, ticks: int) -> None:
        """Mark is now so."""
        self.mark = ticks
        self.lot_value = self.value(ticks, 1)
        """The value of one lot at mark."""

    def value(self, ticks: int, lots: int) -> int:
        """What lots are worth at a price; exactly additive in the lots. 0 without a price."""
        return ticks * lots

    def atoms(self, value: int) -> int:
        """Atoms of a value, rounded down."""
        return value * self.numerator // self.denominator

    def atoms_up(self, value: int) -> int:
        """Atoms of a value, rounded up."""
        return -(-value * self.numerator // self.denominator)

    def maintenance_atoms(self, value: int) -> int:
        """What must be kept for a position, by the bracket that its value reaches."""
        bracket = self.ladder[0][1] if value <= self._first_max else self.reached(value)
        kept = -(-value * self.numerator * bracket.maintenance_ppm // (self.denominator * PPM))
        return kept - bracket.cum_atoms

    def reached(self, value: int) -> Bracket:
        """The bracket of a position; beyond all of them the last one."""
        for most, bracket in self.ladder:
            if value <= most:
                return bracket
        return self.ladder[-1][1]

    def value_max(self, leverage_centi: int) -> int:
        """How large a position may become at a leverage."""
        return max((most for most, bracket in self.ladder if bracket.leverage_max_centi >= leverage_centi), default=0)

    def entry_nano_ticks(self, value: int, atoms: int, lots: int) -> int:
        """The price in billionths of a tick at which `lots` (unsigned, not 0) are worth so much, to the nearest.

        Linear contracts go by the atoms, which are kept to the last one when a part is closed.
        """
        per_tick = self.numerator * lots
        return (2 * atoms * self.denominator * NANO + per_tick) // (2 * per_tick)

    def moved_nano_ticks(self, value: int, atoms: int, lots: int, more_atoms: int) -> int:
        """The same with so many atoms more, rounded down; 0 when that leaves nothing."""
        return (atoms + more_atoms) * self.denominator * NANO // (self.numerator * lots)

    def mean(self, value: int, lots: int) -> int:
        """The average price of a sum of values in billionths of a tick, to the nearest."""
        return (2 * value * NANO + lots) // (2 * lots)

    def ticks_at(self, atoms: Fraction) -> Fraction:
        """The price in ticks at which one lot is worth a positive number of atoms, given as a fraction."""
        return atoms[0] * self.denominator, atoms[1] * self.numerator

    def fine_atoms(self, nano_ticks: int, lots: int) -> int:
        """What lots are worth at a price in billionths of a tick, rounded down."""
        return nano_ticks * lots * self.numerator // (self.denominator * NANO)

    def moved(self, lots: int, realized: int, atoms: int) -> int:
        """What a wallet gains when signed lots are closed for so many atoms with such a profit."""
        return realized

    def delivery_fee(self, atoms: int, lots: int) -> tuple[int, int]:
        """What the fee for delivering lots worth so many atoms is a part of, and which part of it, in ppm."""
        return atoms, self.delivery_ppm


class InverseWorth(Worth):
    """An inverse contract: amounts in quote, settled in base. A position is a debt in base that shrinks as the price
    rises, and average prices are harmonic.
    """

    __slots__ = ()

    def __init__(self, instrument: Instrument, mark: int) -> None:
        super().__init__(instrument, mark)
        self.direction = -1

    def _unit(self, instrument: Instrument) -> Fraction:
        unit = instrument.lot * instrument.contract_size / instrument.tick
        numerator, denominator = unit.scaleb(ASSET_DECIMALS).as_integer_ratio()
        return numerator, denominator * SCALE

    def value(self, ticks: int, lots: int) -> int:
        """What lots are worth at a price; exactly additive in the lots. 0 without a price."""
        return SCALE // ticks * lots if ticks else 0

    def entry_nano_ticks(self, value: int, atoms: int, lots: int) -> int:
        """The price at which `lots` are worth so much, by their value: an atom would be too coarse."""
        return self.mean(value, lots)

    def moved_nano_ticks(self, value: int, atoms: int, lots: int, more_atoms: int) -> int:
        """The same with so many atoms more, rounded down; 0 when that leaves nothing."""
        moved = value + more_atoms * self.denominator // self.numerator
        return lots * SCALE * NANO // moved if moved > 0 else 0

    def mean(self, value: int, lots: int) -> int:
        """The harmonic average price of a sum of values in billionths of a tick, to the nearest."""
        return (2 * lots * SCALE * NANO + value) // (2 * value)

    def ticks_at(self, atoms: Fraction) -> Fraction:
        """The price in ticks at which one lot is worth a positive number of atoms, given as a fraction."""
        return atoms[1] * self.numerator * SCALE, atoms[0] * self.denominator

    def fine_atoms(self, nano_ticks: int, lots: int) -> int:
        """What lots are worth at a price in billionths of a tick, rounded down."""
        return SCALE * NANO // nano_ticks * lots * self.numerator // self.denominator


def worth_of(instrument: Instrument, mark: int) -> Worth:
    """The worth of an instrument by its kind."""
    kind = Worth if instrument.kind is ContractKind.LINEAR else InverseWorth
    return kind(instrument, mark)
