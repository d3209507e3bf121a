"""What a venue is to its host: a state machine that is told of requests, frames and time, and answers in values.

A venue never opens a socket, never sleeps and never reads a clock. The host receives bytes, asks the venue, applies
the message rules to what comes back, adds latency and sends. This is the whole seam between the two.

    bytes ─> host ─> HttpRequest / frame ─> Venue ─> HttpReply / Message ─> rules ─> latency ─> bytes
                                              │ ▲
                                     commands ▼ │ events
                                              engine
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event


class Profile(StrEnum):
    """Which claims about the venue hold."""

    VENDOR = "vendor"
    FIELD = "field"


class Environment(StrEnum):
    """Which of a venue's worlds an origin belongs to."""

    PRODUCTION = "production"
    TEST = "test"


class Origin(Struct, frozen=True):
    """One official base URL of the venue, e.g. `https://fapi.example.com`, and the short name of its local twin."""

    name: str
    official: tuple[str, ...]
    """Scheme and host; https and wss of one host are one origin."""
    environment: Environment = Environment.PRODUCTION
    source: str = ""


class Product(Struct, frozen=True):
    """One family of instruments, and the one that cases are run on."""

    name: str
    """`linear`, `inverse`, `future`, `option` or `spot`."""
    title: str
    instrument: str
    """Unified symbol of the instrument that clauses use. Where it has a date, only a running venue knows which; what is
    said of the venue before has `YYMMDD` in its place."""
    origin: str
    """Name of the origin that its REST calls go to."""
    impossible: frozenset[str] = frozenset()
    """Capabilities that the venue cannot offer on this product, in the contracts' spelling."""


class Manifest(Struct, frozen=True):
    """What a venue says of itself."""

    name: str
    title: str
    products: tuple[Product, ...]
    origins: tuple[Origin, ...]
    credential_keys: tuple[str, ...]
    """The venue's own names of the parts of a credential."""
    facts_date: str
    impossible: frozenset[str] = frozenset()
    """Capabilities that the venue cannot offer on any product, in the contracts' spelling."""
    budget_headers: tuple[str, ...] = ()
    """What the names of reply headers begin with that tell of budgets and waits, in lower case: evidence of a run."""

    def product(self, name: str) -> Product:
        """The product of a name. Raises `LookupError` when there is none."""
        for one in self.products:
            if one.name == name:
                return one
        raise LookupError(f"{self.name} has no product {name!r}")


class VenueTime(Struct, frozen=True, gc=False):
    """The clocks of one moment, in ns since the epoch.

    `true_ns` orders everything. `wire_ns` is what the venue believes and prints (true plus the skew set): signatures
    are checked against it. `age_ns` is what bans, expiries, budgets and retention are measured by (true plus what was
    advanced while real clocks stood).
    """

    true_ns: int
    wire_ns: int
    age_ns: int

    @property
    def wire_ms(self) -> int:
        """The venue's clock in milliseconds."""
        return self.wire_ns // 1_000_000


class HttpRequest(Struct, frozen=True):
    """One request as it came in: `path` is still percent-encoded, header names are lower-case, nothing is decoded."""

    origin: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    """The address that limits count by."""


class HttpReply(Struct, frozen=True):
    """One answer, complete."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"
    refused: str = ""
    """What it refuses for, where that is `haste` or the `clock`: not every venue says so with a status."""


class Message(Struct, frozen=True):
    """One message to one or more WebSocket sessions.

    `topic` and `operation` are the neutral words that message rules match by, `instrument` is the unified symbol.
    """

    sessions: tuple[int, ...]
    payload: str | bytes
    topic: str = "other"
    instrument: str = ""
    operation: str = ""
    label: str = ""
    """What the journal calls it, in the venue's words."""


class CloseSession(Struct, frozen=True):
    """The venue ends a session by itself."""

    session: int
    code: int
    reason: str = ""


class Ping(Struct, frozen=True):
    """The venue sends protocol-level pings; the host closes the session when no pong comes within `timeout_ns`."""

    session: int
    payload: bytes
    timeout_ns: int


Outgoing = Message | CloseSession | Ping


class Classified(Struct, frozen=True):
    """What a request or frame asks for, known before it is carried out."""

    operation: str
    """One of the contracts' neutral operations; `other` when it is none of them, empty when nothing is asked for: a
    sign of life."""
    instrument: str = ""
    label: str = ""


class Provoked(Struct, frozen=True):
    """What a provocation prepared, in the contracts' words (see `Provoked` there)."""

    reason: str = ""
    intent: Mapping[str, object] = field(default_factory=dict[str, object])
    operation: str = ""
    leverage: Decimal | None = None
    margin_mode: str = ""
    until_ns: int | None = None
    settles_s: Decimal = Decimal(0)


class IdKind(StrEnum):
    """What an id is of. The engine numbers each kind for itself, and within each instrument."""

    ORDER = "order"
    CONDITIONAL = "conditional"
    TRADE = "trade"


class Venue(Protocol):
    """One running venue. Every method is synchronous and total: bad input is answered, never raised."""

    @property
    def manifest(self) -> Manifest:
        """What the venue says of itself, with the instruments that the products of this run have."""
        ...

    @property
    def engine(self) -> Engine:
        """The state behind it."""
        ...

    @property
    def account(self) -> str:
        """The engine's name of the account under test."""
        ...

    @property
    def credentials(self) -> Mapping[str, str]:
        """The account's keys, under the venue's own names."""
        ...

    def secrets(self) -> Sequence[str]:
        """Every string that a journal must blank: secrets, listen keys, tokens, also those no longer in force."""
        ...

    def classify(self, request: HttpRequest) -> Classified:
        """What a request asks for. Cheap; decides nothing."""
        ...

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        ...

    def open(self, session: int, handshake: HttpRequest, time: VenueTime) -> HttpReply | None:
        """A WebSocket asks to be let in: None, or the reply that refuses it."""
        ...

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """What a frame asks for."""
        ...

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """One frame of a session. What it brings about comes out of `take_outgoing`."""
        ...

    def closed(self, session: int, time: VenueTime) -> None:
        """A session is gone."""
        ...

    def advance(self, time: VenueTime) -> None:
        """Let everything happen that is due by now."""
        ...

    def command(self, command: Command, time: VenueTime) -> list[Event]:
        """Tell the engine something from behind. What its sessions hear of it comes out of `take_outgoing`."""
        ...

    def next_due_ns(self, time: VenueTime) -> int | None:
        """True time at which `advance` is wanted next; None when nothing is pending."""
        ...

    def take_outgoing(self) -> list[Outgoing]:
        """What is to be sent since the last call, in order."""
        ...

    def error_reply(self, reason: str, error: str, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """The venue's own error for a neutral `reason`, or for the `error` row of its table.

        Raises `LookupError` when its table has neither.
        """
        ...

    def account_sessions(self) -> frozenset[int]:
        """Sessions that carry account events."""
        ...

    def spelled_id(self, kind: IdKind, instrument: str, number: int) -> str:
        """How an id of the engine is spelled on the wire."""
        ...

    def open_account(self, name: str, time: VenueTime) -> Mapping[str, str]:
        """Another account with the venue's starting money; returns its credentials."""
        ...

    def expire_credential(self, silent: bool, time: VenueTime) -> None:
        """End what keeps the account's streams alive."""
        ...

    def ban(self, client: str, until_ns: int, time: VenueTime) -> None:
        """Ban a client's address until `until_ns` of the age clock."""
        ...

    def maintenance(self, until_ns: int, time: VenueTime) -> None:
        """Be closed until `until_ns` of the age clock."""
        ...

    def quirks_on(self) -> frozenset[str]:
        """Ids of the switchable quirks that are on."""
        ...

    def switch_quirk(self, quirk: str, on: bool) -> None:
        """Turn a row of the register on or off. Raises `LookupError` when it is no switchable row."""
        ...


@runtime_checkable
class Idles(Protocol):
    """What a venue has besides when its market streams stand still while its matching engine is away."""

    def idle(self, until_ns: int, time: VenueTime) -> None:
        """The engine is away until `until_ns` of the age clock."""
        ...


@runtime_checkable
class HearsControl(Protocol):
    """What a venue has besides when pings and pongs of the protocol itself count for it, as signs of life.

    Without it they are answered (a ping by its pong) and noted in the journal, and the venue is told nothing.
    """

    def heard(self, session: int, label: str, time: VenueTime) -> None:
        """A `ping` or `pong` of the protocol came in."""
        ...


@runtime_checkable
class FrameErrors(Protocol):
    """What a venue has besides when its sessions carry operations: its errors in the form of a session's answer.

    Without it the body of `error_reply` is sent as it is.
    """

    def error_frame(self, session: int, frame: str | bytes, reason: str, error: str, time: VenueTime) -> str | bytes:
        """The venue's own error for a neutral `reason` or an `error` row, as an answer to `frame`.

        Raises `LookupError` when its table has neither.
        """
        ...
