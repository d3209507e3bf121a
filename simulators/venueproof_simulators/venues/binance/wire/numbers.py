"""An instrument as Binance prints it: prices and amounts as strings with the symbol's precision, times in ms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from venueproof_simulators.host.decimals import CONTEXT, counted, fixed, whole
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.kit import listing
from venueproof_simulators.kit.numbers import Grid
from venueproof_simulators.venues.binance.products import PRODUCTS, ProductRules
from venueproof_simulators.venues.binance.wire.brackets import Steps, brackets_of

_MEAN_UNIT = Decimal("1e-8")
_UPDATE_ID_BASE = 10**9
PERPETUAL = "PERPETUAL"
PERPETUAL_DELIVERY_MS = 4133404800000
"""What the venue writes as the delivery date of a perpetual contract."""


class Listing(listing.Listing):
    """One instrument, with its brackets of leverage and the precision its documents have."""

    def __init__(self, row: InstrumentRow, steps: Steps) -> None:
        plain_instrument = row.instrument()
        super().__init__(row, replace(plain_instrument, brackets=brackets_of(plain_instrument, steps)))
        self.steps = steps
        """Up to which notional a position may have which leverage, smallest positions first."""
        self._notional_max = {
            leverage: max(most for greatest, most in steps if greatest >= leverage)
            for leverage in range(1, int(row.leverage_max) + 1)
        }
        self.product: ProductRules = PRODUCTS[row.product]
        self.pair = str(row.wire.get("pair", row.name))
        """What contracts of different dates have in common; a USDⓈ-M perpetual's is spelled like it."""
        self.coin_pair = {"pair": self.pair} if self.inverse else dict[str, str]()
        """`pair` where only documents of COIN-M futures have it."""
        self.contract_type = str(row.wire.get("contractType", PERPETUAL))
        self.delivery_ms = int(str(row.wire.get("deliveryDate", PERPETUAL_DELIVERY_MS)))
        self.price_places = int(str(row.wire["pricePrecision"]))
        self.amount_places = int(str(row.wire["quantityPrecision"]))
        self.money_places = self.price_places + self.amount_places
        """Decimals of average prices and of sums in quote, as recorded: 43676.62353 and 1485.00520 of BTCUSDT."""
        self.fine = Grid(Decimal(1).scaleb(-self.price_places))
        """The precision of prices, finer than the tick: trigger prices may lie between two ticks."""
        self._price_units = whole(row.tick.scaleb(self.price_places))
        """How many units of the last decimal place of prices a tick is."""
        self.protect_ppm = self.instrument.price_band_ppm
        """`triggerProtect`: how far apart mark and last price may be when a protected conditional order fires."""
        self.zero_price = fixed(Decimal(0), self.price_places)
        """No price, in the symbol's full precision."""

    def ticks(self, fine: int, *, up: bool) -> int:
        """The next tick at or above a price of the fine grid, or at or below it."""
        return -(-fine // self._price_units) if up else fine // self._price_units

    def mean(self, value: int, lots: int) -> Decimal:
        """The average price of lots that traded for a value, to eight decimals; 0 for no lots."""
        return rounded(super().mean(value, lots)) if lots else Decimal(0)

    def notional_max(self, leverage: int) -> int:
        """How much a position may be worth at a leverage: the higher, the less."""
        return self._notional_max[leverage]

    def only_usd(self, **fields: object) -> dict[str, Any]:
        """Fields that documents of USDⓈ-M futures alone have."""
        return {} if self.inverse else fields

    def only_coin(self, **fields: object) -> dict[str, Any]:
        """Fields that documents of COIN-M futures alone have."""
        return fields if self.inverse else {}

    def price_text(self, ticks: int) -> str:
        """A price in the symbol's full precision, as in replies to orders: `60000.00`."""
        return counted(ticks * self._price_units, self.price_places)


def update_id(sequence: int) -> int:
    """A change of a book as the venue numbers it: large from the start, as clients take 0 for nothing."""
    return _UPDATE_ID_BASE + sequence


def rounded(value: Decimal) -> Decimal:
    """A price to eight decimals."""
    return value.quantize(_MEAN_UNIT, context=CONTEXT)


def eight(value: Decimal) -> str:
    """Money and mark prices: eight decimals."""
    return fixed(value, 8)
