"""The venue's requests about orders, the account and its settings, in the kit's words.

Source: the vendor's trade and account pages; that amendments may be refused altogether is a field report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.desk import OrderName
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.own import MarginSetting
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.errors import NO_AMEND, Done
from venueproof_adapters.native.binance.parse import POST_ONLY, Parser, balance, margin_mode
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_contracts.errors import OutcomeUnknown, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Balance,
    Fill,
    Instrument,
    Intent,
    MarginMode,
    Order,
    OrderType,
    Position,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
)

CLIENT_ID = r"[\.A-Z\:/a-z0-9_-]{1,36}"
CLIENT_ID_LENGTH = 36

_ROWS_MAX = 1000
_WEEK_MS = 7 * 86_400_000
_MARGIN_TYPE = {MarginMode.CROSS: "CROSSED", MarginMode.ISOLATED: "ISOLATED"}
_SET_TRIES = 2

Terms = dict[str, str | int]


class BinanceOrders:
    """Orders of the types limit and market."""

    request_lifetime_s: float = REQUEST_LIFETIME_S

    def __init__(self, rest: Rest, parser: Parser, decimal_text: Callable[[Decimal], str]) -> None:
        self._rest = rest
        self._parser = parser
        self._text = decimal_text

    def check(self, intent: Intent) -> None:
        """Conditional orders belong to another service of the venue, which is not built in."""
        if intent.trigger is not None or intent.close_position:
            raise Unsupported("conditional orders are not built yet")
        if intent.type is OrderType.LIMIT and intent.price is None:
            raise Rejected(Reason.BAD_PARAMETER, "a limit order needs a price")
        if intent.post_only and intent.time_in_force is not TimeInForce.GTC:
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
        if intent.time_in_force is TimeInForce.GTD and intent.expires_ns is None:
            raise Rejected(Reason.BAD_PARAMETER, "good-till-date needs a date")
        if intent.reduce_only and _leg(intent) and not _reduces(intent):
            raise Rejected(Reason.REDUCE_ONLY, f"{intent.side} opens the {intent.position_side} leg")

    def cannot_amend(self, refusal: Rejected) -> bool:
        """By its code."""
        return refusal.code in NO_AMEND

    async def place(self, instrument: Instrument, client_id: str, intent: Intent) -> Told:
        """POST order. Asked for the result, since the default answer tells nothing of what filled."""
        terms: Terms = {
            "side": intent.side.value.upper(),
            "type": intent.type.value.upper(),
            "quantity": self._text(intent.amount),
            "newClientOrderId": client_id,
            "newOrderRespType": "RESULT",
        }
        if intent.type is OrderType.LIMIT and intent.price is not None:
            terms["price"] = self._text(intent.price)
            terms["timeInForce"] = POST_ONLY if intent.post_only else intent.time_in_force.value.upper()
        if intent.time_in_force is TimeInForce.GTD and intent.expires_ns is not None:
            terms["goodTillDate"] = intent.expires_ns // MS_NS
        if leg := _leg(intent):
            terms["positionSide"] = leg  # says what reduces; the venue refuses `reduceOnly` beside it
        elif intent.reduce_only:
            terms["reduceOnly"] = "true"
        return self._told(await self._rest.act("place", wire.OrderRow, symbol=instrument.spelling, **terms))

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told:
        """PUT order, which needs price and amount both."""
        row = await self._rest.act(
            "amend",
            wire.OrderRow,
            symbol=instrument.spelling,
            side=order.side.value.upper(),
            quantity=self._text(amount),
            price=self._text(price),
            orderId=order.ref.venue_id,
        )
        return self._told(row)

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told:
        """DELETE order."""
        return self._told(await self._rest.act("cancel", wire.OrderRow, symbol=instrument.spelling, **_which(name)))

    async def cancel_all(self, instrument: Instrument) -> None:
        """DELETE allOpenOrders."""
        await self._rest.act("cancel-all", wire.CodeRow, symbol=instrument.spelling)

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """GET order."""
        return self._told(await self._rest.ask("order", wire.OrderRow, symbol=instrument.spelling, **_which(name)))

    async def any_open(self, instrument: Instrument) -> bool:
        """GET openOrders."""
        return bool(await self._rest.ask("open-orders", list[wire.OrderRow], symbol=instrument.spelling))

    async def history(self, instrument: Instrument) -> Sequence[Told]:
        """GET allOrders: a week of them."""
        rows = await self._rest.ask("history", list[wire.OrderRow], symbol=instrument.spelling, limit=_ROWS_MAX)
        return [self._told(row) for row in sorted(rows, key=lambda row: row.order_id)]

    def _told(self, row: wire.OrderRow) -> Told:
        return Told(self._parser.order(row), row.client_order_id)


class BinanceAccount:
    """Questions about the account, and its settings."""

    def __init__(self, rest: Rest, parser: Parser, catalog: Catalog, now_ns: Callable[[], int]) -> None:
        self._rest = rest
        self._parser = parser
        self._catalog = catalog
        self._now_ns = now_ns

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """GET openOrders, of one symbol or of all."""
        call = "all-open-orders" if instrument is None else "open-orders"
        name = None if instrument is None else instrument.spelling
        rows = await self._rest.ask(call, list[wire.OrderRow], symbol=name)
        return [Told(self._parser.order(row), row.client_order_id) for row in rows]

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
        """GET v3/positionRisk."""
        rows = await self._rest.ask("positions", list[wire.PositionRow])
        return [(self._parser.position(row), row.update_time * MS_NS) for row in rows]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """GET symbolConfig: v3/positionRisk has neither leverage nor margin mode."""
        rows = await self._rest.ask("settings", list[wire.SettingRow])
        return {
            self._catalog.symbol(row.symbol): MarginSetting(Decimal(row.leverage), margin_mode(row.margin_type))
            for row in rows
        }

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """GET v3/account. Entries that were never updated hold no valid numbers."""
        account = await self._rest.ask("account", wire.AccountRow)
        return [(balance(row), row.update_time * MS_NS) for row in account.assets if row.update_time]

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Margin mode first, then leverage."""
        if leverage is not None and leverage != leverage.to_integral_value():
            raise Rejected(Reason.BAD_PARAMETER, f"leverage {leverage} is not a whole number")
        name = instrument.spelling
        if mode is not None:
            await self._set("margin-mode", wire.CodeRow, symbol=name, marginType=_MARGIN_TYPE[mode])
        if leverage is not None:
            await self._set("leverage", wire.LeverageRow, symbol=name, leverage=int(leverage))

    async def set_position_mode(self, mode: PositionMode) -> None:
        """POST positionSide/dual."""
        dual = "true" if mode is PositionMode.HEDGE else "false"
        await self._set("position-mode", wire.CodeRow, dualSidePosition=dual)

    async def _set(self, call: str, shape: type[wire.Row], **params: str | int) -> None:
        """Change a setting; when it is open whether that was done it is done again, which cannot hurt."""
        for left in reversed(range(_SET_TRIES)):
            try:
                await self._rest.act(call, shape, **params)
                return
            except Done:
                return
            except OutcomeUnknown:
                if not left:
                    raise


def _which(name: OrderName) -> Terms:
    if not name.venue_id:
        return {"origClientOrderId": name.client_id}
    if not name.venue_id.isdigit():
        raise Rejected(Reason.UNKNOWN_ORDER, f"{name.venue_id!r} is no order id of this venue")
    return {"orderId": name.venue_id}


def _leg(intent: Intent) -> str:
    leg = intent.position_side
    return "" if leg in (None, PositionSide.NET) else leg.value.upper()


def _reduces(intent: Intent) -> bool:
    return (intent.side is Side.SELL) == (intent.position_side is PositionSide.LONG)
