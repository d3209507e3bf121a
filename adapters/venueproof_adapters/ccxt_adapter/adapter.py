"""The Adapter protocol over one ccxt exchange: a method of ccxt behind each method of ours."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from venueproof_adapters.ccxt_adapter import reading
from venueproof_adapters.ccxt_adapter.declaring import HAS, declaration
from venueproof_adapters.ccxt_adapter.errors import translated
from venueproof_adapters.ccxt_adapter.exchanges import Exchange, ExchangeRow
from venueproof_adapters.ccxt_adapter.ids import ClientIds
from venueproof_adapters.ccxt_adapter.placing import needs, order_params
from venueproof_adapters.ccxt_adapter.streams import Key, Streams
from venueproof_adapters.ccxt_adapter.watching import CANDLE_INTERVAL, UNWATCH, watches
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, Unsupported
from venueproof_contracts.model import (
    Balance,
    Book,
    Candle,
    Channel,
    Declaration,
    Event,
    Fill,
    Funding,
    Instrument,
    Intent,
    MarginMode,
    OpenInterest,
    Order,
    OrderRef,
    OrderType,
    Position,
    PositionMode,
    Ticker,
    Trade,
)


class CcxtAdapter:
    """Answers for one exchange instance, which it closes."""

    def __init__(self, exchange: Exchange, row: ExchangeRow) -> None:
        """Nothing is sent before `start`."""
        self._exchange = exchange
        self._row = row
        self._ids = ClientIds(row.conditional_keys, row.plain_keys, row.client_ids, row.said_keys)
        self._streams = Streams(exchange)

    async def declare(self) -> Declaration:
        """What the exchange's own table says."""
        return declaration(self._exchange, self._row)

    async def start(self) -> None:
        """Load the markets, as ccxt's manual asks."""
        with translated(self._exchange):
            await self._exchange.load_markets()

    async def close(self) -> None:
        """Stop watching and let ccxt close its connections."""
        await self._streams.close()
        await self._exchange.close()

    # --- the market ---

    async def server_time(self) -> int:
        """`fetch_time`."""
        with translated(self._exchange):
            return reading.to_ns(await self._exchange.fetch_time())

    async def instruments(self) -> list[Instrument]:
        """The contracts among the markets that were loaded, of this product."""
        with translated(self._exchange):
            markets: dict[str, dict[str, Any]] = await self._exchange.load_markets()
        return [reading.instrument(one) for one in markets.values() if one["contract"] and one[self._row.sub_type]]

    async def ticker(self, instrument: str) -> Ticker:
        """`fetch_ticker`."""
        with translated(self._exchange):
            return reading.ticker(await self._exchange.fetch_ticker(instrument), self._exchange.markets)

    async def book(self, instrument: str, depth: int) -> Book:
        """`fetch_order_book`."""
        with translated(self._exchange):
            return reading.book(await self._exchange.fetch_order_book(instrument, depth), instrument)

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """`fetch_ohlcv`."""
        with translated(self._exchange):
            rows = await self._exchange.fetch_ohlcv(instrument, interval, _ms(since_ns), limit)
            interval_s = int(self._exchange.parse_timeframe(interval))
        return [reading.candle(row, interval_s, self._exchange.milliseconds()) for row in rows]

    async def trades(self, instrument: str) -> list[Trade]:
        """`fetch_trades`."""
        with translated(self._exchange):
            return [reading.trade(one) for one in await self._exchange.fetch_trades(instrument)]

    async def funding(self, instrument: str) -> Funding:
        """`fetch_funding_rate`."""
        with translated(self._exchange):
            found = await self._exchange.fetch_funding_rate(instrument)
        return Funding(
            instrument=instrument,
            rate=Decimal(str(found["fundingRate"])),
            next_ns=reading.to_ns(found["nextFundingTimestamp"] or found["fundingTimestamp"]),
        )

    async def open_interest(self, instrument: str) -> OpenInterest:
        """`fetch_open_interest`."""
        with translated(self._exchange):
            found = await self._exchange.fetch_open_interest(instrument)
        return reading.open_interest(found, self._exchange.markets[instrument])

    # --- orders ---

    async def place(self, intent: Intent) -> Order:
        """`create_order`."""
        self._refuse_wordless(intent)
        price = None if intent.price is None else float(intent.price)
        amount = float(intent.amount)
        with translated(self._exchange, changes=True, waits=intent.trigger is not None):
            found = await self._exchange.create_order(
                intent.instrument, intent.type.value, intent.side.value, amount, price, self._params(intent)
            )
        return self._order(found, intent.instrument, conditional=intent.trigger is not None)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """`create_orders`."""
        for intent in intents:
            self._refuse_wordless(intent)
        try:
            with translated(self._exchange, changes=True):
                found = await self._exchange.create_orders([self._request(one) for one in intents])
        except OutcomeUnknown as error:  # of the one call, and so of each order
            return [error for _ in intents]
        return self._in_place(found, intents)

    def _request(self, intent: Intent) -> dict[str, object]:
        return {
            "symbol": intent.instrument,
            "type": intent.type.value,
            "side": intent.side.value,
            "amount": float(intent.amount),
            "price": None if intent.price is None else float(intent.price),
            "params": self._params(intent),
        }

    def _in_place(self, found: Sequence[reading.Dict], intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """ccxt sorts what it got by time: orders find their place by client id, refusals take what is left."""
        refusals = [refusal for one in found if (refusal := reading.refusal(one)) is not None]
        orders = [self._order(one, "") for one in found if reading.refusal(one) is None]
        by_intent = {order.ref.intent_id: order for order in orders}
        return [by_intent.get(intent.intent_id) or refusals.pop(0) for intent in intents]

    def _refuse_wordless(self, intent: Intent) -> None:
        """What ccxt has no word for it would place without that: a trailing stop as a market order, at once."""
        wanted = needs(intent)
        if intent.close_position or (wanted and not self._exchange.has.get(wanted)):
            raise Unsupported("ccxt has no word for this kind of conditional order on this exchange")

    def _params(self, intent: Intent) -> dict[str, object]:
        with translated(self._exchange):
            directed = bool(self._exchange.feature_value(intent.instrument, "createOrder", "triggerDirection", False))
        return order_params(intent, self._ids.client_id(intent.intent_id), directed=directed)

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """`edit_order`, which wants to be told the order's side, type and both figures: asked of the venue first."""
        if ref.conditional:
            raise Unsupported("ccxt has no word for changing a conditional order")
        now = await self.order(ref)
        to_price, to_amount = price or now.price, amount or now.amount
        with translated(self._exchange, changes=True):
            found = await self._exchange.edit_order(
                now.ref.venue_id,
                ref.instrument,
                OrderType.LIMIT.value,
                now.side.value,
                float(to_amount),
                None if to_price is None else float(to_price),
            )
        return self._order(found, ref.instrument)

    async def cancel(self, ref: OrderRef) -> Order:
        """`cancel_order`."""
        with translated(self._exchange, changes=True):
            params = self._naming(ref, self._row.cancel_by)
            found = await self._exchange.cancel_order(ref.venue_id or "", ref.instrument, params)
        return self._order(found, ref.instrument, conditional=ref.conditional)

    async def cancel_all(self, instrument: str) -> None:
        """`cancel_all_orders`, which wants to be asked for conditional ones apart."""
        with translated(self._exchange, changes=True):
            for params in self._both_kinds():
                await self._exchange.cancel_all_orders(instrument, params)

    def _both_kinds(self) -> list[dict[str, object]]:
        """The parameters for ordinary orders, and for conditional ones where the exchange has them."""
        return [{}, {"trigger": True}] if self._exchange.has.get(HAS[Capability.CONDITIONAL]) else [{}]

    def _every_kind(self) -> list[dict[str, bool | str]]:
        """The same for lists: some exchanges list every kind of conditional orders apart."""
        return [{}, *self._row.waiting_params] if self._exchange.has.get(HAS[Capability.CONDITIONAL]) else [{}]

    async def order(self, ref: OrderRef) -> Order:
        """`fetch_order`."""
        with translated(self._exchange):
            params = {**self._naming(ref, self._row.order_by), **self._row.order_params}
            found = await self._exchange.fetch_order(ref.venue_id or "", ref.instrument, params)
        return self._order(found, ref.instrument)

    async def open_orders(self, instrument: str | None) -> list[Order]:
        """`fetch_open_orders`, which wants to be asked for conditional ones apart; some venues list them both times."""
        found: dict[tuple[str, bool], Order] = {}
        with translated(self._exchange):
            for params in self._every_kind():
                for one in await self._exchange.fetch_open_orders(instrument, None, None, params):
                    order = self._order(one, instrument or "")
                    found[str(order.ref.venue_id), order.ref.conditional] = order
        return list(found.values())

    def _naming(self, ref: OrderRef, word: str) -> dict[str, object]:
        """By the venue's id where there is one, else by the client id under `word`.

        ccxt's own `fetch_order_with_client_order_id` leaves the id empty then: some exchanges put it into a text.
        """
        named: dict[str, object] = {} if ref.venue_id else {word: self._ids.client_id(ref.intent_id)}
        return {**named, "trigger": True} if ref.conditional else named

    def _order(self, found: reading.Dict, symbol: str, *, conditional: bool = False) -> Order:
        return reading.order(found, self._ids, symbol, conditional=conditional)

    # --- the account ---

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        """`fetch_my_trades`."""
        with translated(self._exchange):
            found = await self._exchange.fetch_my_trades(instrument, _ms(since_ns))
        return [reading.fill(one, self._ids) for one in found]

    async def positions(self) -> list[Position]:
        """`fetch_positions`, without flat ones."""
        with translated(self._exchange):
            found = await self._exchange.fetch_positions(None, self._row.positions_params)
        return [position for position in map(reading.position, found) if position.amount]

    async def balances(self) -> list[Balance]:
        """`fetch_balance`."""
        with translated(self._exchange):
            return reading.balances(await self._exchange.fetch_balance({**self._row.balance_params}))

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """`set_margin_mode` and `set_leverage`."""
        with translated(self._exchange, changes=True):
            if mode is not None:
                await self._exchange.set_margin_mode(mode.value, instrument)
            if leverage is not None:
                await self._exchange.set_leverage(int(leverage), instrument)

    async def set_position_mode(self, mode: PositionMode) -> None:
        """`set_position_mode`."""
        with translated(self._exchange, changes=True):
            await self._exchange.set_position_mode(mode is PositionMode.HEDGE)

    # --- streams ---

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        """Watch what belongs to the channel."""
        key: Key = (channel, instrument or "")
        wanted = watches(self._exchange, key, self._ids)
        if not wanted:
            raise Unsupported(f"this exchange of ccxt watches nothing of {channel.value}")
        await self._streams.add(key, wanted)

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        """Stop watching; `un_watch_*` where the exchange has it."""
        await self._streams.remove((channel, instrument or ""))
        method = UNWATCH.get(channel)
        if method is None or not self._exchange.has.get(method.capability):
            return
        arguments = (instrument, CANDLE_INTERVAL) if channel is Channel.CANDLES else (instrument,)
        with translated(self._exchange):
            await getattr(self._exchange, method.name)(*arguments)

    async def next_event(self) -> Event:
        """The next event of all watches."""
        return await self._streams.next_event()


def _ms(ns: int | None) -> int | None:
    return None if ns is None else ns // reading.NS_PER_MS
