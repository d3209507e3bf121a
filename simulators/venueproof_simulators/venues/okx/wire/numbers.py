"""An instrument as OKX prints it: prices and amounts as plain strings without trailing zeros, times in ms."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.engine.instruments import ASSET_DECIMALS, Bracket, ContractKind
from venueproof_simulators.host.decimals import CONTEXT, money, plain
from venueproof_simulators.host.facts import InstrumentRow, read_facts
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.listing import Listing as CommonListing
from venueproof_simulators.kit.numbers import wire_ms

Document = dict[str, object]
"""A JSON object."""
_ORDER_IDS = 2_510_789_768_709_120_000
_ALGO_IDS = 681_200_000_000_000_000
_BILL_IDS = 623_900_000_000_000_000
_FINE = Decimal("1e-10")


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """How much leverage a position of up to so many contracts may have, and what of its worth it must keep."""

    contracts_max: Decimal
    leverage_max: int
    maintenance: Decimal


class Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    """The tiers of some instruments, smallest positions first."""

    instruments: list[str]
    price: Decimal
    """What contracts are counted at as money: the tiers are in contracts, the engine's brackets in money."""
    steps: list[Tier]
    source: str


class _Ladders(Struct, frozen=True, forbid_unknown_fields=True):
    ladder: list[Ladder]


@cache
def load_tiers(package: str) -> Mapping[str, Ladder]:
    """Each instrument's tiers. Raises `FactsError`."""
    ladders = read_facts(package, "tiers", _Ladders).ladder
    return {name: ladder for ladder in ladders for name in ladder.instruments}


class Listing(CommonListing):
    """One instrument."""

    def __init__(self, row: InstrumentRow, ladder: Ladder) -> None:
        self.tiers = ladder.steps
        brackets = tuple(_bracket(row, tier, ladder.price) for tier in ladder.steps)
        super().__init__(row, replace(row.instrument(), brackets=brackets))
        self.code = int(str(row.wire["instIdCode"]))
        """`instIdCode`."""
        self.family = str(row.wire["instFamily"])
        """`instFamily`, which is `uly` of a swap and the name of its index as well."""
        self.listed_ms = int(str(row.wire["listTime"]))

    def price_text(self, ticks: int) -> str:
        """A price; 0 for none is an empty text."""
        return self.plain_price(ticks) if ticks else ""

    def size_text(self, lots: int) -> str:
        """An amount in contracts."""
        return plain(self.amount(lots))

    def nano_price(self, nano_ticks: int) -> str:
        """Billionths of a tick as a price; 0 is an empty text."""
        return fine(self.mark(nano_ticks)) if nano_ticks else ""

    def coins(self, ticks: int, lots: int) -> Decimal:
        """How much of the base coin so many lots are at a price."""
        return self.base(ticks, lots)


def _bracket(row: InstrumentRow, tier: Tier, price: Decimal) -> Bracket:
    face = tier.contracts_max * row.contract_size
    worth = face / price if row.kind is ContractKind.INVERSE else face * price
    return Bracket(int(worth.scaleb(ASSET_DECIMALS)), tier.leverage_max * 100, int(tier.maintenance.scaleb(6)))


def fine(value: Decimal) -> str:
    """A number that may have no end, to ten decimals."""
    return plain(value.quantize(_FINE, rounding=ROUND_HALF_EVEN, context=CONTEXT))


def atoms_text(atoms: int) -> str:
    """Money: `-0.186`."""
    return plain(money(atoms))


def ratio(part: Decimal, whole: Decimal) -> str:
    """A fraction of two figures; an empty text where there is no whole."""
    return fine(CONTEXT.divide(part, whole)) if whole else ""


def centi_text(centi: int) -> str:
    """Leverage: `5` for 500 hundredths."""
    return plain(Decimal(centi).scaleb(-2))


def ppb_text(ppb: int) -> str:
    """A rate in parts per billion as a fraction: `0.0001`."""
    return plain(Decimal(ppb).scaleb(-9))


def ppm_text(ppm: int) -> str:
    """A rate in parts per million as a fraction."""
    return plain(Decimal(ppm).scaleb(-6))


def ms(time: VenueTime, at_ns: int) -> str:
    """A moment of the engine on the venue's own clock, in ms; of none an empty text."""
    return str(wire_ms(time, at_ns)) if at_ns else ""


def now_ms(time: VenueTime) -> str:
    """The venue's clock in ms."""
    return str(time.wire_ms)


def order_id(serial: int) -> str:
    """The id of the account's n-th order of all: they count up over all instruments."""
    return str(_ORDER_IDS + serial)


def serial_of(text: str) -> int:
    """The way back; what no order has for an id is no serial."""
    return int(text) - _ORDER_IDS if text.isascii() and text.isdigit() else -1


def algo_id(conditional_id: int) -> str:
    """The id of a conditional order, in a space of its own."""
    return str(_ALGO_IDS + conditional_id)


def conditional_of(text: str) -> int:
    """The way back."""
    return int(text) - _ALGO_IDS if text.isascii() and text.isdigit() else -1


def bill_id(serial: int) -> str:
    """The id of a row of the account's statement."""
    return str(_BILL_IDS + serial)


def bill_of(text: str) -> int:
    """The way back."""
    return int(text) - _BILL_IDS if text.isascii() and text.isdigit() else -1
