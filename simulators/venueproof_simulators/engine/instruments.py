"""What the engine must know of a listed contract: integers for every price and amount.

A price is a number of `tick`s, the finest price step the venue ever uses; an amount is a number of `lot`s. Coarser
steps, minima and maxima are validity rules, checked when an order comes in. Money is a number of atoms of an asset;
one atom is 10**-ASSET_DECIMALS.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

ASSET_DECIMALS = 8
"""Decimal places of every currency. What a fee or a profit has beyond them goes to the rounding account."""


class ContractKind(StrEnum):
    """How profit is worked out."""

    LINEAR = "linear"
    """Amount in base (times `contract_size`), profit in quote."""
    INVERSE = "inverse"
    """Amount in quote (times `contract_size`), profit in base."""
    OPTION = "option"
    """Amount in base (times `contract_size`), price and profit in the settle asset, whatever that is."""


class InstrumentStatus(StrEnum):
    """Whether an instrument is traded."""

    OPEN = "open"
    DELIVERED = "delivered"
    """Expired: all its positions were settled, and no order comes in any more."""


class OptionTerms(Struct, frozen=True):
    """What an option is on. It is European, and worth its intrinsic value at expiry.

    The margin that whoever is short must keep is told in `options`: rates of the underlying's price, in parts per
    million.
    """

    strike: Decimal
    """In the currency in which the underlying is quoted."""
    call: bool
    initial_ppm: int = 150_000
    """Initial margin of an option at the money, less how far it is out of the money, but no less than:"""
    initial_least_ppm: int = 100_000
    maintenance_ppm: int = 75_000


class Bracket(Struct, frozen=True):
    """One step of the ladder that ties leverage and maintenance margin to the size of a position.

    Up to `notional_max_atoms` at mark a position may have `leverage_max_centi`, and must keep its notional × the
    maintenance ratio − `cum_atoms`, which makes up for the lower ratios of the steps before.
    """

    notional_max_atoms: int
    """In settle atoms."""
    leverage_max_centi: int
    maintenance_ppm: int
    cum_atoms: int = 0


class Instrument(Struct, frozen=True):
    """One contract. Counts of ticks and lots are integers; `Decimal` fields say what one of them is."""

    name: str
    """The venue's spelling; the engine's key."""
    symbol: str
    """The unified notation, for truth and for actions."""
    underlying: str
    """Whose base price it follows, e.g. `BTC`. Shared by all venues of a run."""
    base: str
    quote: str
    settle: str
    kind: ContractKind
    tick: Decimal
    lot: Decimal
    contract_size: Decimal
    product: str
    tick_step: int = 1
    lot_step: int = 1
    lots_min: int = 1
    lots_max: int = 10**12
    market_lots_max: int = 10**12
    ticks_min: int = 1
    ticks_max: int = 10**12
    notional_min_atoms: int = 0
    """In settle atoms; 0 for none."""
    price_band_ppm: int = 0
    """How far a limit price may be from mark on the aggressive side, in parts per million; 0 for no band."""
    open_orders_max: int = 200
    conditionals_max: int = 200
    """How many conditional orders of an account may wait, those on other instruments included."""
    callback_ppm_min: int = 1_000
    callback_ppm_max: int = 200_000
    """How far a trailing order's price must turn back: no less and no more than these."""
    maker_fee_ppm: int = 200
    """Parts per million of the notional."""
    taker_fee_ppm: int = 500
    leverage_max_centi: int = 12_500
    """Leverage is counted in hundredths everywhere: 350 is 3.5."""
    leverage_start_centi: int = 2_000
    maintenance_ppm: int = 4000
    """Without brackets: the same for positions of any size."""
    brackets: tuple[Bracket, ...] = ()
    """Smallest positions first; none: one for all."""
    funding_interval_ns: int = 8 * 3600 * 10**9
    funding_rate_ppb: int = 100_000
    """The rate shown and paid per interval, in parts per billion."""
    funding_continuous: bool = False
    """Funding accrues with every nanosecond at `funding_rate_ppb` per interval, and is paid when a position changes."""
    expiry_ns: int = 0
    """When it is delivered; 0 for a perpetual contract."""
    delivery_fee_ppm: int = 0
    """Parts per million of the notional at the delivery price."""
    option: OptionTerms | None = None
    """What makes it an option (`ContractKind.OPTION`)."""
    fee_underlying: bool = False
    """Fees are parts of what the underlying of an option is worth, not of its premium."""
    fee_cap_ppm: int = 0
    """No fee is more than this part of the premium; 0 for no such bound."""
    listed_ns: int = 0
    """Since when it has been traded; 0: since its underlying is."""
    open_interest_lots: int = 0
    """What strangers hold long among themselves from the start; positions of users come on top."""
    coarse_ticks: int = 0
    """From this price on, a multiple of both, prices stand `coarse_step` ticks apart; 0: never."""
    coarse_step: int = 1

    def step_at(self, ticks: int) -> int:
        """How far apart prices stand there, in ticks."""
        return self.coarse_step if 0 < self.coarse_ticks <= ticks else self.tick_step

    @property
    def ladder(self) -> tuple[Bracket, ...]:
        """The brackets, never none."""
        return self.brackets or (Bracket(10**24, self.leverage_max_centi, self.maintenance_ppm),)
