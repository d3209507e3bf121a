"""Trailing stops: they belong to a position, close all of it, and are set without an answer and without a client id.

Source: the vendor's page of position/trading-stop.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.intents import leg_of, only_reduces
from venueproof_adapters.kit.ordercalls import Sending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.trailing import as_distance
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.parse import LEGS, Expected, Parser, price
from venueproof_adapters.native.bybit.products import Product
from venueproof_adapters.native.bybit.rest import Rest
from venueproof_contracts.errors import AdapterError, BadAnswer, OutcomeUnknown, Reason, Rejected, Unsupported
from venueproof_contracts.model import Instrument, Intent, PositionSide, TriggerPrice

_PAGE = 50


class Trailing:
    """Sets them, and finds the order that stands for one."""

    def __init__(
        self,
        product: Product,
        rest: Rest,
        parser: Parser,
        decimal_text: Callable[[Decimal], str],
        now_ns: Callable[[], int],
    ) -> None:
        self._category = product.name
        self._rest = rest
        self._parser = parser
        self._text = decimal_text
        self._now_ns = now_ns

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """The offset as a distance. Raises `Unsupported` or `Rejected` for what would not be the stop asked for."""
        trigger = intent.trigger
        assert trigger is not None
        if trigger.watches is not TriggerPrice.LAST:
            raise Unsupported("a trailing stop here follows the last price")
        if not only_reduces(intent):
            raise Unsupported("a trailing stop here closes a position and opens none: it has to be said to only reduce")
        held = await self._position(instrument, intent)
        if held is None:
            raise Rejected(Reason.REDUCE_ONLY, "there is no position that it could close")
        if not intent.close_position and held.size != intent.amount:
            raise Unsupported(f"a trailing stop here closes all of the position, which is {held.size}")
        if price(held.trailing_stop):
            raise Rejected(Reason.NOT_ALLOWED, "the position has a trailing stop, which this one would replace")
        at = trigger.activation or await self._last(instrument)
        return structs.replace(intent, trigger=as_distance(trigger, at, instrument.price_tick))

    async def _position(self, instrument: Instrument, intent: Intent) -> wire.PositionRow | None:
        """The position that the intent closes: of its leg, and of the other side."""
        rows = await self._rest.rows("positions", wire.PositionRow, symbol=instrument.spelling)
        closed_by = {"Buy": "sell", "Sell": "buy"}
        return next(
            (row for row in rows if row.position_idx == _leg(intent) and closed_by.get(row.side) == intent.side), None
        )

    async def _last(self, instrument: Instrument) -> Decimal:
        rows = await self._rest.rows("ticker", wire.TickerRow, symbol=instrument.spelling)
        last = price(rows[0].last_price) if rows else None
        if last is None:
            raise BadAnswer("the ticker lacks the last price")
        return last

    async def place(self, sending: Sending) -> None:
        """POST position/trading-stop. Raises `OutcomeUnknown` at best: the answer names no order, so that the one that
        it made has to be looked for."""
        instrument, intent, trigger = sending.instrument, sending.intent, sending.intent.trigger
        assert trigger is not None
        assert trigger.offset is not None
        leg = _leg(intent)
        self._parser.expect(instrument.spelling, leg, Expected(sending.client_id, trigger, self._now_ns() // MS_NS))
        try:
            await self._rest.act(
                "stops",
                wire.Nothing,
                category=self._category,
                symbol=instrument.spelling,
                positionIdx=leg,
                trailingStop=self._text(trigger.offset),
                activePrice=None if trigger.activation is None else self._text(trigger.activation),
            )
        except OutcomeUnknown:
            raise
        except AdapterError:
            self._parser.expect(instrument.spelling, leg, None)
            raise
        raise OutcomeUnknown("the answer names no order")

    async def query(self, instrument: Instrument, client_id: str) -> Told:
        """The order that stands for a trailing stop. Raises `Rejected(unknown-order)`."""
        for call in ("open-orders", "order-history"):
            rows = await self._rest.rows(
                call, wire.OrderRow, 1, symbol=instrument.spelling, orderFilter="StopOrder", limit=_PAGE
            )
            for told in (told for row in rows for told in self._parser.tellings(row)):
                if told.client_id == client_id and told.order.ref.conditional:
                    return told
        raise Rejected(Reason.UNKNOWN_ORDER, "there is no such trailing stop")


def _leg(intent: Intent) -> int:
    return LEGS[leg_of(intent) or PositionSide.NET]
