"""What only a client with sockets can see: answers that are lost or late, logins that go unanswered, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.simulators.venues.support.sockets import SocketWorld
from tests.simulators.venues.support.sockets import play as play_with

from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.host.venue import Profile

from .client import API, SWAP, Client, order

SYMBOL = "BTC/USDT:USDT"


class World(SocketWorld[Client]):
    """The venue behind sockets, and a client that signs."""

    async def ask(self, method: str, path: str, sent: object = None) -> tuple[int, Any]:
        """Status and body of a private request."""
        self.wake()
        body = "" if sent is None else msgspec.json.encode(sent).decode()
        headers = self.signer.headers(method, API + path, body)
        url = f"{self.simulator.rest_url.rstrip('/')}{API}{path}"
        async with self.http.request(method, url, headers=headers, data=body or None) as reply:
            return reply.status, msgspec.json.decode(await reply.read())

    async def send(self, socket: aiohttp.ClientWebSocketResponse, frame: object) -> None:
        """Send a frame."""
        self.wake()
        await socket.send_str(msgspec.json.encode(frame).decode())

    async def login(self, *channels: str) -> aiohttp.ClientWebSocketResponse:
        """A connection that is logged in and subscribed."""
        socket = await self.connect("/ws/v5/private")
        self.wake()
        await self.send(socket, self.signer.login_frame())
        assert (await heard(socket))["event"] == "login"
        for channel in channels:
            await self.send(socket, {"op": "subscribe", "args": [{"channel": channel, "instType": "ANY"}]})
            assert (await heard(socket))["event"] == "subscribe"
            assert (await heard(socket))["event"] == "channel-conn-count"
        return socket


async def heard(socket: aiohttp.ClientWebSocketResponse, seconds: float = 10) -> Any:
    """The next message."""
    message = await asyncio.wait_for(socket.receive(), seconds)
    return msgspec.json.decode(message.data) if message.type is aiohttp.WSMsgType.TEXT else message.type


def play(scene: Callable[[World], Awaitable[None]]) -> None:
    """Let it happen with the venue behind sockets, in virtual time."""
    play_with(World, Client(Profile.VENDOR), scene)


@pytest.mark.quirk("okx.ws.login-timeout")
def test_a_login_can_go_unanswered() -> None:
    async def scene(world: World) -> None:
        world.provoke("stream.drop", "okx.ws.login-timeout", SYMBOL)
        socket = await world.connect("/ws/v5/private")
        await world.send(socket, world.signer.login_frame())
        with pytest.raises(asyncio.TimeoutError):
            await heard(socket, 5)
        again = await world.login("orders")
        assert not again.closed

    play(scene)


@pytest.mark.quirk("okx.account.eventual-consistency")
def test_questions_can_lag_behind_the_stream() -> None:
    async def scene(world: World) -> None:
        world.simulator.lag("positions", 400_000_000)
        socket = await world.login("positions")
        await heard(socket)
        await world.ask("POST", "trade/order", order(ordType="market"))
        pushed = await heard(socket)
        assert pushed["data"][0]["pos"] == "1"
        assert (await world.ask("GET", "account/positions"))[1]["data"] == []
        await asyncio.sleep(0.5)
        assert [row["pos"] for row in (await world.ask("GET", "account/positions"))[1]["data"]] == ["1"]

    play(scene)


@pytest.mark.quirk("okx.fills.delayed-or-missed")
def test_a_fill_that_was_not_told_is_in_the_history() -> None:
    async def scene(world: World) -> None:
        socket = await world.login("orders")
        await world.ask("POST", "trade/order", order(sz="2"))
        assert (await heard(socket))["data"][0]["state"] == "live"
        world.provoke("fill.delayed", "okx.fills.delayed-or-missed", SYMBOL)
        for lots in (50, 150):
            world.simulator.command(FillOrder(SWAP, 1, lots))
        assert (await heard(socket))["data"][0]["accFillSz"] == "2"
        _, document = await world.ask("GET", "trade/fills-history?instType=SWAP")
        assert [row["fillSz"] for row in document["data"]] == ["1.5", "0.5"]

    play(scene)


def test_an_order_whose_answer_is_lost_lives() -> None:
    async def scene(world: World) -> None:
        world.provoke("reply.lost", "okx.trade.timeout-unknown-result", SYMBOL)
        with pytest.raises(aiohttp.ClientError):
            await world.ask("POST", "trade/order", order(clOrdId="abc1"))
        world.provoke("reply.unknown", "okx.rest.400-timeout", SYMBOL)
        status, document = await world.ask("POST", "trade/order", order(clOrdId="abc2"))
        assert (status, document["code"]) == (400, "50004")
        _, pending = await world.ask("GET", "trade/orders-pending")
        assert {row["clOrdId"] for row in pending["data"]} == {"abc1", "abc2"}

    play(scene)


def test_a_refusal_that_a_lever_names_comes_in_the_form_of_an_operation() -> None:
    async def scene(world: World) -> None:
        socket = await world.login()
        world.provoke("clock.late", "okx.time.skew-rejected", SYMBOL)
        await world.send(socket, {"id": "7", "op": "order", "args": [{"instIdCode": 10459, **order()}]})
        answer = await heard(socket)
        assert (answer["id"], answer["op"], answer["code"], answer["data"]) == ("7", "order", "50102", [])
        await world.send(socket, {"id": "8", "op": "order", "args": [{"instIdCode": 10459, **order()}]})
        assert (await heard(socket))["code"] == "0"

    play(scene)
