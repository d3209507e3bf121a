"""Kraken Derivatives: what the venue is, and the one object behind which all of it stands.

request ─> Gateway ─> operations ─> Desk ─> engine
frame   ─> Hub                        │        │
message <─ Hub <──────────────────────┴─events─┘
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import load_instruments
from venueproof_simulators.host.venue import (
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
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import Account, Desk
from venueproof_simulators.venues.kraken.routes.gateway import Gateway
from venueproof_simulators.venues.kraken.streams.hub import Hub
from venueproof_simulators.venues.kraken.wire.numbers import Listing, trade_uid

SOCKET_PATH = "/ws/v1"
_PAGE = "vendor: Futures API introduction"

MANIFEST = Manifest(
    name="kraken",
    title="Kraken Derivatives",
    products=(
        Product(name="linear", title="Multi-collateral perpetuals", instrument="BTC/USD:USD", origin="futures"),
        Product(
            name="inverse",
            title="Single-collateral perpetuals and dated contracts",
            instrument="BTC/USD:BTC",
            origin="futures",
            # Leverage preferences, and with them isolated margin, are for multi-collateral contracts only.
            impossible=frozenset({"leverage", "margin-mode"}),
        ),
    ),
    origins=(
        Origin(name="futures", official=("https://futures.kraken.com", "wss://futures.kraken.com"), source=_PAGE),
        Origin(
            name="demo-futures",
            official=("https://demo-futures.kraken.com", "wss://demo-futures.kraken.com"),
            environment=Environment.TEST,
            source="vendor: demo environment, the same code on another host",
        ),
    ),
    credential_keys=("apiKey", "secret"),
    facts_date="2026-11-20",
    # One net position a contract; no order of the API ends at a date or closes whatever there is; ws/v1 has no candles.
    impossible=frozenset(
        {"position-mode", "good-till-date", "close-position", "stream-candles", "trailing-activation"}
    ),
)


def build(*, seed: int, profile: Profile, pace: Pace, start_ns: int) -> KrakenVenue:
    """Open the venue at `start_ns`, with the accounts and keys of this seed."""
    return KrakenVenue(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


class KrakenVenue(venue.Venue[Account, Desk, Hub]):
    """One running venue."""

    manifest = MANIFEST

    def __init__(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> None:
        package = __package__ or ""
        listings = [Listing(row) for row in load_instruments(package)]
        desk = Desk(basis(package, listings, seed=seed, profile=profile, pace=pace, start_ns=start_ns))
        super().__init__(desk, Hub(desk))
        self.gateway = Gateway(desk, self.owner)

    def credentials_of(self, account: Account) -> Mapping[str, str]:
        """Key and secret; the secret is base64."""
        return {"apiKey": account.api_key, "secret": account.secret}

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """Ids are UUIDs; a conditional order has that of the order that it becomes."""
        if kind is IdKind.TRADE:
            return trade_uid(self.desk.seed, instrument, number)
        if kind is IdKind.CONDITIONAL:
            number = self.desk.kept_id(instrument, number)
        return self.desk.uid(instrument, number)

    # --- requests -----------------------------------------------------------------------------------------------------

    # --- sessions -----------------------------------------------------------------------------------------------------

    def let_in(self, session: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Open a session, or refuse it like a path that does not exist."""
        self.desk.bans.check(handshake.client, time)
        if handshake.path.rstrip("/") != SOCKET_PATH:
            raise VenueError("path")
        if self.desk.is_closed(time):
            raise VenueError("closed")
        self.hub.open(session, handshake, time)

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session."""
        self.advance(time)
        self.hub.receive(session, frame, time)

    def heard(self, session: int, label: str, time: VenueTime) -> None:
        """A ping or pong of the protocol itself came in."""
        if label == "ping":
            self.hub.heard(session, time)

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End what the account under test subscribed; its sessions stay open."""
        self.hub.expire(self.account, silent=silent, time=time)
