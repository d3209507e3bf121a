"""The venue's requests about orders, the account and its settings, in the kit's words.

Source: the vendor's trade and account pages; that amendments may be refused altogether is a field report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.intents import leg_of, waits
from venueproof_adapters.kit.ordercalls import OrderName, Sending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.own import MarginSetting
from venueproof_adapters.kit.requests import Unreadable, read
from venueproof_adapters.kit.trailing import in_percent
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.errors import NO_AMEND
from venueproof_adapters.native.binance.parse import CONDITIONALS, POST_ONLY, WATCHED, Parser, balance, margin_mode
from venueproof_adapters.native.binance.products import Product
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_contracts.errors import AdapterError, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Balance,
    Fill,
    Instrument,
    Intent,
    MarginMode,
    OffsetUnit,
    Order,
    OrderType,
    Position,
    PositionMode,
    TimeInForce,
    TriggerKind,
    TriggerPrice,
)

CLIENT_ID = r"[\.A-Z\:/a-z0-9_-]{1,36}"
CLIENT_ID_LENGTH = 36

_ROWS_MAX = 1000
_WEEK_MS = 7 * 86_400_000
_MARGIN_TYPE = {MarginMode.CROSS: "CROSSED", MarginMode.ISOLATED: "ISOLATED"}
_CALLBACK_STEP, _CALLBACK_LEAST, _CALLBACK_MOST = Decimal("0.1"), Decimal("0.1"), Decimal(20)
"""Percent a trailing order may be behind; source: the vendor's algo order page as of 2026-10-23."""
_CONDITIONAL_TYPE = {terms: word for word, terms in CONDITIONALS.items()}

Terms = dict[str, str | int]

_GUARDED: Terms = {"selfTradePreventionMode": "EXPIRE_MAKER"}
"""What single orders do by default; those of a batch would trade with the account itself. Source: the vendor's pages
of both requests."""


class BinanceOrders:
    """Orders, and the conditional ones of the venue's algo service: two kinds with ids of their own."""

    request_lifetime_s: float = REQUEST_LIFETIME_S
    batch_max: int = 5

    def __init__(self, product: Product, rest: Rest, parser: Parser, decimal_text: Callable[[Decimal], str]) -> None:
        self._product = product
        self._rest = rest
        self._parser = parser
        self._text = decimal_text

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """Refuse what the venue has no words for; say an absolute trailing offset in percent, as the venue does."""
        trigger = intent.trigger
        if intent.time_in_force is TimeInForce.GTD and not self._product.good_till_date:
            raise Unsupported("inverse products know no good-till-date")
        if intent.post_only and intent.time_in_force is not TimeInForce.GTC:
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
        if trigger is None:
            return intent
        if trigger.watches not in WATCHED:
            raise Unsupported(f"no order here watches the {trigger.watches} price")
        if (trigger.kind, intent.type) not in _CONDITIONAL_TYPE:
            raise Unsupported("a trailing order here is a market order")
        if intent.close_position and (trigger.kind is TriggerKind.TRAILING or intent.type is not OrderType.MARKET):
            raise Unsupported("only a stop or take-profit at market closes a position of any size here")
        if trigger.kind is not TriggerKind.TRAILING or trigger.offset_unit is OffsetUnit.PERCENT:
            return intent
        price = trigger.activation or await self._price(instrument, trigger.watches)
        trigger = in_percent(trigger, price, _CALLBACK_STEP, _CALLBACK_LEAST, _CALLBACK_MOST)
        return structs.replace(intent, trigger=trigger)

    async def _price(self, instrument: Instrument, watched: TriggerPrice) -> Decimal:
        if watched is TriggerPrice.MARK:
            return (await self._rest.ask_one("premium", wire.PremiumRow, symbol=instrument.spelling)).mark_price
        return (await self._rest.ask_one("ticker", wire.DayRow, symbol=instrument.spelling)).last_price

    def cannot_amend(self, refusal: Rejected) -> bool:
        """By its code."""
        return refusal.code in NO_AMEND

    def refusal(self, order: Order) -> Rejected | None:
        """What is taken in stands."""
        return None

    async def place(self, sending: Sending) -> Told:
        """POST order or algoOrder."""
        if waits(sending.intent):
            return self._waiting(await self._rest.act("place-conditional", wire.AlgoRow, **self._algo_terms(sending)))
        return self._told(await self._rest.act("place", wire.OrderRow, **self._order_terms(sending)))

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[Told | AdapterError]:
        """POST batchOrders: a refused one stands as code and text among the orders."""
        orders = [self._order_terms(sending) | _GUARDED for sending in sendings]
        terms = msgspec.json.encode(orders).decode()
        rows = await self._rest.act("place-batch", list[msgspec.Raw], batchOrders=terms)
        if len(rows) != len(sendings):
            raise Unreadable(f"{len(rows)} answers for {len(sendings)} orders")
        return [self._batched(bytes(row)) for row in rows]

    def _batched(self, row: bytes) -> Told | AdapterError:
        try:
            return self._rest.refusal(row) or self._told(read(row, wire.OrderRow))
        except AdapterError as error:
            return error

    def _order_terms(self, sending: Sending) -> Terms:
        """Asked for the result, since the default answer tells nothing of what filled."""
        intent = sending.intent
        return {
            **self._common_terms(sending),
            "type": intent.type.value.upper(),
            "quantity": self._text(intent.amount),
            "newClientOrderId": sending.client_id,
            "newOrderRespType": "RESULT",
        }

    def _algo_terms(self, sending: Sending) -> Terms:
        intent, trigger = sending.intent, sending.intent.trigger
        assert trigger is not None
        terms: Terms = {
            **self._common_terms(sending),
            "algoType": "CONDITIONAL",
            "type": _CONDITIONAL_TYPE[trigger.kind, intent.type],
            "clientAlgoId": sending.client_id,
            "workingType": WATCHED[trigger.watches],
        }
        prices = {"triggerPrice": trigger.price, "callbackRate": trigger.offset, "activatePrice": trigger.activation}
        terms |= {name: self._text(price) for name, price in prices.items() if price is not None}
        if intent.close_position:
            return terms | {"closePosition": "true"}
        return terms | {"quantity": self._text(intent.amount)}

    def _common_terms(self, sending: Sending) -> Terms:
        """`positionSide` says what reduces; the venue refuses `reduceOnly` beside it, and beside `closePosition`."""
        intent = sending.intent
        terms: Terms = {"symbol": sending.instrument.spelling, "side": intent.side.value.upper()}
        if intent.type is OrderType.LIMIT and intent.price is not None:
            terms["price"] = self._text(intent.price)
        if intent.type is OrderType.LIMIT or intent.time_in_force is TimeInForce.GTD:
            terms["timeInForce"] = POST_ONLY if intent.post_only else intent.time_in_force.value.upper()
        if intent.time_in_force is TimeInForce.GTD and intent.expires_ns is not None:
            terms["goodTillDate"] = intent.expires_ns // MS_NS
        if leg := leg_of(intent):
            terms["positionSide"] = leg.value.upper()
        elif intent.reduce_only and not intent.close_position:
            terms["reduceOnly"] = "true"
        return terms

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told:
        """PUT order, which needs price and amount both; a protective order may be small if it is said to be one."""
        row = await self._rest.act(
            "amend",
            wire.OrderRow,
            symbol=instrument.spelling,
            side=order.side.value.upper(),
            quantity=self._text(amount),
            price=self._text(price),
            orderId=order.ref.venue_id,
            reduceOnly="true" if order.reduce_only and order.position_side is None else None,
        )
        return self._told(row)

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told | None:
        """DELETE order or algoOrder."""
        if name.conditional:
            await self._rest.act("cancel-conditional", wire.AlgoDone, symbol=instrument.spelling, **_which(name))
            return None
        return self._told(await self._rest.act("cancel", wire.OrderRow, symbol=instrument.spelling, **_which(name)))

    async def cancel_all(self, instrument: Instrument) -> None:
        """DELETE algoOpenOrders, then allOpenOrders, which takes along what fired meanwhile. Both in any case."""
        failures: list[AdapterError] = []
        for call in ("cancel-all-conditionals", "cancel-all"):
            try:
                await self._rest.act(call, wire.CodeRow, symbol=instrument.spelling)
            except AdapterError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """GET order or algoOrder."""
        if name.conditional:
            row = await self._rest.ask("conditional", wire.AlgoRow, symbol=instrument.spelling, **_which(name))
            return self._waiting(row)
        return self._told(await self._rest.ask("order", wire.OrderRow, symbol=instrument.spelling, **_which(name)))

    async def any_open(self, instrument: Instrument) -> bool:
        """GET openOrders and openAlgoOrders."""
        return bool(await self.open_orders(instrument))

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """GET openOrders and openAlgoOrders, of one symbol or of all."""
        every, name = ("all-", None) if instrument is None else ("", instrument.spelling)
        # The conditional ones first, so that one that fires meanwhile is in the other list; and one after the other,
        # since a second request during a ban makes it longer.
        waiting = await self._rest.ask(f"{every}open-conditionals", list[wire.AlgoRow], symbol=name)
        plain = await self._rest.ask(f"{every}open-orders", list[wire.OrderRow], symbol=name)
        return [*map(self._waiting, waiting), *map(self._told, plain)]

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """GET allOrders or allAlgoOrders: a week of them."""
        name = instrument.spelling
        if conditional:
            rows = await self._rest.ask("history-conditionals", list[wire.AlgoRow], symbol=name, limit=_ROWS_MAX)
            return [self._waiting(row) for row in sorted(rows, key=lambda row: row.algo_id)]
        orders = await self._rest.ask("history", list[wire.OrderRow], symbol=name, limit=_ROWS_MAX)
        return [self._told(row) for row in sorted(orders, key=lambda row: row.order_id)]

    def _told(self, row: wire.OrderRow) -> Told:
        return Told(self._parser.order(row), row.client_order_id)

    def _waiting(self, row: wire.AlgoRow) -> Told:
        return Told(self._parser.conditional(row, row.update_time), row.client_algo_id)


class BinanceAccount:
    """Questions about the account, and its settings."""

    def __init__(
        self, rest: Rest, orders: BinanceOrders, parser: Parser, catalog: Catalog, now_ns: Callable[[], int]
    ) -> None:
        self.open_orders = orders.open_orders
        self._rest = rest
        self._parser = parser
        self._catalog = catalog
        self._now_ns = now_ns

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """GET userTrades, which answers at most a week and a thousand rows at a time."""
        if since_ns is None:
            return self._fills(await self._page(instrument))
        rows: list[wire.TradeRow] = []
        now_ms, start_ms = self._now_ns() // MS_NS, since_ns // MS_NS
        while True:
            end_ms = start_ms + _WEEK_MS - 1
            page = await self._page(instrument, startTime=start_ms, endTime=end_ms if end_ms < now_ms else None)
            rows += page
            while len(page) >= _ROWS_MAX:
                page = await self._page(instrument, fromId=max(row.id for row in page) + 1)
                rows += page
            if end_ms >= now_ms:
                return self._fills(rows)
            start_ms = end_ms + 1

    async def _page(self, instrument: Instrument, **span: int | None) -> list[wire.TradeRow]:
        return await self._rest.ask("fills", list[wire.TradeRow], symbol=instrument.spelling, limit=_ROWS_MAX, **span)

    def _fills(self, rows: list[wire.TradeRow]) -> list[Fill]:
        return [self._parser.fill(row) for row in rows]

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """GET positionRisk, which lists flat ones too on some products."""
        rows = await self._rest.ask("positions", list[wire.PositionRow])
        return [(self._parser.position(row), row.update_time * MS_NS) for row in rows if row.position_amt]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """GET symbolConfig: v3/positionRisk has neither leverage nor margin mode. Inverse products tell both there."""
        rows = await self._rest.ask("settings", list[wire.SettingRow])
        return {
            self._catalog.symbol(row.symbol): MarginSetting(row.leverage, margin_mode(row.margin_type)) for row in rows
        }

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """GET account. Entries that were never updated hold no valid numbers."""
        account = await self._rest.ask("account", wire.AccountRow)
        return [(balance(row), row.update_time * MS_NS) for row in account.assets if row.update_time]

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Margin mode first, then leverage. A refusal of the second says that the first is done."""
        if leverage is not None and leverage != leverage.to_integral_value():
            raise Rejected(Reason.BAD_PARAMETER, f"leverage {leverage} is not a whole number")
        name = instrument.spelling
        if mode is not None:
            await self._rest.set("margin-mode", wire.CodeRow, symbol=name, marginType=_MARGIN_TYPE[mode])
        if leverage is None:
            return
        try:
            row = await self._rest.set("leverage", wire.LeverageRow, symbol=name, leverage=int(leverage))
        except Rejected as error:
            if mode is None:
                raise
            told = f"{error}; the margin mode is {mode} now"
            raise Rejected(error.reason, told, code=error.code, text=error.text) from None
        if row is not None and row.leverage != leverage:
            raise Rejected(Reason.OTHER, f"the venue set leverage {row.leverage} instead of {leverage}")

    async def set_position_mode(self, mode: PositionMode) -> None:
        """POST positionSide/dual."""
        dual = "true" if mode is PositionMode.HEDGE else "false"
        await self._rest.set("position-mode", wire.CodeRow, dualSidePosition=dual)


def _which(name: OrderName) -> Terms:
    if not name.venue_id:
        return {"clientAlgoId" if name.conditional else "origClientOrderId": name.client_id}
    if not name.venue_id.isdigit():
        raise Rejected(Reason.UNKNOWN_ORDER, f"{name.venue_id!r} is no order id of this venue")
    return {"algoId" if name.conditional else "orderId": name.venue_id}
