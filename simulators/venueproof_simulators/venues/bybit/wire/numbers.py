"""An instrument as Bybit prints it: nearly every scalar is a string, moments are ms, and absent values are empty."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.state import PositionSide
from venueproof_simulators.host.decimals import fixed, plain
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.listing import Listing as AnyListing
from venueproof_simulators.kit.numbers import wire_ms

SEQUENCE_BASE = 10**9
"""What is added to the engine's count of changes: the venue's sequence numbers are large from the start."""
LEGS: dict[int, PositionSide] = {0: PositionSide.NET, 1: PositionSide.LONG, 2: PositionSide.SHORT}
"""`positionIdx` → the leg it names."""
INDEXES = {leg: index for index, leg in LEGS.items()}
"""The other way round."""
_EIGHT = Decimal("1e-8")
_ID_DIGITS = 12


class Listing(AnyListing):
    """One instrument of V5."""

    def __init__(self, row: InstrumentRow, index: int, instrument: Instrument | None = None) -> None:
        """`index` is its place among all, which ids of its orders and trades contain."""
        super().__init__(row, instrument)
        self.index = index
        self.category = row.product
        self.price_places = int(str(row.wire["priceScale"]))
        self.hedges = bool(row.wire["hedge"])
        """Whether it can have a long and a short leg side by side."""

    def scaled(self, ticks: int) -> str:
        """A price with the decimals of `priceScale`, as in books and tickers: `60100.00`."""
        return fixed(self.price(ticks), self.price_places)

    def price_or_blank(self, ticks: int) -> str:
        """A plain price, or nothing for 0."""
        return self.plain_price(ticks) if ticks else ""

    def plain_amount(self, lots: int) -> str:
        """An amount without trailing zeros: `0.01`."""
        return plain(self.amount(lots))

    def worth(self, ticks: int, lots: int) -> Decimal:
        """What lots are worth at a price in the money they are settled in: quote, or coin of inverse ones."""
        return self.base(ticks, lots) if self.inverse else self.quote(ticks, lots)


def short(value: Decimal) -> str:
    """Money and averages: up to eight decimals, without trailing zeros."""
    return plain(value.quantize(_EIGHT)) if value else "0"


def ms_text(time: VenueTime, at_ns: int) -> str:
    """A moment of the engine on the venue's clock, in ms as text."""
    return str(wire_ms(time, at_ns))


def spelled_id(kind: int, index: int, number: int) -> str:
    """An id in the form of a UUID that gives back the instrument and the engine's number."""
    scrambled = (kind * 0x9E3779B1 + index * 0x85EBCA6B + number * 0xC2B2AE35) & 0xFFFFFFFF
    return f"{scrambled:08x}-{kind:04x}-4{index:03x}-8{scrambled & 0xFFF:03x}-{number:0{_ID_DIGITS}x}"


def read_id(kind: int, text: str) -> tuple[int, int] | None:
    """Index of the instrument and number of an id; None when the venue never gave out such an id."""
    parts = text.split("-")
    if len(parts) != 5 or len(parts[2]) != 4 or len(parts[4]) != _ID_DIGITS:
        return None
    try:
        index, number = int(parts[2][1:], 16), int(parts[4], 16)
    except ValueError:
        return None
    return (index, number) if spelled_id(kind, index, number) == text else None
