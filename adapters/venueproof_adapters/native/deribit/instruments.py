"""Instruments as the venue lists them, and symbols of those that it lists no more.

Amounts are dollars of inverse contracts, the base coin of all others; one contract of ours is one of these, whatever
the venue counts besides. A list has no instrument that expired: its name still tells what it was.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.precision import decimal_text
from venueproof_adapters.native.deribit.wire import InstrumentRow
from venueproof_contracts.model import ContractUnit, Instrument

KINDS = frozenset({"future", "option"})
"""What is traded here: combinations and spot are not."""
_ONE = Decimal(1)
_PERPETUAL = "perpetual"
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_NAME = re.compile(
    r"(?P<base>[A-Z0-9]+)(_(?P<quote>[A-Z0-9]+))?-(?P<day>[1-9][0-9]?)(?P<month>[A-Z]{3})(?P<year>[0-9]{2})"
    r"(-(?P<strike>[0-9]+(d[0-9]+)?)-(?P<type>[CP]))?"
)
"""`BTC-5JAN24`, `XRP_USDC-30JUN24-0d625-C`. Source: the vendor's page on instrument names."""


def instrument(row: InstrumentRow) -> Instrument:
    """One entry of the list."""
    dated, option = row.settlement_period != _PERPETUAL, row.kind == "option"
    quote = row.counter_currency or row.quote_currency
    symbol = f"{row.base_currency}/{quote}:{row.settlement_currency}"
    if dated:
        symbol += f"-{datetime.fromtimestamp(row.expiration_timestamp / 1000, UTC):%y%m%d}"
    if option and row.strike is not None and row.option_type:
        symbol += f"-{decimal_text(row.strike)}-{row.option_type[0].upper()}"
    inverse = row.settlement_currency == row.base_currency
    return Instrument(
        symbol=symbol,
        spelling=row.instrument_name,
        product=row.kind if dated else "inverse" if inverse else "linear",
        base=row.base_currency,
        quote=quote,
        settle=row.settlement_currency,
        price_tick=row.tick_size,
        amount_step=row.min_trade_amount,
        amount_min=row.min_trade_amount,
        contract_size=_ONE,
        contract_unit=ContractUnit.QUOTE if inverse and not option else ContractUnit.BASE,
        expires_ns=row.expiration_timestamp * MS_NS if dated else None,
        active=row.is_active and row.state == "open",
    )


def expired_symbol(name: str) -> str:
    """The symbol of a dated instrument by its name alone; the name itself when it is none."""
    found = _NAME.fullmatch(name)
    if found is None or found["month"] not in _MONTHS:
        return name
    month = _MONTHS.index(found["month"]) + 1
    quote, settle = found["quote"] or "USD", found["quote"] or found["base"]
    symbol = f"{found['base']}/{quote}:{settle}-{found['year']}{month:02}{int(found['day']):02}"
    return f"{symbol}-{found['strike'].replace('d', '.')}-{found['type']}" if found["strike"] else symbol
