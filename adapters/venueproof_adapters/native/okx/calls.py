"""The venue's requests about orders, the account and its settings, in the kit's words.

What places, changes or ends an order is answered by its name alone: the kit looks what became of it. Source: the
vendor's trade and account pages by way of ccxt 4.5.90.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.intents import leg_of, waits
from venueproof_adapters.kit.ordercalls import OrderName, Sending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.own import MarginSetting
from venueproof_adapters.kit.requests import Unreadable, read
from venueproof_adapters.native.okx import wire
from venueproof_adapters.native.okx.errors import IN_USE, NO_AMEND
from venueproof_adapters.native.okx.margin import Modes
from venueproof_adapters.native.okx.parse import MARKET_PRICE, POST_ONLY, TURNED_AWAY, Parser, at_ns, balance
from venueproof_adapters.native.okx.products import SWAP
from venueproof_adapters.native.okx.rest import PAGE, REQUEST_LIFETIME_S, Rest, Terms
from venueproof_contracts.errors import AdapterError, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Balance,
    Fill,
    Instrument,
    Intent,
    MarginMode,
    OffsetUnit,
    Order,
    OrderStatus,
    OrderType,
    Position,
    PositionMode,
    PositionSide,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

CLIENT_ID = r"[A-Za-z0-9]{1,32}"
CLIENT_ID_LENGTH = 32

_ALGOS_AT_ONCE = 10
_ORDERS_AT_ONCE = 20
_SIDES, _TRIGGER, _TRAILING = "conditional,oco", "trigger", "move_order_stop"
_ALGO_KINDS = (_SIDES, _TRIGGER, _TRAILING)
_ALGO_ENDS = ("effective", "canceled", "order_failed")
_PREFIX = {TriggerKind.STOP: "sl", TriggerKind.TAKE: "tp"}
_RECENT_MS = 2 * 86_400_000
"""The quicker of the two lists of fills goes back three days."""


class OkxOrders:
    """Orders, and the conditional ones of the venue's algo service: two kinds with ids of their own."""

    request_lifetime_s: float = REQUEST_LIFETIME_S
    batch_max: int = _ORDERS_AT_ONCE

    def __init__(self, rest: Rest, parser: Parser, modes: Modes, decimal_text: Callable[[Decimal], str]) -> None:
        self._rest = rest
        self._parser = parser
        self._modes = modes
        self._text = decimal_text

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """Refuse what the venue has no words for."""
        if intent.time_in_force is TimeInForce.GTD:
            raise Unsupported("no order here ends at a date")
        if intent.post_only and intent.time_in_force is not TimeInForce.GTC:
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
        if intent.trigger is not None:
            _check_condition(intent, intent.trigger)
        return intent

    def cannot_amend(self, refusal: Rejected) -> bool:
        """By its code."""
        return refusal.code in NO_AMEND

    def refusal(self, order: Order) -> Rejected | None:
        """Post-only and fill-or-kill orders are taken in, and ended at once when they may not trade as they are."""
        if order.status is OrderStatus.REJECTED:
            return Rejected(Reason.OTHER, f"it was taken in, and failed: {order.reason}", code=order.reason)
        reason = None if order.filled else TURNED_AWAY.get(order.reason)
        return None if reason is None or not order.status.final else Rejected(reason, order.reason)

    # --- placing ------------------------------------------------------------------------------------------------------

    async def place(self, sending: Sending) -> OrderName:
        """POST trade/order or trade/order-algo."""
        call, terms = "place", self._order_terms(sending)
        if waits(sending.intent):
            call, terms = "place-conditional", self._algo_terms(sending)
        (row,) = await self._rest.act(call, tuple[wire.Outcome], **terms)
        return _named(row)

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[OrderName | AdapterError]:
        """POST trade/batch-orders: each row says by itself what became of it."""
        orders = [self._order_terms(sending) for sending in sendings]
        rows = await self._rest.act("place-batch", list[msgspec.Raw], rows=orders)
        if len(rows) != len(sendings):
            raise Unreadable(f"{len(rows)} answers for {len(sendings)} orders")
        return [self._batched(bytes(row)) for row in rows]

    def _batched(self, row: bytes) -> OrderName | AdapterError:
        try:
            return self._rest.refusal(row) or _named(read(row, wire.Outcome))
        except AdapterError as error:
            return error

    def _order_terms(self, sending: Sending) -> Terms:
        intent = sending.intent
        terms = self._common_terms(sending) | {"ordType": _kind(intent), "clOrdId": sending.client_id}
        if intent.type is OrderType.LIMIT and intent.price is not None:
            terms["px"] = self._text(intent.price)
        return terms

    def _algo_terms(self, sending: Sending) -> Terms:
        intent, trigger = sending.intent, sending.intent.trigger
        assert trigger is not None
        terms = self._common_terms(sending) | {"algoClOrdId": sending.client_id}
        if trigger.kind is TriggerKind.TRAILING:
            return terms | self._trailing_terms(trigger)
        assert trigger.price is not None
        prefix = _PREFIX[trigger.kind]
        return terms | {
            "ordType": "conditional",
            f"{prefix}TriggerPx": self._text(trigger.price),
            f"{prefix}TriggerPxType": trigger.watches.value,
            f"{prefix}OrdPx": MARKET_PRICE if intent.price is None else self._text(intent.price),
        }

    def _trailing_terms(self, trigger: Trigger) -> Terms:
        """By a fraction of the price or by so much of it: the venue follows natively in both units."""
        assert trigger.offset is not None
        terms: Terms = {"ordType": _TRAILING}
        if trigger.offset_unit is OffsetUnit.PERCENT:
            terms["callbackRatio"] = self._text(trigger.offset / 100)
        else:
            terms["callbackSpread"] = self._text(trigger.offset)
        return terms if trigger.activation is None else terms | {"activePx": self._text(trigger.activation)}

    def _common_terms(self, sending: Sending) -> Terms:
        """In hedge mode the leg says what reduces: the venue ignores `reduceOnly` there."""
        intent, instrument = sending.intent, sending.instrument
        terms: Terms = {
            "instId": instrument.spelling,
            "tdMode": self._modes.of(instrument.symbol).value,
            "side": intent.side.value,
        }
        terms |= {"closeFraction": "1"} if intent.close_position else {"sz": self._text(intent.amount)}
        if leg := leg_of(intent):
            return terms | {"posSide": leg.value}
        return terms | ({"reduceOnly": True} if intent.reduce_only or intent.close_position else {})

    # --- changing and ending ------------------------------------------------------------------------------------------

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> OrderName:
        """POST trade/amend-order, which keeps the id; `newSz` is the total, with what is filled."""
        (row,) = await self._rest.act(
            "amend",
            tuple[wire.Outcome],
            instId=instrument.spelling,
            ordId=order.ref.venue_id,
            newPx=self._text(price),
            newSz=self._text(amount),
        )
        return _named(row)

    async def cancel(self, instrument: Instrument, name: OrderName) -> OrderName:
        """POST trade/cancel-order or trade/cancel-algos."""
        terms: Terms = {"instId": instrument.spelling} | _which(name)
        if name.conditional:
            (row,) = await self._rest.act("cancel-conditionals", tuple[wire.Outcome], rows=[terms])
        else:
            (row,) = await self._rest.act("cancel", tuple[wire.Outcome], **terms)
        return _named(row)

    async def cancel_all(self, instrument: Instrument) -> None:
        """List and cancel: the conditional ones first, then what fired meanwhile too. Both in any case."""
        failures: list[AdapterError] = []
        for ending in (self._cancel_waiting, self._cancel_plain):
            try:
                failures += await ending(instrument)
            except AdapterError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def _cancel_waiting(self, instrument: Instrument) -> list[AdapterError]:
        rows = await self._waiting(instrument)
        ids: list[Terms] = [{"instId": row.inst_id, "algoId": row.algo_id} for row in rows]
        return await self._cancel_rows("cancel-conditionals", ids, _ALGOS_AT_ONCE)

    async def _cancel_plain(self, instrument: Instrument) -> list[AdapterError]:
        rows = await self._open(instrument)
        ids: list[Terms] = [{"instId": row.inst_id, "ordId": row.ord_id} for row in rows]
        return await self._cancel_rows("cancel-batch", ids, _ORDERS_AT_ONCE)

    async def _cancel_rows(self, call: str, ids: Sequence[Terms], most: int) -> list[AdapterError]:
        """Cancel in portions; what is not there any more is no failure."""
        failures: list[AdapterError] = []
        for portion in _portions(ids, most):
            try:
                rows = await self._rest.act(call, list[msgspec.Raw], rows=portion)
                found = [self._rest.refusal(bytes(row)) for row in rows]
            except Rejected as error:
                found = [error]  # the refusal of a portion of one
            failures += [error for error in found if error is not None and not _gone(error)]
        return failures

    # --- questions ----------------------------------------------------------------------------------------------------

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """GET trade/order or trade/order-algo."""
        if name.conditional:
            row = await self._rest.ask_row("conditional", wire.AlgoRow, **_which(name))
            return self._parser.conditional(row)
        return self._parser.order(
            await self._rest.ask_row("order", wire.OrderRow, instId=instrument.spelling, **_which(name))
        )

    async def any_open(self, instrument: Instrument) -> bool:
        """Whether either list has a row."""
        return bool(await self.open_orders(instrument))

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """GET trade/orders-algo-pending of every kind, then trade/orders-pending: what fires meanwhile is there."""
        waiting = filter(self._parser.is_ours, await self._waiting(instrument))
        live = filter(self._parser.is_ours, await self._open(instrument))
        return [*map(self._parser.conditional, waiting), *map(self._parser.order, live)]

    async def _open(self, instrument: Instrument | None) -> list[wire.OrderRow]:
        name = None if instrument is None else instrument.spelling
        shape = list[wire.OrderRow]
        return await self._rest.ask_all("open-orders", shape, lambda row: row.ord_id, instType=SWAP, instId=name)

    async def _waiting(self, instrument: Instrument | None) -> list[wire.AlgoRow]:
        found = [await self._algos("open-conditionals", instrument, kind) for kind in _ALGO_KINDS]
        return [row for rows in found for row in rows]

    async def _algos(
        self, call: str, instrument: Instrument | None, kind: str, state: str | None = None
    ) -> list[wire.AlgoRow]:
        name = None if instrument is None else instrument.spelling
        terms: Terms = {"ordType": kind, "instType": SWAP, "instId": name, "state": state}
        return await self._rest.ask_all(call, list[wire.AlgoRow], lambda row: row.algo_id, **terms)

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """What lives, and the latest of what ended: those lists do not overlap on this venue."""
        if conditional:
            algos = await self._waiting(instrument)
            for state in _ALGO_ENDS:
                for kind in (_SIDES, _TRAILING):
                    algos += await self._algos("history-conditionals", instrument, kind, state)
            return [self._parser.conditional(row) for row in sorted(algos, key=lambda row: _number(row.algo_id))]
        orders = await self._open(instrument)
        name = instrument.spelling
        shape = list[wire.OrderRow]
        orders += await self._rest.ask_all("history", shape, lambda row: row.ord_id, instType=SWAP, instId=name)
        return [self._parser.order(row) for row in sorted(orders, key=lambda row: _number(row.ord_id))]


class OkxAccount:
    """Questions about the account, and its settings."""

    def __init__(
        self,
        rest: Rest,
        orders: OkxOrders,
        parser: Parser,
        modes: Modes,
        now_ns: Callable[[], int],
        decimal_text: Callable[[Decimal], str],
    ) -> None:
        self.open_orders = orders.open_orders
        self._rest = rest
        self._parser = parser
        self._modes = modes
        self._now_ns = now_ns
        self._text = decimal_text

    async def config(self) -> wire.ConfigRow:
        """GET account/config."""
        return await self._rest.ask_row("config", wire.ConfigRow)

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """GET trade/fills, or for what is older trade/fills-history. Both tell the latest first, whatever the beginning
        asked for, so pages go back by the bill."""
        shape, terms = list[wire.FillRow], {"instType": SWAP, "instId": instrument.spelling}
        if since_ns is None:
            rows = await self._rest.ask("fills", shape, limit=PAGE, **terms)
        else:
            begin_ms = since_ns // MS_NS
            call = "fills" if begin_ms > self._now_ns() // MS_NS - _RECENT_MS else "fills-before"
            rows = await self._rest.ask_all(call, shape, lambda row: row.bill_id, begin=begin_ms, **terms)
        return [self._parser.fill(row) for row in rows]

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """GET account/positions; those of other products are not ours to tell."""
        held = filter(self._parser.is_ours, await self._held())
        told = [(self._parser.position(row), at_ns(row.u_time)) for row in held]
        for position, _ in told:
            self._modes.hear(position)
        return told

    async def _held(self) -> list[wire.PositionRow]:
        rows = await self._rest.ask("positions", list[wire.PositionRow], instType=SWAP)
        return [row for row in rows if row.pos]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """Positions tell theirs themselves."""
        return {}

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """GET account/balance."""
        account = await self._rest.ask_row("balance", wire.BalanceRow)
        return [(balance(row), at_ns(row.u_time)) for row in account.details]

    # --- settings -----------------------------------------------------------------------------------------------------

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Leverage belongs to a margin mode here, and orders name theirs: a change of mode takes the leverage along."""
        wanted, name = mode or self._modes.of(instrument.symbol), instrument.spelling
        if leverage is None:
            leverage = await self._leverage(name, self._modes.of(instrument.symbol))
        for leg in await self._legs(wanted):
            row = await self._rest.set(
                "set-leverage",
                tuple[wire.LeverageRow],
                instId=name,
                mgnMode=wanted.value,
                lever=self._text(leverage),
                posSide=leg,
            )
            if row is not None and row[0].lever != leverage:
                raise Rejected(Reason.OTHER, f"the venue set leverage {row[0].lever} instead of {leverage}")
        if mode is not None:
            self._modes.set(instrument.symbol, mode)

    async def _leverage(self, name: str, mode: MarginMode) -> Decimal:
        rows = await self._rest.ask("leverage", list[wire.LeverageRow], instId=name, mgnMode=mode.value)
        if not rows:
            raise Rejected(Reason.OTHER, f"the venue tells no leverage of {name}")
        return rows[0].lever

    async def _legs(self, mode: MarginMode) -> Sequence[str | None]:
        """Isolated margin in hedge mode has a leverage for each leg."""
        if mode is MarginMode.ISOLATED and (await self.config()).pos_mode == HEDGE:
            return [PositionSide.LONG.value, PositionSide.SHORT.value]
        return [None]

    async def set_position_mode(self, mode: PositionMode) -> None:
        """POST account/set-position-mode, of the whole account."""
        word = HEDGE if mode is PositionMode.HEDGE else NET
        try:
            await self._rest.set("set-position-mode", tuple[wire.ModeRow], posMode=word)
        except Rejected as error:
            if error.code not in IN_USE or await self._held():
                raise
            raise Rejected(Reason.OPEN_ORDERS, code=error.code, text=error.text) from None


HEDGE, NET = "long_short_mode", "net_mode"
"""`posMode`."""


def _check_condition(intent: Intent, trigger: Trigger) -> None:
    """Refuse conditional orders that the venue does not have."""
    if intent.type is OrderType.LIMIT and (intent.post_only or intent.time_in_force is not TimeInForce.GTC):
        raise Unsupported("what a conditional order here becomes is good till canceled")
    closes = intent.close_position
    if trigger.kind is not TriggerKind.TRAILING:
        if closes and intent.type is not OrderType.MARKET:
            raise Unsupported("only a market order closes a position of any size here")
        return
    if trigger.watches is not TriggerPrice.LAST:
        raise Unsupported(f"a trailing order here follows the last price, not {trigger.watches}")
    if closes or intent.type is not OrderType.MARKET:
        raise Unsupported("a trailing order here is a market order of a given size")


def _kind(intent: Intent) -> str:
    """`ordType`, which says how long an order lives as well."""
    if intent.type is OrderType.MARKET:
        return "market"
    if intent.post_only:
        return POST_ONLY
    return "limit" if intent.time_in_force is TimeInForce.GTC else intent.time_in_force.value


def _named(row: wire.Outcome) -> OrderName:
    """The name that a row tells. Raises `Unreadable` for one without."""
    if not row.ord_id and not row.algo_id:
        raise Unreadable("the row names no order")
    return OrderName(row.algo_id or row.ord_id, conditional=bool(row.algo_id))


def _which(name: OrderName) -> Terms:
    if not name.venue_id:
        return {"algoClOrdId" if name.conditional else "clOrdId": name.client_id}
    if not name.venue_id.isdigit():
        raise Rejected(Reason.UNKNOWN_ORDER, f"{name.venue_id!r} is no order id of this venue")
    return {"algoId" if name.conditional else "ordId": name.venue_id}


def _gone(error: AdapterError) -> bool:
    return isinstance(error, Rejected) and error.reason is Reason.UNKNOWN_ORDER


def _number(spelled: str) -> tuple[int, str]:
    """Ids in the order in which they were given."""
    return len(spelled), spelled


def _portions(ids: Sequence[Terms], most: int) -> Iterator[Sequence[Terms]]:
    return (ids[start : start + most] for start in range(0, len(ids), most))
