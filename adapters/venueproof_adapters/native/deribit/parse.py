"""From the venue's documents to the model: names, units, signs and times, in one place per kind."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import known
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.worth import rated
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.instruments import expired_symbol
from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Candle,
    ContractUnit,
    Fill,
    Instrument,
    MarginMode,
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

CONDITIONALS = {
    "stop_limit": (TriggerKind.STOP, OrderType.LIMIT),
    "stop_market": (TriggerKind.STOP, OrderType.MARKET),
    "take_limit": (TriggerKind.TAKE, OrderType.LIMIT),
    "take_market": (TriggerKind.TAKE, OrderType.MARKET),
    "trailing_stop": (TriggerKind.TRAILING, OrderType.MARKET),
}
TRIGGERED = "triggered"
LIVES = {
    "good_til_cancelled": TimeInForce.GTC,
    "good_til_day": TimeInForce.GTD,
    "immediate_or_cancel": TimeInForce.IOC,
    "fill_or_kill": TimeInForce.FOK,
}
WATCHED = {
    "last_price": TriggerPrice.LAST,
    "mark_price": TriggerPrice.MARK,
    "index_price": TriggerPrice.INDEX,
}
_STATUS = {
    "open": OrderStatus.OPEN,
    "filled": OrderStatus.FILLED,
    "rejected": OrderStatus.REJECTED,
    "untriggered": OrderStatus.WAITING,
    TRIGGERED: OrderStatus.TRIGGERED,
}
_BY_US = frozenset({"user_request", "edit_post_only_reject"})
"""Why an order was cancelled that its owner ended; every other one the venue ended."""
_SIDE = {"buy": Side.BUY, "sell": Side.SELL}


def waits(row: wire.OrderRow) -> bool:
    """True for a trigger order; one that fired is an ordinary one, whatever type it is said to have."""
    return row.order_type in CONDITIONALS and not row.trigger_order_id


class Parser:
    """Knows the instruments and the ids."""

    def __init__(self, catalog: Catalog, ids: IdMap) -> None:
        self._catalog = catalog
        self._ids = ids

    # --- orders ---

    def told(self, row: wire.OrderRow) -> list[Told]:
        """What a row tells: of one that a trigger order became, also that that one fired."""
        label = row.label or ""
        if waits(row):
            return [Told(self.conditional(row), label)]
        before = [Told(self.fired(row), label)] if row.trigger_order_id else []
        return [*before, Told(self.order(row), label)]

    def order(self, row: wire.OrderRow) -> Order:
        """An ordinary order. There is no word for one that is partly filled."""
        order = self._order(row, row.order_id, conditional=False)
        if order.status is OrderStatus.OPEN and order.filled:
            return structs.replace(order, status=OrderStatus.PARTLY_FILLED)
        return order

    def conditional(self, row: wire.OrderRow) -> Order:
        """A trigger order."""
        order = self._order(row, row.order_id, conditional=True)
        return structs.replace(order, filled=ZERO, average_price=None, trigger=_trigger(row))

    def fired(self, row: wire.OrderRow) -> Order:
        """The trigger order that a row names as what it was before: an order's, or one of the trigger history."""
        order = self._order(row, row.trigger_order_id, conditional=True)
        gone = row.order_state == "rejected" and row.order_id is None
        return structs.replace(
            order,
            status=OrderStatus.REJECTED if gone else OrderStatus.TRIGGERED,
            filled=ZERO,
            average_price=None,
            trigger=_trigger(row) if row.order_type in CONDITIONALS and row.trigger else None,
            replaced_by=row.order_id,
            reason="",
        )

    def _order(self, row: wire.OrderRow, venue_id: str | None, *, conditional: bool) -> Order:
        _, order_type = CONDITIONALS.get(row.order_type, (None, None))
        order_type = order_type or (OrderType.LIMIT if row.order_type == "limit" else OrderType.MARKET)
        intent_id = self._ids.intent_id(row.label or "")
        return Order(
            ref=OrderRef(self.symbol(row.instrument_name), intent_id, venue_id, conditional=conditional),
            side=side(row.direction),
            type=order_type,
            status=_status(row),
            amount=row.amount,
            filled=row.filled_amount,
            price=_price(row) if order_type is OrderType.LIMIT else None,
            average_price=row.average_price or None,
            time_in_force=known(LIVES.get(row.time_in_force), row.time_in_force),
            post_only=row.post_only,
            reduce_only=row.reduce_only,
            updated_ns=row.at_ms * MS_NS,
            reason="" if row.cancel_reason == "user_request" else row.cancel_reason,
        )

    def fill(self, row: wire.TradeRow) -> Fill:
        """An execution, with the fee that was charged, in its currency."""
        return Fill(
            fill_id=row.trade_id,
            ref=OrderRef(self.symbol(row.instrument_name), self._ids.intent_id(row.label or ""), row.order_id),
            side=side(row.direction),
            price=row.price,
            amount=row.amount,
            fee=row.fee,
            fee_asset=row.fee_currency,
            maker=row.liquidity == "M",
            at_ns=row.timestamp * MS_NS,
        )

    # --- the account ---

    def position(self, row: wire.PositionRow) -> Position:
        """A net position: `size` counts contracts of ours, and `direction` tells its sign."""
        symbol, size = self.symbol(row.instrument_name), abs(row.size)
        position = Position(
            instrument=symbol,
            side=PositionSide.NET,
            amount=-size if row.direction == "sell" else size,
            entry_price=row.average_price or None,
            unrealized_pnl=row.floating_profit_loss,
            leverage=row.leverage,
            margin_mode=MarginMode.CROSS,
        )
        return rated(self._catalog.find(symbol), position) if self._catalog.has(symbol) else position

    def symbol(self, name: str) -> str:
        """The unified symbol of a name, also of an instrument that is not listed any more."""
        listed = self._catalog.symbol(name)
        return expired_symbol(name) if listed == name else listed


def balance(row: wire.SummaryRow) -> Balance:
    """Money of one currency. What futures made in this session belongs to the wallet, and is not in `balance` yet."""
    return Balance(row.currency, row.balance + row.futures_session_rpl, row.available_funds)


def public_trade(row: wire.PublicTradeRow, symbol: str) -> Trade:
    """A public trade."""
    return Trade(symbol, row.trade_id, row.price, row.amount, side(row.direction), row.timestamp * MS_NS)


def candles(row: wire.ChartRow, instrument: Instrument) -> list[Candle]:
    """Candles out of columns. Raises `BadAnswer` when these are not of one length, or the status is another."""
    if row.status not in ("ok", "no_data"):
        raise BadAnswer(f"candles of status {row.status!r}")
    figures: Sequence[Sequence[Decimal]] = (row.open, row.high, row.low, row.close, row.volume, row.cost)
    if any(len(column) != len(row.ticks) for column in figures):
        raise BadAnswer("columns of candles differ in length")
    return [candle(wire.Bar(tick, *rest), instrument) for tick, *rest in zip(row.ticks, *figures, strict=True)]


def candle(bar: wire.Bar, instrument: Instrument) -> Candle:
    """One candle; whether it is closed is not said. Contracts are dollars where `cost` counts them, else coin."""
    volume = bar.cost if instrument.contract_unit is ContractUnit.QUOTE else bar.volume
    return Candle(bar.tick * MS_NS, bar.open, bar.high, bar.low, bar.close, volume, False)


def traded(row: wire.StatsRow, instrument: Instrument) -> Decimal | None:
    """Contracts of the last 24 hours."""
    return row.volume_usd if instrument.contract_unit is ContractUnit.QUOTE else row.volume


def side(word: str) -> Side:
    """buy or sell."""
    return known(_SIDE.get(word), word)


def _status(row: wire.OrderRow) -> OrderStatus:
    if row.order_state == "cancelled":
        return OrderStatus.CANCELED if row.cancel_reason in _BY_US else OrderStatus.EXPIRED
    return known(_STATUS.get(row.order_state), row.order_state)


def _price(row: wire.OrderRow) -> Decimal | None:
    return None if row.price in (None, wire.MARKET_PRICE) else Decimal(str(row.price)) or None


def _trigger(row: wire.OrderRow) -> Trigger:
    kind, _ = known(CONDITIONALS.get(row.order_type), row.order_type)
    trailing = kind is TriggerKind.TRAILING
    return Trigger(
        kind=kind,
        price=None if trailing else row.trigger_price,
        offset=row.trigger_offset if trailing else None,
        watches=known(WATCHED.get(row.trigger or ""), row.trigger or ""),
    )
