"""Instruments as Kraken knows them, and how it prints numbers, times and ids."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from venueproof_simulators.host.decimals import CONTEXT, money, plain
from venueproof_simulators.host.facts import InstrumentRow
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import listing
from venueproof_simulators.kit.numbers import wire_ns

Document = dict[str, object]
"""A JSON object as it is printed."""
ZERO = Decimal("0.0")
"""What a stream says where there is no price."""
_POINT = Decimal("0.1")
_MS = 1_000_000


class Listing(listing.Listing):
    """One contract, and what only its documents say."""

    def __init__(self, row: InstrumentRow) -> None:
        super().__init__(row)
        wire = row.wire
        self.kind_name = str(wire["type"])
        self.tag = str(wire["tag"])
        self.fee_schedule = str(wire["feeScheduleUid"])
        self.index_name = str(wire.get("underlying", ""))
        """The reference rate that it follows; of multi-collateral contracts the document says none."""
        self.decimals = int(cast(int, wire["decimals"]))
        self.perpetual = row.expiry is None
        self.pair = f"{row.base}:{row.quote}"
        self.flexible = not self.inverse
        """Whether it is margined by all collateral of the account together."""
        self.coin = "xbt" if row.base == "BTC" else row.base.lower()
        """The coin as the old surfaces spell it."""
        self.wallet = "flex" if self.flexible else f"fi_{self.coin}usd"
        """The account that stands behind it."""
        self.unit = row.quote if self.flexible else self.coin.upper()
        """What its profit is counted in."""
        self.protected = wire["makerProtected"] is True
        """Whether orders that may take are held back on it."""
        self.expiry_ms = 0 if row.expiry is None else int(row.expiry.timestamp()) * 1000


# --- numbers ----------------------------------------------------------------------------------------------------------


def trimmed(value: Decimal) -> Decimal:
    """A number without trailing zeros: 60000, 0.5."""
    short = value.normalize(CONTEXT)
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1), context=CONTEXT) if isinstance(exponent, int) and exponent > 0 else short


def floating(value: Decimal) -> Decimal:
    """A number with at least one decimal, as streams print prices: 60000.0."""
    short = trimmed(value)
    return short.quantize(_POINT, context=CONTEXT) if short == short.to_integral_value() else short


def rounded(value: Decimal, places: int = 8) -> Decimal:
    """A number with at most so many decimals."""
    return trimmed(value.quantize(Decimal(1).scaleb(-places), context=CONTEXT))


def coins(atoms: int) -> Decimal:
    """Money as a number."""
    return trimmed(money(atoms))


def text(value: Decimal) -> str:
    """A number as histories and charts spell it: `0.5`."""
    return plain(value)


def price(one: Listing, ticks: int) -> Decimal:
    """A price as a number."""
    return trimmed(one.price(ticks))


def size(one: Listing, lots: int) -> Decimal:
    """An amount as a number."""
    return trimmed(one.amount(lots))


def mark(one: Listing, nano_ticks: int) -> Decimal:
    """A mark or index price as a number."""
    return rounded(one.mark(nano_ticks), 12)


# --- times ------------------------------------------------------------------------------------------------------------


def iso(time: VenueTime, at_ns: int) -> str:
    """A moment of the engine on the venue's clock, with milliseconds: `2026-11-20T10:00:00.000Z`."""
    return stamp(wire_ns(time, at_ns))


def stamp(at_ns: int) -> str:
    """A moment of the venue's clock, with milliseconds."""
    seconds, rest = divmod(at_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // _MS:03d}Z"


def iso_micro(time: VenueTime, at_ns: int) -> str:
    """The same with microseconds, as the last trade is told."""
    seconds, rest = divmod(wire_ns(time, at_ns), 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def iso_date(moment: datetime) -> str:
    """A date of the facts: `2026-12-25T16:00:00.000Z`."""
    return stamp(int(moment.timestamp()) * 10**9)


# --- ids --------------------------------------------------------------------------------------------------------------


def uuid(seed: int, *parts: object) -> str:
    """An id that looks random and depends on seed and parts alone."""
    digest = hashlib.blake2b(":".join(map(str, (seed, *parts))).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


def order_uid(seed: int, instrument: str, number: int) -> str:
    """The id of an order; a conditional one keeps it when it fires."""
    return uuid(seed, "order", instrument, number)


def trade_uid(seed: int, instrument: str, number: int) -> str:
    """The id of a trade, which both sides share."""
    return uuid(seed, "trade", instrument, number)
