"""From the venue's documents to the model: names, units, signs and times, in one place per kind."""

from __future__ import annotations

from decimal import Decimal

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import figure, known
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.worth import rated
from venueproof_adapters.native.okx import wire
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Candle,
    Fill,
    Level,
    MarginMode,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    Side,
    TimeInForce,
    Trade,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

_STATE = {
    "live": OrderStatus.OPEN,
    "partially_filled": OrderStatus.PARTLY_FILLED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "mmp_canceled": OrderStatus.EXPIRED,
}
_ALGO_STATE = {
    "live": OrderStatus.WAITING,
    "pause": OrderStatus.WAITING,
    "partially_effective": OrderStatus.TRIGGERED,
    "effective": OrderStatus.TRIGGERED,
    "canceled": OrderStatus.CANCELED,
    "order_failed": OrderStatus.REJECTED,
    "partially_failed": OrderStatus.REJECTED,
}
_TYPE = {"market": OrderType.MARKET, "optimal_limit_ioc": OrderType.MARKET}
POST_ONLY = "post_only"
_LIFE = {"ioc": TimeInForce.IOC, "optimal_limit_ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}
MARKET_PRICE = "-1"
_PERCENT = Decimal(100)
_BY_USER = frozenset({"", "1", "20"})
"""`cancelSource` of what the account's owner ended, at once or by `cancel-all-after`."""
_END_REASON = {
    "2": "reduce-only: the position does not hold so much",
    "13": "fill-or-kill that could not be filled",
    "14": "the rest of an immediate order",
    "17": "the position it was to close is closed",
    "31": "post-only that would have traded at once",
    "32": "self-trade prevention",
}
"""`cancelSource`; source: 31 is recorded, the others are from memory of the vendor's list."""
TURNED_AWAY = {_END_REASON["13"]: Reason.NOT_FILLABLE, _END_REASON["31"]: Reason.WOULD_CROSS}
"""Ends of orders that the venue takes in and does not let trade."""


_SIDE = {side.value: side for side in Side}
_POSITION_SIDE = {side.value: side for side in PositionSide}
_MARGIN = {mode.value: mode for mode in MarginMode}
_WATCHED = {price.value: price for price in TriggerPrice}


class Parser:
    """Knows the instruments and the ids."""

    def __init__(self, catalog: Catalog, ids: IdMap) -> None:
        self._catalog = catalog
        self._ids = ids

    def is_ours(self, row: wire.OrderRow | wire.AlgoRow | wire.PositionRow) -> bool:
        """False for what the account does on another product: one account, and one stream of it, has them all."""
        return self._catalog.has(self._symbol(row.inst_id))

    def order(self, row: wire.OrderRow) -> Told:
        """An order out of an answer or a streamed message; one that a conditional order became goes by its id."""
        client_id = row.algo_cl_ord_id if row.algo_id else row.cl_ord_id
        status, reason = _end(row)
        order = Order(
            ref=OrderRef(self._symbol(row.inst_id), self._ids.intent_id(client_id), row.ord_id),
            side=side(row.side),
            type=_TYPE.get(row.ord_type, OrderType.LIMIT),
            status=status,
            amount=row.sz,
            filled=figure(row.acc_fill_sz) or ZERO,
            price=figure(row.px),
            average_price=figure(row.avg_px) or None,
            time_in_force=_LIFE.get(row.ord_type, TimeInForce.GTC),
            post_only=row.ord_type == POST_ONLY,
            reduce_only=row.reduce_only == "true",
            position_side=_leg(row.pos_side),
            updated_ns=at_ns(row.u_time),
            reason=reason,
        )
        return Told(order, client_id)

    def conditional(self, row: wire.AlgoRow) -> Told:
        """A conditional order; what it becomes is an order of its own, with an id of its own."""
        trigger, price = _condition(row)
        order = Order(
            ref=OrderRef(
                self._symbol(row.inst_id), self._ids.intent_id(row.algo_cl_ord_id), row.algo_id, conditional=True
            ),
            side=side(row.side),
            type=OrderType.MARKET if price is None else OrderType.LIMIT,
            status=known(_ALGO_STATE.get(row.state), row.state),
            amount=figure(row.sz) or ZERO,
            filled=ZERO,
            price=price,
            time_in_force=TimeInForce.GTC,
            reduce_only=row.reduce_only == "true",
            close_position=bool(row.close_fraction),
            trigger=trigger,
            position_side=_leg(row.pos_side),
            updated_ns=at_ns(row.u_time),
            replaced_by=row.ord_id or None,
            reason=row.fail_code,
        )
        return Told(order, row.algo_cl_ord_id)

    def fill_update(self, row: wire.OrderRow) -> Fill | None:
        """The execution in a streamed message about an order, if there is one. Fees are negative when they are paid."""
        price, amount = figure(row.fill_px), figure(row.fill_sz)
        if not row.trade_id or not price or not amount:
            return None
        told = self.order(row)
        fee, at_ms = figure(row.fill_fee), figure(row.fill_time)
        return Fill(
            fill_id=row.trade_id,
            ref=told.order.ref,
            side=told.order.side,
            price=price,
            amount=amount,
            fee=None if fee is None else -fee,
            fee_asset=row.fill_fee_ccy or None,
            maker=row.exec_type == "M" if row.exec_type else None,
            at_ns=at_ns(at_ms or row.u_time),
            position_side=told.order.position_side,
        )

    def fill(self, row: wire.FillRow) -> Fill:
        """An execution out of an answer. Its client id may be that of no order of ours: the kit knows it by the id."""
        fee = figure(row.fee)
        return Fill(
            fill_id=row.trade_id,
            ref=OrderRef(self._symbol(row.inst_id), "", row.ord_id),
            side=side(row.side),
            price=row.fill_px,
            amount=row.fill_sz,
            fee=None if fee is None else -fee,
            fee_asset=row.fee_ccy or None,
            maker=row.exec_type == "M" if row.exec_type else None,
            at_ns=at_ns(row.fill_time),
            position_side=_leg(row.pos_side),
        )

    def position(self, row: wire.PositionRow) -> Position:
        """A position out of an answer or a streamed message: signed in net mode, positive on a leg."""
        leg, symbol = known(_POSITION_SIDE.get(row.pos_side), row.pos_side), self._symbol(row.inst_id)
        position = Position(
            instrument=symbol,
            side=leg,
            amount=row.pos if leg is PositionSide.NET else abs(row.pos),
            entry_price=figure(row.avg_px) or None,
            unrealized_pnl=figure(row.upl),
            leverage=figure(row.lever),
            margin_mode=margin_mode(row.mgn_mode),
        )
        return rated(self._catalog.find(symbol), position) if self._catalog.has(symbol) else position

    def _symbol(self, spelling: str) -> str:
        return self._catalog.symbol(spelling)


def _end(row: wire.OrderRow) -> tuple[OrderStatus, str]:
    """State and reason: what the venue ended by itself expired."""
    status = known(_STATE.get(row.state), row.state)
    if status is not OrderStatus.CANCELED or row.cancel_source in _BY_USER:
        return status, ""
    return OrderStatus.EXPIRED, _END_REASON.get(row.cancel_source, f"cancelSource {row.cancel_source}")


def _condition(row: wire.AlgoRow) -> tuple[Trigger, Decimal | None]:
    """What is waited for, and the price of the order that it becomes; None at market."""
    if row.ord_type == "move_order_stop":
        return _trailing(row), None
    if row.ord_type == "trigger":
        kind, price, watches, limit = _crossed(row), row.trigger_px, row.trigger_px_type, row.ord_px
    elif row.sl_trigger_px:
        kind, price, watches, limit = TriggerKind.STOP, row.sl_trigger_px, row.sl_trigger_px_type, row.sl_ord_px
    else:
        kind, price, watches, limit = TriggerKind.TAKE, row.tp_trigger_px, row.tp_trigger_px_type, row.tp_ord_px
    watched = known(_WATCHED.get(watches or "last"), watches)
    return Trigger(kind, price=figure(price), watches=watched), None if limit == MARKET_PRICE else figure(limit)


def _trailing(row: wire.AlgoRow) -> Trigger:
    ratio, spread = figure(row.callback_ratio), figure(row.callback_spread)
    percent = ratio is not None
    return Trigger(
        TriggerKind.TRAILING,
        offset=ratio * _PERCENT if ratio is not None else spread,
        offset_unit=OffsetUnit.PERCENT if percent else OffsetUnit.ABSOLUTE,
        activation=figure(row.active_px),
    )


def _crossed(row: wire.AlgoRow) -> TriggerKind:
    """A plain trigger does not say which way it is crossed: it lies on the other side of the last price."""
    trigger, last = figure(row.trigger_px), figure(row.last)
    above = trigger is not None and last is not None and trigger > last
    return TriggerKind.STOP if above is (row.side == Side.BUY) else TriggerKind.TAKE


def balance(row: wire.CoinRow) -> Balance:
    """Money of one coin."""
    available = figure(row.avail_eq)
    return Balance(row.ccy, row.cash_bal, figure(row.avail_bal) if available is None else available)


def public_trade(row: wire.TradeRow, symbol: str) -> Trade:
    """A public trade; its side is the taker's."""
    return Trade(symbol, row.trade_id, row.px, row.sz, side(row.side), at_ns(row.ts))


def candle(row: wire.CandleRow) -> Candle:
    """A candle; its volume counts contracts."""
    return Candle(at_ns(row[0]), row[1], row[2], row[3], row[4], row[5], row[8] == "1")


def levels(rows: list[wire.LevelRow]) -> tuple[Level, ...]:
    """One side of a book, in the order given."""
    return tuple(Level(row[0], row[1]) for row in rows)


def at_ns(ms: Decimal) -> int:
    """A moment in ns."""
    return int(ms) * MS_NS


def side(word: str) -> Side:
    """Buy or sell."""
    return known(_SIDE.get(word), word)


def margin_mode(word: str) -> MarginMode | None:
    """Cross or isolated."""
    return _MARGIN.get(word)


def _leg(word: str) -> PositionSide | None:
    leg = known(_POSITION_SIDE.get(word), word)
    return None if leg is PositionSide.NET else leg
