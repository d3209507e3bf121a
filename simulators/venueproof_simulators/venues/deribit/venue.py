"""Deribit: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─┐
                    ├─> Calls ─> operations ─> Desk ─> engine
frame   ─> Frames ──┘                           │        │
message <─ Hub <────────────────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from msgspec import structs

from venueproof_simulators.engine.prices import Pace, underlying
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
from venueproof_simulators.kit.basis import basis
from venueproof_simulators.kit.documents import to_text
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.operations.identity import Account
from venueproof_simulators.venues.deribit.routes.calls import Calls
from venueproof_simulators.venues.deribit.routes.frames import Frames
from venueproof_simulators.venues.deribit.routes.gateway import Gateway, is_test
from venueproof_simulators.venues.deribit.streams.hub import Hub
from venueproof_simulators.venues.deribit.wire.chain import load_chain, rows_at
from venueproof_simulators.venues.deribit.wire.currencies import load_currencies
from venueproof_simulators.venues.deribit.wire.numbers import Listing

SOCKET = "/ws/api/v2"
FUTURE = "future"
"""The product whose contracts have a date; clauses use the one in BTC that ends last, a quarter away at the least."""
_PAGE = "vendor: environments and authentication"

MANIFEST = Manifest(
    name="deribit",
    title="Deribit",
    # Options are served and traded, and no product yet. Clauses ask for candles from before the run, of which there are
    # none, liquidate what was bought, which an option never is, and know one tick a contract.
    products=(
        Product(name="inverse", title="Inverse perpetuals", instrument="BTC/USD:BTC", origin="api"),
        Product(name="linear", title="Linear perpetuals", instrument="BTC/USDC:USDC", origin="api"),
        Product(
            name=FUTURE,
            title="Dated futures",
            instrument="BTC/USD:BTC-YYMMDD",
            origin="api",
            # Funding is what keeps a perpetual at its index; a future is delivered there.
            impossible=frozenset({"funding"}),
        ),
    ),
    origins=(
        Origin(name="api", official=("https://www.deribit.com", "wss://www.deribit.com"), source=_PAGE),
        Origin(
            name="api-test",
            official=("https://test.deribit.com", "wss://test.deribit.com"),
            environment=Environment.TEST,
            source=_PAGE,
        ),
        Origin(name="history", official=("https://history.deribit.com",), source="vendor: older trades"),
    ),
    credential_keys=("apiKey", "secret"),
    facts_date="2026-11-20",
    # There is no setter of leverage or of margin per instrument, positions are net, an order ends with the session at
    # the latest or never, no trigger order closes whatever there is or follows from a price on, and no method places
    # several.
    impossible=frozenset(
        {
            "leverage",
            "margin-mode",
            "position-mode",
            "good-till-date",
            "close-position",
            "place-many",
            "trailing-activation",
        }
    ),
)


def build(*, seed: int, profile: Profile, pace: Pace, start_ns: int) -> DeribitVenue:
    """Open the venue at `start_ns`, with the accounts and keys of this seed."""
    return DeribitVenue(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


class DeribitVenue(venue.Venue[Account, Desk, Hub]):
    """One running venue."""

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        listings = _listings(package, start_ns)
        engine_has = [listing for listing in listings if not listing.option]
        opened = basis(package, engine_has, seed=seed, profile=profile, pace=pace, start_ns=start_ns)
        desk = Desk(opened, load_currencies(package), load_chain(package), listings)
        super().__init__(desk, Hub(desk))
        self.manifest = _stated(listings)
        calls = Calls(desk)
        self.gateway = Gateway(desk, calls)
        self.frames = Frames(desk, calls, self.hub)

    def credentials_of(self, account: Account) -> Mapping[str, str]:
        """Client id and secret, under the names that clients have for them."""
        return {"apiKey": account.api_key, "secret": account.secret}

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """Orders and trades are numbered over all instruments of a currency; trigger orders say what they watch."""
        listing = self.desk.listings[instrument]
        if kind is IdKind.CONDITIONAL:
            return self.desk.spelled_trigger(instrument, number)
        return listing.order_id(number) if kind is IdKind.ORDER else listing.trade_id(number)

    # --- requests -----------------------------------------------------------------------------------------------------

    def refuse_frame(self, session: int, frame: str | bytes, error: VenueError, time: VenueTime) -> str | bytes:
        """An error as the answer to a frame."""
        return to_text(self.frames.error(self.hub.sessions.get(session), frame, error, time))

    # --- sessions -----------------------------------------------------------------------------------------------------

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session, or refuse it like a path that does not exist."""
        if handshake.path.rstrip("/") != SOCKET:
            raise VenueError("path")
        if self.desk.is_closed(time):
            raise VenueError("maintenance")
        self.desk.budgets.connect(handshake.client)
        self.hub.open(session, handshake, is_test(handshake), time)

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame asks for."""
        return self.frames.classify(frame)

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        self.frames.receive(session, frame, time)

    # --- from behind --------------------------------------------------------------------------------------------------

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End the access tokens of the account under test: what is private is refused, and nobody is told."""
        self.desk.tokens.expire(self.account, time)

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        """There are no bans: whoever asked too often is refused until then."""
        self.desk.throttle.until_ns = until_ns


def _stated(listings: Sequence[Listing]) -> Manifest:
    """The manifest of a run that has these instruments."""
    dated = [one for one in listings if one.row.product == FUTURE and one.row.underlying == "BTC"]
    symbol = max(dated, key=lambda one: one.expiry_ms).symbol
    products = (structs.replace(one, instrument=symbol) if one.name == FUTURE else one for one in MANIFEST.products)
    return structs.replace(MANIFEST, products=tuple(products))


@lru_cache(maxsize=8)
def _listings(package: str, start_ns: int) -> tuple[Listing, ...]:
    """What is listed when a run begins at a moment: perpetuals, dated futures, options."""
    dated = rows_at(load_chain(package), start_ns, _opening_price, {})
    return tuple(Listing(row) for row in (*load_instruments(package), *dated))


def _opening_price(name: str) -> Decimal:
    """What an underlying costs when a run begins."""
    return underlying(name).price
