"""What users can do with orders: place, amend and cancel them. Their settings are in `modes`."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from venueproof_simulators.engine.checks import check_amend, check_place
from venueproof_simulators.engine.commands import (
    Amend,
    AmendConditional,
    Cancel,
    CancelAll,
    CancelConditional,
    Place,
)
from venueproof_simulators.engine.events import Acknowledged, Cause, MarginModeChanged, OrderChanged
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.groups import ONE_CANCELS_OTHER
from venueproof_simulators.engine.ledger import Holding
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import end, open_order, work
from venueproof_simulators.engine.modes import check_margin_mode
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, MarginMode, OrderOrigin, OrderStatus

_USER = OrderOrigin.USER
_CANCELED = OrderStatus.CANCELED
_ACKNOWLEDGED = OrderStatus.ACKNOWLEDGED
_WAITING = LIVE | {_ACKNOWLEDGED}
Delayed = TypeVar("Delayed", Amend, Cancel, AmendConditional, CancelConditional)


def place(floor: Floor, command: Place) -> None:
    """Take in a new order; decide at once, or when the verdict is due.

    An order that is decided at once leaves no trace when it is refused, unless it is refused late. One that was
    acknowledged ends rejected.
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
    if refusal is not None and refusal not in command.late:
        floor.refuse(account.name, command.instrument, command.client_id, refusal)
        return
    order = enter(floor, market, holding, command, _USER)
    if refusal is not None:
        _reject(floor, order, command, refusal)
        return
    if command.oco_group:
        floor.groups.join(command, order, partial(give_up, floor, market, order, ONE_CANCELS_OTHER))
    if command.verdict_delay_ns:
        floor.pending[order] = None
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
    """The verdict on an acknowledged order, unless it ended before."""
    if order.status is not _ACKNOWLEDGED:
        return
    del floor.pending[order]
    refusal = verdict(floor, market, order.holding, command)
    if refusal is None:
        open_order(floor, market, order)
        return
    floor.groups.leave(command, order)
    _reject(floor, order, command, refusal)


def _reject(floor: Floor, order: Order, command: Place, refusal: Refusal) -> None:
    """An order that was taken in ends rejected."""
    order.to(OrderStatus.REJECTED, floor.now_ns, refusal)
    floor.refuse(command.account, command.instrument, command.client_id, refusal, order.order_id)
    floor.events.append(OrderChanged(order.state(), Cause.REJECTED))


def find_live(floor: Floor, command: Amend | Cancel) -> tuple[Market, Order] | None:
    """The live order a command names, or for a cancel one that is acknowledged; tells of the refusal when there is
    none.
    """
    account = floor.ledger[command.account]
    market = floor.markets.get(command.instrument) or floor.market(command.instrument)
    refusal = Refusal.UNKNOWN_INSTRUMENT
    if market is not None:
        holding = account.holdings.get(command.instrument)
        order = holding.live.get(command.order_id) if holding else None
        if order is None and holding and isinstance(command, Cancel):
            order = _pending(floor, holding.orders.get(command.order_id))
        if order is not None:
            return market, order
        refusal = Refusal.UNKNOWN_ORDER
    floor.refuse(account.name, command.instrument, "", refusal, command.order_id)
    return None


def _pending(floor: Floor, order: Order | None) -> Order | None:
    return order if order in floor.pending else None


def amend(floor: Floor, command: Amend) -> None:
    """Change price and total of a live order, now or when the verdict is due; it may trade."""
    found = find_live(floor, command)
    if found is None:
        return
    if command.verdict_delay_ns:
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(amend, floor, at_once(command)))
        return
    market, order = found
    refusal, ends = check_amend(market, order, command), ""
    if refusal is None and command.lots <= order.filled_lots:
        refusal, ends = Refusal.NOT_AMENDABLE, "amended-to-filled"
    elif refusal is None and order.terms.post_only and market.halves[-order.sign].reaches(command.ticks):
        refusal, ends = Refusal.WOULD_CROSS, Refusal.WOULD_CROSS
    if refusal is None:
        _change(floor, market, order, command)
    elif ends and command.cancels_on_failure:
        end(floor, market, order, _CANCELED, ends)
    else:
        floor.refuse(command.account, command.instrument, order.terms.client_id, refusal, order.order_id)


def at_once(command: Delayed) -> Delayed:
    """The same command without a delay: what is left to do when its verdict is due."""
    return replace(command, verdict_delay_ns=0)


def _change(floor: Floor, market: Market, order: Order, command: Amend) -> None:
    """Take the order to the end of the queue at its new price, or make it smaller where it stands."""
    holding, half, before = order.holding, market.halves[order.sign], market.worth.value(order.ticks, order.open_lots)
    stays = command.keeps_place and command.ticks == order.ticks and command.lots <= order.lots
    floor.touch(market)
    if stays:
        half.take(half.levels[order.ticks], order, order.lots - command.lots)
    else:
        half.remove(order)
    order.amend(command.ticks, command.lots, command.self_trade, floor.now_ns)
    if not order.reduce_only:
        holding.count_open(order.sign, market.worth.value(order.ticks, order.open_lots) - before)
    floor.events.append(OrderChanged(order.state(), Cause.AMENDED))
    if not stays:
        work(floor, market, order)


def cancel(floor: Floor, command: Cancel) -> None:
    """End a live or acknowledged order, now or when the verdict is due."""
    found = find_live(floor, command)
    if found is None:
        return
    if command.verdict_delay_ns:
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(cancel, floor, at_once(command)))
    elif found[1].open_lots:
        end(floor, *found, _CANCELED)
    else:
        give_up(floor, *found)


def give_up(floor: Floor, market: Market, order: Order, reason: str = "") -> None:
    """Cancel an order, live or only acknowledged; nothing when it has ended."""
    if order.status is not _ACKNOWLEDGED:
        end(floor, market, order, _CANCELED, reason)
        return
    del floor.pending[order]
    order.to(_CANCELED, floor.now_ns, reason)
    floor.events.append(OrderChanged(order.state(), Cause.CANCELED))
    floor.groups.close(order.terms, order)


def cancel_all(floor: Floor, command: CancelAll) -> None:
    """End all live and acknowledged orders of an account, oldest first, on one instrument or all."""
    account = floor.ledger[command.account]
    if command.instrument and command.instrument not in floor.instruments:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    holdings = [holding for name, holding in account.holdings.items() if command.instrument in ("", name)]
    live = [order for holding in holdings for order in holding.live.values()]
    live += [order for order in floor.pending if order.holding in holdings]
    for order in sorted(live, key=lambda order: order.serial):
        give_up(floor, floor.markets[order.terms.instrument], order)
