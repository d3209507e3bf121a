"""Placing, amending and canceling: what is said afterwards is what the venue has.

Nothing whose outcome is open is sent again before the venue was asked, since a client id is free again here as soon
as its order is closed. Source: the vendor's order pages; that amendments may be refused altogether is a field report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from weakref import WeakValueDictionary

from msgspec import structs

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS, Clock
from venueproof_adapters.kit.ledger import OrderKey
from venueproof_adapters.kit.orders import order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.precision import on_step
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.errors import NO_AMEND
from venueproof_adapters.native.binance.instruments import Catalog
from venueproof_adapters.native.binance.parse import POST_ONLY, Parser
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.binance.state import State
from venueproof_contracts.errors import (
    AdapterError,
    BadAnswer,
    NotSent,
    OutcomeUnknown,
    Reason,
    Rejected,
    Unsupported,
)
from venueproof_contracts.model import (
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)

CLIENT_ID = r"[\.A-Z\:/a-z0-9_-]{1,36}"
CLIENT_ID_LENGTH = 36
HISTORY_MAX = 1000

_UNCLEAR = (OutcomeUnknown, BadAnswer)
_CANCEL_TRIES = 2
_LAG_NS = 10 * SECOND_NS


class Desk:
    """Does what changes orders. `watch` is told of each order that the stream should soon tell of."""

    def __init__(
        self,
        parts: Parts,
        clock: Clock,
        now_ns: Callable[[], int],
        rest: Rest,
        catalog: Catalog,
        parser: Parser,
        state: State,
        watch: Callable[[Order], None],
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._now_ns = now_ns
        self._rest = rest
        self._catalog = catalog
        self._parser = parser
        self._state = state
        self._watch = watch
        self._resolver: Resolver = parts.resolver(clock, REQUEST_LIFETIME_S)
        self._sent: Recent[tuple[str, str], int] = Recent()
        self._histories: set[str] = set()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    # --- questions about one order ---

    def hear(self, row: wire.OrderRow) -> Order:
        """Take in an order out of an answer. Returns it as it stands."""
        order = self._parser.order(row)
        self._sent.note((order.ref.instrument, row.client_order_id), 0)
        return self._state.hear_order(order, row.client_order_id)

    async def query(self, instrument: Instrument, **which: str | int) -> Order:
        """What the venue says of an order, never behind what we know already."""
        row = await self._rest.ask("order", wire.OrderRow, symbol=instrument.spelling, **which)
        if self._state.ids.replacement(row.client_order_id):
            await self.learn_history(instrument)
        return self.hear(row)

    async def find(self, ref: OrderRef) -> Order:
        """The order that stands for `ref` now. Raises `Rejected(unknown-order)`.

        The venue forgets orders that ended, so what we know of one counts also when the venue knows it no more.
        """
        instrument = self._catalog.find(ref.instrument)
        which = await self._which(instrument, ref)
        known = self._known(instrument, which)
        try:
            return await self.query(instrument, **which)
        except Rejected as error:
            if error.reason is Reason.UNKNOWN_ORDER and known is not None and self._believable(known):
                return known
            raise

    def _believable(self, order: Order) -> bool:
        """An order that ended stays ended; one that lives was told of too lately to be gone (answers may lag)."""
        return order.status.final or self._now_ns() - order.updated_ns < _LAG_NS

    def _known(self, instrument: Instrument, which: dict[str, str | int]) -> Order | None:
        return self._state.current((instrument.symbol, str(which.get("orderId", ""))))

    async def _which(self, instrument: Instrument, ref: OrderRef) -> dict[str, str | int]:
        """How to name an order to the venue: the one that stands for the intent now, if it was replaced."""
        current = self._state.orders.of_intent(instrument.symbol, ref.intent_id)
        if current is None and ref.venue_id is None:
            await self.learn_history(instrument)
            current = self._state.orders.of_intent(instrument.symbol, ref.intent_id)
        if current is not None and current.ref.venue_id:
            return {"orderId": int(current.ref.venue_id)}
        if ref.venue_id:
            return {"orderId": _number(ref.venue_id)}
        return {"origClientOrderId": self._last_client_id(instrument, ref.intent_id)}

    def _last_client_id(self, instrument: Instrument, intent_id: str) -> str:
        number = 0
        while (instrument.symbol, self._state.ids.client_id(intent_id, number + 1)) in self._sent:
            number += 1
        return self._state.ids.client_id(intent_id, number)

    async def learn_history(self, instrument: Instrument) -> None:
        """Learn the client ids that were used lately, once per instrument: what an earlier process sent counts too."""
        if instrument.symbol in self._histories:
            return
        rows = await self._rest.ask("history", list[wire.OrderRow], symbol=instrument.spelling, limit=HISTORY_MAX)
        self._histories.add(instrument.symbol)
        last: dict[str, Order] = {}
        for row in sorted(rows, key=lambda one: one.order_id):
            order = self._parser.order(row)
            self._sent.note((instrument.symbol, row.client_order_id), 0)
            before = last.get(order.ref.intent_id)
            if before is not None and self._state.ids.replacement(row.client_order_id):
                self._state.orders.replaced(before, order_key(order))
            self._state.name(order_key(order), row.client_order_id)
            last[order.ref.intent_id] = order

    # --- placing ---

    async def place(self, intent: Intent) -> Order:
        """Send one order, once."""
        instrument = self._catalog.find(intent.instrument)
        terms = self._terms(intent, instrument)
        client_id = self._state.ids.client_id(intent.intent_id)
        key = (instrument.symbol, client_id)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if self._parts.asks_before_resending:
                await self._refuse_resending(instrument, client_id)
            return await self._send(instrument, client_id, terms)

    async def _refuse_resending(self, instrument: Instrument, client_id: str) -> None:
        try:
            await self.learn_history(instrument)
        except BadAnswer as error:
            raise NotSent(f"whether it was sent before cannot be told: {error}", code=error.code) from None
        sent_ns = self._sent.get((instrument.symbol, client_id))
        if sent_ns is None:
            return
        found = await self._resolver.settle(lambda: self._look(instrument, client_id), sent_ns)
        if found is not None:
            raise Rejected(Reason.DUPLICATE_ID, f"this intent is order {found.ref.venue_id}")

    async def _send(self, instrument: Instrument, client_id: str, terms: dict[str, str | int]) -> Order:
        key = (instrument.symbol, client_id)
        self._sent[key] = self._clock.monotonic_ns()
        try:
            row = await self._rest.act(
                "place", wire.OrderRow, symbol=instrument.spelling, newClientOrderId=client_id, **terms
            )
            order = self.hear(row)
        except _UNCLEAR:
            return await self._resolve_placement(instrument, client_id)
        except AdapterError:
            del self._sent[key]
            raise
        self._watch(order)
        return order

    async def _resolve_placement(self, instrument: Instrument, client_id: str) -> Order:
        key = (instrument.symbol, client_id)
        sent_ns = self._sent[key] = self._clock.monotonic_ns()
        found = await self._resolver.settle(lambda: self._look(instrument, client_id), sent_ns)
        if found is None:
            self._sent.pop(key, None)
            raise NotSent("the order did not arrive")
        self._watch(found)
        return found

    async def _look(self, instrument: Instrument, client_id: str) -> Order | None:
        """The order with a client id, None while the venue knows none. What the stream told counts as well."""
        try:
            return await self.query(instrument, origClientOrderId=client_id)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER:
                raise
        heard = self._state.orders.of_intent(instrument.symbol, self._state.ids.intent_id(client_id))
        if heard is None or self._state.client_id(order_key(heard)) != client_id:
            return None
        return self._state.current(order_key(heard))

    def _terms(self, intent: Intent, instrument: Instrument) -> dict[str, str | int]:
        if intent.trigger is not None or intent.close_position:
            raise Unsupported("conditional orders are not built yet")
        text = self._parts.decimal_text
        terms: dict[str, str | int] = {
            "side": intent.side.value.upper(),
            "type": intent.type.value.upper(),
            "quantity": text(intent.amount),
            "newOrderRespType": "RESULT",
        }
        if intent.type is OrderType.LIMIT:
            if intent.price is None:
                raise Rejected(Reason.BAD_PARAMETER, "a limit order needs a price")
            terms |= {"price": text(intent.price), "timeInForce": _time_in_force(intent)}
        if intent.time_in_force is TimeInForce.GTD:
            if intent.expires_ns is None:
                raise Rejected(Reason.BAD_PARAMETER, "good-till-date needs a date")
            terms["goodTillDate"] = intent.expires_ns // MS_NS
        return terms | _leg_terms(intent)

    # --- canceling ---

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order. Raises `Rejected(unknown-order)` when there is no such live order."""
        instrument = self._catalog.find(ref.instrument)
        return await self._cancel(instrument, await self._which(instrument, ref))

    async def _cancel(self, instrument: Instrument, which: dict[str, str | int]) -> Order:
        for _ in range(_CANCEL_TRIES):
            try:
                row = await self._rest.act("cancel", wire.OrderRow, symbol=instrument.spelling, **which)
                order = self.hear(row)
            except _UNCLEAR:
                sent_ns = self._clock.monotonic_ns()
                ended = await self._resolver.settle(lambda: self._look_ended(instrument, which), sent_ns)
                if ended is not None:
                    return ended
            else:
                self._watch(order)
                return order
        raise NotSent("the cancellation did not arrive")

    async def _look_ended(self, instrument: Instrument, which: dict[str, str | int]) -> Order | None:
        order = await self.query(instrument, **which)
        return order if order.status.final else None

    async def cancel_all(self, symbol: str) -> None:
        """End every order of an instrument."""
        instrument = self._catalog.find(symbol)
        live = self._state.orders.live(symbol)
        for _ in range(_CANCEL_TRIES):
            try:
                await self._rest.act("cancel-all", wire.CodeRow, symbol=instrument.spelling)
            except _UNCLEAR:
                sent_ns = self._clock.monotonic_ns()
                if await self._resolver.settle(lambda: self._look_none_open(instrument), sent_ns) is None:
                    continue
            for order in live:
                self._watch(structs.replace(order, status=OrderStatus.CANCELED))
            return
        raise NotSent("the cancellation did not arrive")

    async def _look_none_open(self, instrument: Instrument) -> bool | None:
        rows = await self._rest.ask("open-orders", list[wire.OrderRow], symbol=instrument.spelling)
        return None if rows else True

    # --- amending ---

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Change an order in place, or replace it where the venue does not amend it."""
        instrument = self._catalog.find(ref.instrument)
        which = await self._which(instrument, ref)
        known = self._known(instrument, which) or await self.query(instrument, **which)
        raw = self._state.orders.get(order_key(known)) or known
        if known.type is not OrderType.LIMIT or known.price is None:
            raise Rejected(Reason.NOT_ALLOWED, "only limit orders can be amended")
        price = known.price if price is None else price
        amount = known.amount if amount is None else amount
        carried = known.filled - raw.filled
        try:
            return await self._amend_in_place(instrument, raw, price, amount - carried)
        except Rejected as error:
            if error.code not in NO_AMEND:
                raise
            return await self._replace(instrument, known, raw, price, amount)

    async def _amend_in_place(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Order:
        text = self._parts.decimal_text
        which = {"orderId": int(order.ref.venue_id or 0)}
        try:
            row = await self._rest.act(
                "amend",
                wire.OrderRow,
                symbol=instrument.spelling,
                side=order.side.value.upper(),
                quantity=text(amount),
                price=text(price),
                **which,
            )
            amended = self.hear(row)
        except _UNCLEAR:
            sent_ns = self._clock.monotonic_ns()
            wanted = (price, amount)
            found = await self._resolver.settle(lambda: self._look_amended(instrument, which, wanted), sent_ns)
            if found is None:
                raise NotSent("the amendment did not arrive") from None
            return found
        self._watch(amended)
        return amended

    async def _look_amended(
        self, instrument: Instrument, which: dict[str, int], wanted: tuple[Decimal, Decimal]
    ) -> Order | None:
        order = await self.query(instrument, **which)
        raw = self._state.orders.get(order_key(order)) or order
        return order if raw.status.final or (raw.price, raw.amount) == wanted else None

    async def _replace(
        self, instrument: Instrument, shown: Order, raw: Order, price: Decimal, amount: Decimal
    ) -> Order:
        """Cancel, then place what is left of the asked total: never more is live than was asked for."""
        _check_replacement(instrument, shown, price, amount)
        key = order_key(raw)
        self._state.orders.begin_replacing(key)
        try:
            await self._cancel(instrument, {"orderId": int(raw.ref.venue_id or 0)})
            return await self._place_rest(instrument, key, price, amount)
        except BaseException:
            self._state.give_up_replacing(key)
            raise

    async def _place_rest(self, instrument: Instrument, key: OrderKey, price: Decimal, amount: Decimal) -> Order:
        ended = self._state.orders.get(key)
        total = self._state.current(key)
        if ended is None or total is None or ended.status is OrderStatus.FILLED:
            raise Rejected(Reason.UNKNOWN_ORDER, "it was filled before it could be replaced")
        if amount <= total.filled:
            self._state.give_up_replacing(key)
            return total
        try:
            return await self._successor(instrument, ended, price, amount - total.filled)
        except Rejected:
            if ended.price is not None and total.amount > total.filled:
                await self._successor(instrument, ended, ended.price, total.amount - total.filled)
            raise

    async def _successor(self, instrument: Instrument, old: Order, price: Decimal, amount: Decimal) -> Order:
        ids = self._state.ids
        client_id = ids.client_id(
            old.ref.intent_id, ids.replacement(self._last_client_id(instrument, old.ref.intent_id)) + 1
        )
        intent = Intent(
            intent_id=old.ref.intent_id,
            instrument=instrument.symbol,
            side=old.side,
            type=OrderType.LIMIT,
            amount=amount,
            price=price,
            post_only=old.post_only,
            reduce_only=old.reduce_only,
            position_side=old.position_side,
        )
        self._state.announce_successor(old, client_id)
        try:
            return await self._send(instrument, client_id, self._terms(intent, instrument))
        finally:
            self._state.withdraw_successor(instrument.symbol, client_id)


async def each(calls: list[Awaitable[Order]]) -> list[Order | AdapterError]:
    """All calls at once; an error stands in its place."""
    return [_order_or_error(one) for one in await asyncio.gather(*calls, return_exceptions=True)]


def _order_or_error(result: Order | BaseException) -> Order | AdapterError:
    if isinstance(result, BaseException) and not isinstance(result, AdapterError):
        raise result
    return result


def _number(venue_id: str) -> int:
    if not venue_id.isdigit():
        raise Rejected(Reason.UNKNOWN_ORDER, f"{venue_id!r} is no order id of this venue")
    return int(venue_id)


def _time_in_force(intent: Intent) -> str:
    if not intent.post_only:
        return intent.time_in_force.value.upper()
    if intent.time_in_force is not TimeInForce.GTC:
        raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
    return POST_ONLY


def _leg_terms(intent: Intent) -> dict[str, str | int]:
    """In hedge mode the leg says what reduces; the venue refuses `reduceOnly` there."""
    if intent.position_side in (None, PositionSide.NET):
        return {"reduceOnly": "true"} if intent.reduce_only else {}
    reduces = (intent.side is Side.SELL) == (intent.position_side is PositionSide.LONG)
    if intent.reduce_only and not reduces:
        raise Rejected(Reason.REDUCE_ONLY, f"{intent.side} opens the {intent.position_side} leg")
    return {"positionSide": intent.position_side.value.upper()}


def _check_replacement(instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> None:
    """Refuse what the venue would refuse, while the order still rests."""
    if (price, amount) == (order.price, order.amount):
        raise Rejected(Reason.NO_CHANGE, "it has this price and amount already")
    rest = amount - order.filled
    if not (on_step(price, instrument.price_tick) and on_step(amount, instrument.amount_step)):
        raise Rejected(Reason.PRECISION, f"{amount} at {price} is off the step")
    small = instrument.notional_min is not None and not order.reduce_only and rest * price < instrument.notional_min
    if rest > 0 and (rest < instrument.amount_min or small):
        raise Rejected(Reason.BELOW_MINIMUM, f"the rest of {rest} at {price} is below the minimum")
