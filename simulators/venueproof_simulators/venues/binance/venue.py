"""Binance futures: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─> operations ─> Desk ─> engine
frame   ─> Frames ─> operations       │        │
frame   ─> Hub                        │        │
message <─ Hub <──────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import load_instruments
from venueproof_simulators.host.venue import (
    Classified,
    Environment,
    HttpRequest,
    Manifest,
    Origin,
    Product,
    Profile,
    VenueTime,
)
from venueproof_simulators.kit import venue
from venueproof_simulators.kit.basis import basis
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


class BinanceVenue(venue.Venue[Account, Desk, Hub]):
    """One running venue."""

    manifest = MANIFEST

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        brackets = load_brackets(package)
        listings = [Listing(row, brackets[row.name]) for row in load_instruments(package)]
        desk = Desk(basis(package, listings, seed=seed, profile=profile, pace=pace, start_ns=start_ns))
        super().__init__(desk, Hub(desk))
        self.admission = Admission(desk)
        self.gateway = Gateway(desk, self.admission, self.owner)
        self.frames = Frames(desk, self.admission, self.owner)

    # --- requests -----------------------------------------------------------------------------------------------------

    def refuse_frame(self, session: int, frame: str | bytes, error: VenueError, time: VenueTime) -> str | bytes:
        """An error as the answer to a frame."""
        if not self.frames.holds(session):
            return super().refuse_frame(session, frame, error, time)
        return self.frames.error(session, frame, error.key, time)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session, or refuse it like a path that does not exist."""
        opening = self._opening(handshake)
        self.desk.budgets.connect(handshake.client, time)
        self.admission.check_region()
        self.admission.check_open(time)
        if len(opening.names) > self.desk.limits.named(STREAMS_LIMIT).limit:
            raise VenueError("too-many-parameters")
        if opening is API_OPENING:
            self.frames.open(session, handshake, time)
        self.hub.open(session, opening, handshake, time)

    def _opening(self, handshake: HttpRequest) -> Opening:
        """What a handshake asks for, as far as its host knows the path; the first origin knows all of them."""
        origin = handshake.origin.removesuffix(TEST_SUFFIX)
        found: Opening | None = None
        if handshake.path in _API_HOSTS:
            found = API_OPENING if origin in {"fapi", _API_HOSTS[handshake.path]} else None
        elif origin in _STREAM_ORIGINS:
            found = read_opening(handshake.path, handshake.query)
        if found is None:
            raise VenueError("path")
        return found

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame of the WebSocket API asks for; those of a stream manage subscriptions only."""
        return self.frames.classify(session, frame) if self.frames.holds(session) else Classified("other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        if self.frames.holds(session):
            said = self.frames.classify(session, frame)
            self.hub.answer(session, self.frames.answer(session, frame, time), said)
        else:
            self.hub.receive(session, frame, time)

    def closed(self, session: int, time: VenueTime) -> None:
        """A session is gone."""
        self.frames.closed(session)
        super().closed(session, time)

    # --- from behind --------------------------------------------------------------------------------------------------

    def credentials_of(self, account: Account) -> Mapping[str, str]:
        """Both keys of an account."""
        return {
            "apiKey": account.api_key,
            "secret": account.secret,
            "ed25519ApiKey": account.ed25519_key,
            "ed25519PrivateKey": ed25519_pem(account.ed25519_seed),
        }

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End the listen key of the account under test."""
        self.desk.listen_keys.expire(self.account, silent=silent, time=time)

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        """Ban a client's address until `until_ns` of the age clock."""
        self.desk.budgets.ban(client, until_ns, time)
