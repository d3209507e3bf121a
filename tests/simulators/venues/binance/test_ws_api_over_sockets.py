"""Frames of the WebSocket API meet the same rules as requests: lost, late, twice, garbled, answered by an error."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from venueproof_simulators.host.rules import (
    Answer,
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    Duplicate,
    Fate,
    LoseReply,
    LoseRequest,
    Match,
    Rule,
    Truncate,
)
from venueproof_simulators.host.venue import HttpReply

from .client import order
from .test_over_sockets import World, tell

SECOND_NS = 10**9
GONE = {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSING}


class Orders:
    """A connection for orders, and a rule for the first of them."""

    def __init__(self, world: World, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.world = world
        self.socket = socket

    async def place(self, name: str) -> None:
        """Send an order."""
        params = self.world.signed_params(**order(newClientOrderId=name))
        await self.socket.send_json({"id": name, "method": "order.place", "params": params})

    async def answer(self) -> Any:
        """The next message, as JSON."""
        return await self.socket.receive_json(timeout=5)

    async def stands(self, name: str) -> bool:
        """Whether the order came into being, as REST tells it."""
        status, _ = await self.world.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId=name)
        return status == 200


async def _orders(world: World, fate: Fate | None) -> Orders:
    if fate is not None:
        world.simulator.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "bad day"))
    return Orders(world, await world.connect("/ws-fapi/v1"))


@pytest.mark.parametrize(("fate", "stands"), [(LoseReply(), True), (LoseRequest(), False)], ids=["reply", "request"])
def test_connection_breaks_and_the_order_stands_or_not(fate: Fate, stands: bool) -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, fate)
        await orders.place("lost")
        assert (await orders.socket.receive(timeout=5)).type in GONE
        assert await orders.stands("lost") is stands
        again = await _orders(world, None)
        await again.place("next")
        assert (await again.answer())["status"] == 200

    tell(story)


def test_late_answer_holds_up_those_behind_it_but_not_the_streams() -> None:
    async def story(world: World) -> None:
        stream, orders = await world.user_stream(), await _orders(world, Delay(3 * SECOND_NS))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await orders.place("late")
        await orders.place("behind")
        assert (await stream.receive_json(timeout=1))["o"]["c"] == "late"
        assert [(await orders.answer())["id"] for _ in range(2)] == ["late", "behind"]
        assert loop.time() - began_s >= 3

    tell(story)


@pytest.mark.parametrize(
    ("fate", "answers"),
    [(Drop(), ["next"]), (Duplicate(), ["first", "first", "next"])],
    ids=["never", "twice"],
)
def test_answer_comes_never_or_twice(fate: Fate, answers: list[str]) -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, fate)
        await orders.place("first")
        await orders.place("next")
        assert [(await orders.answer())["id"] for _ in answers] == answers
        assert await orders.stands("first")

    tell(story)


@pytest.mark.parametrize(
    ("fate", "begins"),
    [(Truncate(), '{"id":"cut"'), (Answer(HttpReply(200, b"<html>")), "<html>")],
    ids=["half", "else"],
)
def test_answer_is_garbled(fate: Fate, begins: str) -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, fate)
        await orders.place("cut")
        text = await orders.socket.receive_str(timeout=5)
        assert text.startswith(begins)
        assert not text.endswith("}")

    tell(story)


@pytest.mark.parametrize(
    ("error", "code", "executed"),
    [
        ("unknown-503", -1000, True),
        ("unknown-503", -1000, False),
        ("unavailable-503", -1001, False),
        ("overloaded", -1008, False),
        ("throttled", -1008, False),
    ],
)
def test_error_instead_has_the_form_of_an_answer(error: str, code: int, executed: bool) -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, AnswerVenueError(error=error, executed=executed))
        await orders.place("unknown")
        answer = await orders.answer()
        assert (answer["id"], answer["status"], answer["error"]["code"]) == ("unknown", 503, code)
        assert await orders.stands("unknown") is executed

    tell(story)


def test_lagging_answer_tells_what_was_so_a_while_ago() -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, None)

        async def status() -> int:
            params = world.signed_params(symbol="BTCUSDT", origClientOrderId="seen-later")
            await orders.socket.send_json({"id": "asked", "method": "order.status", "params": params})
            return int((await orders.answer())["status"])

        world.simulator.lag("order", 10 * SECOND_NS)
        await orders.place("seen-later")
        assert (await orders.answer())["status"] == 200
        assert await status() == 400
        await asyncio.sleep(11)
        assert await status() == 200
        assert (await world.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="seen-later"))[0] == 200

    tell(story)


def test_orders_are_refused_while_the_engine_is_away_and_questions_are_not() -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, None)
        world.simulator.engine_restart(2 * SECOND_NS)
        await orders.place("early")
        answer = await orders.answer()
        assert (answer["id"], answer["status"], answer["error"]["code"]) == ("early", 503, -1001)
        await orders.socket.send_json({"id": 2, "method": "ticker.price"})
        assert (await orders.answer())["status"] == 200
        await asyncio.sleep(2.1)
        await orders.place("after")
        assert (await orders.answer())["status"] == 200
        assert not await orders.stands("early")

    tell(story)


def test_streams_stand_still_while_the_engine_is_away_and_orders_are_kept() -> None:
    async def story(world: World) -> None:
        orders, stream = await _orders(world, None), await world.connect("/market/ws/btcusdt@markPrice@1s")
        await orders.place("kept")
        assert (await orders.answer())["status"] == 200
        await stream.receive_json(timeout=2)
        world.simulator.engine_restart(5 * SECOND_NS)
        with pytest.raises(TimeoutError):
            await stream.receive_json(timeout=4.9)
        assert (await stream.receive_json(timeout=2))["e"] == "markPriceUpdate"
        assert await orders.stands("kept")

    tell(story)


def test_rules_for_streams_leave_answers_alone() -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(Match(Direction.STREAM, first=0), Drop(), "deaf"))
        orders = await _orders(world, None)
        await orders.place("heard")
        assert (await orders.answer())["id"] == "heard"

    tell(story)


def test_journal_names_the_operation_and_blanks_the_secrets() -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, None)
        await orders.place("noted")
        await orders.answer()
        rows = [row for row in world.simulator.journal.rows() if row.operation == "place"]
        assert [(row.kind.value, row.label) for row in rows] == [
            ("frame-in", "order.place"),
            ("frame-out", "order.place"),
        ]
        assert "<blanked>" in rows[0].text

    tell(story)


def test_message_that_is_too_long_ends_the_connection() -> None:
    async def story(world: World) -> None:
        orders = await _orders(world, None)
        await orders.socket.send_str('{"id":"' + "x" * (1 << 20) + '"}')
        message = await orders.socket.receive(timeout=5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)

    tell(story)
