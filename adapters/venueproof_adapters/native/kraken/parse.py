"""From the venue's documents to the model: names, units, signs and times, in one place per kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import known
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.worth import rated
from venueproof_adapters.native.kraken import frames, wire
from venueproof_adapters.native.kraken.errors import reason_of
from venueproof_adapters.native.kraken.known import Known
from venueproof_adapters.native.kraken.products import Product
from venueproof_adapters.native.kraken.wire import time_ns
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import (
    ZERO,
    Candle,
    Fill,
    Instrument,
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

_SIDE = {"buy": Side.BUY, "sell": Side.SELL}
_LIFE = {"ioc": TimeInForce.IOC, "mkt": TimeInForce.IOC, "fok": TimeInForce.FOK, "market": TimeInForce.IOC}
_KINDS = {
    "stp": TriggerKind.STOP,
    "stop": TriggerKind.STOP,
    "take_profit": TriggerKind.TAKE,
    "trailing_stop": TriggerKind.TRAILING,
}
"""Order types that wait for a price: `stp` is asked for and comes back as `stop`."""
_SIGNAL = {"last": TriggerPrice.LAST, "mark": TriggerPrice.MARK, "index": TriggerPrice.INDEX}
SIGNALS = {price: word for word, price in _SIGNAL.items()}
_UNIT = {"PERCENT": OffsetUnit.PERCENT, "QUOTE_CURRENCY": OffsetUnit.ABSOLUTE}
UNITS = {unit: word for word, unit in _UNIT.items()}
_ENDS = {
    "full_fill": OrderStatus.FILLED,
    "stop_order_triggered": OrderStatus.TRIGGERING,
    "contract_expired": OrderStatus.EXPIRED,
    "cancelled_by_admin": OrderStatus.EXPIRED,
    "market_inactive": OrderStatus.EXPIRED,
    "liquidation": OrderStatus.EXPIRED,
    "ioc_order_failed_because_it_would_not_be_executed": OrderStatus.EXPIRED,
    "would_execute_self": OrderStatus.EXPIRED,
    "would_not_reduce_position": OrderStatus.EXPIRED,
    "post_order_failed_because_it_would_filled": OrderStatus.REJECTED,
    "not_enough_margin": OrderStatus.REJECTED,
}
"""Why an order went; whatever else is said, somebody canceled it."""
_STATUS = {
    "ENTERED_BOOK": OrderStatus.OPEN,
    "FULLY_EXECUTED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "TRIGGER_PLACED": OrderStatus.WAITING,
    "TRIGGER_ACTIVATION_FAILURE": OrderStatus.REJECTED,
}
_OWN_END = frozenset({"cancelled_by_user"})
_HELD, _TOO_LATE = "loading_market", "ioc_would_not_execute"
_NO_END = frozenset({_HELD, "partial_fill", "full_fill"})
_PAST_KINDS = {
    "OrderPlaced": OrderStatus.OPEN,
    "OrderUpdated": OrderStatus.OPEN,
    "OrderRejected": OrderStatus.REJECTED,
    "OrderCancelled": OrderStatus.CANCELED,
    "OrderTriggerPlaced": OrderStatus.WAITING,
    "OrderTriggerUpdated": OrderStatus.WAITING,
    "OrderTriggerActivated": OrderStatus.TRIGGERED,
    "OrderTriggerCancelled": OrderStatus.CANCELED,
}
_PAST_LIFE = {"IoC": TimeInForce.IOC, "Market": TimeInForce.IOC}
_DATED = re.compile(r"_(\d{6})$")
_COINS = {"XBT": "BTC"}
"""The venue's older word for a coin, which symbols, wallets and fees still mix with the newer one."""


def asset(word: str) -> str:
    """A coin by its usual name, whichever of its three spellings the venue uses."""
    return _COINS.get(word.upper(), word.upper())


def instrument(row: wire.InstrumentRow, product: Product) -> Instrument:
    """One contract of the product. A size counts base coin, of inverse ones dollars, in steps of a power of ten."""
    base, quote = asset(row.base), asset(row.quote)
    settle = product.settle(base, quote)
    dated = _DATED.search(row.symbol)
    step = Decimal(1).scaleb(-row.contract_value_trade_precision)
    return Instrument(
        symbol=f"{base}/{quote}:{settle}" + (f"-{dated[1]}" if dated else ""),
        spelling=row.symbol.upper(),
        product=product.name,
        base=base,
        quote=quote,
        settle=settle,
        price_tick=row.tick_size,
        amount_step=step,
        amount_min=step,
        amount_max=row.max_position_size,
        contract_size=row.contract_size,
        contract_unit=product.contract_unit,
        expires_ns=time_ns(row.last_trading_time) if row.last_trading_time else None,
        active=row.tradeable and not row.is_expired,
    )


class Parser:
    """Knows the instruments, the ids, and what was learned of orders before."""

    def __init__(self, catalog: Catalog, ids: IdMap, known_orders: Known) -> None:
        self._catalog = catalog
        self._ids = ids
        self.known = known_orders

    def symbol(self, spelling: str) -> str:
        """The unified symbol; old documents spell in lower case."""
        return self._catalog.symbol(spelling.upper())

    def lists(self, spelling: str) -> bool:
        """True for a contract of the product."""
        return self._catalog.has(self.symbol(spelling))

    def _told(self, order: Order, client_id: str) -> Told:
        ref = structs.replace(order.ref, intent_id=self._ids.intent_id(client_id))
        return Told(self.known.wished(structs.replace(order, ref=ref), client_id), client_id)

    def _named(self, venue_id: str, symbol: str, client_id: str | None) -> str:
        self.known.name(venue_id, symbol, client_id)
        self.known.told(venue_id)
        return self.known.unnamed(venue_id)

    # --- answers ------------------------------------------------------------------------------------------------------

    def open_order(self, row: wire.OpenOrderRow) -> Told:
        """One of openorders."""
        symbol, kind = self.symbol(row.symbol), _KINDS.get(row.order_type)
        trailing = kind is TriggerKind.TRAILING
        order = Order(
            ref=OrderRef(symbol, "", row.order_id, conditional=kind is not None),
            side=side(row.side),
            type=OrderType.MARKET if row.limit_price is None else OrderType.LIMIT,
            status=_live(row.filled_size, waits=kind is not None),
            amount=row.unfilled_size + row.filled_size,
            filled=row.filled_size,
            price=row.limit_price,
            time_in_force=_LIFE.get(row.order_type, TimeInForce.GTC),
            post_only=row.order_type == "post",
            reduce_only=row.reduce_only,
            trigger=None
            if kind is None
            else Trigger(kind, None if trailing else row.stop_price, watches=_signal(row.trigger_signal)),
            updated_ns=time_ns(row.last_update_time),
        )
        return self._told(order, self._named(row.order_id, symbol, row.cli_ord_id))

    def status(self, row: wire.StatusRow) -> Told:
        """One of orders/status."""
        one, symbol = row.order, self.symbol(row.order.symbol)
        terms = one.price_trigger_options
        waits = one.type == "TRIGGER_ORDER"
        reason = (row.error or row.update_reason or "").lower()
        order = Order(
            ref=OrderRef(symbol, "", one.order_id, conditional=waits),
            side=side(one.side),
            type=OrderType.MARKET if one.limit_price is None else OrderType.LIMIT,
            status=_status(row, waits=waits),
            amount=one.quantity,
            filled=one.filled,
            price=one.limit_price,
            reduce_only=one.reduce_only,
            trigger=_trigger(side(one.side), terms.trigger_price, terms.trigger_signal, terms.trigger_side)
            if waits and terms is not None
            else None,
            updated_ns=time_ns(one.last_update_timestamp),
            reason="" if reason in _NO_END or reason in _OWN_END else reason,
        )
        return self._told(order, self._named(one.order_id, symbol, one.cli_ord_id))

    def event(self, one: wire.OrderDocument) -> Told:
        """An order that rests, inside an event of an answer."""
        symbol = self.symbol(one.symbol)
        whole = one.filled >= one.quantity
        order = Order(
            ref=OrderRef(symbol, "", one.order_id),
            side=side(one.side),
            type=OrderType.LIMIT,
            status=OrderStatus.FILLED if whole else _live(one.filled),
            amount=one.quantity,
            filled=one.filled,
            price=one.limit_price,
            time_in_force=_LIFE.get(one.type, TimeInForce.GTC),
            post_only=one.type == "post",
            reduce_only=one.reduce_only,
            updated_ns=time_ns(one.last_update_timestamp),
        )
        return self._told(order, self._named(one.order_id, symbol, one.cli_ord_id))

    def past(self, rows: Sequence[wire.PastOrderElement]) -> list[Told]:
        """Orders out of the changes that a history lists newest first, as they are after the last one; oldest first."""
        last: dict[str, Told] = {}
        for row in reversed(rows):
            for kind, change in row.event.items():
                if kind in _PAST_KINDS and change.now is not None:
                    last[change.now.uid] = self._past(kind, change.now, change.reason, row.timestamp)
        return list(last.values())

    def _past(self, kind: str, one: wire.PastOrder, reason: str, at_ms: int) -> Told:
        symbol, terms = self.symbol(one.tradeable), one.trigger_options
        status = _PAST_KINDS[kind]
        if status is OrderStatus.OPEN:
            status = _live(one.filled) if one.quantity else OrderStatus.FILLED
        elif status is OrderStatus.CANCELED:
            status = _ended(reason)
        fired = status is OrderStatus.TRIGGERED
        order = Order(
            ref=OrderRef(symbol, "", one.uid, conditional=terms is not None),
            side=side(one.direction.lower()),
            type=OrderType.LIMIT if one.limit_price else OrderType.MARKET,
            status=status,
            amount=one.quantity + one.filled,
            filled=one.filled,
            price=Decimal(one.limit_price) if one.limit_price else None,
            time_in_force=_PAST_LIFE.get(one.order_type, TimeInForce.GTC) if terms is None else None,
            post_only=one.order_type == "Post",
            reduce_only=one.reduce_only,
            trigger=None
            if terms is None
            else _trigger(side(one.direction.lower()), terms.trigger_price, terms.trigger_signal, terms.trigger_side),
            updated_ns=max(one.last_update_timestamp, at_ms) * MS_NS,
            replaced_by=one.uid if fired else None,
            reason=_why(status, reason),
        )
        return self._told(order, self._named(one.uid, symbol, one.client_id))

    def fill(self, row: wire.FillRow) -> Fill:
        """An execution; what it cost was told on the stream, if at all."""
        symbol = self.symbol(row.symbol)
        fee, paid_in = self.known.fee(row.fill_id)
        return Fill(
            fill_id=row.fill_id,
            ref=self._ref(symbol, row.order_id, row.cli_ord_id),
            side=side(row.side),
            price=row.price,
            amount=row.size,
            fee=fee,
            fee_asset=paid_in,
            maker=row.fill_type == "maker",
            at_ns=time_ns(row.fill_time),
        )

    def execution(self, row: wire.Execution, listed: Instrument) -> list[Fill]:
        """An execution of the history, which says what it cost: on either side where the account met itself."""
        sides = ((row.maker_order, row.maker_order_data, True), (row.taker_order, row.taker_order_data, False))
        found: list[Fill] = []
        for own, data, maker in sides:
            if own is None or data is None:
                continue
            self.known.pay(row.uid, data.fee, listed.settle)
            found.append(
                Fill(
                    fill_id=row.uid,
                    ref=self._ref(listed.symbol, own.uid, own.client_id),
                    side=side(own.direction.lower()),
                    price=row.price,
                    amount=row.quantity,
                    fee=data.fee,
                    fee_asset=listed.settle,
                    maker=maker,
                    at_ns=row.timestamp * MS_NS,
                )
            )
        return found

    def _ref(self, symbol: str, order_id: str, client_id: str | None) -> OrderRef:
        return OrderRef(symbol, self._ids.intent_id(self.known.name(order_id, symbol, client_id)), order_id)

    def position(self, row: wire.PositionRow) -> Position:
        """A position; one that has a leverage is isolated."""
        leverage = row.max_fixed_leverage
        amount = row.size if row.side == "long" else -row.size
        mode = MarginMode.CROSS if leverage is None else MarginMode.ISOLATED
        return self._rated(row.symbol, amount, row.price, row.unrealized_pnl, leverage, mode)

    def _rated(
        self,
        spelling: str,
        amount: Decimal,
        entry: Decimal | None,
        profit: Decimal | None,
        leverage: Decimal | None = None,
        mode: MarginMode | None = None,
    ) -> Position:
        symbol = self.symbol(spelling)
        position = Position(symbol, PositionSide.NET, amount, entry, profit, leverage=leverage, margin_mode=mode)
        return rated(self._catalog.find(symbol), position) if self._catalog.has(symbol) else position

    # --- streams ------------------------------------------------------------------------------------------------------

    def streamed(self, row: frames.StreamedOrder) -> Order:
        """A streamed order, without a name: 0.0 is no price, `qty` what is left, `filled` all of it together."""
        kind = _KINDS.get(row.type)
        options = row.trailing
        trigger = None
        if kind is not None:
            trailing = kind is TriggerKind.TRAILING
            trigger = Trigger(
                kind,
                price=None if trailing else row.stop_price or None,
                offset=options.max_deviation if options else None,
                offset_unit=known(_UNIT.get(options.unit), options.unit) if options else OffsetUnit.ABSOLUTE,
                watches=_signal(row.signal),
            )
        return Order(
            ref=OrderRef(self.symbol(row.instrument), "", row.order_id, conditional=kind is not None),
            side=Side.SELL if row.direction else Side.BUY,
            type=OrderType.LIMIT if row.limit_price else OrderType.MARKET,
            status=_live(row.filled, waits=kind is not None),
            amount=row.qty + row.filled,
            filled=row.filled,
            price=row.limit_price or None,
            reduce_only=row.reduce_only,
            trigger=trigger,
            updated_ns=row.last_update_time * MS_NS,
        )

    def named(self, order: Order, client_id: str) -> Told:
        """A streamed order with its name."""
        return self._told(order, client_id)

    def streamed_fill(self, row: frames.StreamedFill) -> Fill:
        """A streamed execution."""
        symbol = self.symbol(row.instrument)
        self.known.pay(row.fill_id, row.fee_paid, asset(row.fee_currency) if row.fee_currency else None)
        fee, paid_in = self.known.fee(row.fill_id)
        return Fill(
            fill_id=row.fill_id,
            ref=self._ref(symbol, row.order_id, row.cli_ord_id),
            side=Side.BUY if row.buy else Side.SELL,
            price=row.price,
            amount=row.qty,
            fee=fee,
            fee_asset=paid_in,
            maker=row.fill_type == "maker",
            at_ns=row.time * MS_NS,
        )

    def streamed_position(self, row: frames.StreamedPosition) -> Position:
        """A streamed position."""
        return self._rated(row.instrument, row.balance, row.entry_price or None, row.pnl)


def gone(order: Order, reason: str, at_ns: int) -> Order:
    """An order that a stream says is gone, and why.

    What a conditional one became goes under the same id: answers that say more of it are to count as later.
    """
    status, waits = _ended(reason), order.ref.conditional
    if waits and status is OrderStatus.FILLED:
        status = OrderStatus.CANCELED
    whole = order.filled if status is OrderStatus.FILLED else order.amount
    then_ns = order.updated_ns if waits else max(order.updated_ns, at_ns)
    return structs.replace(order, status=status, amount=whole, updated_ns=then_ns, reason=_why(status, reason))


def candle(row: wire.CandleRow, length_ns: int) -> tuple[Candle, int]:
    """A candle, and when it ends in ns."""
    open_ns = row.time * MS_NS
    return Candle(open_ns, row.open, row.high, row.low, row.close, row.volume, False), open_ns + length_ns


def public_trade(row: wire.TradeRow, symbol: str) -> Trade:
    """A public trade; its side is the taker's."""
    return Trade(symbol, row.uid, row.price, row.size, side(row.side), time_ns(row.time))


def side(word: str) -> Side:
    """Buy or sell."""
    return known(_SIDE.get(word), word)


def end_reason(order: Order) -> Reason:
    """The neutral reason behind an order's end."""
    return reason_of(order.reason)


def _signal(word: str) -> TriggerPrice:
    return known(_SIGNAL.get(word), word)


def _trigger(way: Side, price: Decimal, signal: str, direction: str) -> Trigger:
    """Whether it is a stop or a take-profit is told by the side of the price that it waits on."""
    below = direction.lower().endswith("below")
    kind = TriggerKind.STOP if below is (way is Side.SELL) else TriggerKind.TAKE
    watched = signal.lower().removesuffix("price").removesuffix("_")
    return Trigger(kind, price, watches=_signal(watched))


def _live(filled: Decimal, *, waits: bool = False) -> OrderStatus:
    if waits:
        return OrderStatus.WAITING
    return OrderStatus.PARTLY_FILLED if filled > ZERO else OrderStatus.OPEN


def _status(row: wire.StatusRow, *, waits: bool) -> OrderStatus:
    status = known(_STATUS.get(row.status), row.status)
    reason = (row.update_reason or "").lower()
    if status is OrderStatus.OPEN:
        return OrderStatus.PENDING if reason == _HELD else _live(row.order.filled, waits=waits)
    if status is OrderStatus.CANCELED:
        return _ended(reason)
    late = status is OrderStatus.REJECTED and (row.error or "").lower() == _TOO_LATE
    return OrderStatus.EXPIRED if late else status


def _ended(reason: str) -> OrderStatus:
    return _ENDS.get(reason, OrderStatus.CANCELED)


def _why(status: OrderStatus, reason: str) -> str:
    """Why an order ended, where that was nobody's wish."""
    told = status.final and status not in (OrderStatus.FILLED, OrderStatus.TRIGGERED) and reason not in _OWN_END
    return reason if told else ""
