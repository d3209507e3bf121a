"""The adapter protocol, answered by the kit's parts. A venue adds what it declares, how it starts, and its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.amender import Amender
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.desk import Desk
from venueproof_adapters.kit.feeds import MarketCalls
from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.market_stream import MarketStream
from venueproof_adapters.kit.own import Own
from venueproof_adapters.kit.requests import Requests
from venueproof_adapters.kit.state import Events
from venueproof_contracts.errors import AdapterError, Reason, Rejected
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
    Position,
    PositionMode,
    Ticker,
    Trade,
)


class MarketQuestions(MarketCalls, Protocol):
    """What everybody may ask."""

    async def book(self, instrument: str, depth: int) -> Book:
        """The best levels."""
        ...

    async def trades(self, instrument: str) -> list[Trade]:
        """Recent public trades."""
        ...

    async def funding(self, instrument: str) -> Funding:
        """The funding rate in force."""
        ...

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        ...


class Settings(Protocol):
    """What the venue lets the account set. Setting what is set already succeeds."""

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Margin mode and leverage; None leaves one as it is."""
        ...

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Net or hedge mode."""
        ...


class Venue(Protocol):
    """What only the venue knows: the declaration, the first steps, its clock and its list."""

    has_credentials: bool

    def declaration(self) -> Declaration:
        """What is built."""
        ...

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        ...

    async def load(self) -> Sequence[Instrument]:
        """The venue's list; takes over the limits that come with it."""
        ...

    async def look_at_account(self) -> None:
        """Read how the account is set up, and log what its owner should know.

        Raises `Unsupported` for an account that this adapter cannot work with.
        """
        ...

    async def close(self) -> None:
        """End what the venue's own code opened."""
        ...


class VenueBase:
    """What the `Venue` of most adapters has: requests, and nothing of its own to end."""

    def __init__(self, rest: Requests, has_credentials: bool) -> None:
        self.has_credentials = has_credentials
        self._clock_of = rest

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return await self._clock_of.server_time()

    async def close(self) -> None:
        """Nothing was opened."""


class Works(Struct, frozen=True):
    """The parts of a built adapter."""

    venue: Venue
    http: Http
    clock_sync: ClockSync
    catalog: Catalog
    events: Events
    market: MarketQuestions
    market_stream: MarketStream
    desk: Desk
    amender: Amender
    own: Own
    account_stream: AccountStream
    settings: Settings


class ManagedAdapter:
    """Forwards each call to the part that does it; starts and ends them all."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._refresher: asyncio.Task[None] | None = None
        self._closed = False

    # --- life ---

    async def declare(self) -> Declaration:
        """What is built."""
        return self._works.venue.declaration()

    async def start(self) -> None:
        """Learn the venue's clock, limits and instruments, and see whether the credentials are good."""
        works = self._works
        try:
            await works.http.start()
            await works.clock_sync.sync(works.venue.server_time)
            works.catalog.load(await works.venue.load())
            if works.venue.has_credentials:
                await works.own.balances()
                await works.venue.look_at_account()
            self._refresher = asyncio.create_task(self._refresh_clock())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End all tasks and sockets. Orders stay as they are."""
        if refresher := self._refresher:
            self._refresher = None
            refresher.cancel()
            await asyncio.gather(refresher, return_exceptions=True)
        await self._works.account_stream.close()
        await self._works.market_stream.close()
        await self._works.venue.close()
        await self._works.http.close()
        if not self._closed:
            self._closed = True
            self._works.events.end()

    async def _refresh_clock(self) -> None:
        while True:
            await asyncio.sleep(self._works.clock_sync.refresh_s)
            try:
                await self._works.clock_sync.sync(self._works.venue.server_time)
            except AdapterError:  # the next signed request tries again, the old reading serves until then
                continue

    # --- the market ---

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return await self._works.venue.server_time()

    async def instruments(self) -> list[Instrument]:
        """All instruments, read anew."""
        self._works.catalog.load(await self._works.venue.load())
        return self._works.catalog.all()

    async def ticker(self, instrument: str) -> Ticker:
        """Prices now."""
        return await self._works.market.ticker(instrument)

    async def book(self, instrument: str, depth: int) -> Book:
        """The best levels."""
        return await self._works.market.book(instrument, depth)

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles, oldest first."""
        return await self._works.market.candles(instrument, interval, since_ns, limit)

    async def trades(self, instrument: str) -> list[Trade]:
        """Recent public trades."""
        return await self._works.market.trades(instrument)

    async def funding(self, instrument: str) -> Funding:
        """The funding rate in force."""
        return await self._works.market.funding(instrument)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        return await self._works.market.open_interest(instrument)

    # --- orders ---

    async def place(self, intent: Intent) -> Order:
        """Send one order, once."""
        return await self._works.desk.place(intent)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """Send several at the same time."""
        return await self._works.desk.place_many(intents)

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Change a live order."""
        return await self._works.amender.amend(ref, price, amount)

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order."""
        return await self._works.desk.cancel(ref)

    async def cancel_all(self, instrument: str) -> None:
        """End every order of an instrument."""
        await self._works.desk.cancel_all(instrument)

    async def order(self, ref: OrderRef) -> Order:
        """The order that stands for `ref` now."""
        return await self._works.desk.find(ref)

    # --- the account ---

    async def open_orders(self, instrument: str | None) -> list[Order]:
        """Live orders."""
        return await self._works.own.open_orders(instrument)

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        """Own executions."""
        return await self._works.own.fills(instrument, since_ns)

    async def positions(self) -> list[Position]:
        """Positions that are not flat."""
        return await self._works.own.positions()

    async def balances(self) -> list[Balance]:
        """Balances of the assets that were ever used."""
        return await self._works.own.balances()

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Set margin mode and leverage, which what outlived its position would stand in the way of."""
        await self._works.desk.cancel_leftovers(instrument)
        await self._works.settings.set_margin(self._works.catalog.find(instrument), mode, leverage)

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Set net or hedge mode, which what outlived its position would stand in the way of."""
        await self._works.desk.cancel_leftovers(None)
        await self._works.settings.set_position_mode(mode)

    # --- streams ---

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        """Have a channel's events delivered."""
        if channel is Channel.ACCOUNT:
            await self._works.account_stream.subscribe()
        else:
            await self._works.market_stream.subscribe(channel, _named(instrument))

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        """Stop a channel's events."""
        if channel is Channel.ACCOUNT:
            await self._works.account_stream.close()
        else:
            await self._works.market_stream.unsubscribe(channel, _named(instrument))

    async def next_event(self) -> Event:
        """The next event. Raises `NotSent` once the adapter is closed."""
        return await self._works.events.next()


def _named(instrument: str | None) -> str:
    if instrument is None:
        raise Rejected(Reason.BAD_PARAMETER, "this channel is of one instrument: name it")
    return instrument
