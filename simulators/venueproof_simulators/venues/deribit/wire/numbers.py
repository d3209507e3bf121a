"""An instrument as Deribit knows it, and how numbers and ids are printed.

Prices, amounts and fees are JSON numbers; moments are integers in ms. An id of an order or a trade is made of digits
where the contract is margined in BTC, and begins with the settlement currency elsewhere (`ETH-584864807`).
"""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.host.decimals import CONTEXT, money
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.kit.listing import Listing as KitListing

PERPETUAL = "perpetual"
PERPETUAL_EXPIRY_MS = 32503708800000
"""What the venue writes as the expiry of a perpetual."""
_PLAIN_IDS = "BTC"
"""The currency whose ids have no prefix."""
_ORDER_STEP = 10**7
_TRADE_STEP = 10**10
"""How far the numbers of two instruments' orders and trades are apart."""
_DIGITS_MAX = 20
_PRICE_PLACES = Decimal("0.0001")
_FINE_PLACES = Decimal("0.000001")


class Listing(KitListing):
    """One instrument: the row of facts, the engine's integers, and what its documents say besides."""

    def __init__(self, row: InstrumentRow, instrument: Instrument | None = None) -> None:
        super().__init__(row, instrument)
        wire = row.wire
        self.number = int(str(wire["instrument_id"]))
        self.index_name = str(wire["index_name"])
        self.contract_size = Decimal(str(wire["contract_size"]))
        self.created_ms = int(str(wire["creation_timestamp"]))
        self.period = str(wire.get("settlement_period", PERPETUAL))
        self.kind = str(wire.get("kind", "future"))
        self.expiry_ms = int(str(wire.get("expiration_timestamp", PERPETUAL_EXPIRY_MS)))
        self.currency = row.settle
        """Whose account it is margined in, and what lists by currency mean."""
        self._prefix = "" if row.settle == _PLAIN_IDS else f"{row.settle}-"

    @property
    def perpetual(self) -> bool:
        """Whether it never expires, and funding is paid on it."""
        return self.period == PERPETUAL

    @property
    def option(self) -> bool:
        """Whether it is an option."""
        return self.kind == "option"

    def ends_by(self, now_ns: int) -> bool:
        """Whether it has expired by a moment."""
        return 0 < self.instrument.expiry_ns <= now_ns

    def tick_steps(self) -> list[dict[str, float]]:
        """Where the price step is a coarser one."""
        row = self.row
        return [{"above_price": num(row.coarse_above), "tick_size": num(row.coarse_tick)}] if row.coarse_tick else []

    def order_id(self, number: int) -> str:
        """How an order's number is spelled."""
        return f"{self._prefix}{self.number * _ORDER_STEP + number}"

    def trade_id(self, number: int) -> str:
        """How a trade's number is spelled."""
        return f"{self._prefix}{self.number * _TRADE_STEP + number}"

    def trigger_id(self, letters: str, number: int) -> str:
        """How a trigger order's number is spelled: `SLMS-12`, `ETH-SLIS-12`."""
        return f"{self._prefix}{letters}-{number}"

    def contracts(self, lots: int) -> float:
        """Lots as contracts: the amount in units of the contract size."""
        return num(CONTEXT.divide(self.amount(lots), self.contract_size))

    def coin(self, lots: int, nano_ticks: int) -> Decimal:
        """How much coin lots are at a price: of inverse contracts their dollars over it."""
        if not self.inverse:
            return self.face(lots)
        return CONTEXT.divide(self.face(lots), self.mark(nano_ticks)) if nano_ticks else Decimal(0)


def order_number(spelled: str) -> tuple[int, int] | None:
    """The instrument's number and the order's of an id of an ordinary order; None when it can be none."""
    digits = spelled.rpartition("-")[2]
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS_MAX:
        return None
    return divmod(int(digits), _ORDER_STEP)


def num(value: Decimal) -> float:
    """A number as JSON has it."""
    return float(value)


def coins(atoms: int) -> float:
    """Atoms of an asset as the number of coins they are."""
    return float(money(atoms))


def average_price(listing: Listing, nano_ticks: int) -> float:
    """An average price; 0 before the first fill."""
    places = _FINE_PLACES if listing.option or listing.row.tick < _PRICE_PLACES * 10 else _PRICE_PLACES
    return num(listing.mark(nano_ticks).quantize(places, context=CONTEXT))
