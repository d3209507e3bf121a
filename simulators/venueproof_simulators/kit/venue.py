"""What venues have in common of the protocol `host.venue.Venue`: time, levers, and who answers what.

A venue extends `Venue` with its `gateway`, whom it lets in (`let_in`), its frames (`classify_frame`, `receive`,
`refuse_frame`) and its credentials (`credentials_of`, `expire_credential`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from venueproof_simulators.engine.commands import Command, Tick
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.venue import (
    Classified,
    HttpReply,
    HttpRequest,
    IdKind,
    Manifest,
    Outgoing,
    VenueTime,
)
from venueproof_simulators.kit.accounts import AccountT
from venueproof_simulators.kit.desk import Desk
from venueproof_simulators.kit.hub import Hub
from venueproof_simulators.kit.refusing import VenueError

DeskT = TypeVar("DeskT", bound=Desk[Any, Any])
HubT = TypeVar("HubT", bound=Hub[Any, Any])
ACCOUNT = "trader"
"""The engine's name of the account under test."""


class Gateway(Protocol):
    """Takes a request there and back."""

    def classify(self, request: HttpRequest) -> Classified:
        """What a request asks for."""
        ...

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        ...

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as the reply to a request. Raises `LookupError` for a key that the venue's table has not."""
        ...


class Venue(Generic[AccountT, DeskT, HubT]):
    """One running venue, as far as venues agree."""

    manifest: Manifest
    gateway: Gateway
    account = ACCOUNT

    def __init__(self, desk: DeskT, hub: HubT) -> None:
        self.desk = desk
        self.hub = hub
        self.engine: Engine = desk.engine
        self._idle_until_ns = 0
        opened_ns = desk.opened_ns
        self.owner: AccountT = desk.open_account(self.account, VenueTime(opened_ns, opened_ns, opened_ns))
        """The account under test, whom public requests are taken to come from."""
        self.credentials: Mapping[str, str] = self.credentials_of(self.owner)

    # --- accounts -----------------------------------------------------------------------------------------------------

    def credentials_of(self, account: AccountT) -> Mapping[str, str]:
        """The keys of an account under the venue's own names. The venue's."""
        raise NotImplementedError

    def open_account(self, name: str, time: VenueTime) -> Mapping[str, str]:
        """Another account with the venue's starting money; returns its credentials."""
        return self.credentials_of(self.desk.open_account(name, time))

    def secrets(self) -> Sequence[str]:
        """Every string that a journal must blank."""
        return self.desk.secrets()

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """How an id of the engine is spelled on the wire: the number itself, unless the venue says otherwise."""
        return str(number)

    # --- requests -----------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """What a request asks for."""
        return self.gateway.classify(request)

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        self.advance(time)
        return self.gateway.handle(request, time)

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as the reply to a request. Raises `LookupError` for a key that the venue's table has not."""
        return self.gateway.refuse(error, request, time)

    def refuse_frame(self, session: int, frame: str | bytes, error: VenueError, time: VenueTime) -> str | bytes:
        """An error as the answer to a frame; the body of a reply, unless the venue says otherwise."""
        return self.refuse(error, None, time).body

    def error_reply(self, reason: str, error: str, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """The venue's own error for a neutral reason or for a row of its table. Raises `LookupError`."""
        return self.refuse(self._named(reason, error), request, time)

    def error_frame(self, session: int, frame: str | bytes, reason: str, error: str, time: VenueTime) -> str | bytes:
        """The same as the answer to a frame. Raises `LookupError`."""
        return self.refuse_frame(session, frame, self._named(reason, error), time)

    def _named(self, reason: str, error: str) -> VenueError:
        return VenueError(error or self.desk.errors.for_reason(reason).key)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, session: int, handshake: HttpRequest, time: VenueTime) -> HttpReply | None:
        """Let a WebSocket in, or refuse it as a request is refused."""
        self.advance(time)
        try:
            self.let_in(session, handshake, time)
        except VenueError as error:
            return self.refuse(error, handshake, time)
        return None

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session. The venue's. Raises `VenueError` for one that is not let in."""
        raise NotImplementedError

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame asks for: nothing but subscriptions, unless the venue says otherwise."""
        return Classified("other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session. The venue's."""
        raise NotImplementedError

    def closed(self, session: int, time: VenueTime) -> None:
        """A session is gone."""
        self.hub.closed(session, time)

    def take_outgoing(self) -> list[Outgoing]:
        """What is to be sent since the last call, in order."""
        return self.hub.take_outgoing()

    def account_sessions(self) -> frozenset[int]:
        """Sessions that carry account events."""
        return self.hub.account_sessions()

    # --- time ---------------------------------------------------------------------------------------------------------

    def advance(self, time: VenueTime) -> None:
        """Let everything happen that is due by now; funding first, before a position is opened after its hour."""
        self.desk.fundings.run(time)
        due_ns = self.engine.next_due_ns
        if due_ns is not None and due_ns <= time.true_ns:
            self.desk.command(Tick(), time)
        self.desk.ages.run(time.age_ns, time)
        self.hub.timers.run(time.true_ns, time)

    def next_due_ns(self, time: VenueTime) -> int | None:
        """True time at which `advance` is wanted next."""
        first_ns = self.engine.next_due_ns
        timer_ns = self.hub.timers.next_due_ns()
        if timer_ns is not None and (first_ns is None or timer_ns < first_ns):
            first_ns = timer_ns
        for age_ns in (self.desk.ages.next_due_ns(), self.desk.fundings.next_due_ns()):
            if age_ns is not None:
                due_ns = age_ns + time.true_ns - time.age_ns
                first_ns = due_ns if first_ns is None else min(first_ns, due_ns)
        return first_ns

    # --- from behind --------------------------------------------------------------------------------------------------

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End what streams of the account under test live by. The venue's."""
        raise NotImplementedError

    def command(self, command: Command, time: VenueTime) -> list[Event]:
        """Tell the engine something from behind."""
        self.advance(time)
        return self.desk.command(command, time)

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        """Ban a client's address until `until_ns` of the age clock: `desk.bans.check` refuses it."""
        self.desk.bans.set(client, until_ns)

    def maintenance(self, until_ns: int, time: VenueTime) -> None:
        """Be closed until `until_ns` of the age clock: `desk.is_closed` says so to whoever answers."""
        self.desk.closed_until_ns = until_ns
        self.idle(until_ns, time)

    def idle(self, until_ns: int, time: VenueTime) -> None:
        """Let market streams stand still until `until_ns` of the age clock; then each tells what changed."""
        self._idle_until_ns = max(until_ns, self._idle_until_ns)
        self.hub.feeds.set_quiet(True, time)
        self.desk.ages.set("reopening", self._idle_until_ns, self._reopen)

    def _reopen(self, time: VenueTime) -> None:
        self.hub.feeds.set_quiet(False, time)

    def quirks_on(self) -> frozenset[str]:
        """Ids of the switchable quirks that are on."""
        return self.desk.switches.ids_on()

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off. Raises `LookupError`."""
        self.desk.switches.turn(quirk, on)
