"""What options tie up: sold ones their margin, orders to buy their premium, orders to sell the margin of what they
would open. Options held tie up nothing, and neither they nor their profit stand behind anything else.
"""

from __future__ import annotations

from venueproof_simulators.engine.ledger import Figures, OptionHolding


def work_out(holding: OptionHolding) -> Figures:
    """The margin figures of a holding, as `margin.figures` has them."""
    initial, maintenance = holding.option_worth.short_atoms(max(0, -holding.net.lots))
    orders = _orders_atoms(holding, 0, 0)
    return initial + orders, initial, orders, 0, maintenance, 0, 0


def _orders_atoms(holding: OptionHolding, more_value: int, more_lots: int) -> int:
    """What open orders need, and orders to buy for so much more value and to sell so many more lots."""
    worth = holding.option_worth
    sold = sum(order.open_lots for order in holding.live.values() if order.sign < 0 and not order.reduce_only)
    opened = max(0, sold + more_lots - max(0, holding.net.lots))
    return worth.atoms_up(holding.buy_value + more_value) + worth.short_atoms(opened)[0]


def needed_atoms(holding: OptionHolding, sign: int, value: int, lots: int) -> int:
    """How much more an order needs: none where it only buys back what was sold, or sells what is held."""
    if sign > 0:
        bought = sum(order.open_lots for order in holding.live.values() if order.sign > 0)
        return 0 if bought + lots <= -holding.net.lots else holding.option_worth.atoms_up(value)
    return _orders_atoms(holding, 0, lots) - _orders_atoms(holding, 0, 0)
