"""An instrument as Binance prints it: prices and amounts as strings with the symbol's precision, times in ms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.worth import SCALE
from venueproof_simulators.host.decimals import CONTEXT, counted, fixed, places, plain, whole
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.products import PRODUCTS, ProductRules
from venueproof_simulators.venues.binance.wire.brackets import Steps, brackets_of

NANO = Decimal("1e-9")
_MEAN_UNIT = Decimal("1e-8")
_UPDATE_ID_BASE = 10**9
PERPETUAL = "PERPETUAL"
PERPETUAL_DELIVERY_MS = 4133404800000
"""What the venue writes as the delivery date of a perpetual contract."""


class Grid:
    """One step, of prices or of amounts: so many steps as text and back, in integers all the way."""

    def __init__(self, step: Decimal) -> None:
        self.places = places(step)
        self._units = whole(step.scaleb(self.places))
        """How many units of the last decimal place a step is."""

    def text(self, count: int) -> str:
        """So many steps with the decimals of the step: `0.010`."""
        return counted(count * self._units, self.places)

    def count(self, text: str) -> int | None:
        """How many whole steps a number (digits, and perhaps a point) is; None when it is off the step."""
        digits, _, fraction = text.partition(".")
        if len(fraction) > self.places:
            fraction = fraction.rstrip("0")
            if len(fraction) > self.places:
                return None
        count, rest = divmod(int(digits + fraction.ljust(self.places, "0")), self._units)
        return None if rest else count


class Listing:
    """One instrument: the row of facts, the engine's integers, and the way from one to the other."""

    def __init__(self, row: InstrumentRow, steps: Steps) -> None:
        self.row = row
        self.steps = steps
        """Up to which notional a position may have which leverage, smallest positions first."""
        self._notional_max = {
            leverage: max(most for greatest, most in steps if greatest >= leverage)
            for leverage in range(1, row.leverage_max + 1)
        }
        plain_instrument = row.instrument()
        self.instrument: Instrument = replace(plain_instrument, brackets=brackets_of(plain_instrument, steps))
        self.name = row.name
        self.symbol = row.symbol
        self.tick = Grid(row.tick)
        self.lot = Grid(row.amount_step)
        self.product: ProductRules = PRODUCTS[row.product]
        self.inverse = row.kind is ContractKind.INVERSE
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
        self._value = row.tick * row.amount_step * row.contract_size
        self._face = row.amount_step * row.contract_size
        self._scaled_tick = row.tick * SCALE
        self.protect_ppm = self.instrument.price_band_ppm
        """`triggerProtect`: how far apart mark and last price may be when a protected conditional order fires."""
        self.zero_price = fixed(Decimal(0), self.price_places)
        """No price, in the symbol's full precision."""

    def ticks(self, fine: int, *, up: bool) -> int:
        """The next tick at or above a price of the fine grid, or at or below it."""
        return -(-fine // self._price_units) if up else fine // self._price_units

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return self.row.tick * ticks

    def amount(self, lots: int) -> Decimal:
        """Lots as an amount."""
        return self.row.amount_step * lots

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
        """The average price of lots that traded for a value, to eight decimals; 0 for no lots."""
        if not lots:
            return Decimal(0)
        over, under = (lots * SCALE, value) if self.inverse else (value, lots)
        return rounded(CONTEXT.divide(CONTEXT.multiply(self.row.tick, Decimal(over)), Decimal(under)))

    def notional_max(self, leverage: int) -> int:
        """How much a position may be worth at a leverage: the higher, the less."""
        return self._notional_max[leverage]

    def mark(self, nano_ticks: int) -> Decimal:
        """Billionths of a tick as a price."""
        return self.row.tick * nano_ticks * NANO

    def only_usd(self, **fields: object) -> dict[str, Any]:
        """Fields that documents of USDⓈ-M futures alone have."""
        return {} if self.inverse else fields

    def only_coin(self, **fields: object) -> dict[str, Any]:
        """Fields that documents of COIN-M futures alone have."""
        return fields if self.inverse else {}

    def price_text(self, ticks: int) -> str:
        """A price in the symbol's full precision, as in replies to orders: `60000.00`."""
        return counted(ticks * self._price_units, self.price_places)

    def tick_text(self, ticks: int) -> str:
        """A price with the decimals of its tick, as in books and candles: `60000.0`."""
        return self.tick.text(ticks)

    def plain_price(self, ticks: int) -> str:
        """A price without trailing zeros, as in fills and order events: `60000`."""
        return plain(self.price(ticks))

    def amount_text(self, lots: int) -> str:
        """An amount with the decimals of its step: `0.010`."""
        return self.lot.text(lots)


def update_id(sequence: int) -> int:
    """A change of a book as the venue numbers it: large from the start, as clients take 0 for nothing."""
    return _UPDATE_ID_BASE + sequence


def decimals(text: str) -> int:
    """How many decimals a number really has: 1 for `0.10`."""
    return len(text.partition(".")[2].rstrip("0"))


def rounded(value: Decimal) -> Decimal:
    """A price to eight decimals."""
    return value.quantize(_MEAN_UNIT, context=CONTEXT)


def unpadded(text: str) -> str:
    """A number without trailing zeros: `58000` for `58000.00`."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def eight(value: Decimal) -> str:
    """Money and mark prices: eight decimals."""
    return fixed(value, 8)


def wire_ms(time: VenueTime, at_ns: int) -> int:
    """A moment of the engine on the venue's own clock, in ms."""
    return (at_ns + time.wire_ns - time.true_ns) // 1_000_000
