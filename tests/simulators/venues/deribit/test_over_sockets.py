"""What only a client with sockets can see: answers that are lost or late, connections that end or fall silent."""

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

from .client import BTC, Client, order

SYMBOL = "BTC/USD:BTC"


class World(SocketWorld[Client]):
    """The venue behind sockets, and a client of it."""

    _ids = 0

    async def get(self, method: str, official: str = "https://www.deribit.com", **params: Any) -> tuple[int, Any]:
        """Status and document of a request with key and secret."""
        url = f"{self.simulator.origins[official]}/api/v2/{method}"
        query = {name: str(value) for name, value in params.items()}
        async with self.http.get(url, params=query, headers=self.signer.basic()) as reply:
            return reply.status, msgspec.json.decode(await reply.read())

    async def log_on(self) -> aiohttp.ClientWebSocketResponse:
        """A connection of the account."""
        socket = await self.connect("/ws/api/v2")
        keys = {"client_id": self.signer.keys["apiKey"], "client_secret": self.signer.keys["secret"]}
        assert "result" in await self.call(socket, "public/auth", grant_type="client_credentials", **keys)
        return socket

    async def call(self, socket: aiohttp.ClientWebSocketResponse, method: str, **params: Any) -> Any:
        """The answer to a frame; what comes before it is left aside."""
        self._ids += 1
        sent = self._ids
        await socket.send_str(
            msgspec.json.encode({"jsonrpc": "2.0", "id": sent, "method": method, "params": params}).decode()
        )
        while True:
            answer = await hear(socket)
            if answer.get("id") == sent:
                return answer


async def hear(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message."""
    return msgspec.json.decode(await asyncio.wait_for(socket.receive_str(), 60))


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    """Let it happen with the venue behind sockets, in virtual time."""
    play_with(World, Client(Profile.VENDOR), story)


@pytest.mark.quirk("deribit.trade.timeout-unknown-result")
def test_an_order_may_be_placed_although_its_answer_is_lost() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.lost", "deribit.trade.timeout-unknown-result", SYMBOL)
        body = {"jsonrpc": "2.0", "method": "private/buy", "params": order(label="mine")}
        with pytest.raises(aiohttp.ClientError):  # by POST: aiohttp itself would repeat a GET
            await world.http.post(f"{world.simulator.rest_url}/api/v2", json=body, headers=world.signer.basic())
        status, found = await world.get("private/get_order_state_by_label", currency="BTC", label="mine")
        assert (status, len(found["result"])) == (200, 1)

    tell(story)


@pytest.mark.quirk("deribit.ws.late-response")
def test_an_answer_may_come_when_nobody_waits_for_it() -> None:
    async def story(world: World) -> None:
        socket = await world.log_on()
        world.provoke("reply.lost", "deribit.ws.late-response", SYMBOL)
        loop, place = asyncio.get_running_loop(), {"jsonrpc": "2.0", "id": 500, "method": "private/buy"}
        begun = loop.time()
        await socket.send_str(msgspec.json.encode({**place, "params": order()}).decode())
        await asyncio.sleep(1)
        assert len((await world.get("private/get_open_orders"))[1]["result"]) == 1
        late = await hear(socket)
        assert (late["id"], late["result"]["order"]["order_state"]) == (500, "open")
        assert loop.time() - begun > 10

    tell(story)


@pytest.mark.quirk("deribit.trade.unknown-error")
def test_an_error_may_say_nothing_of_the_outcome() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.unknown", "deribit.trade.unknown-error", SYMBOL)
        socket = await world.log_on()
        answer = await world.call(socket, "private/buy", **order())
        assert answer["error"]["code"] == 11094
        assert len((await world.call(socket, "private/get_open_orders"))["result"]) == 1

    tell(story)


@pytest.mark.quirk("deribit.ws.heartbeat-silence")
def test_a_connection_falls_silent_without_an_end() -> None:
    async def story(world: World) -> None:
        socket = await world.log_on()
        await world.call(socket, "private/subscribe", channels=["user.orders.any.any.raw"])
        await world.call(socket, "public/set_heartbeat", interval=10)
        assert (await hear(socket))["params"]["type"] == "test_request"
        await world.call(socket, "public/test")
        world.provoke("stream.silent-death", "deribit.ws.heartbeat-silence", SYMBOL)
        await world.get("private/buy", **order())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 30)
        other = await world.log_on()
        assert "result" in await world.call(other, "private/get_open_orders")

    tell(story)


@pytest.mark.quirk("deribit.ratelimit.disconnect")
def test_a_connection_ends_after_its_last_error() -> None:
    async def story(world: World) -> None:
        socket = await world.log_on()
        world.provoke("rate.throttle", "deribit.ratelimit.disconnect", SYMBOL)
        answer = await world.call(socket, "private/buy", **order())
        assert answer["error"]["message"] == "too_many_requests"
        assert (await asyncio.wait_for(socket.receive(), 5)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008

    tell(story)


@pytest.mark.quirk("deribit.cod.cancel-on-disconnect")
def test_a_dropped_connection_takes_its_orders_along() -> None:
    async def story(world: World) -> None:
        socket = await world.log_on()
        await world.call(socket, "private/enable_cancel_on_disconnect")
        placed = (await world.call(socket, "private/buy", **order()))["result"]["order"]
        world.provoke("stream.drop", "deribit.ws.private-resubscribe", SYMBOL)
        await asyncio.sleep(1)
        _, found = await world.get("private/get_order_state", order_id=placed["order_id"])
        assert found["result"]["cancel_reason"] == "cancel_on_disconnect"

    tell(story)


@pytest.mark.quirk("deribit.testnet.same-paths")
def test_the_test_host_has_the_same_paths() -> None:
    async def story(world: World) -> None:
        _, there = await world.get("public/ticker", "https://test.deribit.com", instrument_name=BTC)
        _, here = await world.get("public/ticker", instrument_name=BTC)
        assert (there["testnet"], here["testnet"]) == (True, False)
        assert there["result"]["mark_price"] == here["result"]["mark_price"]

    tell(story)


def test_fills_reach_the_socket() -> None:
    async def story(world: World) -> None:
        socket = await world.log_on()
        await world.call(socket, "private/subscribe", channels=["user.changes.any.any.raw"])
        placed = (await world.call(socket, "private/buy", **order()))["result"]["order"]
        world.simulator.command(FillOrder(BTC, int(placed["order_id"]) % 10**7, 3))
        changes = (await hear(socket))["params"]["data"]
        while not changes["trades"]:
            changes = (await hear(socket))["params"]["data"]
        assert changes["trades"][0]["order_id"] == placed["order_id"]
        assert changes["positions"][0]["size"] == 30.0

    tell(story)
