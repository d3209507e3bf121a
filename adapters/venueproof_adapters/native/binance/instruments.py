"""Instruments and limits as `exchangeInfo` lists them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.native.binance.products import Product
from venueproof_adapters.native.binance.wire import ExchangeInfo, SymbolRow
from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import Instrument

Value = TypeVar("Value")

_NEVER_MS = 4133404800000
"""`deliveryDate` of a perpetual."""
_INTERVAL_S = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400}


def limits(info: ExchangeInfo) -> dict[tuple[str, int], int]:
    """Limits in force by kind and length in seconds."""
    return {
        (row.rate_limit_type, _INTERVAL_S.get(row.interval, 0) * row.interval_num): row.limit
        for row in info.rate_limits
    }


def instrument(row: SymbolRow, product: Product) -> Instrument:
    """One entry of the list. Amounts count contracts: of linear products one is a base coin."""
    filters = {_text(one, "filterType"): one for one in row.filters}
    lot = filters.get("LOT_SIZE", {})
    dated = row.delivery_date != _NEVER_MS and "PERPETUAL" not in row.contract_type
    symbol = f"{row.base_asset}/{row.quote_asset}:{row.margin_asset}"
    if dated:
        symbol += f"-{datetime.fromtimestamp(row.delivery_date / 1000, UTC):%y%m%d}"
    return Instrument(
        symbol=symbol,
        spelling=row.symbol,
        product=product.name,
        base=row.base_asset,
        quote=row.quote_asset,
        settle=row.margin_asset,
        price_tick=_figure(filters.get("PRICE_FILTER", {}), "tickSize"),
        amount_step=_figure(lot, "stepSize"),
        amount_min=_figure(lot, "minQty"),
        amount_max=_figure(lot, "maxQty"),
        contract_size=row.contract_size,
        contract_unit=product.contract_unit,
        notional_min=_figure(filters["MIN_NOTIONAL"], "notional") if "MIN_NOTIONAL" in filters else None,
        expires_ns=row.delivery_date * MS_NS if dated else None,
        active="TRADING" in (row.status, row.contract_status),
    )


def _text(row: dict[str, msgspec.Raw], name: str) -> str:
    return _read(row, name, str)


def _figure(row: dict[str, msgspec.Raw], name: str) -> Decimal:
    return _read(row, name, Decimal)


def _read(row: dict[str, msgspec.Raw], name: str, kind: type[Value]) -> Value:
    try:
        return msgspec.json.decode(row[name], type=kind)
    except (KeyError, msgspec.MsgspecError):
        raise BadAnswer(f"a filter of exchangeInfo lacks {name}") from None
