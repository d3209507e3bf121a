"""What only a client with sockets can see: answers that are lost, messages that are late, twice or never, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.simulators.venues.support.sockets import SocketWorld
from tests.simulators.venues.support.sockets import play as play_with

from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

from .client import Client, order

SYMBOL = "BTC/USDT:USDT"
ORDER = "/fapi/v1/order"


class World(SocketWorld[Client]):
    """The venue behind sockets, and a client that signs."""

    async def ask(self, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """Status and body of a signed request."""
        return await self.ask_at("https://fapi.binance.com", method, path, **parameters)

    async def user_stream(self) -> aiohttp.ClientWebSocketResponse:
        """A session with the account's events."""
        _, document = await self.ask("POST", "/fapi/v1/listenKey")
        return await self.connect(f"/private/ws?listenKey={document['listenKey']}")

    async def ask_at(self, official: str, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """The same at the local twin of an official base."""
        self.wake()
        url = f"{self.simulator.origins[official]}{path}?{self.signer.signed_query(parameters)}"
        async with self.http.request(method, url, headers={"x-mbx-apikey": self.signer.keys["apiKey"]}) as reply:
            return reply.status, msgspec.json.decode(await reply.read())

    async def connect_at(self, official: str, path: str) -> aiohttp.ClientWebSocketResponse:
        """A session at the local twin of an official base."""
        return await self.http.ws_connect(f"{self.simulator.origins[official]}{path}")

    def signed_params(self, **parameters: object) -> dict[str, object]:
        """Parameters of a signed frame."""
        return self.wake().signed_params(**parameters)


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    """Let it happen with the venue behind sockets, in virtual time."""
    play_with(World, Client(Profile.VENDOR), story)


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
        world.provoke("reply.lost", "binance.clientid.unknown-outcome", SYMBOL)
        with pytest.raises(aiohttp.ClientError):
            await world.ask("POST", ORDER, **order(newClientOrderId="lost"))
        status, found = await world.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="lost")
        assert (status, found["status"]) == (200, "NEW")
        assert (await world.ask("POST", ORDER, **order()))[0] == 200

    tell(story)


@pytest.mark.quirk("binance.http.unknown-503")
def test_order_stands_that_was_answered_with_503() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.unknown", "binance.http.unknown-503", SYMBOL)
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
        world.provoke(kind, quirk, SYMBOL)
        for _ in range(2):
            world.simulator.command(FillOrder("BTCUSDT", placed["orderId"], 10))
        found = await heard(socket, 10)
        first, second = sorted({trade for _, _, trade in found})
        told = [(second_s, trade) for second_s, name, trade in found if name == "ORDER_TRADE_UPDATE"]
        assert [trade for _, trade in told] == [first] * times + [second]
        assert [trade for _, name, trade in found if name == "TRADE_LITE"] == [first, second]
        assert (told[0][0] >= 2) == late

    tell(story)


@pytest.mark.parametrize("quirk", [one.quirk for one in discovery.provocations("binance") if one.kind == "stream.drop"])
def test_connections_end_and_are_let_in_again_when_the_case_says(quirk: str) -> None:
    async def story(world: World) -> None:
        socket = await world.user_stream()
        away_s = float(world.provoke("stream.drop", quirk, SYMBOL).settles_s)
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
