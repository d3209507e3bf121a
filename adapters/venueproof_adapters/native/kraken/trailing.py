"""Trailing from here, where the venue takes no trailing order: a stop at the venue that is moved behind the price.

The stop waits at the venue from the start, so that something protects whatever becomes of this program; it is moved as
often as trades are looked at. Between two looks, and without this program, it stays where it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from venueproof_adapters.kit.ordercalls import Sending
from venueproof_adapters.kit.orders import order_key
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.kraken import wire
from venueproof_adapters.native.kraken.rest import Rest
from venueproof_contracts.errors import AdapterError, BadAnswer
from venueproof_contracts.model import ZERO, Instrument, OffsetUnit, Order, OrderStatus, Side, Trigger, TriggerPrice

log = logging.getLogger("venueproof_adapters.kraken.trailing")

LOOK_EVERY_S = 1.0


class Trailing:
    """Stops that are moved from here."""

    def __init__(self, rest: Rest, state: State, decimal_text: Callable[[Decimal], str]) -> None:
        self._rest = rest
        self._state = state
        self._text = decimal_text
        self._tasks: set[asyncio.Task[None]] = set()

    async def first_stop(self, sending: Sending) -> tuple[Decimal, Decimal]:
        """The price to follow from, and where the stop begins."""
        trigger = _trigger(sending)
        best = (await self._prices(sending.instrument, trigger.watches, 0))[-1]
        return best, _behind(trigger, sending.intent.side, best, sending.instrument)

    def follow(self, sending: Sending, order: Order, best: Decimal) -> None:
        """Move the stop until it is gone."""
        task = asyncio.create_task(self._follow(sending, order, best))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Move nothing any more; the stops stay."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, sending: Sending, order: Order, best: Decimal) -> None:
        trigger, side, key = _trigger(sending), sending.intent.side, order_key(order)
        better = max if side is Side.SELL else min
        stop = told = _behind(trigger, side, best, sending.instrument)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self._state.orders.get(key)
            if now is None or now.status is not OrderStatus.WAITING:
                return
            try:
                best = better([best, *await self._prices(sending.instrument, trigger.watches, order.updated_ns)])
                stop = _behind(trigger, side, best, sending.instrument)
                if stop != told:
                    await self._move(order.ref.venue_id or "", stop)
                    told = stop
            except AdapterError as error:
                log.debug("a stop could not be moved: %s", type(error).__name__)

    async def _move(self, venue_id: str, stop: Decimal) -> None:
        await self._rest.act("amend", wire.Edited, orderId=venue_id, stopPrice=self._text(stop))

    async def _prices(self, instrument: Instrument, watches: TriggerPrice, since_ns: int) -> list[Decimal]:
        """Prices since a moment, the newest last."""
        if watches is TriggerPrice.LAST:
            rows = (await self._rest.ask("trades", wire.Trades, symbol=instrument.spelling)).history
            return [row.price for row in reversed(rows) if wire.time_ns(row.time) >= since_ns]
        row = (await self._rest.ask("ticker", wire.TickerAnswer, symbol=instrument.spelling)).ticker
        price = row.mark_price if watches is TriggerPrice.MARK else row.index_price
        if price is None:
            raise BadAnswer(f"{instrument.spelling} has no {watches} price")
        return [price]


def _trigger(sending: Sending) -> Trigger:
    trigger = sending.intent.trigger
    assert trigger is not None
    return trigger


def _behind(trigger: Trigger, side: Side, best: Decimal, instrument: Instrument) -> Decimal:
    """Where the stop stands behind the best price there was, on the tick."""
    offset = trigger.offset or ZERO
    distance = offset if trigger.offset_unit is OffsetUnit.ABSOLUTE else best * offset / 100
    price = best - distance if side is Side.SELL else best + distance
    return (price / instrument.price_tick).to_integral_value(ROUND_HALF_UP) * instrument.price_tick
