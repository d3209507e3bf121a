"""What users can do with orders: place, amend and cancel them. Their settings are in `modes`."""

from __future__ import annotations

from functools import partial

from venueproof_simulators.engine.checks import check_amend, check_place
from venueproof_simulators.engine.commands import Amend, Cancel, CancelAll, Place
from venueproof_simulators.engine.events import Acknowledged, Cause, MarginModeChanged, OrderChanged
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import Holding
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import end, open_order, work
from venueproof_simulators.engine.modes import check_margin_mode
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, MarginMode, OrderOrigin, OrderStatus

_USER = OrderOrigin.USER
_CANCELED = OrderStatus.CANCELED
_WAITING = LIVE | {OrderStatus.ACKNOWLEDGED}


def place(floor: Floor, command: Place) -> None:
    """Take in a new order; decide at once, or when the verdict is due.

    An order that is decided at once leaves no trace when it is refused. One that was acknowledged ends rejected.
    """
    account = floor.ledger[command.account]
    market = floor.markets.get(command.instrument) or floor.market(command.instrument)
    if market is None:
        floor.refuse(account.name, command.instrument, command.client_id, Refusal.UNKNOWN_INSTRUMENT)
        return
    holding = account.holdings.get(command.instrument) or account.hold(market.instrument, market.worth)
    refusal = None
    if command.client_id and command.unique_client_id:
        refusal = _duplicate(holding, command)
    if refusal is None and not command.verdict_delay_ns:
        refusal = verdict(floor, market, holding, command)
    if refusal is not None:
        floor.refuse(account.name, command.instrument, command.client_id, refusal)
        return
    order = enter(floor, market, holding, command, _USER)
    if command.verdict_delay_ns:
        floor.events.append(Acknowledged(order.state()))
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(_decide, floor, market, order, command))
    else:
        open_order(floor, market, order)


def _duplicate(holding: Holding, command: Place) -> Refusal | None:
    other = holding.by_client_id.get(command.client_id)
    return Refusal.DUPLICATE_CLIENT_ID if other is not None and other.status in _WAITING else None


def verdict(floor: Floor, market: Market, holding: Holding, command: Place) -> Refusal | None:
    """A planned refusal, or what the checks say."""
    planned = planned_refusal(floor, command.account) if floor.refusals else None
    if command.margin_mode is None or planned is not None:
        return planned or check_place(market, holding, command)
    return _check_in_mode(floor, market, holding, command, command.margin_mode)


def _check_in_mode(floor: Floor, market: Market, holding: Holding, command: Place, mode: MarginMode) -> Refusal | None:
    """The checks on an order that brings its margin mode along; the mode stays when it may come in."""
    before = holding.margin_mode
    refusal = check_margin_mode(floor, holding, mode)
    if refusal is not None or mode is before:
        return refusal or check_place(market, holding, command)
    holding.margin_mode = mode
    holding.forget()
    refusal = check_place(market, holding, command)
    if refusal is None:
        floor.events.append(MarginModeChanged(command.account, command.instrument, mode))
        return None
    holding.margin_mode = before
    holding.forget()
    return refusal


def planned_refusal(floor: Floor, account: str) -> Refusal | None:
    """What the next order of an account is to be refused for, used up by being asked."""
    planned = floor.refusals.get(account)
    return planned.pop(0) if planned else None


def enter(
    floor: Floor, market: Market, holding: Holding, command: Place, origin: OrderOrigin, reserved_id: int = 0
) -> Order:
    """Make an order, with the next id or one that was kept for it, and put it into the lists."""
    floor.orders_count += 1
    if not reserved_id:
        market.last_order_id += 1
    number = reserved_id or market.last_order_id
    order = Order(holding, number, command, origin, floor.orders_count, floor.now_ns)
    market.orders[number] = order
    holding.orders[number] = order
    holding.account.orders.append(order)
    if command.client_id:
        holding.by_client_id[command.client_id] = order
    return order


def _decide(floor: Floor, market: Market, order: Order, command: Place) -> None:
    """The verdict on an acknowledged order."""
    refusal = verdict(floor, market, order.holding, command)
    if refusal is None:
        open_order(floor, market, order)
        return
    order.to(OrderStatus.REJECTED, floor.now_ns, refusal)
    floor.refuse(command.account, command.instrument, command.client_id, refusal, order.order_id)
    floor.events.append(OrderChanged(order.state(), Cause.REJECTED))


def find_live(floor: Floor, command: Amend | Cancel) -> tuple[Market, Order] | None:
    """The live order a command names; tells of the refusal when there is none."""
    account = floor.ledger[command.account]
    market = floor.market(command.instrument)
    refusal = Refusal.UNKNOWN_INSTRUMENT
    if market is not None:
        holding = account.holdings.get(command.instrument)
        order = holding.live.get(command.order_id) if holding else None
        if order is not None:
            return market, order
        refusal = Refusal.UNKNOWN_ORDER
    floor.refuse(account.name, command.instrument, "", refusal, command.order_id)
    return None


def amend(floor: Floor, command: Amend) -> None:
    """Change price and total of a live order; it goes to the end of the queue and may trade.

    A total no larger than what is filled, or a post-only order that would trade at its new price, cancels it.
    """
    found = find_live(floor, command)
    if found is None:
        return
    market, order = found
    refusal = check_amend(market, order, command)
    if refusal is not None:
        floor.refuse(command.account, command.instrument, order.terms.client_id, refusal, order.order_id)
    elif command.lots <= order.filled_lots:
        end(floor, market, order, _CANCELED, "amended-to-filled")
    elif order.terms.post_only and market.halves[-order.sign].reaches(command.ticks):
        end(floor, market, order, _CANCELED, Refusal.WOULD_CROSS)
    else:
        _change(floor, market, order, command)


def _change(floor: Floor, market: Market, order: Order, command: Amend) -> None:
    holding, before = order.holding, market.worth.value(order.ticks, order.open_lots)
    floor.touch(market)
    market.halves[order.sign].remove(order)
    order.amend(command.ticks, command.lots, command.self_trade, floor.now_ns)
    if not order.reduce_only:
        holding.count_open(order.sign, market.worth.value(order.ticks, order.open_lots) - before)
    floor.events.append(OrderChanged(order.state(), Cause.AMENDED))
    work(floor, market, order)


def cancel(floor: Floor, command: Cancel) -> None:
    """End a live order."""
    found = find_live(floor, command)
    if found is not None:
        end(floor, *found, _CANCELED)


def cancel_all(floor: Floor, command: CancelAll) -> None:
    """End all live orders of an account, oldest first, on one instrument or all."""
    account = floor.ledger[command.account]
    if command.instrument and command.instrument not in floor.instruments:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    holdings = [holding for name, holding in account.holdings.items() if command.instrument in ("", name)]
    live = [(floor.markets[holding.instrument.name], order) for holding in holdings for order in holding.live.values()]
    for market, order in sorted(live, key=lambda found: found[1].serial):
        end(floor, market, order, _CANCELED)
