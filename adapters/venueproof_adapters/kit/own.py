"""Questions about the account whose answers take part in the adapter's view and never fall behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

from msgspec import Struct, structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.desk import Desk
from venueproof_adapters.kit.ledger import ref_key
from venueproof_adapters.kit.ordercalls import OrderName
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.state import State
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Fill,
    Instrument,
    MarginMode,
    Order,
    OrderRef,
    Position,
    PositionSide,
)

Figure = TypeVar("Figure")

_RECENT_NS = 10 * SECOND_NS


class MarginSetting(Struct, frozen=True):
    """Leverage and margin mode of one instrument."""

    leverage: Decimal | None
    mode: MarginMode | None


class AccountCalls(Protocol):
    """The venue's questions about the account. Times are when the venue last changed the row, in ns."""

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """Live orders, conditional ones included."""
        ...

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """Own executions in any order; an intent id that the answer does not tell is empty."""
        ...

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """All positions that are not flat, each with its time."""
        ...

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """Settings by symbol."""
        ...

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """Balances, each with its time."""
        ...


class Own:
    """Asks, and merges what is answered with what is known."""

    def __init__(
        self, calls: AccountCalls, catalog: Catalog, state: State, desk: Desk, now_ns: Callable[[], int]
    ) -> None:
        self._calls = calls
        self._catalog = catalog
        self._state = state
        self._desk = desk
        self._now_ns = now_ns

    async def open_orders(self, symbol: str | None) -> list[Order]:
        """Live orders. One that we know to live and that is not listed is asked for by itself: lists may lag."""
        before = self._state.orders.live(symbol)
        tellings = await self._calls.open_orders(None if symbol is None else self._catalog.find(symbol))
        await self._desk.learn_replaced(tellings)
        listed = [self._desk.hear(told) for told in tellings]
        seen = {ref_key(order.ref) for order in listed}
        for order in before:
            if ref_key(order.ref) not in seen:
                listed += await self._if_known(order)
        return [order for order in listed if not order.status.final]

    async def _if_known(self, order: Order) -> list[Order]:
        try:
            return [await self._exactly(order.ref)]
        except Rejected:
            return []

    async def _exactly(self, ref: OrderRef) -> Order:
        """This order, also if another one stands for its intent."""
        name = OrderName(ref.venue_id or "", conditional=ref.conditional)
        return await self._desk.ask(self._catalog.find(ref.instrument), name)

    async def fills(self, symbol: str, since_ns: int | None) -> list[Fill]:
        """Own executions, oldest first, each once."""
        instrument = self._catalog.find(symbol)
        answered = [await self._named(instrument, fill) for fill in await self._calls.fills(instrument, since_ns)]
        answered.sort(key=_by_time)
        for fill in answered:
            self._state.hear_fill(fill)
        recent = self._state.fills.latest(symbol, max(since_ns or 0, self._now_ns() - _RECENT_NS))
        whole = {(ref_key(fill.ref), fill.fill_id): fill for fill in (*recent, *answered)}
        return sorted(whole.values(), key=_by_time)

    async def _named(self, instrument: Instrument, fill: Fill) -> Fill:
        """The fill with the intent id of its order."""
        if fill.ref.intent_id:
            return fill
        key = ref_key(fill.ref)
        if self._state.intent_id(key) is None:
            await self._desk.learn_history(instrument, False)
        while self._state.intent_id(key) is None:
            try:
                await self._desk.query(instrument, OrderName(venue_id=key[1]))
            except Rejected as error:
                if error.reason is not Reason.UNKNOWN_ORDER:
                    raise
                await self._wait_for_name(fill)
        return structs.replace(fill, ref=structs.replace(fill.ref, intent_id=self._state.intent_id(key) or ""))

    async def _wait_for_name(self, fill: Fill) -> None:
        """Answers about orders may lag behind those about fills; an order that is old is forgotten."""
        if self._now_ns() - fill.at_ns < _RECENT_NS:
            await asyncio.sleep(1)
        else:
            self._state.name(ref_key(fill.ref), "")

    async def positions(self) -> list[Position]:
        """Positions that are not flat. Where leverage and margin mode cannot be asked for they are None."""
        answered = await self.refresh_positions()
        held = [one for one in self._state.positions.all().values() if one.amount]
        if not held:
            return []
        settings = await or_none(self._calls.margin_settings()) or {}
        return [_merged(one, answered.get((one.instrument, one.side)), settings.get(one.instrument)) for one in held]

    async def refresh_positions(self) -> dict[tuple[str, PositionSide], Position]:
        """Take in the whole list; what is not on it is flat. Returns what was answered."""
        asked_ns = self._now_ns()
        answered: dict[tuple[str, PositionSide], Position] = {}
        for position, at_ns in await self._calls.positions():
            answered[position.instrument, position.side] = position
            self._state.answer_position(position, at_ns, asked_ns)
        for key, held in self._state.positions.all().items():
            if key not in answered and held.amount:
                flat = structs.replace(held, amount=ZERO, entry_price=None, unrealized_pnl=None)
                self._state.answer_position(flat, 0, asked_ns)
        return answered

    async def balances(self) -> list[Balance]:
        """Balances of all assets that were ever used."""
        asked_ns = self._now_ns()
        rows = await self._calls.balances()
        for balance, at_ns in rows:
            self._state.answer_balance(balance, at_ns, asked_ns)
        return [_newer(self._state.balances.get(balance.asset), balance) for balance, _ in rows]

    async def refresh(self, symbols: Callable[[], Sequence[str]], since_ns: int) -> None:
        """Ask for everything, one after the other; `symbols` names where executions may have happened."""
        await self.refresh_positions()
        booked = [fill for symbol in symbols() for fill in await self.fills(symbol, since_ns)]
        await self.open_orders(None)
        for ref in {ref_key(fill.ref): fill.ref for fill in booked}.values():
            if self._state.behind(ref_key(ref)):  # it ended, and what the venue told of it was lost
                await or_none(self._exactly(ref))
        for ref in self._state.unseen():
            await or_none(self._exactly(ref))
        await self._desk.settle_unclear()
        await self.balances()


async def or_none(question: Awaitable[Figure]) -> Figure | None:
    """The answer, None when there is none."""
    try:
        return await question
    except AdapterError:
        return None


def _by_time(fill: Fill) -> tuple[int, int, str]:
    return fill.at_ns, len(fill.fill_id), fill.fill_id


def _newer(known: Balance | None, answered: Balance) -> Balance:
    return answered if known is None or known.wallet == answered.wallet else known


def _merged(known: Position, answered: Position | None, setting: MarginSetting | None) -> Position:
    """What we know, with the figures that only answers have."""
    fresh = answered is not None and (known.amount, known.entry_price) == (answered.amount, answered.entry_price)
    position = answered if answered is not None and fresh else known
    if setting is None:
        return position
    return structs.replace(position, leverage=setting.leverage, margin_mode=setting.mode or position.margin_mode)
