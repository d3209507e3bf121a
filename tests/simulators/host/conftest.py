"""A tiny venue (a counter that can be raised, streams that tell of it, every kind of refusal), and ways to run it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import aiohttp
import msgspec
import pytest

from venueproof.virtual import RealClock, VirtualClock, VirtualLoop, run
from venueproof_simulators.engine.commands import Command, SetPrice
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, PriceMoved
from venueproof_simulators.host.clock import Clock
from venueproof_simulators.host.latency import NO_LATENCY, VIRTUAL_LATENCY, Latency
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import (
    Classified,
    CloseSession,
    HttpReply,
    HttpRequest,
    IdKind,
    Manifest,
    Message,
    Origin,
    Outgoing,
    Ping,
    Product,
    VenueTime,
)

SYMBOL = "BTC/USDT:USDT"
SECRET = "toy-secret-5f1d"
MANIFEST = Manifest(
    name="toy",
    title="Toy",
    products=(Product("linear", "Toy linear", SYMBOL, "api"),),
    origins=(
        Origin("api", ("https://api.toy.example",)),
        Origin("stream", ("wss://stream.toy.example", "https://stream.toy.example")),
    ),
    credential_keys=("apiKey", "secret"),
    facts_date="2026-11-24",
    budget_headers=("x-toy-used",),
)
OPERATIONS = {"/order": "place", "/value": "balances", "/time": "server_time"}


def _reply(status: int = 200, **fields: object) -> HttpReply:
    return HttpReply(status, msgspec.json.encode(fields))


class ToyVenue:
    """Implements `Venue`. A session on `/account` carries account events; `/market` hears ticks."""

    def __init__(self) -> None:
        self.manifest = MANIFEST
        self.engine = cast(Engine, None)
        self.account = "ann"
        self.credentials = {"apiKey": "toy-key-93aa", "secret": SECRET}
        self.value = 0
        self.requests: list[HttpRequest] = []
        self.frames: list[tuple[int, str | bytes]] = []
        self.seen_times: list[VenueTime] = []
        self.paths: dict[int, str] = {}
        self.gone: list[int] = []
        self.signs: list[tuple[int, str]] = []
        self.tells_signs = False
        self.bans: dict[str, int] = {}
        self.closed_until_ns = 0
        self.quirk = False
        self.due_ns: int | None = None
        self.outgoing: list[Outgoing] = []
        self.wire_errors: dict[str, HttpReply] = {}
        self.tokens: list[str] = ["toy-key-93aa", SECRET]

    def secrets(self) -> Sequence[str]:
        return self.tokens

    def classify(self, request: HttpRequest) -> Classified:
        return Classified(OPERATIONS.get(request.path, "other"), instrument=SYMBOL)

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        self.requests.append(request)
        self.seen_times.append(time)
        if self.bans.get(request.client, 0) > time.age_ns:
            return _reply(418, error="banned")
        if self.closed_until_ns > time.age_ns:
            return _reply(503, error="maintenance")
        if request.path == "/order":
            self.value += 1
            self.tell("order", f'{{"value":{self.value}}}', self.account_sessions())
            return _reply(value=self.value)
        if request.path == "/value":
            return _reply(value=self.value)
        if request.path == "/time":
            return _reply(ms=time.wire_ms, origin=request.origin, client=request.client)
        if request.path == "/echo":
            return _reply(query=request.query, body=request.body.hex(), origin=request.origin)
        if request.path == "/budget":
            return msgspec.structs.replace(_reply(), headers={"X-Toy-Used-1M": "7", "Set-Cookie": "toy=1"})
        if request.path == "/token":
            self.tokens.append("listen-token-0001")
            return _reply(token="listen-token-0001")
        if request.path == "/bug":
            raise RuntimeError(f"a bug, with {SECRET} in hand")
        return _reply(404, error="no such path")

    def open(self, session: int, handshake: HttpRequest, time: VenueTime) -> HttpReply | None:
        if handshake.path not in ("/account", "/market"):
            return _reply(404, error="no such stream")
        self.paths[session] = handshake.path
        self.tell("session", '{"hello":1}', (session,))
        return None

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        return Classified("place" if frame == "order" else "other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        self.frames.append((session, frame))
        if frame == "order":
            self.value += 1
            self.outgoing.append(Message((session,), f'{{"done":{self.value}}}', operation="place"))
        elif frame == "close":
            self.outgoing.append(Message((session,), "bye"))
            self.outgoing.append(CloseSession(session, 4001, "as asked"))
        elif frame == "ping":
            self.outgoing.append(Ping(session, b"are you there", 10_000_000_000))
        elif isinstance(frame, bytes):
            self.outgoing.append(Message((session,), frame))

    def heard(self, session: int, label: str, time: VenueTime) -> None:
        self.signs.append((session, label))
        if self.tells_signs:
            self.tell("heard", label, (session,))

    def closed(self, session: int, time: VenueTime) -> None:
        self.gone.append(session)
        self.paths.pop(session, None)

    def advance(self, time: VenueTime) -> None:
        if self.due_ns is not None and self.due_ns <= time.true_ns:
            self.due_ns = None
            self.tell("ticker", f'{{"tick":{time.true_ns}}}', self.market_sessions())

    def next_due_ns(self, time: VenueTime) -> int | None:
        return self.due_ns

    def take_outgoing(self) -> list[Outgoing]:
        outgoing, self.outgoing = self.outgoing, []
        return outgoing

    def tell(self, topic: str, text: str, sessions: Sequence[int] | frozenset[int]) -> None:
        if sessions:
            self.outgoing.append(Message(tuple(sorted(sessions)), text, topic=topic, instrument=SYMBOL, label=topic))

    def command(self, command: Command, time: VenueTime) -> list[Event]:
        assert isinstance(command, SetPrice)
        self.tell("book", f'{{"price":{command.ticks}}}', self.market_sessions())
        return [PriceMoved(command.instrument, command.ticks)]

    def error_reply(self, reason: str, error: str, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        if reason == "insufficient-margin":
            return _reply(400, error="no money")
        if error == "engine-restart":
            return _reply(503, error="engine away")
        if error in self.wire_errors:
            return self.wire_errors[error]
        raise LookupError(f"no row for {reason or error}")

    def error_frame(self, session: int, frame: str | bytes, reason: str, error: str, time: VenueTime) -> str | bytes:
        return '{"failed":' + self.error_reply(reason, error, None, time).body.decode() + "}"

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        return f"{kind.value}-{instrument}-{number}"

    def account_sessions(self) -> frozenset[int]:
        return frozenset(number for number, path in self.paths.items() if path == "/account")

    def market_sessions(self) -> frozenset[int]:
        return frozenset(number for number, path in self.paths.items() if path == "/market")

    def open_account(self, name: str, time: VenueTime) -> Mapping[str, str]:
        return {}

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        self.tell("session", '{"expired":1}', self.account_sessions())

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        self.bans[client] = until_ns

    def maintenance(self, until_ns: int, time: VenueTime) -> None:
        self.closed_until_ns = until_ns

    def quirks_on(self) -> frozenset[str]:
        return frozenset({"toy.quirk"} if self.quirk else ())

    def switch_quirk(self, quirk: str, on: bool) -> None:
        if quirk != "toy.quirk":
            raise LookupError(f"no switchable quirk {quirk}")
        self.quirk = on


class World:
    """One simulator of the toy venue, and a client."""

    def __init__(self, simulator: Simulator, venue: ToyVenue, client: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.venue = venue
        self.client = client

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and decoded body."""
        async with self.client.get(self.simulator.rest_url + path) as reply:
            return reply.status, msgspec.json.decode(await reply.read())

    async def order(self) -> Any:
        """Raise the counter."""
        async with self.client.post(self.simulator.rest_url + "/order") as reply:
            return msgspec.json.decode(await reply.read())

    async def listen(self, path: str = "/account") -> aiohttp.ClientWebSocketResponse:
        """A session that has heard its greeting."""
        socket = await self.client.ws_connect(self.simulator.ws_url + path, autoping=False)
        assert (await socket.receive(5)).data == '{"hello":1}'
        return socket

    async def raw(self, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection on which `data` was sent."""
        host, _, port = self.simulator.rest_url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        return reader, writer

    def say(self, topic: str, text: str) -> None:
        """Let the venue say something to all market sessions."""
        self.venue.tell(topic, text, self.venue.market_sessions())
        self.simulator.age(0)


Story = Callable[[World], Awaitable[None]]


async def _live(story: Story, clock: Clock, latency: Latency, faults: int) -> Simulator:
    venue = ToyVenue()
    simulator = Simulator(venue, clock=clock, seed=7, latency=latency)
    await simulator.start()
    try:
        async with aiohttp.ClientSession() as client:
            await story(World(simulator, venue, client))
    finally:
        await simulator.stop()
    assert len(simulator.faults) == faults, simulator.faults
    return simulator


@pytest.fixture
def live() -> Callable[..., Simulator]:
    """Run a story in real time, without latency; the simulator must not have broken more often than `faults`."""

    def run_story(story: Story, *, faults: int = 0) -> Simulator:
        return asyncio.run(_live(story, RealClock(), NO_LATENCY, faults))

    return run_story


@pytest.fixture
def virtual() -> Callable[..., Simulator]:
    """Run a story in virtual time, with virtual time's latency."""

    def run_story(story: Story, *, latency: Latency = VIRTUAL_LATENCY, faults: int = 0) -> Simulator:
        async def main() -> Simulator:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            return await _live(story, VirtualClock(loop), latency, faults)

        return run(main())

    return run_story
