"""Bybit V5: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─> operations ─> Desk ─> engine
frame   ─> Frames ─> operations       │        │
frame   ─> Hub                        │        │
message <─ Hub <──────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import load_instruments
from venueproof_simulators.host.venue import (
    Classified,
    Environment,
    HttpRequest,
    IdKind,
    Manifest,
    Origin,
    Product,
    Profile,
    VenueTime,
)
from venueproof_simulators.kit import venue
from venueproof_simulators.kit.accounts import of_environment
from venueproof_simulators.kit.basis import basis
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.limits import CONNECTIONS
from venueproof_simulators.venues.bybit.operations.desk import DEMO, Account, Desk, environment_of
from venueproof_simulators.venues.bybit.operations.stops import follow_fill
from venueproof_simulators.venues.bybit.routes.admission import Admission
from venueproof_simulators.venues.bybit.routes.frames import Frames
from venueproof_simulators.venues.bybit.routes.gateway import BLOCKED_COUNTRY, Gateway
from venueproof_simulators.venues.bybit.streams.hub import Hub, read_frame
from venueproof_simulators.venues.bybit.streams.sessions import PATHS
from venueproof_simulators.venues.bybit.wire.numbers import Listing

_TEST = Environment.TEST
_PAGE = "vendor: integration guidance of V5"
_STREAMS_PAGE = "vendor: WebSocket connect"
_NOT_ON_DEMO = frozenset({"/v5/trade"})
_NO_EXPIRY = frozenset({"good-till-date"})
"""Its timeInForce list has GTC, IOC, FOK, PostOnly and RPI only."""

MANIFEST = Manifest(
    name="bybit",
    title="Bybit V5",
    products=(
        Product(name="linear", title="USDT and USDC perpetual contracts", instrument="BTC/USDT:USDT", origin="api"),
        Product(
            name="inverse",
            title="Inverse perpetual contracts",
            instrument="BTC/USD:BTC",
            origin="api",
            # Of unified accounts only USDT perpetuals have two legs: the vendor's page on the position mode.
            impossible=frozenset({"position-mode"}),
        ),
    ),
    origins=(
        Origin(name="api", official=("https://api.bybit.com", "https://api.bytick.com"), source=_PAGE),
        Origin(name="stream", official=("wss://stream.bybit.com",), source=_STREAMS_PAGE),
        Origin(
            name="api-test", official=("https://api-testnet.bybit.com",), environment=_TEST, source=f"{_PAGE}, testnet"
        ),
        Origin(
            name="stream-test",
            official=("wss://stream-testnet.bybit.com",),
            environment=_TEST,
            source=f"{_STREAMS_PAGE}, testnet",
        ),
        Origin(
            name="demo-api",
            official=("https://api-demo.bybit.com",),
            environment=_TEST,
            source="vendor: demo trading service",
        ),
        Origin(
            name="demo-stream",
            official=("wss://stream-demo.bybit.com",),
            environment=_TEST,
            source="vendor: demo trading service; order entry over WebSocket is not supported",
        ),
    ),
    credential_keys=("apiKey", "secret", "testnetApiKey", "testnetSecret", "demoApiKey", "demoSecret"),
    facts_date="2026-11-20",
    impossible=_NO_EXPIRY,
    budget_headers=("x-bapi-limit",),
)


def build(*, seed: int, profile: Profile, pace: Pace, start_ns: int) -> BybitVenue:
    """Open the venue at `start_ns`, with the accounts and keys of this seed."""
    return BybitVenue(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


class BybitVenue(venue.Venue[Account, Desk, Hub]):
    """One running venue."""

    manifest = MANIFEST

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        listings = [Listing(row, index) for index, row in enumerate(load_instruments(package), start=1)]
        desk = Desk(basis(package, listings, seed=seed, profile=profile, pace=pace, start_ns=start_ns))
        desk.filled = follow_fill
        super().__init__(desk, Hub(desk))
        self.admission = Admission(desk)
        self.gateway = Gateway(desk, self.admission, self.owner)
        self.frames = Frames(desk, self.admission, self.hub)

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """Ids have the form of UUIDs; a conditional order has that of the order it becomes."""
        return self.desk.spelled(kind, instrument, number)

    # --- requests -----------------------------------------------------------------------------------------------------

    def refuse_frame(self, session: int, frame: str | bytes, error: VenueError, time: VenueTime) -> str | bytes:
        """An error as the answer to a frame."""
        if not self.frames.holds(session):
            return super().refuse_frame(session, frame, error, time)
        return self.frames.error(session, frame, error, time)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session, or refuse it like a path that does not exist."""
        self.desk.budgets.charge_address(handshake.client, time, CONNECTIONS)
        if self.desk.switches.on(BLOCKED_COUNTRY):
            raise VenueError("region-page")
        on_demo = environment_of(handshake.origin) == DEMO
        if handshake.path not in PATHS or (on_demo and handshake.path in _NOT_ON_DEMO):
            raise VenueError("path")
        self.admission.check_open(time)
        self.hub.open(session, handshake, time)

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame of the trade connection asks for; those of the others manage subscriptions only."""
        if read_frame(frame).get("op") == "ping":
            return Classified("", label="ping")
        return self.frames.classify(frame) if self.frames.holds(session) else Classified("other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        if self.frames.holds(session):
            self.frames.receive(session, frame, time)
        else:
            self.hub.receive(session, frame, time)

    def heard(self, session: int, label: str, time: VenueTime) -> None:
        """A ping or pong of the protocol came in."""
        self.hub.heard(session, time)

    def closed(self, session: int, time: VenueTime) -> None:
        """A session is gone."""
        self.frames.closed(session)
        super().closed(session, time)

    # --- from behind --------------------------------------------------------------------------------------------------

    def credentials_of(self, account: Account) -> Mapping[str, str]:
        """Key and secret of an account, and those of its holder in the other environments."""
        found = _credentials(account)
        for twin in self.desk.twins(account):
            found |= of_environment(twin.environment, _credentials(twin))
        return found

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """A login lasts as long as its connection: the venue ends the private connections of the account under test."""
        self.hub.log_out(self.account, silent=silent, time=time)

    def maintenance(self, until_ns: int, time: VenueTime) -> None:
        """Be closed until then; the status connection is told when it begins and when it is over."""
        super().maintenance(until_ns, time)
        begin_ms = time.wire_ms
        end_ms = begin_ms + (until_ns - time.age_ns) // 1_000_000
        self.hub.tell_status("ongoing", begin_ms, end_ms, time)
        self.desk.ages.set("maintained", until_ns, partial(self.hub.tell_status, "completed", begin_ms, end_ms))

    def idle(self, until_ns: int, time: VenueTime) -> None:
        """The service begins anew: closed orders are not in memory any more, and books start again."""
        super().idle(until_ns, time)
        self.desk.flushed_ns = time.true_ns
        self.hub.restart_books(time)


def _credentials(account: Account) -> dict[str, str]:
    return {"apiKey": account.api_key, "secret": account.secret}
