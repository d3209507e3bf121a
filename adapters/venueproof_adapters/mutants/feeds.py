"""Mutants of streamed market data, and of candles that are made up."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

from msgspec import structs

from venueproof_adapters.kit.book import BookBuilder, BookChange
from venueproof_adapters.mutants.making import Wrapper, broken, exchanged
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import (
    Candle,
    CandleEvent,
    Channel,
    Event,
    Level,
    Side,
    StreamEvent,
    StreamState,
    TickerEvent,
    TradeEvent,
)

MADE_UP = {"2m": 2, "10m": 10, "45m": 45}
"""Intervals that are made of minutes here, whatever the venue has."""


@broken("CAN-040", "tells-volume-in-lots")
class VolumeInLots(Wrapper):
    """Counts volume in thousandths of a contract, wherever it tells of it."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        return [_in_lots(one) for one in await self.inner.candles(instrument, interval, since_ns, limit)]

    def heard(self, event: Event) -> Event | None:
        return structs.replace(event, candle=_in_lots(event.candle)) if isinstance(event, CandleEvent) else event


def _in_lots(candle: Candle) -> Candle:
    return structs.replace(candle, volume=candle.volume * 1000)


@broken("CAN-050", "begins-groups-anywhere")
class BeginsAnywhere(Wrapper):
    """Makes up an interval of minutes counted from the first one it got."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        minutes = MADE_UP.get(interval)
        if minutes is None:
            return await self.inner.candles(instrument, interval, since_ns, limit)
        parts = await self.inner.candles(instrument, "1m", since_ns, (limit or 100) * minutes)
        return [_joined(parts[at : at + minutes]) for at in range(0, len(parts), minutes)]


def _joined(group: list[Candle]) -> Candle:
    return Candle(
        open_ns=group[0].open_ns,
        open=group[0].open,
        high=max(one.high for one in group),
        low=min(one.low for one in group),
        close=group[-1].close,
        volume=sum((one.volume for one in group), Decimal(0)),
        closed=group[-1].closed,
    )


@broken("CAN-060", "closes-streamed-candles-early")
class ClosesEarly(Wrapper):
    """Marks every streamed candle as closed."""

    def heard(self, event: Event) -> Event | None:
        if isinstance(event, CandleEvent):
            return structs.replace(event, candle=structs.replace(event.candle, closed=True))
        return event


@broken("CAN-060", "reads-streamed-candles-by-place")
class ReadByPlace(Wrapper):
    """Takes the figures of a streamed candle in the order in which some venue sends them."""

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, CandleEvent):
            return event
        told = event.candle
        return structs.replace(event, candle=structs.replace(told, high=told.close, low=told.high, close=told.low))


class ForgetsEarlyChanges(BookBuilder):
    """Throws away what comes before the snapshot, and does not look whether it is missing."""

    def start(self, last: int, bids: Iterable[Level], asks: Iterable[Level]) -> bool:
        self._waiting = []
        return super().start(last, bids, asks)

    def _connects(self, change: BookChange) -> bool:
        return not self._chained or super()._connects(change)


forgets_early_changes = exchanged(
    "BOK-030",
    "forgets-early-changes",
    "Throws away changes of a book that come before its snapshot.",
    book=ForgetsEarlyChanges,
)


@broken("WSS-050", "streams-the-makers-side")
class StreamsMakersSide(Wrapper):
    """Tells streamed trades with the side of the maker."""

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, TradeEvent):
            return event
        return TradeEvent(structs.replace(event.trade, side=Side(event.trade.side).opposite))


@broken("WSS-060", "streams-the-first-ticker-for-ever")
class FirstTicker(Wrapper):
    """Tells the ticker that it heard first again and again."""

    _first: TickerEvent | None = None

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, TickerEvent):
            return event
        self._first = self._first or event
        return self._first


@broken("WSS-070", "never-unsubscribes")
class NeverUnsubscribes(Wrapper):
    """Leaves channels as they are when it should end them."""

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        return


@broken("WSS-070", "unsubscribes-for-good")
class UnsubscribesForGood(Wrapper):
    """Thinks that it has what it once subscribed to."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._had: set[tuple[Channel, str | None]] = set()

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        if (channel, instrument) not in self._had:
            self._had.add((channel, instrument))
            await self.inner.subscribe(channel, instrument)


@broken("WSS-080", "forgets-market-channels")
class ForgetsChannels(Wrapper):
    """Is connected again and asks for nothing: no trade is told once the stream was down."""

    _channels: ClassVar[set[Channel]] = {Channel.TRADES, Channel.BOOK}

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._lost = False

    def heard(self, event: Event) -> Event | None:
        if isinstance(event, StreamEvent) and event.state is StreamState.DOWN and event.channel in self._channels:
            self._lost = True
        return None if self._lost and isinstance(event, TradeEvent) else event
