"""Binance futures: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─> operations ─> Desk ─> engine
frame   ─> Frames ─> operations       │        │
frame   ─> Hub                        │        │
message <─ Hub <──────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from venueproof_simulators.engine.commands import Command, Tick
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import load_errors, load_instruments, load_limits, load_quirks
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import (
    Classified,
    Environment,
    HttpReply,
    HttpRequest,
    IdKind,
    Manifest,
    Origin,
    Outgoing,
    Product,
    Profile,
    VenueTime,
)
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Account, Desk
from venueproof_simulators.venues.binance.routes.admission import Admission
from venueproof_simulators.venues.binance.routes.frames import Frames
from venueproof_simulators.venues.binance.routes.gateway import TEST_SUFFIX, Gateway
from venueproof_simulators.venues.binance.signing import ed25519_pem
from venueproof_simulators.venues.binance.streams.hub import Hub
from venueproof_simulators.venues.binance.streams.sessions import (
    API_OPENING,
    STREAMS_LIMIT,
    Opening,
    read_opening,
)
from venueproof_simulators.venues.binance.wire.brackets import load_brackets
from venueproof_simulators.venues.binance.wire.numbers import Listing

ACCOUNT = "trader"
_TEST = Environment.TEST
_COIN_PAGE = "vendor: general info of COIN-M futures"
_PAGE = "vendor: general info of USDⓈ-M futures"
_API_PAGE = "vendor: WebSocket API; its test twin lives on the host of the testnet"
_STREAM_ORIGINS = frozenset({"fapi", "fstream", "dstream"})
_API_HOSTS = {"/ws-fapi/v1": "ws-fapi", "/ws-dapi/v1": "ws-dapi"}
"""Path of the WebSocket API → its own host."""

MANIFEST = Manifest(
    name="binance",
    title="Binance futures",
    products=(
        Product(
            name="linear",
            title="USDⓈ-M perpetual contracts",
            instrument="BTC/USDT:USDT",
            origin="fapi",
        ),
        Product(
            name="inverse",
            title="COIN-M perpetual contracts",
            instrument="BTC/USD:BTC",
            origin="dapi",
            # Its timeInForce list has GTC, IOC, FOK and GTX only.
            impossible=frozenset({"good-till-date"}),
        ),
    ),
    origins=(
        Origin(name="fapi", official=("https://fapi.binance.com",), source=_PAGE),
        Origin(name="fstream", official=("wss://fstream.binance.com",), source=_PAGE),
        Origin(name="ws-fapi", official=("wss://ws-fapi.binance.com",), source=_API_PAGE),
        Origin(name="dapi", official=("https://dapi.binance.com",), source=_COIN_PAGE),
        Origin(name="dstream", official=("wss://dstream.binance.com",), source=_COIN_PAGE),
        Origin(name="ws-dapi", official=("wss://ws-dapi.binance.com",), source=_API_PAGE),
        Origin(name="api", official=("https://api.binance.com",), source="vendor: general info of the spot REST API"),
        Origin(
            name="fapi-test",
            official=("https://testnet.binancefuture.com", "https://demo-fapi.binance.com"),
            environment=_TEST,
            source="vendor: testnet and demo; one backend under several names",
        ),
        Origin(
            name="fstream-test",
            official=(
                "wss://fstream.binancefuture.com",
                "wss://stream.binancefuture.com",
                "wss://demo-fstream.binance.com",
            ),
            environment=_TEST,
            source="vendor: testnet and demo",
        ),
        Origin(
            name="dapi-test",
            official=("https://demo-dapi.binance.com",),
            environment=_TEST,
            source="vendor: demo; the testnet serves both products on one host",
        ),
        Origin(
            name="dstream-test",
            official=("wss://dstream.binancefuture.com",),
            environment=_TEST,
            source="vendor: testnet",
        ),
        Origin(
            name="api-test",
            official=("https://testnet.binance.vision", "https://demo-api.binance.com"),
            environment=_TEST,
            source="vendor: spot testnet and demo, without wallet endpoints",
        ),
    ),
    credential_keys=("apiKey", "secret", "ed25519ApiKey", "ed25519PrivateKey"),
    facts_date="2026-11-20",
    budget_headers=("x-mbx-", "retry-after"),
)


def build(*, seed: int, profile: Profile, pace: Pace, start_ns: int) -> BinanceVenue:
    """Open the venue at `start_ns`, with the accounts and keys of this seed."""
    return BinanceVenue(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


class BinanceVenue:
    """One running venue (the protocol `host.venue.Venue`)."""

    manifest = MANIFEST
    account = ACCOUNT

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        brackets = load_brackets(package)
        listings = [Listing(row, brackets[row.name]) for row in load_instruments(package)]
        self.switches = Switches(load_quirks(package), profile)
        self.engine = Engine([listing.instrument for listing in listings], seed=seed, start_ns=start_ns, pace=pace)
        self.desk = Desk(
            engine=self.engine,
            seed=seed,
            listings=listings,
            errors=load_errors(package),
            limits=load_limits(package),
            switches=self.switches,
        )
        self.hub = Hub(self.desk)
        owner = self.desk.open_account(ACCOUNT, VenueTime(start_ns, start_ns, start_ns))
        self._idle_until_ns = 0
        self.admission = Admission(self.desk)
        self.gateway = Gateway(self.desk, self.admission, owner)
        self.frames = Frames(self.desk, self.admission, owner)
        self.credentials: Mapping[str, str] = _credentials(owner)

    def secrets(self) -> Sequence[str]:
        """API secrets and listen keys."""
        return self.desk.secrets()

    # --- requests -----------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """What a request asks for."""
        return self.gateway.classify(request)

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        self.advance(time)
        return self.gateway.handle(request, time)

    def error_reply(self, reason: str, error: str, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """The venue's own error for a neutral reason or for a row of its table. Raises `LookupError`."""
        row = self.gateway.error_row(error or self.desk.errors.for_reason(reason).key, request)
        return self.gateway.refusal(row, request, time, {})

    def error_frame(self, session: int, frame: str | bytes, reason: str, error: str, time: VenueTime) -> str | bytes:
        """The same as the answer to a frame. Raises `LookupError`."""
        if not self.frames.holds(session):
            return self.error_reply(reason, error, None, time).body
        return self.frames.error(session, frame, error or self.desk.errors.for_reason(reason).key, time)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, session: int, handshake: HttpRequest, time: VenueTime) -> HttpReply | None:
        """Let a WebSocket in, or refuse it like a path that does not exist."""
        self.advance(time)
        opening = self._opening(handshake)
        if opening is None:
            return self.error_reply("", "path", handshake, time)
        try:
            self._let_in(session, opening, handshake, time)
        except VenueError as error:
            row = self.gateway.error_row(error.key, handshake)
            return self.gateway.refusal(row, handshake, time, dict(error.fields))
        return None

    def _opening(self, handshake: HttpRequest) -> Opening | None:
        """What a handshake asks for, as far as its host knows the path; the first origin knows all of them."""
        origin = handshake.origin.removesuffix(TEST_SUFFIX)
        if handshake.path in _API_HOSTS:
            return API_OPENING if origin in {"fapi", _API_HOSTS[handshake.path]} else None
        return read_opening(handshake.path, handshake.query) if origin in _STREAM_ORIGINS else None

    def _let_in(self, session: int, opening: Opening, handshake: HttpRequest, time: VenueTime) -> None:
        self.desk.budgets.connect(handshake.client, time)
        self.admission.check_region()
        self.admission.check_open(time)
        if len(opening.names) > self.desk.limits.named(STREAMS_LIMIT).limit:
            raise VenueError("too-many-parameters")
        if opening is API_OPENING:
            self.frames.open(session, handshake, time)
        self.hub.open(session, opening, handshake, time)

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame of the WebSocket API asks for; those of a stream manage subscriptions only."""
        return self.frames.classify(session, frame) if self.frames.holds(session) else Classified("other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        if self.frames.holds(session):
            self.hub.send(self.frames.answer(session, frame, time))
        else:
            self.hub.receive(session, frame, time)

    def closed(self, session: int, time: VenueTime) -> None:
        """A session is gone."""
        self.frames.closed(session)
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

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """Every id is the engine's number."""
        return str(number)

    # --- from behind --------------------------------------------------------------------------------------------------

    def command(self, command: Command, time: VenueTime) -> list[Event]:
        """Tell the engine something from behind."""
        self.advance(time)
        return self.desk.command(command, time)

    def open_account(self, name: str, time: VenueTime) -> Mapping[str, str]:
        """Another account with the venue's starting money; returns its credentials."""
        return _credentials(self.desk.open_account(name, time))

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End the listen key of the account under test."""
        self.desk.listen_keys.expire(ACCOUNT, silent=silent, time=time)

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        """Ban a client's address until `until_ns` of the age clock."""
        self.desk.budgets.ban(client, until_ns, time)

    def maintenance(self, until_ns: int, time: VenueTime) -> None:
        """Be closed until `until_ns` of the age clock."""
        self.admission.closed_until_ns = until_ns
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
        return self.switches.ids_on()

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off. Raises `LookupError`."""
        self.switches.turn(quirk, on)


def _credentials(account: Account) -> dict[str, str]:
    return {
        "apiKey": account.api_key,
        "secret": account.secret,
        "ed25519ApiKey": account.ed25519_key,
        "ed25519PrivateKey": ed25519_pem(account.ed25519_seed),
    }
