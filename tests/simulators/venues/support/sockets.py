"""A venue behind real sockets in virtual time, and a story that is told with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import aiohttp

from venueproof.virtual import VirtualClock, VirtualLoop, run
from venueproof_simulators.host import discovery
from venueproof_simulators.host.latency import VIRTUAL_LATENCY
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import Provoked

from .client import VenueClient

ClientT = TypeVar("ClientT", bound=VenueClient[Any])


class SocketWorld(Generic[ClientT]):
    """The venue behind sockets, and a client that signs. A venue's world says what is asked how."""

    def __init__(self, simulator: Simulator, signer: ClientT, http: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.signer = signer
        self.http = http

    def wake(self) -> ClientT:
        """Who signs, with the time that it is now."""
        self.signer.now_ns = self.simulator.time().true_ns
        return self.signer

    async def connect(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """A session on a path."""
        return await self.http.ws_connect(f"{self.simulator.ws_url}{path}")

    def provoke(self, kind: str, quirk: str, symbol: str) -> Provoked:
        """Show a kind of trouble as a row of the register has it."""
        venue = self.simulator.venue.manifest.name
        found = {(one.kind, one.quirk): one for one in discovery.provocations(venue)}
        return found[kind, quirk].code(self.simulator, symbol)


WorldT = TypeVar("WorldT", bound=SocketWorld[Any])


Make = Callable[[Simulator, ClientT, aiohttp.ClientSession], WorldT]


def play(make: Make[ClientT, WorldT], client: ClientT, story: Callable[[WorldT], Awaitable[None]]) -> None:
    """Let a story happen with the client's venue behind sockets, in virtual time."""
    run(_played(make, client, story))


async def _played(make: Make[ClientT, WorldT], client: ClientT, story: Callable[[WorldT], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    simulator = Simulator(client.venue, clock=VirtualClock(loop), seed=7, latency=VIRTUAL_LATENCY)
    await simulator.start()
    try:
        async with aiohttp.ClientSession() as http:
            await story(make(simulator, client, http))
    finally:
        await simulator.stop()
    assert simulator.faults == []
