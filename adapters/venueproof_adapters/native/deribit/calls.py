"""The venue's requests about orders and the account, in the kit's words. Source: the vendor's reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.ordercalls import OrderName, Sending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.own import MarginSetting, or_none
from venueproof_adapters.kit.trailing import as_distance
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.errors import NO_AMEND
from venueproof_adapters.native.deribit.parse import CONDITIONALS, LIVES, TRIGGERED, WATCHED, Parser, balance, waits
from venueproof_adapters.native.deribit.rest import REQUEST_LIFETIME_S, Rest
from venueproof_contracts.errors import AdapterError, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Balance,
    Fill,
    Instrument,
    Intent,
    MarginMode,
    Order,
    OrderStatus,
    OrderType,
    Position,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerKind,
    TriggerPrice,
)

CLIENT_ID = r"[!-~]{1,64}"
CLIENT_ID_LENGTH = 64
"""Of a label, which may be any text and need not be unique."""

_ROWS_MAX = 1000
_RECENT_NS = 23 * 3600 * SECOND_NS
"""Trades older than a day are told only as history. Source: the vendor's article on historical records."""
_TYPES = {terms: word for word, terms in CONDITIONALS.items()}
_LIFE_WORDS = {life: word for word, life in LIVES.items()}
_WATCHED_WORDS = {price: word for word, price in WATCHED.items()}

Terms = dict[str, object]


class DeribitOrders:
    """Orders, and trigger orders: these have ids of their own, and become ordinary ones with another id."""

    request_lifetime_s: float = REQUEST_LIFETIME_S
    batch_max: int = 1

    def __init__(self, rest: Rest, parser: Parser, catalog: Catalog, decimal_text: Callable[[Decimal], str]) -> None:
        self._rest = rest
        self._parser = parser
        self._catalog = catalog
        self._text = decimal_text

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """Refuse what the venue has no words for; say a trailing offset in percent as the distance that it is."""
        trigger = intent.trigger
        if intent.position_side in (PositionSide.LONG, PositionSide.SHORT):
            raise Rejected(Reason.POSITION_SIDE, "positions here have no legs")
        if intent.time_in_force is TimeInForce.GTD:
            raise Unsupported("no order here is good till a date")
        if intent.post_only and (intent.time_in_force is not TimeInForce.GTC or intent.type is not OrderType.LIMIT):
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is a limit order, good till canceled")
        if trigger is None:
            return intent
        if intent.close_position:
            raise Unsupported("no order here closes a position of any size")
        if (trigger.kind, intent.type) not in _TYPES:
            raise Unsupported("a trailing order here is a market order")
        if trigger.activation is not None:
            raise Unsupported("a trailing order here follows from the start")
        if trigger.kind is not TriggerKind.TRAILING:
            return intent
        price = _watched(await self._ticker(instrument), trigger.watches)
        return structs.replace(intent, trigger=as_distance(trigger, price, instrument.price_tick))

    async def _ticker(self, instrument: Instrument) -> wire.TickerRow:
        return await self._rest.ask("ticker", wire.TickerRow, instrument_name=instrument.spelling)

    def cannot_amend(self, refusal: Rejected) -> bool:
        """By its code."""
        return refusal.code in NO_AMEND

    def refusal(self, order: Order) -> Rejected | None:
        """What is taken in stands."""
        return None

    # --- doing ---

    async def place(self, sending: Sending) -> Told:
        """private/buy or sell."""
        call = "buy" if sending.intent.side is Side.BUY else "sell"
        row = await self._rest.act(call, wire.Placed, **self._terms(sending))
        return self._parser.told(row.order)[-1]

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[Told | AdapterError]:
        """No request places several."""
        raise Unsupported("orders are placed one by one here")

    def _terms(self, sending: Sending) -> Terms:
        """What is true of a flag is said, and nothing else; a market order knows no time in force."""
        intent, trigger = sending.intent, sending.intent.trigger
        limit = intent.type is OrderType.LIMIT
        terms: Terms = {
            "instrument_name": sending.instrument.spelling,
            "amount": self._number(intent.amount),
            "type": intent.type.value if trigger is None else _TYPES[trigger.kind, intent.type],
            "price": self._number(intent.price) if limit else None,
            "time_in_force": _LIFE_WORDS[intent.time_in_force] if limit else None,
            "label": sending.client_id,
            "reduce_only": intent.reduce_only or None,
            **_passive(intent.post_only),
        }
        if trigger is None:
            return terms
        return terms | {
            "trigger": _WATCHED_WORDS[trigger.watches],
            "trigger_price": self._number(trigger.price),
            "trigger_offset": self._number(trigger.offset),
        }

    def _number(self, value: Decimal | None) -> msgspec.Raw | None:
        """A JSON number, spelled exactly."""
        return None if value is None else msgspec.Raw(self._text(value).encode())

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told:
        """private/edit: in place, the amount being the new total."""
        row = await self._rest.act(
            "edit",
            wire.Placed,
            order_id=order.ref.venue_id,
            amount=self._number(amount),
            price=self._number(price),
            reduce_only=order.reduce_only or None,
            **_passive(order.post_only),
        )
        return self._parser.told(row.order)[-1]

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told:
        """private/cancel, which knows orders by the venue's id only."""
        venue_id = name.venue_id or (await self.query(instrument, name)).order.ref.venue_id
        row = await self._rest.act("cancel", wire.OrderRow, order_id=venue_id)
        return self._parser.told(row)[-1]

    async def cancel_all(self, instrument: Instrument) -> None:
        """private/cancel_all_by_instrument, which takes trigger orders along."""
        await self._rest.act("cancel-all", int, instrument_name=instrument.spelling)

    # --- asking ---

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """private/get_order_state, or by label the newest that has it."""
        if name.venue_id:
            row = await self._rest.ask("order", wire.OrderRow, order_id=name.venue_id)
        else:
            row = await self._labeled(instrument, name)
        if not waits(row):
            return self._parser.told(row)[-1]
        if row.order_state == TRIGGERED:
            return await self._fired(instrument, row)
        return (await self._watching([row]))[0]

    async def _labeled(self, instrument: Instrument, name: OrderName) -> wire.OrderRow:
        rows = await self._rest.ask(
            "orders-by-label", list[wire.OrderRow], currency=instrument.settle, label=name.client_id
        )
        found = [row for row in rows if row.instrument_name == instrument.spelling and waits(row) is name.conditional]
        if not found:
            raise Rejected(Reason.UNKNOWN_ORDER, f"no order has the label {name.client_id!r}")
        return max(found, key=lambda row: row.creation_timestamp)

    async def _fired(self, instrument: Instrument, row: wire.OrderRow) -> Told:
        """A trigger order that fired does not tell what it became: the history of triggers does."""
        for entry in await self._trigger_history(instrument):
            if entry.trigger_order_id == row.order_id:
                row = structs.replace(row, trigger_order_id=row.order_id, order_id=entry.order_id)
                return Told(self._parser.fired(row), row.label or "")
        return Told(self._parser.conditional(row), row.label or "")

    async def _trigger_history(self, instrument: Instrument) -> list[wire.OrderRow]:
        told = await self._rest.ask(
            "trigger-history",
            wire.TriggerHistory,
            currency=instrument.settle,
            instrument_name=instrument.spelling,
            count=_ROWS_MAX,
        )
        return told.entries

    async def _watching(self, rows: Sequence[wire.OrderRow]) -> list[Told]:
        """Orders that live. A trigger order whose price has come and that says that it waits is on its way, or stuck.

        The venue has no word for that, so the prices are asked for.
        """
        tickers: dict[str, wire.TickerRow | None] = {}
        for row in rows:
            name = row.instrument_name
            if waits(row) and name not in tickers:
                asked = self._rest.ask("ticker", wire.TickerRow, instrument_name=name)
                tickers[name] = await or_none(asked)
        return [self._live(row, tickers.get(row.instrument_name)) for row in rows]

    def _live(self, row: wire.OrderRow, ticker: wire.TickerRow | None) -> Told:
        told = self._parser.told(row)[-1]
        if ticker is None or told.order.status is not OrderStatus.WAITING or not _has_come(told.order, ticker):
            return told
        return structs.replace(told, order=structs.replace(told.order, status=OrderStatus.TRIGGERING))

    async def any_open(self, instrument: Instrument) -> bool:
        """private/get_open_orders_by_instrument."""
        return bool(await self._open_rows(instrument))

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """private/get_open_orders, of one instrument or of all: trigger orders are among them."""
        return await self._watching(await self._open_rows(instrument))

    async def _open_rows(self, instrument: Instrument | None) -> list[wire.OrderRow]:
        if instrument is None:
            return await self._rest.ask("all-open-orders", list[wire.OrderRow])
        return await self._rest.ask("open-orders", list[wire.OrderRow], instrument_name=instrument.spelling)

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """What lives, what ended within half an hour, and what is history. One that did not fill is asked for too."""
        rows = await self._open_rows(instrument)
        if conditional:
            fired = [Told(self._parser.fired(row), row.label or "") for row in await self._trigger_history(instrument)]
            return [*reversed(fired), *self._told(row for row in rows if waits(row))]
        for historical in (False, True):
            rows += await self._rest.ask(
                "history",
                list[wire.OrderRow],
                instrument_name=instrument.spelling,
                count=_ROWS_MAX,
                include_unfilled=True,
                historical=historical,
            )
        plain = {row.order_id: row for row in reversed(rows) if not waits(row)}
        return self._told(sorted(plain.values(), key=lambda row: row.creation_timestamp))

    def _told(self, rows: Iterable[wire.OrderRow]) -> list[Told]:
        return [self._parser.told(row)[-1] for row in rows]


class DeribitAccount:
    """Questions about the account, and its settings, of which the venue has none."""

    def __init__(self, rest: Rest, orders: DeribitOrders, parser: Parser, now_ns: Callable[[], int]) -> None:
        self.open_orders = orders.open_orders
        self._rest = rest
        self._parser = parser
        self._now_ns = now_ns

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """private/get_user_trades_by_instrument: those of a day, and older ones as history where they are asked for."""
        if since_ns is None:
            page = await self._rest.ask(
                "latest-fills", wire.Trades, instrument_name=instrument.spelling, count=_ROWS_MAX, sorting="desc"
            )
            return self._fills(page.trades)
        rows = await self._since(instrument, since_ns // MS_NS, historical=False)
        if self._now_ns() - since_ns > _RECENT_NS:
            rows += await self._since(instrument, since_ns // MS_NS, historical=True)
        return self._fills(rows)

    async def _since(self, instrument: Instrument, start_ms: int, *, historical: bool) -> list[wire.TradeRow]:
        """Page by page; the next begins in the last millisecond of the one before, or after it where that is full."""
        rows: list[wire.TradeRow] = []
        while True:
            page = await self._rest.ask(
                "fills",
                wire.Trades,
                instrument_name=instrument.spelling,
                start_timestamp=start_ms,
                end_timestamp=self._now_ns() // MS_NS + 1000,
                count=_ROWS_MAX,
                sorting="asc",
                historical=historical,
            )
            rows += page.trades
            if not page.has_more or not page.trades:
                return rows
            last_ms = max(row.timestamp for row in page.trades)
            start_ms = last_ms if last_ms > start_ms else last_ms + 1

    def _fills(self, rows: Iterable[wire.TradeRow]) -> list[Fill]:
        return [self._parser.fill(row) for row in {(row.order_id, row.trade_id): row for row in rows}.values()]

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """private/get_positions, which does not say when they changed."""
        rows = await self._rest.ask("positions", list[wire.PositionRow])
        return [(self._parser.position(row), 0) for row in rows if row.size]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """There are none: positions tell their leverage."""
        return {}

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """private/get_account_summaries, which also tell how many orders may be sent."""
        told = await self._rest.ask("summaries", wire.Summaries)
        rates = [row.limits.matching_engine.trading.total for row in told.summaries if row.limits.matching_engine]
        if rates:
            self._rest.set_trading_rate(min(rates, key=lambda rate: rate.rate))
        return [(balance(row), 0) for row in told.summaries]

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Margin is the account's, and leverage follows from it."""
        raise Unsupported("the venue has no setter of margin or leverage")

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Positions are net."""
        if mode is not PositionMode.NET:
            raise Unsupported("positions here have no legs")


def _passive(post_only: bool) -> Terms:
    """A post-only order is refused where it would trade, since the venue would move its price otherwise."""
    return {"post_only": True, "reject_post_only": True} if post_only else {}


def _watched(ticker: wire.TickerRow, watches: TriggerPrice) -> Decimal:
    prices = {
        TriggerPrice.LAST: ticker.last_price or ticker.mark_price,
        TriggerPrice.MARK: ticker.mark_price,
        TriggerPrice.INDEX: ticker.index_price,
    }
    return prices[watches]


def _has_come(order: Order, ticker: wire.TickerRow) -> bool:
    """Whether the price that a stop or take-profit waits for is there."""
    trigger = order.trigger
    if trigger is None or trigger.price is None:
        return False
    price, rising = _watched(ticker, trigger.watches), (order.side is Side.BUY) == (trigger.kind is TriggerKind.STOP)
    return price >= trigger.price if rising else price <= trigger.price
