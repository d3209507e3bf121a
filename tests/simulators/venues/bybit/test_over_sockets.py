"""What only a client with sockets can see: answers that are lost, messages that are late, twice or never, and ends."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.simulators.venues.support.sockets import SocketWorld
from tests.simulators.venues.support.sockets import play as play_with

from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

from .client import CREATE, Client, order

SYMBOL = "BTC/USDT:USDT"
Socket = aiohttp.ClientWebSocketResponse


class World(SocketWorld[Client]):
    """The venue behind sockets, and a client that signs."""

    async def ask(self, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """Status and body of a signed request; the body as it is where it is no document."""
        self.wake()
        url, body = f"{self.simulator.rest_url}{path}", b""
        text = "&".join(f"{name}={value}" for name, value in parameters.items())
        if method == "POST":
            body, text = msgspec.json.encode(parameters), msgspec.json.encode(parameters).decode()
        else:
            url = f"{url}?{text}"
        headers = self.signer.headers(text)
        async with self.http.request(method, url, data=body or None, headers=headers) as reply:
            content = await reply.read()
            return reply.status, msgspec.json.decode(content) if content.startswith(b"{") else content

    async def place(self, **changes: object) -> str:
        """The id of an order that was taken in."""
        status, answer = await self.ask("POST", CREATE, **order(**changes))
        assert (status, answer["retCode"]) == (200, 0)
        return str(answer["result"]["orderId"])

    async def login(self, path: str = "/v5/private") -> Socket:
        """A private or trade connection whose login was acknowledged."""
        socket = await self.connect(path)
        expires = self.simulator.time().wire_ms + 10_000
        secret = self.signer.keys["secret"].encode()
        signature = hmac.new(secret, f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
        await socket.send_json({"op": "auth", "args": [self.signer.keys["apiKey"], expires, signature]})
        told = await socket.receive_json(timeout=1)
        assert told.get("success") or told.get("retCode") == 0
        return socket

    async def listen(self, *topics: str) -> Socket:
        """A private connection that hears these topics."""
        socket = await self.login()
        await socket.send_json({"op": "subscribe", "args": list(topics)})
        assert (await socket.receive_json(timeout=1))["success"]
        return socket


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    """Let it happen with the venue behind sockets, in virtual time."""
    play_with(World, Client(Profile.VENDOR), story)


@pytest.mark.parametrize(
    ("kind", "quirk"), [("reply.lost", "clientid.unknown-outcome"), ("reply.unknown", "http.timeout-10000")]
)
def test_an_order_stands_whose_answer_is_lost_or_says_nothing(kind: str, quirk: str) -> None:
    async def story(world: World) -> None:
        world.provoke(kind, f"bybit.{quirk}", SYMBOL)
        if kind == "reply.lost":
            with pytest.raises(aiohttp.ClientError):
                await world.ask("POST", CREATE, **order(orderLinkId="lost"))
        else:
            _, said = await world.ask("POST", CREATE, **order(orderLinkId="lost"))
            assert (said["retCode"], said["result"]) == (10000, {})
        _, found = await world.ask("GET", "/v5/order/realtime", category="linear", symbol="BTCUSDT", orderLinkId="lost")
        assert [row["orderStatus"] for row in found["result"]["list"]] == ["New"]
        await world.place()

    tell(story)


@pytest.mark.parametrize(("kind", "times"), [("fill.duplicate", 2), ("fill.delayed", 0)], ids=["twice", "never"])
def test_an_execution_comes_twice_or_never(kind: str, times: int) -> None:
    async def story(world: World) -> None:
        socket = await world.listen("execution")
        await world.place(qty="0.02")
        world.provoke(kind, "bybit.ws.fill-delay-dup-miss", SYMBOL)
        for _ in range(2):
            world.simulator.command(FillOrder("BTCUSDT", 1, 10))
        told = list[str]()
        while len(told) < times + 1:
            told.append((await socket.receive_json(timeout=5))["data"][0]["leavesQty"])
        assert told == ["0.01"] * times + ["0"]
        with pytest.raises(TimeoutError):
            await socket.receive_json(timeout=5)

    tell(story)


@pytest.mark.parametrize("quirk", [one.quirk for one in discovery.provocations("bybit") if one.kind == "stream.drop"])
def test_connections_end_and_are_let_in_again_when_the_case_says(quirk: str) -> None:
    async def story(world: World) -> None:
        socket = await world.listen("order")
        away_s = float(world.provoke("stream.drop", quirk, SYMBOL).settles_s)
        message = await socket.receive(timeout=1)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        if away_s:
            assert (await world.ask("GET", "/v5/account/info"))[0] == 503
            await asyncio.sleep(away_s + 0.1)
        fresh = await world.listen("order")
        await world.place()
        assert (await fresh.receive_json(timeout=1))["data"][0]["orderStatus"] == "New"

    tell(story)


def test_a_dead_connection_swallows_pings_and_stays_open() -> None:
    async def story(world: World) -> None:
        socket = await world.listen("order")
        world.provoke("stream.silent-death", "bybit.ws.pong-shapes", SYMBOL)
        await socket.send_json({"op": "ping"})
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=6)
        assert not socket.closed

    tell(story)


def test_an_order_frame_is_answered_and_a_lost_one_is_not() -> None:
    async def story(world: World) -> None:
        socket = await world.login("/v5/trade")

        async def send(request: str) -> Any:
            header = {"X-BAPI-TIMESTAMP": str(world.simulator.time().wire_ms)}
            sent = order(orderLinkId=f"frame-{request}")
            await socket.send_json({"reqId": request, "header": header, "op": "order.create", "args": [sent]})
            return await socket.receive(timeout=5)

        answer = await send("1")
        assert msgspec.json.decode(answer.data)["reqId"] == "1"
        world.provoke("reply.lost", "bybit.clientid.unknown-outcome", SYMBOL)
        lost = await send("2")
        assert lost.type is not aiohttp.WSMsgType.TEXT
        _, found = await world.ask("GET", "/v5/order/realtime", category="linear", symbol="BTCUSDT")
        assert [row["orderLinkId"] for row in found["result"]["list"]] == ["frame-2", "frame-1"]

    tell(story)


def test_a_silent_connection_is_cut_off_late() -> None:
    async def story(world: World) -> None:
        socket = await world.login()
        await asyncio.sleep(590)
        await socket.send_json({"op": "ping"})
        assert (await socket.receive_json(timeout=1))["op"] == "pong"
        await asyncio.sleep(599)
        assert (await socket.receive(timeout=31)).type is aiohttp.WSMsgType.CLOSE

    tell(story)
