"""Mutants of what is known of the account: fills, positions, balances, settings."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.ledger import FillLedger
from venueproof_adapters.kit.orders import OrderView, order_key
from venueproof_adapters.mutants.making import KnowsItsOwn, Wrapper, broken, exchanged
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.errors import Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Balance,
    BalanceEvent,
    Event,
    Fill,
    FillEvent,
    Intent,
    MarginMode,
    Order,
    Position,
    PositionEvent,
    PositionMode,
    PositionSide,
    StreamEvent,
    StreamState,
)


@broken("FIL-010", "replays-fills-after-a-reconnect")
class ReplaysFills(Wrapper):
    """Tells all fills again when its stream comes back."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._told: list[Event] = []
        self._again: list[Event] = []

    async def next_event(self) -> Event:
        return self._again.pop(0) if self._again else await super().next_event()

    def heard(self, event: Event) -> Event | None:
        if isinstance(event, FillEvent):
            self._told.append(event)
        if isinstance(event, StreamEvent) and event.state in (StreamState.UP, StreamState.RESYNCED):
            self._again = list(self._told)
        return event


class ForgetfulLedger(FillLedger):
    """Books whatever it is told."""

    def add(self, fill: Fill) -> bool:
        super().add(fill)
        return True


books_repeated_fills = exchanged(
    "FIL-020", "books-repeated-fills", "Books a fill as often as it is told.", fills=ForgetfulLedger
)


@broken("FIL-030", "turns-the-sign-of-fees")
class FeesTurned(Wrapper):
    """Reports fees that were paid as received."""

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        fills = await self.inner.fills(instrument, since_ns)
        return [structs.replace(fill, fee=None if fill.fee is None else -fill.fee) for fill in fills]


class LastWordWins(OrderView):
    """Believes whatever was told last, also if it is older."""

    def merge(self, told: Order) -> Order | None:
        merged = super().merge(told)
        self._orders[order_key(told)] = told
        return merged or self.shown(told)


goes_back_in_time = exchanged(
    "FIL-040", "lets-the-last-word-win", "Lets a late message undo what a later one said.", orders=LastWordWins
)


@broken("POS-010", "forgets-the-sign")
class UnsignedPositions(Wrapper):
    """Reports short positions as long ones."""

    async def positions(self) -> list[Position]:
        return [structs.replace(one, amount=abs(one.amount)) for one in await self.inner.positions()]


@broken("POS-020", "keeps-closed-positions")
class KeepsClosedPositions(Wrapper):
    """Swallows the event that a position is closed, when one of its orders closed it."""

    _trading = False

    async def place(self, intent: Intent) -> Order:
        self._trading = True
        return await self.inner.place(intent)

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, PositionEvent):
            return event
        closed, self._trading = self._trading and not event.position.amount, False
        return None if closed else event


@broken("BAL-010", "takes-the-wallet-for-available")
class AllIsAvailable(Wrapper):
    """Reports the whole wallet as available."""

    async def balances(self) -> list[Balance]:
        return [structs.replace(one, available=one.wallet) for one in await self.inner.balances()]


@broken("MAR-010", "does-not-set-leverage")
class NoLeverage(Wrapper):
    """Sets the margin mode and forgets the leverage."""

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        await self.inner.set_margin(instrument, mode, None)


@broken("MAR-020", "swallows-refused-settings")
class SwallowsRefusedSettings(Wrapper):
    """Says nothing when the venue refuses a setting."""

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        try:
            await self.inner.set_margin(instrument, mode, leverage)
        except Rejected:
            return


@broken("MAR-030", "ignores-settings-that-are-not-there")
class IgnoresSettings(Wrapper):
    """Returns as if it were done when it is told to set what cannot be set."""

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        with suppress(Unsupported):
            await self.inner.set_margin(instrument, mode, leverage)


@broken("CFG-010", "refuses-what-is-set-already")
class RefusesNoChange(Wrapper):
    """Raises when the position mode is what it should be, and a position is open."""

    async def set_position_mode(self, mode: PositionMode) -> None:
        await self.inner.set_position_mode(mode)
        if await self.inner.positions():
            raise Rejected(Reason.OPEN_POSITION)


@broken("POS-010", "tells-profit-on-margin")
class ProfitOnMargin(Wrapper):
    """Tells profit as if it were made on the whole of what was borrowed."""

    async def positions(self) -> list[Position]:
        return [structs.replace(one, unrealized_pnl=_times_leverage(one)) for one in await self.inner.positions()]


def _times_leverage(position: Position) -> Decimal | None:
    profit = position.unrealized_pnl
    return None if profit is None else profit * (position.leverage or 10)


@broken("POS-010", "has-one-formula-for-profit")
class OneFormula(Wrapper):
    """Works out profit in percent the linear way on every product."""

    async def positions(self) -> list[Position]:
        return [await self._told(one) for one in await self.inner.positions()]

    async def _told(self, position: Position) -> Position:
        mark = (await self.inner.ticker(position.instrument)).mark
        if mark is None or not position.entry_price:
            return position
        short = position.side is PositionSide.SHORT or position.amount < 0
        rate = mark / position.entry_price - 1
        return structs.replace(position, profit_rate=-rate if short else rate)


@broken("POS-030", "nets-two-legs")
class NetsLegs(Wrapper):
    """Tells the two legs of an instrument as one net position."""

    async def positions(self) -> list[Position]:
        netted: dict[str, Position] = {}
        for one in await self.inner.positions():
            signed = -one.amount if one.side is PositionSide.SHORT else one.amount
            before = netted[one.instrument].amount if one.instrument in netted else Decimal(0)
            netted[one.instrument] = structs.replace(one, side=PositionSide.NET, amount=before + signed)
        return [one for one in netted.values() if one.amount]


@broken("POS-040", "books-only-fills-it-ordered")
class OwnFillsOnly(KnowsItsOwn):
    """Swallows fills of orders that it did not place itself."""

    def heard(self, event: Event) -> Event | None:
        return None if isinstance(event, FillEvent) and event.fill.ref.intent_id not in self.own else event


@broken("BAL-020", "learns-of-money-from-fills")
class MoneyWithFills(Wrapper):
    """Tells a balance only when there was a fill since the last one."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._fresh = 0

    def heard(self, event: Event) -> Event | None:
        if isinstance(event, FillEvent):
            self._fresh += 1
        if not isinstance(event, BalanceEvent):
            return event
        self._fresh -= 1
        return event if self._fresh >= 0 else None


@broken("MAR-010", "tells-the-usual-leverage")
class UsualLeverage(Wrapper):
    """Tells the leverage that accounts begin with."""

    async def positions(self) -> list[Position]:
        return [structs.replace(one, leverage=Decimal(20)) for one in await self.inner.positions()]


@broken("CFG-020", "does-not-switch-the-mode")
class NoSwitch(Wrapper):
    """Says that the mode is set, and sets nothing."""

    async def set_position_mode(self, mode: PositionMode) -> None:
        return


@broken("CFG-020", "never-switches-back")
class NeverBack(Wrapper):
    """Switches to hedge mode, and says that it switched back."""

    async def set_position_mode(self, mode: PositionMode) -> None:
        if mode is PositionMode.HEDGE:
            await self.inner.set_position_mode(mode)


@broken("CFG-030", "goes-by-the-mode-it-set")
class GoesByItsOwnMode(Wrapper):
    """Leaves the leg out of orders as long as it did not set hedge mode itself."""

    _mode = PositionMode.NET

    async def set_position_mode(self, mode: PositionMode) -> None:
        await self.inner.set_position_mode(mode)
        self._mode = mode

    async def place(self, intent: Intent) -> Order:
        side = intent.position_side if self._mode is PositionMode.HEDGE else None
        return await self.inner.place(structs.replace(intent, position_side=side))


@broken("CFG-040", "swallows-a-refused-mode")
class SwallowsRefusedMode(Wrapper):
    """Says nothing when the venue refuses to switch the mode."""

    async def set_position_mode(self, mode: PositionMode) -> None:
        try:
            await self.inner.set_position_mode(mode)
        except Rejected:
            return
