"""Elements of an account's histories, in which quantities and prices are texts.

Source: the vendor's account history pages; recordings of ccxt.
"""

from __future__ import annotations

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.state import OrderKind, OrderState, PositionState, TimeInForce
from venueproof_simulators.host.decimals import money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.kraken.operations.books import Entry
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, mark, text, trade_uid, uuid
from venueproof_simulators.venues.kraken.wire.orders import limit_ticks, signal, triggers_below


def order_element(one: Listing, order: OrderState, uid: str, own_id: str, account: str, time: VenueTime) -> Document:
    """An order; its quantity is what is left of it."""
    return {
        "uid": uid,
        "accountUid": account,
        "tradeable": one.name,
        "direction": order.side.value.capitalize(),
        "quantity": text(one.amount(order.lots - order.filled_lots)),
        "filled": text(one.amount(order.filled_lots)),
        "timestamp": wire_ms(time, order.created_ns),
        "limitPrice": text(one.price(limit_ticks(order))),
        "orderType": _type(order),
        "clientId": own_id,
        "reduceOnly": order.reduce_only,
        "lastUpdateTimestamp": wire_ms(time, order.updated_ns),
    }


def _type(order: OrderState) -> str:
    if order.kind is OrderKind.MARKET or order.time_in_force is not TimeInForce.GTC:
        return "IoC"
    return "Post" if order.post_only else "Limit"


def trigger_element(
    one: Listing, stop: ConditionalState, uid: str, own_id: str, account: str, time: VenueTime
) -> Document:
    """An order that waits; without a limit price its `limitPrice` is empty."""
    limited = stop.kind is OrderKind.LIMIT
    return {
        "uid": uid,
        "accountUid": account,
        "tradeable": one.name,
        "direction": stop.side.value.capitalize(),
        "quantity": text(one.amount(stop.lots)),
        "filled": "0",
        "timestamp": wire_ms(time, stop.created_ns),
        "limitPrice": text(one.price(stop.ticks)) if limited else "",
        "orderType": "Limit" if limited else "IoC",
        "clientId": own_id,
        "reduceOnly": stop.reduce_only,
        "lastUpdateTimestamp": wire_ms(time, stop.updated_ns),
        "triggerOptions": {
            "triggerPrice": text(one.price(stop.trigger_ticks)),
            "triggerSignal": f"{signal(stop.watches).capitalize()}Price",
            "triggerSide": "Below" if triggers_below(stop) else "Above",
        },
    }


def execution_content(entry: Entry, own: Document, old: Document, public: Document) -> Document:
    """An execution as everybody sees it, and the account's own side in full."""
    fill = entry.fill
    if fill is None:
        return {}
    data = {"fee": plain(money(fill.fee_atoms)), "positionSize": ""}
    sides = {"makerOrder": own, "makerOrderData": data} if fill.maker else {"takerOrder": own, "takerOrderData": data}
    execution = public | sides | {"limitFilled": fill.maker}
    if not fill.maker:
        execution["oldTakerOrder"] = old
    return {"execution": execution, "takerReducedQuantity": ""}


def position_content(one: Listing, entry: Entry, account: str, seed: int, time: VenueTime) -> Document:
    """A position changed."""
    before, after, fill = entry.before, entry.after, entry.fill
    if before is None or after is None:
        return {}
    told: Document = {
        "accountUid": account,
        "tradeable": one.name,
        "oldPosition": text(one.amount(before.lots)),
        "oldAverageEntryPrice": text(mark(one, before.entry_nano_ticks)),
        "newPosition": text(one.amount(after.lots)),
        "newAverageEntryPrice": text(mark(one, after.entry_nano_ticks)),
        "fillTime": wire_ms(time, before.updated_ns),
        "positionChange": change(before, after),
        "timestamp": wire_ms(time, entry.at_ns),
        "updateReason": "settlement" if fill is None else "trade",
    }
    if fill is not None:
        told |= {
            "fee": plain(money(fill.fee_atoms)),
            "feeCurrency": fill.fee_asset,
            "realizedPnL": plain(money(fill.realized_atoms)),
            "executionUid": trade_uid(seed, one.name, fill.trade_id),
            "executionPrice": text(one.price(fill.ticks)),
            "executionSize": text(one.amount(fill.lots)),
            "tradeType": "userExecution",
        }
    return told


def change(before: PositionState, after: PositionState) -> str:
    """What became of a position."""
    if not before.lots:
        return "open"
    if not after.lots:
        return "close"
    if (before.lots > 0) is not (after.lots > 0):
        return "reverse"
    return "increase" if abs(after.lots) > abs(before.lots) else "decrease"


def change_of(entry: Entry) -> str:
    """The same of an entry; empty when it is of no position."""
    return "" if entry.before is None or entry.after is None else change(entry.before, entry.after)


def element(entry: Entry, content: Document, account: str, seed: int, time: VenueTime) -> Document:
    """One element with its event."""
    return {
        "uid": uuid(seed, "event", account, entry.number),
        "timestamp": wire_ms(time, entry.at_ns),
        "event": {entry.kind: content},
    }
