"""What can be done to a running venue from behind, as its clients see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from venueproof_simulators.engine.commands import SetPrice
from venueproof_simulators.engine.events import PriceMoved
from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.latency import NO_LATENCY
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import VenueTime

Virtual = Callable[..., Simulator]
Live = Callable[..., Simulator]
World = Any
SECOND = 1_000_000_000


def _levers(simulator: Simulator) -> Controls:
    return simulator


def test_a_command_reaches_the_sessions_concerned(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        socket = await world.listen("/market")
        (event,) = _levers(world.simulator).command(SetPrice("BTC", 42))
        assert isinstance(event, PriceMoved)
        assert event.ticks == 42
        assert (await socket.receive()).data == '{"price":42}'

    virtual(story)


def test_the_venue_is_woken_when_it_is_due(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        socket = await world.listen("/market")
        world.venue.due_ns = due_ns = world.simulator.time().true_ns + 48 * 3600 * SECOND
        world.simulator.age(0)
        assert (await socket.receive()).data == f'{{"tick":{due_ns}}}'

    virtual(story)


def test_a_venue_that_wants_the_past_is_a_fault_and_no_hang(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        world.venue.advance = lambda time: None
        world.venue.due_ns = world.simulator.time().true_ns - 1
        world.simulator.age(0)
        await asyncio.sleep(0.0025)
        world.venue.due_ns = None

    virtual(story, faults=3)


def test_what_falls_due_while_the_venue_is_busy_is_no_fault(live: Live) -> None:
    async def story(world: World) -> None:
        done = asyncio.Event()

        def busy(time: VenueTime) -> None:
            if world.venue.due_ns is None or world.venue.due_ns > time.true_ns:
                return
            if len(ticks) == 3:
                world.venue.due_ns = None
                done.set()
                return
            ticks.append(time.true_ns)
            world.venue.due_ns = time.true_ns + 1
            while world.simulator.time().true_ns <= world.venue.due_ns:
                pass

        ticks: list[int] = []
        world.venue.advance = busy
        world.venue.due_ns = world.simulator.time().true_ns
        world.simulator.age(0)
        await asyncio.wait_for(done.wait(), 5)

    live(story)


@pytest.mark.parametrize("manner", list(DropManner))
def test_drop_ends_the_sessions_of_its_kind(virtual: Virtual, manner: DropManner) -> None:
    async def story(world: World) -> None:
        account, market = await world.listen("/account"), await world.listen("/market")
        world.simulator.drop(manner, code=1012, sessions=SessionKind.ACCOUNT, refuse_ns=0)
        world.say("ticker", "still here")
        assert (await market.receive()).data == "still here"
        if manner is DropManner.SILENT:
            await _is_dead_but_open(world, account)
        else:
            ended = await account.receive()
            assert (ended.type is WSMsgType.CLOSE) is (manner is DropManner.CLOSE)
            assert account.close_code == (1012 if manner is DropManner.CLOSE else 1006)

    virtual(story)


async def _is_dead_but_open(world: World, socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.ping(b"?")
    await socket.send_str("order")
    await world.order()
    with pytest.raises(TimeoutError):
        await socket.receive(3600)
    assert world.venue.frames == []
    assert world.venue.value == 1
    assert world.simulator.sessions == [1, 2]


def test_drop_refuses_new_sessions_for_a_while(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        world.simulator.drop(DropManner.CLOSE, code=1001, sessions=SessionKind.ACCOUNT, refuse_ns=30 * SECOND)
        await world.listen("/market")
        with pytest.raises(WSServerHandshakeError) as error:
            await world.listen("/account")
        assert error.value.status == 503
        await asyncio.sleep(30)
        await world.listen("/account")
        world.simulator.drop(DropManner.RESET, code=1006, sessions=SessionKind.ALL, refuse_ns=30 * SECOND)
        with pytest.raises(aiohttp.ClientConnectionError):
            await world.listen("/market")
        await asyncio.sleep(30)
        await world.listen("/market")

    virtual(story)


def test_freeze_keeps_everything_back_and_in_order(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        market = await world.listen("/market")
        began_ns = world.simulator.time().true_ns
        world.say("ticker", "on its way")
        world.simulator.freeze(60 * SECOND)
        order = asyncio.ensure_future(world.order())
        with pytest.raises(TimeoutError):
            await market.receive(10)
        assert not order.done()
        world.say("ticker", "later")
        assert [(await market.receive()).data for _ in range(2)] == ["on its way", "later"]
        await order
        assert world.simulator.time().true_ns - began_ns == 60 * SECOND

    virtual(story)


def test_hold_keeps_one_topic_back(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        market = await world.listen("/market")
        world.simulator.hold("fill", 60 * SECOND)
        for topic, text in (("fill", "f1"), ("book", "b"), ("fill", "f2")):
            world.say(topic, text)
        assert world.simulator.undelivered()
        assert [(await market.receive()).data for _ in range(3)] == ["b", "f1", "f2"]
        world.say("fill", "f3")
        assert (await market.receive(1)).data == "f3"

    virtual(story)


def test_lagging_replies_tell_what_was_so_a_while_ago(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        started_s = world.simulator.time().true_ns // SECOND
        world.simulator.lag("balances", 10 * SECOND)
        assert world.simulator.largest_lag_ns() == 10 * SECOND
        seen = []
        for _ in range(5):
            await world.order()
            seen.append((await world.get("/value"))[1]["value"])
            await asyncio.sleep(4)
        assert seen == [0, 0, 0, 1, 2]
        assert world.venue.value == 5
        assert (await world.get("/time"))[1]["ms"] // 1000 == started_s + 20
        world.simulator.lag("balances", 0)
        assert (await world.get("/value"))[1]["value"] == 5

    virtual(story, latency=NO_LATENCY)


def test_skew_moves_the_venues_clock_and_age_moves_none(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        simulator = world.simulator
        simulator.skew_clock(-3000)
        simulator.age(7200 * SECOND)
        await world.get("/time")
        seen = world.venue.seen_times[-1]
        assert seen.wire_ns - seen.true_ns == -3 * SECOND
        assert seen.age_ns - seen.true_ns == 7200 * SECOND

    virtual(story)


def test_a_ban_and_maintenance_end_with_age(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        simulator = world.simulator
        simulator.ban(120 * SECOND)
        assert (await world.get("/value"))[0] == 418
        simulator.age(120 * SECOND)
        assert (await world.get("/value"))[0] == 200
        simulator.maintenance(60 * SECOND)
        assert (await world.get("/value"))[0] == 503
        await asyncio.sleep(60)
        assert (await world.get("/value"))[0] == 200

    virtual(story)


def test_a_ban_also_meets_clients_that_come_later(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        world.simulator.ban(120 * SECOND)
        assert world.venue.bans == {}
        assert (await world.get("/value"))[0] == 418
        assert list(world.venue.bans) == ["127.0.0.1"]

    virtual(story)


def test_while_the_engine_is_away_orders_fail_and_questions_do_not(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        world.simulator.engine_restart(60 * SECOND)
        assert await world.order() == {"error": "engine away"}
        assert (await world.get("/value"))[0] == 200
        await socket.send_str("order")
        assert (await socket.receive()).data == '{"failed":{"error":"engine away"}}'
        assert world.venue.value == 0
        await asyncio.sleep(60)
        assert await world.order() == {"value": 1}

    virtual(story)


def test_a_credential_ends_and_a_quirk_turns(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        account = await world.listen()
        world.simulator.expire_credential(silent=False)
        assert (await account.receive()).data == '{"expired":1}'
        world.simulator.switch_quirk("toy.quirk", True)
        assert world.venue.quirks_on() == {"toy.quirk"}
        with pytest.raises(LookupError, match=r"toy\.none"):
            world.simulator.switch_quirk("toy.none", True)

    virtual(story)
