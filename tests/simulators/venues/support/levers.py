"""Provocations without sockets: the levers that they pull, and which of them there are for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, cast

import pytest

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host import discovery
from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.facts import Status
from venueproof_simulators.host.provoking import Provocation
from venueproof_simulators.host.rulebook import Rulebook
from venueproof_simulators.host.rules import Direction, Rule
from venueproof_simulators.host.venue import Message, Profile, Provoked, VenueTime

from .client import ADDRESS, VenueClient, VenueT


class Levers(Generic[VenueT]):
    """The levers, pulled on a venue without sockets; what only a host can do is noted."""

    def __init__(self, client: VenueClient[VenueT]) -> None:
        self.client = client
        self.rules: list[Rule] = []
        self.rulebook = Rulebook()
        self.drops: list[DropManner] = []

    @property
    def venue(self) -> VenueT:
        """The venue itself."""
        return self.client.venue

    def time(self) -> VenueTime:
        """Its clocks."""
        return self.client.time()

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something."""
        return self.client.command(command)

    def add_rule(self, rule: Rule) -> int:
        """Note a rule."""
        self.rules.append(rule)
        return self.rulebook.add(rule)

    def meets(self, message: Message) -> bool:
        """Does a rule act on this streamed message?"""
        text = str(message.payload)
        return self.rulebook.judge(Direction.STREAM, "", message.topic, message.instrument, lambda: text) is not None

    def drop(self, manner: DropManner, *, code: int, sessions: SessionKind, refuse_ns: int) -> None:
        """Note that connections were to be dropped."""
        self.drops.append(manner)

    def expire_credential(self, *, silent: bool) -> None:
        """End what the account under test shows on streams."""
        self.venue.expire_credential(silent, self.time())
        self.client.collect()

    def age(self, by_ns: int) -> None:
        """Let everything that the venue keeps grow older."""
        self.client.aged_ns += by_ns

    def ban(self, for_ns: int) -> None:
        """Ban the client's address."""
        self.venue.ban(ADDRESS, self.time().age_ns + for_ns, self.time())

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off."""
        self.venue.switch_quirk(quirk, on)


def provoke(one: Provocation, client: VenueClient[VenueT], symbol: str) -> tuple[Levers[VenueT], Provoked]:
    """Show a kind of trouble: the levers that were pulled for it, and what a clause is told."""
    levers = Levers(client)
    return levers, one.code(cast(Controls, levers), symbol)


def cases(venue: str, *kinds: str, symbols: tuple[str, ...] = ()) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it (and for each symbol), as parameters of a test."""
    rows = {row.id: row for row in discovery.quirks(venue)}
    found: list[Any] = []
    for kind in kinds:
        for one in discovery.provocations(venue):
            if one.kind == kind:
                for profile in _profiles(one, rows[one.quirk]):
                    found += _each(one, profile, symbols)
    return found


def _profiles(one: Provocation, row: Any) -> Iterator[Profile]:
    for profile, on in ((Profile.VENDOR, row.vendor), (Profile.FIELD, row.field)):
        if on or one.either or row.status is not Status.SWITCH:
            yield profile


def _each(one: Provocation, profile: Profile, symbols: tuple[str, ...]) -> list[Any]:
    name = f"{one.quirk}-{profile}"
    if not symbols:
        return [pytest.param(one, profile, id=name)]
    return [pytest.param(one, profile, symbol, id=f"{name}-{symbol}") for symbol in symbols]
