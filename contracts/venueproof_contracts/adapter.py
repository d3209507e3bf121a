"""The protocol an adapter answers. Plain values in, plain values out; every method is async.

All methods may raise `errors.AdapterError` and nothing else. `since_ns` and `limit` bound a list where they are given;
lists are in ascending order of time whatever the venue's order is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import (
    Balance,
    Book,
    Candle,
    Channel,
    Credentials,
    Declaration,
    Endpoint,
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


class Adapter(Protocol):
    """Code that speaks one venue's API behind neutral words."""

    async def declare(self) -> Declaration:
        """Say what this adapter can do. Needs no connection and never fails."""
        ...

    async def start(self) -> None:
        """Connect, load what is needed. After it returns every other method may be called."""
        ...

    async def close(self) -> None:
        """End every socket and task. Safe to call twice, and after a failed `start`."""
        ...

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        ...

    async def instruments(self) -> list[Instrument]:
        """All instruments of the endpoint's product."""
        ...

    async def ticker(self, instrument: str) -> Ticker:
        """Prices now: the last price always. Another figure that could not be fetched is None, without an error."""
        ...

    async def book(self, instrument: str, depth: int) -> Book:
        """The best `depth` levels of each side."""
        ...

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles of `interval` (`1m`, `4h`, `1d` …), oldest first, each open time once."""
        ...

    async def trades(self, instrument: str) -> list[Trade]:
        """Recent public trades, oldest first."""
        ...

    async def funding(self, instrument: str) -> Funding:
        """The funding rate in force."""
        ...

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        ...

    async def place(self, intent: Intent) -> Order:
        """Send one order. Returns what the venue said of it; `Rejected` when it said no."""
        ...

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """Send several orders; a refused one stands as its error in its place."""
        ...

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Change a live order to this price and total amount. The result may be a new order that `replaces` the old."""
        ...

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order. `Rejected(unknown-order)` when the venue knows no such live order."""
        ...

    async def cancel_all(self, instrument: str) -> None:
        """End every order of an instrument, conditional ones included."""
        ...

    async def order(self, ref: OrderRef) -> Order:
        """What the venue says of one order; `Rejected(unknown-order)` when it knows none."""
        ...

    async def open_orders(self, instrument: str | None) -> list[Order]:
        """Live orders, conditional ones included."""
        ...

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        """Own executions, oldest first, each once."""
        ...

    async def positions(self) -> list[Position]:
        """Positions that are not flat."""
        ...

    async def balances(self) -> list[Balance]:
        """Balances of all assets that were ever used."""
        ...

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Set margin mode and leverage; None leaves one as it is. Setting what is set already succeeds."""
        ...

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Set net or hedge mode. Setting what is set already succeeds."""
        ...

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        """Have a channel's events delivered. Returns when the venue confirmed it."""
        ...

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        """Stop a channel's events."""
        ...

    async def next_event(self) -> Event:
        """The next event of all subscribed channels, in order of arrival. Waits for one."""
        ...


AdapterFactory = Callable[[Endpoint, Credentials], Adapter]
"""How a user hands us an adapter: `module:factory`, or an entry point of the group `venueproof.adapters`."""
