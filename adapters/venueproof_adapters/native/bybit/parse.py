"""From the venue's documents to the model: names, units, signs and times, in one place per kind.

A conditional order is one whose row has a trigger price or a kind of stop, whatever its type says, and keeps its id
when it fires: it is told as two then, the one that waited and the one that it became.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from venueproof_adapters.kit.candles import length_ns
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.figures import figure, known
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.orders import Told, fired
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.worth import rated
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.products import Product
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Candle,
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

_STATUS = {
    "Created": OrderStatus.PENDING,
    "New": OrderStatus.OPEN,
    "Active": OrderStatus.OPEN,
    "PartiallyFilled": OrderStatus.PARTLY_FILLED,
    "Untriggered": OrderStatus.WAITING,
    "Triggered": OrderStatus.TRIGGERING,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELED,
    "PartiallyFilledCanceled": OrderStatus.CANCELED,
    "Deactivated": OrderStatus.CANCELED,
    "Rejected": OrderStatus.REJECTED,
}
"""`Created` and `Active` are older words; `PartiallyFilledCanceled` is told of spot orders only."""
_BEFORE_FIRING = frozenset({"Untriggered", "Triggered"})
_PLAIN_REASONS = frozenset({"", "EC_NoError", "EC_PerCancelRequest"})
_SIDE = {"Buy": Side.BUY, "Sell": Side.SELL}
_TYPE = {"Market": OrderType.MARKET, "Limit": OrderType.LIMIT}
TYPES = {kind: word for word, kind in _TYPE.items()}
"""How types are spelled: other cases are refused."""
SIDES = {side: word for word, side in _SIDE.items()}
_LIFE = {"IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
POST_ONLY = "PostOnly"
_LEG = {0: PositionSide.NET, 1: PositionSide.LONG, 2: PositionSide.SHORT}
LEGS = {leg: index for index, leg in _LEG.items()}
_WATCHED = {"LastPrice": TriggerPrice.LAST, "MarkPrice": TriggerPrice.MARK, "IndexPrice": TriggerPrice.INDEX}
WATCHED = {price: word for word, price in _WATCHED.items()}
TRAILING = "TrailingStop"
RISES, FALLS = 1, 2
_KIND = {
    "TakeProfit": TriggerKind.TAKE,
    "PartialTakeProfit": TriggerKind.TAKE,
    "StopLoss": TriggerKind.STOP,
    "PartialStopLoss": TriggerKind.STOP,
    TRAILING: TriggerKind.TRAILING,
}
_MARGIN = {
    "REGULAR_MARGIN": MarginMode.CROSS,
    "PORTFOLIO_MARGIN": MarginMode.CROSS,
    "ISOLATED_MARGIN": MarginMode.ISOLATED,
}
_FILLS = frozenset({"Trade", "AdlTrade", "BustTrade", "BlockTrade", "MovePosition"})
"""Executions that are fills; funding, settlement and delivery are not."""
INTERVALS = {
    "1m": "1",
    "3m": "3",
    "5m": "5",
    "15m": "15",
    "30m": "30",
    "1h": "60",
    "2h": "120",
    "4h": "240",
    "6h": "360",
    "12h": "720",
    "1d": "D",
    "1w": "W",
    "1M": "M",
}
_EXPECTED_MS = 10_000
_WEEK_NS = 7 * 86_400 * SECOND_NS


class Expected(Struct, frozen=True):
    """A trailing stop that was asked for, and when: the venue keeps no client id of it, and tells no offset."""

    client_id: str
    trigger: Trigger
    asked_ms: int

    def made(self, row: wire.OrderRow) -> bool:
        """Whether an order began with it."""
        return -_EXPECTED_MS < row.created_time - self.asked_ms < _EXPECTED_MS


class Parser:
    """Knows the instruments and the ids."""

    def __init__(self, product: Product, catalog: Catalog, ids: IdMap) -> None:
        self._product = product
        self._catalog = catalog
        self._ids = ids
        self._fired: Recent[str, None] = Recent(20_000)
        self._trailing: Recent[str, Expected] = Recent(20_000)
        """By the venue's id."""
        self._expected: dict[tuple[str, int], Expected] = {}

    # --- orders ---

    def expect(self, spelling: str, leg: int, expected: Expected | None) -> None:
        """The trailing stop of this leg that begins now is the one asked for; None: it was refused."""
        if expected is None:
            self._expected.pop((spelling, leg), None)
        else:
            self._expected[spelling, leg] = expected

    def expects(self, client_id: str) -> bool:
        """Whether this is the client id of a trailing stop."""
        return any(one.client_id == client_id for one in (*self._expected.values(), *self._trailing.values()))

    def tellings(self, row: wire.OrderRow) -> Sequence[Told]:
        """What a row says, of one order or of a conditional one and the one that it became."""
        told = Told(self._order(row), self._client_id(row))
        if not told.order.ref.conditional or not self._has_fired(row):
            return (told,)
        return fired(told)

    def _has_fired(self, row: wire.OrderRow) -> bool:
        """Some that fired and found nothing end with the word for those that never did."""
        if row.order_status in _BEFORE_FIRING:
            return False
        if row.order_id not in self._fired and not row.cum_exec_qty:
            unfired = row.order_status == "Deactivated" and row.reject_reason in _PLAIN_REASONS
            if unfired or row.order_status == "Rejected":
                return False
        self._fired[row.order_id] = None
        return True

    def _client_id(self, row: wire.OrderRow) -> str:
        known = self._asked(row)
        return row.order_link_id if known is None else known.client_id

    def _asked(self, row: wire.OrderRow) -> Expected | None:
        """The trailing stop of ours that a row is about, if it is: known by its leg and its time."""
        key, expected = row.order_id, self._expected.get((row.symbol, row.position_idx))
        if row.stop_order_type == TRAILING and key not in self._trailing and expected and expected.made(row):
            self._trailing[key] = expected
            del self._expected[row.symbol, row.position_idx]
        return self._trailing.get(key)

    def _order(self, row: wire.OrderRow) -> Order:
        trigger = self._trigger(row)
        order_type = known(_TYPE.get(row.order_type), row.order_type)
        return Order(
            ref=OrderRef(
                self._catalog.symbol(row.symbol),
                self._ids.intent_id(self._client_id(row)),
                row.order_id,
                conditional=trigger is not None,
            ),
            side=side(row.side),
            type=order_type,
            status=known(_STATUS.get(row.order_status), row.order_status),
            amount=row.qty,
            filled=row.cum_exec_qty,
            price=price(row.price) if order_type is OrderType.LIMIT else None,
            average_price=price(row.avg_price),
            time_in_force=_LIFE.get(row.time_in_force, TimeInForce.GTC),
            post_only=row.time_in_force == POST_ONLY,
            reduce_only=row.reduce_only,
            close_position=row.close_on_trigger and not row.qty,
            trigger=trigger,
            position_side=_leg(row.position_idx),
            updated_ns=int(row.updated_time) * MS_NS,
            reason="" if row.reject_reason in _PLAIN_REASONS else row.reject_reason,
        )

    def _trigger(self, row: wire.OrderRow) -> Trigger | None:
        """How far a trailing stop is behind is told with its position only."""
        if (asked := self._asked(row)) is not None:
            return asked.trigger
        at = price(row.trigger_price)
        if at is None and row.stop_order_type in ("", "UNKNOWN"):
            return None
        pushes = (row.trigger_direction == RISES) == (row.side == "Buy")
        kind = _KIND.get(row.stop_order_type) or (TriggerKind.STOP if pushes else TriggerKind.TAKE)
        return Trigger(
            kind=kind,
            price=None if kind is TriggerKind.TRAILING else at,
            watches=_WATCHED.get(row.trigger_by, TriggerPrice.LAST),
        )

    # --- fills ---

    def fill(self, row: wire.ExecutionRow) -> Fill | None:
        """An execution, None for what is booked as one and is no trade."""
        if row.exec_type not in _FILLS:
            return None
        symbol = self._catalog.symbol(row.symbol)
        trailing = self._trailing.get(row.order_id)
        client_id = row.order_link_id if trailing is None else trailing.client_id
        return Fill(
            fill_id=row.exec_id,
            ref=OrderRef(symbol, self._ids.intent_id(client_id) if client_id else "", row.order_id),
            side=side(row.side),
            price=row.exec_price,
            amount=row.exec_qty,
            fee=figure(row.exec_fee),
            fee_asset=row.fee_currency or self._settle(symbol),
            maker=row.is_maker,
            at_ns=int(row.exec_time) * MS_NS,
        )

    def _settle(self, symbol: str) -> str | None:
        return self._catalog.find(symbol).settle if self._catalog.has(symbol) else None

    # --- positions ---

    def position(self, row: wire.PositionRow) -> Position:
        """A position out of an answer or a streamed message; a closed leg has no side."""
        leg, symbol = known(_LEG.get(row.position_idx), row.position_idx), self._catalog.symbol(row.symbol)
        sign = -1 if leg is PositionSide.NET and row.side == "Sell" else 1
        position = Position(
            instrument=symbol,
            side=leg,
            amount=row.size * sign if row.side else ZERO,
            entry_price=price(row.avg_price) or price(row.entry_price),
            unrealized_pnl=figure(row.unrealised_pnl),
            leverage=price(row.leverage),
        )
        return rated(self._catalog.find(symbol), position) if self._catalog.has(symbol) else position

    # --- the list ---

    def instrument(self, row: wire.InstrumentRow) -> Instrument:
        """One entry of the list. A contract is one base coin, or one dollar."""
        expires_ns = int(row.delivery_time) * MS_NS or None
        symbol = f"{row.base_coin}/{row.quote_coin}:{row.settle_coin}"
        if expires_ns is not None:
            symbol += f"-{datetime.fromtimestamp(expires_ns / SECOND_NS, UTC):%y%m%d}"
        lot = row.lot_size_filter
        return Instrument(
            symbol=symbol,
            spelling=row.symbol,
            product=self._product.name,
            base=row.base_coin,
            quote=row.quote_coin,
            settle=row.settle_coin,
            price_tick=row.price_filter.tick_size,
            amount_step=lot.qty_step,
            amount_min=lot.min_order_qty,
            amount_max=lot.max_order_qty,
            contract_size=Decimal(1),
            contract_unit=self._product.contract_unit,
            notional_min=figure(lot.min_notional_value),
            expires_ns=expires_ns,
            active=row.status == "Trading",
        )


def price(text: str) -> Decimal | None:
    """A figure of which the venue says "0" or nothing where there is none. Raises `BadAnswer`."""
    return figure(text) or None


def side(word: str) -> Side:
    """Buy or Sell."""
    return known(_SIDE.get(word), word)


def margin_mode(word: str) -> MarginMode | None:
    """The mode of the whole account."""
    return _MARGIN.get(word)


def _leg(index: int) -> PositionSide | None:
    leg = known(_LEG.get(index), index)
    return None if leg is PositionSide.NET else leg


def balances(row: wire.WalletRow) -> list[Balance]:
    """Money by coin. What is free of a coin the venue leaves empty: with cross margin all coins stand for each other,
    so it is what is free of the account, in that coin; with isolated margin it is what nothing holds."""
    free = figure(row.total_available_balance)
    return [
        Balance(coin.coin, figure(coin.wallet_balance), _own_free(coin) if free is None else _free_in(coin, free))
        for coin in row.coin
    ]


def _own_free(row: wire.CoinRow) -> Decimal | None:
    wallet = figure(row.wallet_balance)
    held = (row.total_position_im, row.total_order_im, row.locked, row.bonus)
    return None if wallet is None else wallet - sum((figure(text) or ZERO for text in held), ZERO)


def _free_in(row: wire.CoinRow, dollars: Decimal) -> Decimal | None:
    """None of a coin that the account has none of: its price is not told."""
    equity, value = price(row.equity), price(row.usd_value)
    return None if equity is None or value is None else dollars * equity / value


def trade(row: wire.TradeRow, symbol: str) -> Trade:
    """A public trade of a list."""
    return Trade(symbol, row.exec_id, row.price, row.size, side(row.side), int(row.time) * MS_NS)


def streamed_trade(row: wire.StreamedTrade, symbol: str) -> Trade:
    """A public trade of the stream."""
    return Trade(symbol, row.i, row.p, row.v, side(row.S), row.T * MS_NS)


def candle(row: wire.KlineRow, interval: str) -> tuple[Candle, int]:
    """A candle, and when it ends in ns. Whether it is closed is not in the row."""
    open_ns = int(row.start) * MS_NS
    told = Candle(open_ns, row.open, row.high, row.low, row.close, row.volume, False)
    return told, _end_ns(open_ns, interval)


def _end_ns(open_ns: int, interval: str) -> int:
    if interval == "1M":
        opened = datetime.fromtimestamp(open_ns // SECOND_NS, UTC)
        following = opened.replace(year=opened.year + opened.month // 12, month=opened.month % 12 + 1)
        return int(following.timestamp()) * SECOND_NS
    return open_ns + (length_ns(interval) or _WEEK_NS)


def streamed_candles(rows: Iterable[wire.StreamedKline]) -> list[Candle]:
    """Candles of a streamed message."""
    return [Candle(row.start * MS_NS, row.open, row.high, row.low, row.close, row.volume, row.confirm) for row in rows]
