"""A WebSocket connection as operations see it: who is on it, what it listens to, how it is kept alive."""

from __future__ import annotations

from msgspec import Struct, field

from venueproof_simulators.kit.sessions import Session as KitSession
from venueproof_simulators.venues.deribit.operations.identity import Token


class Placed(Struct, frozen=True):
    """Something that was placed over a connection."""

    account: str
    instrument: str
    number: int
    waits: bool
    """It is a trigger order."""


class Session(KitSession, kw_only=True):
    """One open connection. `names` are its channels, as they were asked for."""

    testnet: bool
    heard_ns: int
    """When it last sent anything (true time)."""
    token: Token | None = None
    """Who it belongs to since it logged on."""
    heartbeat_s: int = 0
    tested: bool = False
    """It was asked for a sign of life and has not given one."""
    cancels: bool = False
    """Its orders are cancelled when it is lost."""
    placed: list[Placed] = field(default_factory=list[Placed])
    joining: list[str] = field(default_factory=list[str])
    """Channels that it is to be told the beginning of once its request is answered."""
