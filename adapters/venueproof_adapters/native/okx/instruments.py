"""Instruments as public/instruments lists them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_adapters.kit.figures import figure
from venueproof_adapters.native.okx.products import Product
from venueproof_adapters.native.okx.wire import InstrumentRow
from venueproof_contracts.model import Instrument


def instruments(rows: list[InstrumentRow], product: Product) -> list[Instrument]:
    """Those of a product; what is announced only has no steps, and is left out."""
    return [_instrument(row, product) for row in rows if row.ct_type == product.contract_type and row.tick_sz]


def _instrument(row: InstrumentRow, product: Product) -> Instrument:
    base, quote = row.inst_family.split("-", 1)
    return Instrument(
        symbol=f"{base}/{quote}:{row.settle_ccy}",
        spelling=row.inst_id,
        product=product.name,
        base=base,
        quote=quote,
        settle=row.settle_ccy,
        price_tick=Decimal(row.tick_sz),
        amount_step=Decimal(row.lot_sz),
        amount_min=Decimal(row.min_sz),
        amount_max=figure(row.max_lmt_sz),
        contract_size=Decimal(row.ct_val) * Decimal(row.ct_mult or "1"),
        contract_unit=product.contract_unit,
        active=row.state == "live",
    )
