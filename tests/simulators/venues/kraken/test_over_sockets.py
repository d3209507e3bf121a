"""What only a client with sockets can see: bytes as they were signed, answers that are lost, streams that end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.simulators.venues.support.sockets import SocketWorld
from tests.simulators.venues.support.sockets import play as play_with

from venueproof_simulators.host.venue import Profile

from .client import PF, V3, Client, order

SYMBOL = "BTC/USD:USD"


class World(SocketWorld[Client]):
    """The venue behind sockets, and a client that signs."""

    async def ask(self, method: str, name: str, data: str = "") -> tuple[int, Any]:
        """Status and body of a signed request with a form."""
        path = V3 + name
        headers = {
            "APIKey": self.signer.keys["apiKey"],
            "Authent": self.signer.signature(data, path.removeprefix("/derivatives")),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = self.simulator.origins["https://futures.kraken.com"] + path
        async with self.http.request(method, url, data=data, headers=headers) as reply:
            return reply.status, msgspec.json.decode(await reply.read())


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    """Let it happen with the venue behind sockets, in virtual time."""
    play_with(World, Client(Profile.VENDOR), story)


FORM = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=0.5&limitPrice=59000&cliOrdId=a+b%20%2B"


def test_forms_are_verified_as_the_bytes_came() -> None:
    async def story(world: World) -> None:
        status, document = await world.ask("POST", "sendorder", FORM)
        assert (status, document["sendStatus"]["cliOrdId"]) == (200, "a b +")

    tell(story)


def test_an_order_stands_whose_answer_never_arrives() -> None:
    async def story(world: World) -> None:
        world.provoke("reply.lost", "kraken.idempotency.timeout", SYMBOL)
        with pytest.raises(aiohttp.ClientError):
            await world.ask("POST", "sendorder", FORM)
        _, found = await world.ask("POST", "orders/status", "cliOrdIds=a+b%20%2B")
        assert [row["status"] for row in found["orders"]] == ["ENTERED_BOOK"]

    tell(story)


def test_an_answer_about_positions_may_lack_them() -> None:
    async def story(world: World) -> None:
        world.provoke("error.inside-success", "kraken.positions.missing-list", SYMBOL)
        _, broken = await world.ask("GET", "openpositions")
        assert (broken["result"], "openPositions" in broken) == ("success", False)
        _, whole = await world.ask("GET", "openpositions")
        assert whole["openPositions"] == []

    tell(story)


@pytest.mark.quirk("kraken.ws.ping-60s")
def test_pings_of_the_protocol_keep_a_session_open() -> None:
    async def story(world: World) -> None:
        silent, alive = await world.connect("/ws/v1"), await world.connect("/ws/v1")
        for socket in (silent, alive):
            assert await socket.receive_json() == {"event": "info", "version": 1}
        ending = asyncio.ensure_future(silent.receive())
        for _ in range(4):
            await asyncio.sleep(20)
            await alive.ping()
        message = await ending
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)
        await alive.send_json({"event": "ping"})
        assert await alive.receive_json() == {"event": "pong"}

    tell(story)


@pytest.mark.quirk("kraken.ws.resubscribe")
def test_a_dropped_session_is_gone_with_what_it_heard() -> None:
    async def story(world: World) -> None:
        socket = await world.connect("/ws/v1")
        await socket.send_json({"event": "subscribe", "feed": "trade", "product_ids": [PF]})
        feeds = [(await socket.receive_json()).get("feed") for _ in range(3)]
        assert feeds == [None, "trade", "trade_snapshot"]
        world.provoke("stream.drop", "kraken.ws.resubscribe", SYMBOL)
        assert (await socket.receive()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        again = await world.connect("/ws/v1")
        await world.ask("POST", "sendorder", FORM.replace("59000", "60500"))
        assert await again.receive_json() == {"event": "info", "version": 1}
        with pytest.raises(TimeoutError):
            await again.receive_json(timeout=2)

    tell(story)


@pytest.mark.quirk("kraken.ws.book-seq-gap")
def test_a_lost_change_leaves_a_gap() -> None:
    async def story(world: World) -> None:
        socket = await world.connect("/ws/v1")
        await socket.send_json({"event": "subscribe", "feed": "book", "product_ids": [PF]})
        seq = [(await socket.receive_json()).get("seq") for _ in range(3)][-1]
        world.provoke("book.gap", "kraken.ws.book-seq-gap", SYMBOL)
        for price in (59500, 59501):
            data = "&".join(f"{name}={value}" for name, value in order(limitPrice=price).items())
            await world.ask("POST", "sendorder", data)
        change = await socket.receive_json()
        assert (change["seq"], change["price"]) == (seq + 2, 59501.0)

    tell(story)
