"""What each fate does to a request, to an operation over a session and to a streamed message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from venueproof_simulators.host.journal import RowKind
from venueproof_simulators.host.rules import (
    Answer,
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    Duplicate,
    LoseReply,
    LoseRequest,
    Match,
    Reorder,
    Rewrite,
    Rule,
    Truncate,
)
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import HttpReply

Virtual = Callable[..., Simulator]
World = Any

PLACE = Match(Direction.REQUEST, operation="place")
ORDERS = Match(Direction.STREAM, topic="order")
TEAPOT = HttpReply(418, b'"tea"')


@pytest.mark.parametrize(
    ("fate", "status", "body", "executed"),
    [
        (Answer(TEAPOT), 418, b'"tea"', 0),
        (Answer(TEAPOT, executed=True), 418, b'"tea"', 1),
        (AnswerVenueError(reason="insufficient-margin"), 400, b'{"error":"no money"}', 0),
        (AnswerVenueError(error="engine-restart", executed=True), 503, b'{"error":"engine away"}', 1),
        (Truncate(), 200, b'{"val', 1),
        (Rewrite("value", "price"), 200, b'{"price":1}', 1),
        (Duplicate(), 200, b'{"value":1}', 1),
    ],
    ids=repr,
)
def test_fates_of_a_reply(virtual: Virtual, fate: Any, status: int, body: bytes, executed: int) -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(PLACE, fate))
        async with world.client.post(world.simulator.rest_url + "/order") as reply:
            assert (reply.status, await reply.read()) == (status, body)
        assert world.venue.value == executed
        assert (await world.order())["value"] == executed + 1

    virtual(story)


@pytest.mark.parametrize(("fate", "executed"), [(LoseRequest(), 0), (LoseReply(), 1)])
def test_a_lost_message_resets_the_connection(virtual: Virtual, fate: Any, executed: int) -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(PLACE, fate))
        reader, writer = await world.raw(b"POST /order HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert world.venue.value == executed
        writer.close()

    virtual(story)


def test_a_dropped_reply_never_comes(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(PLACE, Drop()))
        timeout = aiohttp.ClientTimeout(total=3600)
        with pytest.raises(TimeoutError):
            await world.client.post(world.simulator.rest_url + "/order", timeout=timeout)
        assert world.venue.value == 1

    virtual(story)


def test_a_delayed_reply_comes_late(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(PLACE, Delay(7_000_000_000)))
        began_ns = world.simulator.time().true_ns
        await world.order()
        assert 7_001_000_000 <= world.simulator.time().true_ns - began_ns <= 7_005_000_000

    virtual(story)


async def _heard(world: World, fate: Any, texts: list[str], match: Match = ORDERS) -> list[str]:
    """What a session hears of `texts`, when a fate awaits the first message that matches."""
    socket = await world.listen("/market")
    world.simulator.add_rule(Rule(match, fate))
    for text in texts:
        world.say("order", text)
    await asyncio.sleep(30)
    world.say("other", "end")
    heard = [(await socket.receive()).data]
    while heard[-1] != "end":
        heard.append((await socket.receive()).data)
    return heard[:-1]


@pytest.mark.parametrize(
    ("fate", "heard"),
    [
        (Drop(), ["bbbb", "cccc"]),
        (Duplicate(), ["aaaa", "aaaa", "bbbb", "cccc"]),
        (Reorder(), ["bbbb", "aaaa", "cccc"]),
        (Truncate(), ["aa", "bbbb", "cccc"]),
        (Rewrite("aa", "x"), ["xx", "bbbb", "cccc"]),
        (Answer(TEAPOT), ['"tea"', "bbbb", "cccc"]),
        (Delay(9_000_000_000), ["aaaa", "bbbb", "cccc"]),
    ],
    ids=repr,
)
def test_fates_of_a_streamed_message(virtual: Virtual, fate: Any, heard: list[str]) -> None:
    async def story(world: World) -> None:
        assert await _heard(world, fate, ["aaaa", "bbbb", "cccc"]) == heard

    virtual(story)


def test_what_follows_a_delayed_message_waits_for_it(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        await _heard(world, Delay(9_000_000_000), ["a", "b"])
        first, second = [row.at_ns for row in world.simulator.journal.rows() if row.text in ("a", "b")][-2:]
        assert first == second

    virtual(story)


def test_a_reordered_message_goes_alone_when_none_follows(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        assert await _heard(world, Reorder(), ["a"]) == ["a"]
        assert world.simulator.undelivered() == 0

    virtual(story)


def test_a_match_counts_and_looks_into_the_message(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        match = Match(Direction.STREAM, topic="order", contains="x", skip=1, first=2)
        heard = await _heard(world, Drop(), ["x1", "y", "x2", "x3", "x4"], match)
        assert heard == ["x1", "y", "x4"]
        assert world.simulator.rulebook.open_rules() == []

    virtual(story)


def test_contains_looks_into_the_decoded_request(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        match = Match(Direction.REQUEST, contains="symbol=BTC/USDT", first=0)
        world.simulator.add_rule(Rule(match, Answer(TEAPOT)))
        assert (await world.get("/value?symbol=BTC%2FUSDT"))[0] == 418
        assert (await world.get("/value?symbol=ETH%2FUSDT"))[0] == 200
        assert (await world.get("/value?symbol=BTC%2FUSDT"))[0] == 418

    virtual(story)


def test_the_first_rule_that_acts_wins(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        simulator = world.simulator
        simulator.add_rule(Rule(PLACE, Rewrite("value", "first"), "first"))
        second = simulator.add_rule(Rule(Match(Direction.REQUEST, first=0), Rewrite("value", "second"), "second"))
        idle = simulator.add_rule(Rule(Match(Direction.REQUEST, operation="cancel"), Drop(), "idle"))
        assert [next(iter(await world.order())) for _ in range(2)] == ["first", "second"]
        simulator.remove_rule(second)
        assert next(iter(await world.order())) == "value"
        assert [rule.name for rule in simulator.rulebook.never_matched()] == ["idle"]
        assert [rule.name for rule in simulator.rulebook.open_rules()] == ["idle"]
        simulator.remove_rule(idle)
        with pytest.raises(LookupError, match=f"no rule {idle}"):
            simulator.remove_rule(idle)

    simulator = virtual(story)
    acted = [row.label for row in simulator.journal.rows() if row.kind is RowKind.RULE]
    assert acted == ["first", "second"]


@pytest.mark.parametrize(
    ("fate", "note"),
    [
        (Answer(HttpReply(500, b"{}")), "answered instead: 500 {}"),
        (AnswerVenueError(reason="insufficient-margin"), "answered with the venue's own error: insufficient-margin"),
        (LoseRequest(), "request lost, connection reset"),
        (LoseReply(), "reply lost, connection reset"),
        (Delay(2_500_000_000), "held back 2.5 s"),
        (Truncate(), "cut in half"),
        (Rewrite("value", "price"), '"value" rewritten to "price"'),
    ],
    ids=repr,
)
def test_the_journal_says_what_a_rule_did_to_a_request(virtual: Virtual, fate: Any, note: str) -> None:
    async def story(world: World) -> None:
        world.simulator.add_rule(Rule(PLACE, fate, "trouble"))
        _, writer = await world.raw(b"POST /order HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(10)
        writer.close()

    (row,) = [row for row in virtual(story).journal.rows() if row.kind is RowKind.RULE]
    assert (row.label, row.note) == ("trouble", note)


@pytest.mark.parametrize(
    ("fate", "note"), [(Drop(), "never sent"), (Duplicate(), "sent twice"), (Reorder(), "sent after the next one")]
)
def test_the_journal_says_what_a_rule_did_to_a_message(virtual: Virtual, fate: Any, note: str) -> None:
    async def story(world: World) -> None:
        await _heard(world, fate, ["a", "b"])

    (row,) = [row for row in virtual(story).journal.rows() if row.kind is RowKind.RULE]
    assert (row.note, row.text) == (note, "a")


def test_two_reordered_messages_in_a_row_go_after_the_next_one(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        twice = Match(Direction.STREAM, topic="order", first=2)
        assert await _heard(world, Reorder(), ["a", "b", "c"], twice) == ["c", "a", "b"]
        assert world.simulator.undelivered() == 0

    virtual(story)


def test_overlapping_reorders_of_several_sessions_send_everything_once(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        sockets = [await world.listen("/market") for _ in range(2)]
        world.simulator.add_rule(Rule(Match(Direction.STREAM, topic="order", first=2), Reorder()))
        world.simulator.add_rule(Rule(Match(Direction.STREAM, topic="book", first=2), Reorder()))
        for topic in ("order", "book", "order", "book", "trade"):
            world.say(topic, topic)
        await asyncio.sleep(30)
        for socket in sockets:
            heard = [(await socket.receive()).data for _ in range(5)]
            assert heard == ["trade", "order", "book", "order", "book"]
        assert world.simulator.undelivered() == 0

    virtual(story)


def test_a_rule_with_an_error_the_venue_has_not_is_refused(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        with pytest.raises(LookupError, match="no row for precision"):
            world.simulator.add_rule(Rule(PLACE, AnswerVenueError(reason="precision")))

    virtual(story)


@pytest.mark.parametrize(
    ("fate", "heard", "executed"),
    [
        (Drop(), [], 1),
        (Duplicate(), ['{"done":1}', '{"done":1}'], 1),
        (Rewrite("done", "did"), ['{"did":1}'], 1),
        (Answer(TEAPOT), ['"tea"'], 0),
        (AnswerVenueError(reason="insufficient-margin"), ['{"failed":{"error":"no money"}}'], 0),
        (AnswerVenueError(reason="insufficient-margin", executed=True), ['{"failed":{"error":"no money"}}'], 1),
    ],
    ids=repr,
)
def test_fates_of_an_operation_over_a_session(virtual: Virtual, fate: Any, heard: list[str], executed: int) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        world.simulator.add_rule(Rule(PLACE, fate))
        await socket.send_str("order")
        await asyncio.sleep(1)
        assert world.venue.value == executed
        await socket.send_bytes(b"end")
        for text in heard:
            assert (await socket.receive()).data == text
        assert (await socket.receive()).data == b"end"

    virtual(story)


@pytest.mark.parametrize(("fate", "executed"), [(LoseRequest(), 0), (LoseReply(), 1)])
def test_a_lost_operation_resets_its_session(virtual: Virtual, fate: Any, executed: int) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        world.simulator.add_rule(Rule(PLACE, fate))
        await socket.send_str("order")
        assert (await socket.receive()).type in (WSMsgType.ERROR, WSMsgType.CLOSED)
        assert socket.close_code == 1006
        assert world.venue.value == executed

    virtual(story)
