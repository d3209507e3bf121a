"""What an engine forgets that runs for days: orders and fills by age, public trades by number.

Nothing that can still change is forgotten, nor is money: balances, positions and candles stay as they are.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.events import Forgotten
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import Account, Holding
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.state import LIVE, FillState, OrderStatus

_DAY_NS = 86_400 * 10**9
_PENDING = LIVE | {OrderStatus.ACKNOWLEDGED}


class Keep(Struct, frozen=True):
    """How much is remembered. Of candles one row a minute is kept for as long as the engine runs."""

    ended_ns: int = 90 * _DAY_NS
    """How long orders and conditional orders are known after their end, and fills."""
    unfilled_ns: int = 3 * _DAY_NS
    """How long orders are known that ended without a fill, and conditional orders without a resulting order."""
    trades: int = 100_000
    """How many of its newest public trades an instrument keeps, besides those before the start."""
    every_ns: int = 3600 * 10**9
    """How often it is looked for what is to be forgotten."""


def forget(floor: Floor, keep: Keep) -> Forgotten:
    """Drop what is older than is to be kept; tells what others may have kept notes of."""
    orders: list[Order] = []
    for market in floor.markets.values():
        orders += _forget_orders(market, floor.now_ns, keep)
        market.tape.forget(keep.trades)
    for account in floor.ledger.users():
        _forget_fills(account, floor.now_ns - keep.ended_ns)
    conditionals = floor.conditionals.forget(floor.now_ns - keep.ended_ns, floor.now_ns - keep.unfilled_ns)
    return Forgotten(tuple((order.terms.instrument, order.order_id) for order in orders), tuple(conditionals))


def _forget_orders(market: Market, now_ns: int, keep: Keep) -> list[Order]:
    """Drop the orders of a market that ended long ago, and return them."""
    old = [order for order in market.orders.values() if _is_old(order, now_ns, keep)]
    for order in old:
        del market.orders[order.order_id]
        _drop(order.holding, order)
    for account in {order.holding.account.name: order.holding.account for order in old}.values():
        account.orders = [order for order in account.orders if order.order_id in order.holding.orders]
    return old


def _is_old(order: Order, now_ns: int, keep: Keep) -> bool:
    kept_ns = keep.ended_ns if order.filled_lots else keep.unfilled_ns
    return order.status not in _PENDING and now_ns - order.updated_ns > kept_ns


def _drop(holding: Holding, order: Order) -> None:
    del holding.orders[order.order_id]
    if holding.by_client_id.get(order.terms.client_id) is order:
        del holding.by_client_id[order.terms.client_id]


def _forget_fills(account: Account, before_ns: int) -> None:
    account.fills = _since(account.fills, before_ns)
    for holding in account.holdings.values():
        holding.fills = _since(holding.fills, before_ns)


def _since(fills: list[FillState], at_ns: int) -> list[FillState]:
    return [fill for fill in fills if fill.at_ns >= at_ns]
