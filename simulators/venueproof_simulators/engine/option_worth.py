"""What an option is worth, and what who is short must keep: linear in its premium, and all of that is paid at once.

The margin of a short option, in the form in which venues publish their standard margin model: initial
max(`initial_ppm` − how far it is out of the money, `initial_least_ppm`) of the underlying, and maintenance
`maintenance_ppm` of it, each and the option at mark; of a put no less than `maintenance_ppm` of the option itself, nor
initially less than its maintenance. A long option ties up nothing, and stands behind nothing.
"""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.instruments import ASSET_DECIMALS, Instrument, OptionTerms
from venueproof_simulators.engine.worth import NANO, PPM, Worth


class OptionWorth(Worth):
    """An option. `reindex` must be told whenever the index price moves."""

    __slots__ = ("_cap_ppm", "_fee_underlying", "_out_ppm", "_per_lot", "_settles_base", "_terms", "_underlying_micro")

    premium = True

    def __init__(self, instrument: Instrument, terms: OptionTerms, mark: int, index: Decimal) -> None:
        super().__init__(instrument, mark)
        self._terms = terms
        self._fee_underlying, self._cap_ppm = instrument.fee_underlying, instrument.fee_cap_ppm
        self._per_lot = (instrument.lot * instrument.contract_size).scaleb(ASSET_DECIMALS)
        self._settles_base = instrument.settle == instrument.base
        self.reindex(index)

    def reindex(self, index: Decimal) -> None:
        """The underlying now costs so much."""
        terms = self._terms
        worth = self._per_lot if self._settles_base else self._per_lot * index
        self._underlying_micro = int(worth.scaleb(6))
        out = terms.strike - index if terms.call else index - terms.strike
        self._out_ppm = max(0, int(out * PPM / index))

    def underlying_atoms(self, lots: int) -> int:
        """What the underlying of lots is worth, rounded up."""
        return -(-self._underlying_micro * lots // PPM)

    def short_atoms(self, lots: int) -> tuple[int, int]:
        """Initial and maintenance margin of so many lots sold (unsigned), rounded up."""
        terms, underlying, mark = self._terms, self.underlying_atoms(lots), self.atoms_up(self.lot_value * lots)
        rate = max(terms.initial_ppm - self._out_ppm, terms.initial_least_ppm)
        kept = -(-underlying * terms.maintenance_ppm // PPM)
        if not terms.call:
            kept = max(kept, -(-mark * terms.maintenance_ppm // PPM))
        return max(-(-underlying * rate // PPM), kept if not terms.call else 0) + mark, kept + mark

    def fee_part(self, atoms: int, lots: int, fee_ppm: int) -> tuple[int, int]:
        """What a fee on lots (unsigned) traded for so many atoms is a part of, and which, in parts per million."""
        basis = self.underlying_atoms(lots) if self._fee_underlying else atoms
        if self._cap_ppm and basis * fee_ppm > atoms * self._cap_ppm:
            return atoms, self._cap_ppm
        return basis, fee_ppm

    def moved(self, lots: int, realized: int, atoms: int) -> int:
        """What a wallet gains when signed lots are closed for so many atoms: all of them, or it pays them."""
        return atoms if lots > 0 else -atoms

    def delivery_fee(self, atoms: int, lots: int) -> tuple[int, int]:
        """The fee for delivering lots."""
        return self.fee_part(atoms, abs(lots), self.delivery_ppm)

    def intrinsic_nano_ticks(self, tick: Decimal, index: Decimal) -> int:
        """What it is delivered at when the underlying costs so much, in billionths of a tick, rounded down."""
        gained = index - self._terms.strike if self._terms.call else self._terms.strike - index
        worth = max(Decimal(0), gained) / (index if self._settles_base else 1)
        return int(worth / tick * NANO)
