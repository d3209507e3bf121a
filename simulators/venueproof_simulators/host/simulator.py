"""A venue on local ports: what `serve`, `simulate` and the bench start, stop and hold the levers of."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.agenda import Agenda
from venueproof_simulators.host.answering import Answering
from venueproof_simulators.host.clock import Clock
from venueproof_simulators.host.controls import DropManner, SessionKind
from venueproof_simulators.host.delivery import Delivery
from venueproof_simulators.host.driver import Driver
from venueproof_simulators.host.journal import Journal, RowKind
from venueproof_simulators.host.latency import NO_LATENCY, Draws, Latency
from venueproof_simulators.host.refusing import Refusing, concerns
from venueproof_simulators.host.rulebook import Rulebook
from venueproof_simulators.host.rules import AnswerVenueError, Rule
from venueproof_simulators.host.serving import Entrance, Mount, Serving
from venueproof_simulators.host.session import Session
from venueproof_simulators.host.timekeeping import NS_PER_MS, Timekeeper
from venueproof_simulators.host.venue import Venue, VenueTime

BACKLOG = 4096
"""Connections that may wait to be accepted; with too few the kernel drops some and tries again after a second."""
LAST_PORT = 65_535
LOCAL_CLIENT = "127.0.0.1"
"""The address of everybody who comes without a proxy."""


class Simulator:
    """One running venue. It implements `Controls`.

    `origins` maps each official URL to its local one; the first origin's server is meant to know the paths of the
    others too, so that `rest_url` and `ws_url` are enough for most clients.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        clock: Clock,
        seed: int,
        latency: Latency = NO_LATENCY,
        journal: Journal | None = None,
        mount: Mount | None = None,
    ) -> None:
        """`clock` must run with the loop that `start` is called in; `mount` serves `/_venueproof/` on the first origin.

        Nothing is opened before `start`.
        """
        self.journal = Journal() if journal is None else journal
        self.journal.learn_from(venue.secrets)
        self.rulebook = Rulebook()
        self.origins: dict[str, str] = {}
        self.rest_url = ""
        self.ws_url = ""
        self._times = Timekeeper(clock)
        self._timers = Agenda(clock)
        self._refusing = Refusing()
        self._delivery = Delivery(clock, Draws(latency, seed), self.rulebook, self.journal)
        self._driver = Driver(venue, self._times, self._delivery, self._timers, self.journal)
        answering = Answering(
            self._driver, self._delivery, self.rulebook, self.journal, self._times, self._timers, self._refusing
        )
        self._serving = Serving(answering, self.origin_of_host)
        self._mount = mount
        self._listeners: list[asyncio.Server] = []

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen for each origin: the first on `port`, the next ones on the ports after it; 0 takes any free.

        Raises `OSError` when a port is taken or beyond the last; nothing listens then.
        """
        mount = self._mount
        try:
            for index, origin in enumerate(self.venue.manifest.origins):
                entrance = Entrance(origin.name, LOCAL_CLIENT, mount)
                local = await self._listen(entrance, host, port + index if port else 0, tls)
                self._name(origin.official, local, "s" if tls is not None else "")
                mount = None
        except OSError:
            await self.stop()
            raise
        self._driver.advance()

    async def stop(self) -> None:
        """End every connection and stop listening."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        await self._serving.stop()
        self._timers.close()
        self._delivery.departures.close()

    def protocol(self, entrance: Entrance) -> asyncio.Protocol:
        """A protocol for a connection that came in by another way than the listeners: a proxy's."""
        return self._serving.protocol(entrance)

    def origin_of_host(self, host: str) -> str | None:
        """The name of the origin with this official host (a port is ignored)."""
        host = host.lower().partition(":")[0]
        for origin in self.venue.manifest.origins:
            if any(urlsplit(official).hostname == host for official in origin.official):
                return origin.name
        return None

    def refused(self, label: str, why: str) -> None:
        """Note that somebody wanted to go where this run does not lead."""
        self.journal.add(RowKind.REFUSED, self._times.now_ns(), (), label=label, note=why)

    async def _listen(self, entrance: Entrance, host: str, port: int, tls: ssl.SSLContext | None) -> str:
        if port > LAST_PORT:
            raise OSError(f"there is no port {port}: each origin takes one, from the first one's on")
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(partial(self.protocol, entrance), host, port, ssl=tls, backlog=BACKLOG)
        self._listeners.append(listener)
        name = listener.sockets[0].getsockname()
        return f"{f'[{name[0]}]' if ':' in name[0] else name[0]}:{name[1]}"

    def _name(self, official_urls: Sequence[str], local: str, secure: str) -> None:
        rest_url, ws_url = f"http{secure}://{local}", f"ws{secure}://{local}"
        if not self.rest_url:
            self.rest_url, self.ws_url = rest_url, ws_url
        for official in official_urls:
            host = urlsplit(official).netloc
            self.origins[f"https://{host}"] = rest_url
            self.origins[f"wss://{host}"] = ws_url

    # --- what is so -----------------------------------------------------------------------------------------------

    @property
    def venue(self) -> Venue:
        """The venue itself."""
        return self._driver.venue

    @property
    def faults(self) -> list[str]:
        """What broke in the simulator itself: the harness's failure, never the adapter's."""
        return self._driver.faults

    @property
    def sessions(self) -> list[int]:
        """Numbers of the WebSocket sessions that are open."""
        return list(self._delivery.sessions)

    def time(self) -> VenueTime:
        """The venue's clocks now."""
        return self._times.time()

    def undelivered(self) -> int:
        """How many messages, replies and releases of held topics are still to come."""
        return self._delivery.undelivered()

    def largest_lag_ns(self) -> int:
        """The longest lag in force."""
        return self._driver.largest_lag_ns()

    # --- levers ---------------------------------------------------------------------------------------------------

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something; what follows from it is sent to the sessions concerned."""
        return self._driver.command(command)

    def add_rule(self, rule: Rule) -> int:
        """Install a message rule behind the ones there are; returns its id.

        Raises `LookupError` when it answers an error that the venue's table does not have.
        """
        if isinstance(rule.fate, AnswerVenueError):
            self._driver.error_reply(rule.fate.reason, rule.fate.error, None)
        return self.rulebook.add(rule)

    def remove_rule(self, rule_id: int) -> None:
        """Take a rule away. Raises `LookupError` when there is none of that id."""
        self.rulebook.remove(rule_id)

    def drop(self, manner: DropManner, *, code: int, sessions: SessionKind, refuse_ns: int) -> None:
        """End WebSocket sessions, and refuse new ones for `refuse_ns`."""
        for session in list(self._delivery.sessions.values()):
            if concerns(sessions, session.number, self.venue):
                self._drop(session, manner, code)
        if refuse_ns > 0:
            self._refusing.begin(manner, sessions, self._times.now_ns() + refuse_ns)

    def freeze(self, for_ns: int) -> None:
        """Nothing leaves for so long; then everything does, in order."""
        self._delivery.freeze(for_ns)

    def hold(self, topic: str, for_ns: int) -> None:
        """Streamed messages of a topic wait for so long, then leave in order."""
        self._delivery.hold(topic, for_ns)

    def lag(self, operation: str, by_ns: int) -> None:
        """Replies to an operation tell what they would have told `by_ns` ago; 0 ends it. See `lagging`."""
        self._driver.lag(operation, by_ns)

    def skew_clock(self, ms: int) -> None:
        """Set the venue's own clock `ms` ahead of true time."""
        self._times.skew_ns = ms * NS_PER_MS

    def age(self, by_ns: int) -> None:
        """Let bans, expiries, budgets and retention grow older; clocks stay."""
        self._times.aged_ns += by_ns
        self._driver.advance()

    def expire_credential(self, *, silent: bool) -> None:
        """End what keeps the account's streams alive."""
        self._driver.tell(lambda venue, time: venue.expire_credential(silent, time))

    def ban(self, for_ns: int) -> None:
        """Ban all clients' addresses, also those that show up meanwhile."""
        self._driver.ban(for_ns)

    def maintenance(self, for_ns: int) -> None:
        """The venue is closed for so long."""
        self._driver.tell(lambda venue, time: venue.maintenance(time.age_ns + for_ns, time))

    def engine_restart(self, for_ns: int) -> None:
        """The matching engine is away for so long; sockets stay open.

        Raises `LookupError` when the venue's error table has no row `engine-restart`.
        """
        self._driver.send_engine_away(for_ns)

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off. Raises `LookupError` when it is no switchable row."""
        self._driver.tell(lambda venue, time: venue.switch_quirk(quirk, on))

    def _drop(self, session: Session, manner: DropManner, code: int) -> None:
        self.journal.add(RowKind.CLOSE, self._times.now_ns(), (session.number,), label=f"dropped: {manner.value}")
        if manner is DropManner.SILENT:
            session.silent = True
        elif manner is DropManner.RESET:
            session.reset()
        else:
            session.close(code, "")
