"""What contracts are worth, linear and inverse.

A linear contract counts base coin: it costs size × price of the settle money. An inverse one counts quote money: it
costs size / price of the settle coin, so that its profit as a fraction of its cost is another than the price's move.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_contracts.model import ContractUnit, Instrument, Position


def cost(instrument: Instrument, amount: Decimal, price: Decimal) -> Decimal:
    """What so many contracts cost at a price, in the settle asset."""
    face = abs(amount) * instrument.contract_size
    return face * price if instrument.contract_unit is ContractUnit.BASE else face / price


def rated(instrument: Instrument, position: Position) -> Position:
    """The position with its open profit as a fraction of its cost, where both are told."""
    if position.unrealized_pnl is None or not position.entry_price or not position.amount:
        return position
    spent = cost(instrument, position.amount, position.entry_price)
    return structs.replace(position, profit_rate=position.unrealized_pnl / spent)
