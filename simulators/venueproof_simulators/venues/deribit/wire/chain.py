"""Dated contracts: which are to be listed at a moment, by the rules of `facts/chain.toml`, and how they are named.

    BTC-27MAY22   BTC-24JUN22-52000-P   XRP_USDC-30JUN24-0d625-C

A day has no leading zero, a month is three large letters, a strike has a `d` for its point. All end at 08:00 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from venueproof_simulators.host.decimals import plain
from venueproof_simulators.host.facts import FactsError, InstrumentRow, Scalar, read_facts

_EXPIRY = time(8, tzinfo=UTC)
_FRIDAY = 4
_QUARTERS = (3, 6, 9, 12)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PERIODS = {"day": "day", "week": "week", "month": "month", "quarter": "month"}
"""What decides about an expiry → `settlement_period`, shortest last: the longest rule that names a day wins."""
_FAMILY_STEP = 10**8
_DAY_STEP = 10**4
_LISTED_DAYS = {"day": 2, "week": 14, "month": 60, "quarter": 180}

PriceOf = Callable[[str], Decimal]
"""What an underlying costs."""


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """Contracts that differ in expiry and strike alone. Without strikes they are futures."""

    number: int
    prefix: str
    dates: dict[str, int]
    """Kind of date → how many of the next ones."""
    row: dict[str, Any]
    wire: dict[str, Scalar]
    source: str
    strikes: int = 0
    """So many on either side of the price, and that next to it."""
    strike_step: Decimal = Decimal(1)


class Chain(Struct, frozen=True, forbid_unknown_fields=True):
    """All families, and what their rows have in common."""

    source: str
    usual: dict[str, Any]
    family: list[Family]


@cache
def load_chain(package: str) -> Chain:
    """The rules of a venue's package. Raises `FactsError`."""
    return read_facts(package, "chain", Chain)


def rows_at(chain: Chain, now_ns: int, price_of: PriceOf, known: Mapping[str, object]) -> list[InstrumentRow]:
    """The rows of contracts that are to be listed at a moment, but for those whose day is known already."""
    rows: list[InstrumentRow] = []
    for family in chain.family:
        listed = {_day_part(name, family) for name in known if name.startswith(f"{family.prefix}-")}
        for day, rule in expiries(family.dates, now_ns).items():
            if _named(day) not in listed:
                rows += _rows(chain, family, day, rule, price_of(str(family.row["underlying"])))
    return rows


def _day_part(name: str, family: Family) -> str:
    """The day in the name of a contract of a family; nothing for that of another family with the same prefix."""
    parts = name.split("-")
    return parts[1] if (len(parts) > 2) is bool(family.strikes) else ""


def expiries(dates: Mapping[str, int], now_ns: int) -> dict[date, str]:
    """The next days of each kind, with the kind: the longest one where a day is of several."""
    found: dict[date, str] = {}
    for kind in ("day", "week", "month", "quarter"):
        days = _days(kind, now_ns)
        found.update({next(days): kind for _ in range(dates.get(kind, 0))})
    return dict(sorted(found.items()))


def _days(kind: str, now_ns: int) -> Iterator[date]:
    """Days of a kind whose expiry is to come."""
    now = datetime.fromtimestamp(now_ns // 10**9, UTC)
    day = now.date() if now.timetz() < _EXPIRY else now.date() + timedelta(days=1)
    while True:
        if kind == "day" or _fits(kind, day):
            yield day
        day += timedelta(days=1)


def _fits(kind: str, day: date) -> bool:
    if day.weekday() != _FRIDAY:
        return False
    last = (day + timedelta(days=7)).month != day.month
    return kind == "week" or (last and (kind == "month" or day.month in _QUARTERS))


def _named(day: date) -> str:
    return f"{day.day}{_MONTHS[day.month - 1]}{day:%y}"


def _rows(chain: Chain, family: Family, day: date, rule: str, price: Decimal) -> Iterator[InstrumentRow]:
    expiry = datetime.combine(day, _EXPIRY)
    if not family.strikes:
        yield _row(chain, family, expiry, rule, 0, {})
        return
    middle = int((price / family.strike_step).to_integral_value())
    for count in range(max(1, middle - family.strikes), middle + family.strikes + 1):
        for call in (True, False):
            terms = {"strike": str(count * family.strike_step), "call": call}
            yield _row(chain, family, expiry, rule, 2 * count + call, terms)


def _row(
    chain: Chain, family: Family, expiry: datetime, rule: str, serial: int, terms: dict[str, Any]
) -> InstrumentRow:
    name, symbol = f"{family.prefix}-{_named(expiry.date())}", _symbol(family, expiry)
    if terms:
        letter, strike = "C" if terms["call"] else "P", plain(Decimal(str(terms["strike"])))
        name, symbol = f"{name}-{strike.replace('.', 'd')}-{letter}", f"{symbol}-{strike}-{letter}"
    listed = expiry - timedelta(days=_LISTED_DAYS[rule])
    days = expiry.toordinal()
    wire = {
        "instrument_id": family.number * _FAMILY_STEP + days % 10**4 * _DAY_STEP + serial,
        "creation_timestamp": int(listed.timestamp()) * 1000,
        "settlement_period": _PERIODS[rule],
        "expiration_timestamp": int(expiry.timestamp()) * 1000,
    }
    told = chain.usual | family.row | terms
    told |= {"name": name, "symbol": symbol, "expiry": expiry, "source": family.source, "wire": family.wire | wire}
    try:
        return msgspec.convert(told, InstrumentRow)
    except msgspec.ValidationError as fault:
        raise FactsError(f"facts/chain.toml: family {family.number}: {fault}") from fault


def _symbol(family: Family, expiry: datetime) -> str:
    row = family.row
    return f"{row['base']}/{row['quote']}:{row['settle']}-{expiry:%y%m%d}"
