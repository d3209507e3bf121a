"""Mutants of what happens over time: streams, recovery, life-cycle, safety."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from msgspec import structs
from websockets.exceptions import ConnectionClosed

from venueproof_adapters.kit.heartbeat import Pulse
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.socket import Socket, SocketOptions
from venueproof_adapters.mutants.making import KnowsTrouble, Mutant, Wrapper, broken, exchanged
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.model import (
    Channel,
    Credentials,
    Endpoint,
    Event,
    PositionEvent,
    PositionSide,
    StreamEvent,
    StreamState,
)

log = logging.getLogger("venueproof_adapters.mutants")

ELSEWHERE = ("192.0.2.1", 443)
"""An address of the block that is kept for documentation: nobody is there."""


@broken("WSS-010", "keeps-quiet-about-a-lost-stream")
class QuietAboutLoss(Wrapper):
    """Does not say that the account's stream went down."""

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, StreamEvent) or event.channel is not Channel.ACCOUNT:
            return event
        return None if event.state is StreamState.DOWN else event


class TrustingPulse(Pulse):
    """Pings, and does not look for answers."""

    async def beat(self, send: Callable[[str], Awaitable[None]]) -> str:
        with suppress(ConnectionClosed):
            while True:
                if self._heartbeat.frame:
                    await send(self._heartbeat.frame)
                await asyncio.sleep(self._heartbeat.every_s)
        return "the connection ended"


class FaithfulSocket(Socket):
    """Stays with its connection as long as that is open."""

    pulse_kind = TrustingPulse

    def renew(self, reason: str) -> None:
        pass


trusts_an_open_socket = exchanged(
    "WSS-020",
    "trusts-an-open-socket",
    "Never gives up a connection that is open, whether or not anything comes.",
    socket=FaithfulSocket,
)


_NEVER_S = 1e6


class SilentPulse(Pulse):
    """Never pings."""

    async def beat(self, send: Callable[[str], Awaitable[None]]) -> str:
        await asyncio.Event().wait()
        return "not to be reached"


class SilentSocket(Socket):
    """Gives no sign of life by itself, and answers those of the other side."""

    pulse_kind = SilentPulse

    def __init__(self, *, options: SocketOptions, **given: Any) -> None:
        super().__init__(options=structs.replace(options, ping_every_s=_NEVER_S), **given)


lets_credentials_expire = exchanged(
    "WSS-030",
    "lets-its-credential-expire",
    "Does not renew what keeps the account's stream alive, and gives no sign of life.",
    renews_credential=False,
    socket=SilentSocket,
)

deaf_to_expiry = exchanged(
    "WSS-040",
    "does-not-know-the-expiry-message",
    "Overhears the venue's word that the stream's credential expired.",
    hears_credential_expiry=False,
)


@broken("REC-010", "forgets-positions-after-trouble")
class ForgetsPositions(KnowsTrouble):
    """Tells of no net position any more once its stream was down."""

    def heard(self, event: Event) -> Event | None:
        net = isinstance(event, PositionEvent) and event.position.side is PositionSide.NET
        return None if self.was_down(event) and net else event


@broken("LIF-010", "leaves-a-task-behind")
class LeavesTask(Wrapper):
    """Starts a task that `close()` does not end."""

    async def start(self) -> None:
        await self.inner.start()
        self._left = asyncio.create_task(asyncio.Event().wait())


def _digests_only(_pattern: str, length: int) -> IdMap:
    return IdMap("(?!)", length)


forgets_ids = exchanged(
    "LIF-020", "forgets-its-ids", "Keeps its intent ids in memory only and sends digests of them.", ids=_digests_only
)


@broken("SAF-010", "reports-home")
class ReportsHome(Wrapper):
    """Reaches for an address that is not the venue's when it starts."""

    async def start(self) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(*ELSEWHERE)
            writer.close()
        await self.inner.start()


def _telling(factory: AdapterFactory) -> AdapterFactory:
    def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
        log.debug("connecting to %s with %r", endpoint.venue, credentials)
        return factory(endpoint, credentials)

    return make_adapter


logs_secrets = Mutant("SAF-020", "logs-its-secrets", "Writes its credentials to the log when it is made.", _telling)
