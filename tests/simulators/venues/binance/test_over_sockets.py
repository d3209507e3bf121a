"""What only a client with sockets can see: answers that are lost, messages that are late, twice or never, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import msgspec
import pytest

from venueproof.virtual import VirtualClock, VirtualLoop, run
from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.host import discovery
from venueproof_simulators.host.latency import VIRTUAL_LATENCY
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import Profile, Provoked

from .client import Client, order

SYMBOL = "BTC/USDT:USDT"
ORDER = "/fapi/v1/order"
CASES = {(one.kind, one.quirk): one for one in discovery.provocations("binance")}


class World:
    """The venue behind sockets, and a client that signs."""

    def __init__(self, simulator: Simulator, signer: Client, http: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self._signer = signer
        self._http = http

    async def ask(self, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """Status and body of a signed request."""
        return await self.ask_at("https://fapi.binance.com", method, path, **parameters)

    async def user_stream(self) -> aiohttp.ClientWebSocketResponse:
        """A session with the account's events."""
        _, document = await self.ask("POST", "/fapi/v1/listenKey")
        return await self._http.ws_connect(f"{self.simulator.ws_url}/private/ws?listenKey={document['listenKey']}")

    async def ask_at(self, official: str, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """The same at the local twin of an official base."""
        self._signer.now_ns = self.simulator.time().true_ns
        url = f"{self.simulator.origins[official]}{path}?{self._signer.signed_query(parameters)}"
        async with self._http.request(method, url, headers={"x-mbx-apikey": self._signer.keys["apiKey"]}) as reply:
            return reply.status, msgspec.json.decode(await reply.read())

    async def connect_at(self, official: str, path: str) -> aiohttp.ClientWebSocketResponse:
        """A session at the local twin of an official base."""
        return await self._http.ws_connect(f"{self.simulator.origins[official]}{path}")

    async def connect(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """A session on a path."""
        return await self._http.ws_connect(f"{self.simulator.ws_url}{path}")

    def signed_params(self, **parameters: object) -> dict[str, object]:
        """Parameters of a signed frame."""
        self._signer.now_ns = self.simulator.time().true_ns
        return self._signer.signed_params(**parameters)

    def provoke(self, kind: str, quirk: str) -> Provoked:
        """Make the venue show a case."""
        return CASES[kind, quirk].code(self.simulator, SYMBOL)


Story = Callable[[World], Awaitable[None]]


async def _told(story: Story) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    signer = Client(Profile.VENDOR)
    simulator = Simulator(signer.venue, clock=VirtualClock(loop), seed=7, latency=VIRTUAL_LATENCY)
    await simulator.start()
    try:
        async with aiohttp.ClientSession() as http:
            await story(World(simulator, signer, http))
    finally:
        await simulator.stop()
    assert simulator.faults == []


def tell(story: Story) -> None:
    """Run a story in virtual time."""
    run(_told(story))


async def heard(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> list[tuple[float, str, int]]:
    """Second, kind and trade id of each message about a fill within so many seconds."""
    loop, found = asyncio.get_running_loop(), list[tuple[float, str, int]]()
    began_s = loop.time()
    while (left_s := began_s + seconds - loop.time()) > 0:
        try:
            message = await socket.receive_json(timeout=left_s)
        except TimeoutError:
            break
        found.extend((loop.time() - began_s, message["e"], trade) for trade in _trades(message))
    return found


def _trades(message: Any) -> Iterator[int]:
    terms = message if message["e"] == "TRADE_LITE" else message.get("o", {})
    if terms.get("t"):
        yield terms["t"]


@pytest.mark.quirk("binance.clientid.unknown-outcome")
def test_order_stands_whose_answer_never_arrives() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.lost", "binance.clientid.unknown-outcome")
        with pytest.raises(aiohttp.ClientError):
            await world.ask("POST", ORDER, **order(newClientOrderId="lost"))
        status, found = await world.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="lost")
        assert (status, found["status"]) == (200, "NEW")
        assert (await world.ask("POST", ORDER, **order()))[0] == 200

    tell(story)


@pytest.mark.quirk("binance.http.unknown-503")
def test_order_stands_that_was_answered_with_503() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.unknown", "binance.http.unknown-503")
        status, said = await world.ask("POST", ORDER, **order(newClientOrderId="unknown"))
        assert (status, said["msg"]) == (503, "Unknown error, please check your request or try again later.")
        status, found = await world.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="unknown")
        assert (status, found["status"]) == (200, "NEW")
        assert (await world.ask("POST", ORDER, **order()))[0] == 200

    tell(story)


@pytest.mark.quirk("binance.ws.fill-delay-dup-miss")
@pytest.mark.parametrize(
    ("kind", "quirk", "times", "late"),
    [
        ("fill.duplicate", "binance.ws.fill-delay-dup-miss", 2, False),
        ("fill.delayed", "binance.ws.fill-delay-dup-miss", 0, False),
        ("fill.delayed", "binance.ws.trade-lite-first", 1, True),
    ],
    ids=["twice", "never", "late"],
)
def test_long_message_of_one_fill_comes_twice_never_or_late(kind: str, quirk: str, times: int, late: bool) -> None:
    async def story(world: World) -> None:
        socket = await world.user_stream()
        _, placed = await world.ask("POST", ORDER, **order(quantity="0.020"))
        world.provoke(kind, quirk)
        for _ in range(2):
            world.simulator.command(FillOrder("BTCUSDT", placed["orderId"], 10))
        found = await heard(socket, 10)
        first, second = sorted({trade for _, _, trade in found})
        told = [(second_s, trade) for second_s, name, trade in found if name == "ORDER_TRADE_UPDATE"]
        assert [trade for _, trade in told] == [first] * times + [second]
        assert [trade for _, name, trade in found if name == "TRADE_LITE"] == [first, second]
        assert (told[0][0] >= 2) == late

    tell(story)


@pytest.mark.parametrize("quirk", [quirk for kind, quirk in CASES if kind == "stream.drop"])
def test_connections_end_and_are_let_in_again_when_the_case_says(quirk: str) -> None:
    async def story(world: World) -> None:
        socket = await world.user_stream()
        away_s = float(world.provoke("stream.drop", quirk).settles_s)
        message = await socket.receive(timeout=1)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        if away_s:
            assert (await world.ask("GET", "/fapi/v1/openOrders"))[0] == 503
            await asyncio.sleep(away_s + 0.1)
        fresh = await world.user_stream()
        assert (await world.ask("POST", ORDER, **order()))[0] == 200
        assert (await fresh.receive_json(timeout=1))["e"] == "ORDER_TRADE_UPDATE"

    tell(story)


def test_coin_futures_live_on_hosts_of_their_own() -> None:
    rest, streams = "https://dapi.binance.com", "wss://dstream.binance.com"

    async def story(world: World) -> None:
        assert (await world.ask_at(rest, "GET", "/fapi/v1/time"))[0] == 404
        _, document = await world.ask_at(rest, "POST", "/dapi/v1/listenKey")
        socket = await world.connect_at(streams, f"/ws/{document['listenKey']}")
        coin = order(symbol="BTCUSD_PERP", quantity=10)
        status, placed = await world.ask_at(rest, "POST", "/dapi/v1/order", **coin)
        assert (status, placed["pair"]) == (200, "BTCUSD")
        assert (await world.ask("POST", ORDER, **order()))[0] == 200
        world.simulator.command(FillOrder("BTCUSD_PERP", placed["orderId"], 4))
        heard = [await socket.receive_json(timeout=1) for _ in range(3)]
        assert [message["e"] for message in heard] == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
        assert {message["o"]["s"] for message in heard[:2]} == {"BTCUSD_PERP"}
        assert [row["pa"] for row in heard[2]["a"]["P"]] == ["4"]

    tell(story)
