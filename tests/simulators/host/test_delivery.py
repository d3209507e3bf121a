"""Latency: every message has some, and nothing overtakes on a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.rules import Delay, Direction, Match, Rule
from venueproof_simulators.host.simulator import Simulator

Virtual = Callable[..., Simulator]
World = Any
MS = 1_000_000

_STEP = st.one_of(
    st.sampled_from(["say", "order", "sleep"]),
    st.tuples(st.sampled_from(["freeze", "delay"]), st.integers(1, 20)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(steps=st.lists(_STEP, max_size=25))
def test_nothing_overtakes(virtual: Virtual, steps: list[Any]) -> None:
    async def story(world: World) -> None:
        sockets = [await world.listen("/market") for _ in range(3)]
        said = await _tell(world, steps)
        for socket in sockets:
            assert [(await socket.receive(1)).data for _ in said] == said
        assert world.simulator.undelivered() == 0

    virtual(story)


async def _tell(world: World, steps: list[Any]) -> list[str]:
    said: list[str] = []
    orders: list[asyncio.Future[Any]] = []
    for step in steps:
        if step == "say":
            said.append(str(len(said)))
            world.say("book", said[-1])
        elif step == "order":
            orders.append(asyncio.ensure_future(world.order()))
        elif step == "sleep":
            await asyncio.sleep(0.002)
        elif step[0] == "freeze":
            world.simulator.freeze(step[1] * MS)
        else:
            world.simulator.add_rule(Rule(Match(Direction.STREAM), Delay(step[1] * MS)))
    await asyncio.sleep(1)
    await asyncio.gather(*orders)
    return said


def test_every_reply_and_every_broadcast_takes_its_draw(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        socket = await world.listen("/market")
        delays = []
        for _ in range(40):
            began_ns = world.simulator.time().true_ns
            await world.get("/value")
            delays.append(world.simulator.time().true_ns - began_ns)
            began_ns = world.simulator.time().true_ns
            world.say("book", "x")
            await socket.receive()
            delays.append(world.simulator.time().true_ns - began_ns)
        assert all(MS <= delay <= 5 * MS for delay in delays)
        assert len(set(delays)) == len(delays)

    virtual(story)


def test_without_latency_a_message_is_written_at_once(live: Virtual) -> None:
    async def story(world: World) -> None:
        await world.listen("/market")
        world.say("book", "x")
        assert world.simulator.journal.rows()[-1].text == "x"
        assert world.simulator.undelivered() == 0

    live(story)
