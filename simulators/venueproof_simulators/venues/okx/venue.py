"""OKX: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─> operations ─> Desk ─> engine
frame   ─> Hub, Frames ─> operations  │        │
message <─ Hub <──────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import OrderState
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
from venueproof_simulators.kit import venue as common
from venueproof_simulators.kit.accounts import of_environment
from venueproof_simulators.kit.basis import basis
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.algos import begin_attached
from venueproof_simulators.venues.okx.operations.desk import DEMO, Account, Desk
from venueproof_simulators.venues.okx.operations.notes import OrderNote
from venueproof_simulators.venues.okx.routes.frames import Frames
from venueproof_simulators.venues.okx.routes.gateway import Gateway
from venueproof_simulators.venues.okx.routes.methods import METHODS
from venueproof_simulators.venues.okx.streams.hub import PING, Hub
from venueproof_simulators.venues.okx.streams.sessions import read_opening
from venueproof_simulators.venues.okx.wire.numbers import Listing, algo_id, load_tiers, order_id

_PAGE = "vendor: production and demo trading services"
_REGION = "vendor: regional hosts; ccxt ids myokx and okxus"
_TEST = Environment.TEST

MANIFEST = Manifest(
    name="okx",
    title="OKX",
    products=(
        Product(
            name="linear",
            title="Perpetual swaps in USDT",
            instrument="BTC/USDT:USDT",
            origin="www",
        ),
        Product(
            name="inverse",
            title="Perpetual swaps in coin",
            instrument="BTC/USD:BTC",
            origin="www",
        ),
    ),
    origins=(
        Origin(name="www", official=("https://www.okx.com", "https://aws.okx.com"), source=_PAGE),
        Origin(name="ws", official=("wss://ws.okx.com:8443", "wss://ws.okx.com:443", "wss://ws.okx.com"), source=_PAGE),
        Origin(
            name="ws-demo",
            official=("wss://wspap.okx.com:8443", "wss://wspap.okx.com:443", "wss://wspap.okx.com"),
            environment=_TEST,
            source=f"{_PAGE}; REST of demo trading is told by a header",
        ),
        Origin(name="eea", official=("https://eea.okx.com",), source=_REGION),
        Origin(name="ws-eea", official=("wss://wseea.okx.com:8443", "wss://wseea.okx.com"), source=_REGION),
        Origin(
            name="ws-eea-demo",
            official=("wss://wseeapap.okx.com:8443", "wss://wseeapap.okx.com"),
            environment=_TEST,
            source=_REGION,
        ),
        Origin(name="us", official=("https://us.okx.com",), source=_REGION),
        Origin(name="ws-us", official=("wss://wsus.okx.com:8443", "wss://wsus.okx.com"), source=_REGION),
    ),
    credential_keys=("apiKey", "secret", "password", "demoApiKey", "demoSecret", "demoPassword"),
    facts_date="2026-11-20",
    # Orders carry no date: `ordType` is all that there is of a time in force.
    impossible=frozenset({"good-till-date"}),
)


def build(*, seed: int, profile: Profile, pace: Pace, start_ns: int) -> OkxVenue:
    """Open the venue at `start_ns`, with the accounts and keys of this seed."""
    return OkxVenue(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


class OkxVenue(common.Venue[Account, Desk, Hub]):
    """One running venue (the protocol `host.venue.Venue`)."""

    manifest = MANIFEST

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        tiers = load_tiers(package)
        listings = [Listing(row, tiers[row.name]) for row in load_instruments(package)]
        desk = Desk(basis(package, listings, seed=seed, profile=profile, pace=pace, start_ns=start_ns))
        super().__init__(desk, Hub(desk))
        desk.after_fill = self._begin_attached
        self.gateway = Gateway(desk, self.owner)
        self.frames = Frames(desk)
        self.hub.orders = self.frames.answer

    def _begin_attached(self, order: OrderState, note: OrderNote, time: VenueTime) -> None:
        begin_attached(self.desk, order, note, time)

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """Orders count up over all instruments, conditional orders apart; trades within theirs."""
        if kind is IdKind.ORDER:
            return order_id(self.desk.keep.number((instrument, number)))
        if kind is IdKind.CONDITIONAL:
            algo = self.desk.keep.algo_of.get(number)
            return algo.algo_id if algo is not None else algo_id(number)
        return str(number)

    # --- requests -----------------------------------------------------------------------------------------------------

    def refuse_frame(self, session: int, frame: str | bytes, error: VenueError, time: VenueTime) -> str | bytes:
        """An error as the answer to a frame."""
        try:
            request = self.hub.read(frame)
        except VenueError:
            return super().refuse_frame(session, frame, error, time)
        return self.frames.refusal(request, error, time)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session, or refuse it like a path that does not exist."""
        opening = read_opening(handshake.path, handshake.query, handshake.origin)
        self.desk.bans.check(handshake.client, time)
        if opening is None:
            raise VenueError("path")
        if self.desk.is_closed(time):
            raise VenueError("upgrading")
        self.desk.budgets.connect(handshake.client, time)
        self.hub.open(session, opening, handshake, time)

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame asks for; logins and subscriptions are about the connection only."""
        if frame in PING:
            return Classified("", label="ping")
        try:
            request = self.hub.read(frame)
        except VenueError:
            return Classified("other")
        return self.frames.classify(request) if request.op in METHODS else Classified("other", label=request.op)

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        self.hub.receive(session, frame, time)

    # --- from behind --------------------------------------------------------------------------------------------------

    def credentials_of(self, account: Account) -> Mapping[str, str]:
        """Three parts, and those of the account's twin in demo trading."""
        twin = self.desk.twin(account, DEMO)
        return _credentials(account) | of_environment("demo", _credentials(twin))

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """A login lasts as long as its connection: the venue hangs up, after a notice unless it is to be silent."""
        self.hub.hang_up_accounts(self.account, silent=silent, time=time)


def _credentials(account: Account) -> dict[str, str]:
    return {"apiKey": account.api_key, "secret": account.secret, "password": account.passphrase}
