"""From the venue's documents to the model: names, units, signs and times, in one place per kind."""

from __future__ import annotations

from decimal import Decimal

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import figure, known
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.worth import rated
from venueproof_adapters.native.binance import wire
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Candle,
    Fill,
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

_STATUS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.PARTLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
    "NEW_INSURANCE": OrderStatus.OPEN,
    "NEW_ADL": OrderStatus.OPEN,
}
_LIFE = {"IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK, "GTD": TimeInForce.GTD}
POST_ONLY = "GTX"
_SIDE = {"BUY": Side.BUY, "SELL": Side.SELL}
_POSITION_SIDE = {"BOTH": PositionSide.NET, "LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT}
CONDITIONALS = {
    "STOP": (TriggerKind.STOP, OrderType.LIMIT),
    "STOP_MARKET": (TriggerKind.STOP, OrderType.MARKET),
    "TAKE_PROFIT": (TriggerKind.TAKE, OrderType.LIMIT),
    "TAKE_PROFIT_MARKET": (TriggerKind.TAKE, OrderType.MARKET),
    "TRAILING_STOP_MARKET": (TriggerKind.TRAILING, OrderType.MARKET),
}
_ALGO_STATUS = {
    "NEW": OrderStatus.WAITING,
    "TRIGGERING": OrderStatus.TRIGGERING,
    "TRIGGERED": OrderStatus.TRIGGERED,
    "FINISHED": OrderStatus.TRIGGERED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "REJECTED": OrderStatus.REJECTED,
}
_WATCHED = {"CONTRACT_PRICE": TriggerPrice.LAST, "MARK_PRICE": TriggerPrice.MARK}
WATCHED = {price: word for word, price in _WATCHED.items()}
_MARGIN = {
    "cross": MarginMode.CROSS,
    "CROSSED": MarginMode.CROSS,
    "isolated": MarginMode.ISOLATED,
    "ISOLATED": MarginMode.ISOLATED,
}
_END_REASON = {
    "1": "self-trade prevention",
    "2": "the rest of an immediate order",
    "3": "the rest of an immediate order, by self-trade prevention",
    "4": "reduce-only: another order came first, or it would turn the position",
    "5": "the account was liquidated",
    "6": "the position it was tied to is gone",
    "7": "the symbol was delisted",
}
"""`er` of ORDER_TRADE_UPDATE; source: the vendor's page of that event."""


class Parser:
    """Knows the instruments and the ids."""

    def __init__(self, catalog: Catalog, ids: IdMap) -> None:
        self._catalog = catalog
        self._ids = ids

    def order(self, row: wire.OrderRow | wire.OrderUpdate) -> Order:
        """An order out of an answer or a streamed message."""
        return Order(
            ref=self._ref(row),
            side=side(row.side),
            type=_type(row.type, row.price),
            status=status(row.status),
            amount=row.orig_qty,
            filled=row.executed_qty,
            price=row.price or None,
            average_price=row.avg_price or None,
            time_in_force=_LIFE.get(row.time_in_force, TimeInForce.GTC),
            post_only=row.time_in_force == POST_ONLY,
            reduce_only=row.reduce_only,
            position_side=_leg(row.position_side),
            expires_ns=row.good_till_date * MS_NS or None,
            updated_ns=row.update_time * MS_NS,
            reason=_END_REASON.get(row.end_reason, ""),
        )

    def conditional(self, row: wire.AlgoRow | wire.AlgoUpdate, at_ms: int) -> Order:
        """A conditional order out of an answer or a streamed message; what it becomes is an order of its own."""
        intent_id = self._ids.intent_id(row.client_algo_id)
        kind, order_type = known(CONDITIONALS.get(row.order_type), row.order_type)
        trailing = kind is TriggerKind.TRAILING
        return Order(
            ref=OrderRef(self._symbol(row.symbol), intent_id, str(row.algo_id), conditional=True),
            side=side(row.side),
            type=order_type,
            status=known(_ALGO_STATUS.get(row.algo_status), row.algo_status),
            amount=ZERO if row.close_position else row.quantity,
            filled=ZERO,
            price=row.price or None,
            time_in_force=_LIFE.get(row.time_in_force, TimeInForce.GTC),
            post_only=row.time_in_force == POST_ONLY,
            reduce_only=row.reduce_only,
            close_position=row.close_position,
            trigger=Trigger(
                kind=kind,
                price=None if trailing else row.trigger_price,
                offset=figure(row.callback_rate) if trailing else None,
                offset_unit=OffsetUnit.PERCENT if trailing else OffsetUnit.ABSOLUTE,
                watches=known(_WATCHED.get(row.working_type), row.working_type),
                activation=figure(row.activate_price) if trailing else None,
            ),
            position_side=_leg(row.position_side),
            expires_ns=row.good_till_date * MS_NS or None,
            updated_ns=at_ms * MS_NS,
            replaced_by=row.actual_order_id or None,
            reason=row.end_reason,
        )

    def fill_update(self, told: wire.OrderUpdate) -> Fill | None:
        """The execution in a streamed message about an order, if there is one."""
        if told.kind not in ("TRADE", "CALCULATED") or not told.last_amount:
            return None
        return Fill(
            fill_id=str(told.trade_id),
            ref=self._ref(told),
            side=side(told.side),
            price=told.last_price,
            amount=told.last_amount,
            fee=told.fee,
            fee_asset=told.fee_asset,
            maker=told.maker,
            at_ns=told.update_time * MS_NS,
            position_side=_leg(told.position_side),
        )

    def fill(self, row: wire.TradeRow) -> Fill:
        """An execution out of an answer, which names its order by the venue's id only."""
        return Fill(
            fill_id=str(row.id),
            ref=OrderRef(self._symbol(row.symbol), "", str(row.order_id)),
            side=side(row.side),
            price=row.price,
            amount=row.qty,
            fee=row.commission,
            fee_asset=row.commission_asset,
            maker=row.maker,
            at_ns=row.time * MS_NS,
            position_side=_leg(row.position_side),
        )

    def position(self, row: wire.PositionRow | wire.PositionUpdate) -> Position:
        """A position out of an answer or a streamed message."""
        leg, symbol = position_side(row.position_side), self._symbol(row.symbol)
        position = Position(
            instrument=symbol,
            side=leg,
            amount=row.position_amt if leg is PositionSide.NET else abs(row.position_amt),
            entry_price=row.entry_price or None,
            unrealized_pnl=row.un_realized_profit,
            leverage=row.leverage,
            margin_mode=margin_mode(row.margin_type),
        )
        return rated(self._catalog.find(symbol), position) if self._catalog.has(symbol) else position

    def _ref(self, row: wire.OrderRow | wire.OrderUpdate) -> OrderRef:
        return OrderRef(self._symbol(row.symbol), self._ids.intent_id(row.client_order_id), str(row.order_id))

    def _symbol(self, spelling: str) -> str:
        return self._catalog.symbol(spelling)


def balance(row: wire.AssetRow) -> Balance:
    """Money of one asset."""
    return Balance(row.asset, row.wallet_balance, row.available_balance)


def public_trade(row: wire.AggTradeRow, symbol: str) -> Trade:
    """A public trade; its side is the taker's."""
    taker = Side.SELL if row.buyer_is_maker else Side.BUY
    return Trade(symbol, str(row.id), row.price, row.amount, taker, row.at_ms * MS_NS)


def candle(row: wire.KlineRow) -> tuple[Candle, int]:
    """A candle, and when it ends in ns. Whether it is closed is not in the row."""
    return Candle(row[0] * MS_NS, row[1], row[2], row[3], row[4], row[5], False), (row[6] + 1) * MS_NS


def candle_update(told: wire.Kline) -> Candle:
    """A candle out of a streamed message."""
    return Candle(told.open_ms * MS_NS, told.open, told.high, told.low, told.close, told.volume, told.closed)


def side(word: str) -> Side:
    """BUY or SELL."""
    return known(_SIDE.get(word), word)


def status(word: str) -> OrderStatus:
    """The venue's word for an order's state."""
    return known(_STATUS.get(word), word)


def margin_mode(word: str) -> MarginMode | None:
    """Cross or isolated, in either of the venue's two spellings of each."""
    return _MARGIN.get(word)


def position_side(word: str) -> PositionSide:
    """BOTH, LONG or SHORT."""
    return known(_POSITION_SIDE.get(word), word)


def _leg(word: str) -> PositionSide | None:
    leg = position_side(word)
    return None if leg is PositionSide.NET else leg


def _type(word: str, price: Decimal) -> OrderType:
    """Anything that is not plainly one of the two (a liquidation, a triggered stop) is told apart by its price."""
    if word in ("LIMIT", "MARKET"):
        return OrderType(word.lower())
    return OrderType.LIMIT if price != ZERO else OrderType.MARKET
