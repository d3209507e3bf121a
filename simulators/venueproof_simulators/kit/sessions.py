"""Connections: who is on one, what it hears, and the clocks that run for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct, field

from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import VenueTime

KeyT = TypeVar("KeyT", bound=Hashable)
End = Callable[[int, int, str, VenueTime], None]
"""Ends a session: its number, the close code, the reason, and when."""
Deed = Callable[[int, VenueTime], None]
"""Something that is done for a session."""


class Session(Struct, kw_only=True):
    """One open connection. A venue extends it with what only its connections have."""

    number: int
    client: str
    account: str = ""
    """Whose events it carries; a venue sets it on login, or when a private channel is subscribed."""
    names: dict[str, None] = field(default_factory=dict[str, None])
    """Subscriptions in order."""


class Listeners(Generic[KeyT]):
    """Sessions by what they listen to beside the market: (account, channel), or whatever else names it."""

    def __init__(self) -> None:
        self._of: dict[KeyT, dict[int, None]] = {}

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._of)

    def add(self, key: KeyT, session: int) -> None:
        """A session listens."""
        self._of.setdefault(key, {})[session] = None

    def drop(self, key: KeyT, session: int) -> None:
        """A session listens no more. Harmless when it did not."""
        sessions = self._of.get(key)
        if sessions is not None:
            sessions.pop(session, None)
            if not sessions:
                del self._of[key]

    def drop_session(self, session: int) -> None:
        """A session listens to nothing more."""
        for key in [key for key, sessions in self._of.items() if session in sessions]:
            self.drop(key, session)

    def end(self, key: KeyT) -> tuple[int, ...]:
        """Nobody listens to this any more; returns who did."""
        return tuple(self._of.pop(key, ()))

    def of(self, key: KeyT) -> tuple[int, ...]:
        """Who listens, in order."""
        return tuple(self._of.get(key, ()))


class Clocks:
    """What happens to sessions by the clock: the end of a long life, silence, and what is sent at intervals."""

    def __init__(self, timers: Alarms, ages: Alarms, end: End) -> None:
        """`timers` run on the true clock, `ages` on the age clock."""
        self._timers = timers
        self._ages = ages
        self._end = end
        self._keys: dict[int, dict[str, None]] = {}

    def live(self, number: int, span_ns: int, code: int, reason: str, time: VenueTime) -> None:
        """Let a connection live so long (age clock), and close it then."""
        self._ages.set(("life", number), time.age_ns + span_ns, partial(self._end, number, code, reason))

    def expect(self, number: int, span_ns: int, code: int, reason: str, time: VenueTime) -> None:
        """Close a connection unless this is called again within the span: call it on opening and on what was heard.

        Venues differ in what counts: any frame, a ping, any message in either direction.
        """
        self._set(number, "silence", time.true_ns + span_ns, partial(self._end, number, code, reason))

    def after(self, number: int, what: str, span_ns: int, deed: Deed, time: VenueTime) -> None:
        """Do something once, instead of what was set under this name."""
        self._set(number, what, time.true_ns + span_ns, partial(deed, number))

    def every(self, number: int, what: str, span_ns: int, deed: Deed, time: VenueTime) -> None:
        """Do something each time a span is over."""
        self._set(number, what, time.true_ns + span_ns, partial(self._again, number, what, span_ns, deed))

    def stop(self, number: int, what: str) -> None:
        """Do it no more. Harmless when nothing is set."""
        self._timers.clear((what, number))

    def forget(self, number: int) -> None:
        """A connection is gone."""
        self._ages.clear(("life", number))
        for what in self._keys.pop(number, {}):
            self._timers.clear((what, number))

    def _set(self, number: int, what: str, due_ns: int, deed: Callable[[VenueTime], None]) -> None:
        self._keys.setdefault(number, {})[what] = None
        self._timers.set((what, number), due_ns, deed)

    def _again(self, number: int, what: str, span_ns: int, deed: Deed, time: VenueTime) -> None:
        deed(number, time)
        if number in self._keys:
            self.every(number, what, span_ns, deed, time)
