"""The adapter for Binance USDⓈ-M futures.

Built: market data, orders of the types limit and market, amendment, account, streams. Not built: conditional and
trailing orders (another service of the venue), order placement over WebSocket, COIN-M.

An amendment is made in place where the venue does that; an order it refuses to amend is canceled and placed anew, so
at most one order lives at any time, and for a moment perhaps none: that is what `cancel-then-place` declares.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version

from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.account import RECOVERY_BOUND_S, Account
from venueproof_adapters.native.binance.desk import CLIENT_ID, CLIENT_ID_LENGTH, Desk, each
from venueproof_adapters.native.binance.errors import Done
from venueproof_adapters.native.binance.instruments import Catalog, limits
from venueproof_adapters.native.binance.market import Market
from venueproof_adapters.native.binance.parse import Parser
from venueproof_adapters.native.binance.questions import AccountQuestions, MarketQuestions
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.binance.state import Events, State
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, Reason, Rejected
from venueproof_contracts.model import (
    AdapterKind,
    AmendManner,
    Balance,
    Book,
    Candle,
    Channel,
    ClientIdUniqueness,
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

REST_ORIGIN = "https://fapi.binance.com"
STREAM_ORIGIN = "wss://fstream.binance.com"

_MISSING = frozenset({Capability.CONDITIONAL, Capability.TRAILING, Capability.CLOSE_POSITION})
_MARGIN_TYPE = {MarginMode.CROSS: "CROSSED", MarginMode.ISOLATED: "ISOLATED"}
_SET_TRIES = 2


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    return BinanceAdapter(endpoint, credentials, parts)


class BinanceAdapter:
    """Answers the adapter protocol for one account."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials, parts: Parts) -> None:
        clock = parts.clock()
        random = parts.random(zlib.crc32(credentials.get("apiKey", "").encode()))
        rest_url, ws_url = _urls(endpoint)
        options = SocketOptions(proxy=endpoint.proxy, ca=endpoint.ca)
        reconnects = parts.backoff(random, base_s=0.5, cap_s=20.0)
        self._sync = sync = parts.clock_sync(clock)
        self._http: Http = parts.http(proxy=endpoint.proxy, ca=endpoint.ca)
        self._rest = Rest(rest_url, credentials, self._http, sync, parts.budget(sync.now_ns), parts.backoff(random))
        self._catalog = Catalog()
        ids = parts.ids(CLIENT_ID, CLIENT_ID_LENGTH)
        parser = Parser(self._catalog, ids)
        self._events = Events()
        state = State(parts, ids, self._events)
        self._account = Account(
            parts, self._rest, self._catalog, parser, state, sync.now_ns, ws_url, reconnects, options
        )
        self._desk = Desk(parts, clock, sync.now_ns, self._rest, self._catalog, parser, state, self._account.watch)
        self._ask = MarketQuestions(parts, self._rest, self._catalog, sync.now_ns)
        self._own = AccountQuestions(self._rest, self._catalog, parser, state, self._desk, sync.now_ns)
        self._account.connect_to(self._own)
        self._market = Market(parts, self._catalog, self._ask, self._events, sync.now_ns, ws_url, reconnects, options)
        self._refresher: asyncio.Task[None] | None = None
        self._closed = False

    # --- life ---

    async def declare(self) -> Declaration:
        """What is built."""
        return Declaration(
            name="native-binance",
            version=_version(),
            kind=AdapterKind.MANAGED,
            capabilities={one: Support.MISSING if one in _MISSING else Support.FULL for one in Capability},
            request_lifetime_s=Decimal(REQUEST_LIFETIME_S),
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
            amend=AmendManner.CANCEL_THEN_PLACE,
            recovery_bound_s=Decimal(RECOVERY_BOUND_S),
        )

    async def start(self) -> None:
        """Learn the venue's clock, limits and instruments, and see whether the key is good."""
        try:
            await self._http.start()
            await self._rest.synchronise()
            await self._load()
            if self._rest.has_key:
                await self._own.balances()
            self._refresher = asyncio.create_task(self._refresh_clock())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End all tasks and sockets. Orders and the listen key stay as they are."""
        if refresher := self._refresher:
            self._refresher = None
            refresher.cancel()
            await asyncio.gather(refresher, return_exceptions=True)
        await self._account.close()
        await self._market.close()
        await self._http.close()
        if not self._closed:
            self._closed = True
            self._events.end()

    async def _load(self) -> None:
        info = await self._rest.ask("instruments", wire.ExchangeInfo)
        self._catalog.load(info.symbols)
        self._rest.set_limits(limits(info))

    async def _refresh_clock(self) -> None:
        while True:
            await asyncio.sleep(self._sync.refresh_s)
            try:
                await self._rest.synchronise()
            except AdapterError:  # the next signed request tries again, the old reading serves until then
                continue

    # --- the market ---

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return await self._rest.server_time()

    async def instruments(self) -> list[Instrument]:
        """All instruments, read anew."""
        await self._load()
        return self._catalog.all()

    async def ticker(self, instrument: str) -> Ticker:
        """Prices now."""
        return await self._ask.ticker(instrument)

    async def book(self, instrument: str, depth: int) -> Book:
        """The best levels."""
        return await self._ask.book(instrument, depth)

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles, oldest first."""
        return await self._ask.candles(instrument, interval, since_ns, limit)

    async def trades(self, instrument: str) -> list[Trade]:
        """Recent public trades."""
        return await self._ask.trades(instrument)

    async def funding(self, instrument: str) -> Funding:
        """The funding rate in force."""
        return await self._ask.funding(instrument)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        return await self._ask.open_interest(instrument)

    # --- orders ---

    async def place(self, intent: Intent) -> Order:
        """Send one order, once."""
        return await self._desk.place(intent)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """Send several at the same time, each as a request of its own: so each has its own known outcome."""
        return await each([self._desk.place(intent) for intent in intents])

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Change a live order."""
        return await self._desk.amend(ref, price, amount)

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order."""
        return await self._desk.cancel(ref)

    async def cancel_all(self, instrument: str) -> None:
        """End every order of an instrument."""
        await self._desk.cancel_all(instrument)

    async def order(self, ref: OrderRef) -> Order:
        """The order that stands for `ref` now."""
        return await self._desk.find(ref)

    # --- the account ---

    async def open_orders(self, instrument: str | None) -> list[Order]:
        """Live orders."""
        return await self._own.open_orders(instrument)

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        """Own executions."""
        return await self._own.fills(instrument, since_ns)

    async def positions(self) -> list[Position]:
        """Positions that are not flat."""
        return await self._own.positions()

    async def balances(self) -> list[Balance]:
        """Balances of the assets that were ever used."""
        return await self._own.balances()

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Set margin mode, then leverage."""
        name = self._catalog.find(instrument).spelling
        if leverage is not None and leverage != leverage.to_integral_value():
            raise Rejected(Reason.BAD_PARAMETER, f"leverage {leverage} is not a whole number")
        if mode is not None:
            await self._set("margin-mode", symbol=name, marginType=_MARGIN_TYPE[mode])
        if leverage is not None:
            await self._set("leverage", symbol=name, leverage=int(leverage))

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Set net or hedge mode."""
        await self._set("position-mode", dualSidePosition="true" if mode is PositionMode.HEDGE else "false")

    async def _set(self, call: str, **params: str | int) -> None:
        """Change a setting; when it is open whether that was done it is done again, which cannot hurt."""
        shape = wire.LeverageRow if call == "leverage" else wire.CodeRow
        for left in reversed(range(_SET_TRIES)):
            try:
                await self._rest.act(call, shape, **params)
                return
            except Done:
                return
            except OutcomeUnknown:
                if not left:
                    raise

    # --- streams ---

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        """Have a channel's events delivered."""
        if channel is Channel.ACCOUNT:
            await self._account.subscribe()
        else:
            await self._market.subscribe(channel, _named(instrument))

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        """Stop a channel's events."""
        if channel is Channel.ACCOUNT:
            await self._account.close()
        else:
            await self._market.unsubscribe(channel, _named(instrument))

    async def next_event(self) -> Event:
        """The next event. Raises `NotSent` once the adapter is closed."""
        return await self._events.next()


def _named(instrument: str | None) -> str:
    if instrument is None:
        raise Rejected(Reason.BAD_PARAMETER, "this channel is of one instrument: name it")
    return instrument


def _urls(endpoint: Endpoint) -> tuple[str, str]:
    """REST and stream roots: the official ones through a proxy, else where the endpoint says they are."""
    if endpoint.proxy:
        return REST_ORIGIN, STREAM_ORIGIN
    rest = endpoint.origins.get(REST_ORIGIN, endpoint.rest)
    stream = endpoint.origins.get(STREAM_ORIGIN, endpoint.ws)
    return rest.rstrip("/"), stream.rstrip("/")


def _version() -> str:
    try:
        return version("venueproof")
    except PackageNotFoundError:
        return "unknown"
