"""The levers behind a running venue: what actions and provocations are translated to."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.rules import Rule
from venueproof_simulators.host.venue import Venue, VenueTime


class DropManner(StrEnum):
    """How a connection ends."""

    SILENT = "silent"
    RESET = "reset"
    CLOSE = "close"


class SessionKind(StrEnum):
    """Which connections a lever is for."""

    ALL = "all"
    ACCOUNT = "account"
    MARKET = "market"


class Controls(Protocol):
    """Everything that can be done to a running venue from behind. Durations in ns."""

    @property
    def venue(self) -> Venue:
        """The venue itself."""
        ...

    def time(self) -> VenueTime:
        """Its clocks now."""
        ...

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something; what follows from it is sent to the sessions concerned."""
        ...

    def add_rule(self, rule: Rule) -> int:
        """Install a message rule behind the ones there are; returns its id."""
        ...

    def remove_rule(self, rule_id: int) -> None:
        """Take a rule away. Raises `LookupError` when there is none of that id."""
        ...

    def drop(self, manner: DropManner, *, code: int, sessions: SessionKind, refuse_ns: int) -> None:
        """End WebSocket sessions, and refuse new ones for `refuse_ns`."""
        ...

    def freeze(self, for_ns: int) -> None:
        """Nothing leaves for so long; then everything does, in order."""
        ...

    def hold(self, topic: str, for_ns: int) -> None:
        """Streamed messages of a topic wait for so long, then leave in order."""
        ...

    def lag(self, operation: str, by_ns: int) -> None:
        """Replies to an operation tell what they would have told `by_ns` ago; 0 ends it."""
        ...

    def skew_clock(self, ms: int) -> None:
        """Set the venue's own clock `ms` ahead of true time."""
        ...

    def age(self, by_ns: int) -> None:
        """Let bans, expiries, budgets and retention grow older; clocks stay."""
        ...

    def expire_credential(self, *, silent: bool) -> None:
        """End what keeps the account's streams alive."""
        ...

    def ban(self, for_ns: int) -> None:
        """Ban all clients' addresses."""
        ...

    def maintenance(self, for_ns: int) -> None:
        """The venue is closed for so long."""
        ...

    def engine_restart(self, for_ns: int) -> None:
        """The matching engine is away for so long; sockets stay open."""
        ...

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off."""
        ...
