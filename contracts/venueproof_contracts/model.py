"""The values that cross between a clause, an adapter and a bench.

Plain frozen values: `Decimal` for prices, amounts and money, integer nanoseconds since the epoch for time, no
callables, so that a program in any language can speak them as JSON lines.

Symbols are ccxt's unified notation (`BTC/USDT:USDT`, `BTC/USD:BTC`). An `amount` counts the instrument's own
contracts; `Instrument.contract_size` and `contract_unit` say what one contract is.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

from venueproof_contracts.capabilities import Capability, Support

ZERO = Decimal(0)


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How the price of an order is found."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may wait."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"


class OrderStatus(StrEnum):
    """Where an order is in its life. The last five are final."""

    PENDING = "pending"
    """Sent or accepted, not yet confirmed as open."""
    OPEN = "open"
    PARTLY_FILLED = "partly-filled"
    WAITING = "waiting"
    """A conditional order whose trigger was not met yet."""
    TRIGGERING = "triggering"
    """A conditional order whose price has come, and the order that it becomes is not there: it protects nothing."""
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    TRIGGERED = "triggered"
    """A conditional order that became another order (`Order.replaced_by`)."""

    @property
    def final(self) -> bool:
        """True when nothing more can happen to the order."""
        return self in _FINAL


_FINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.TRIGGERED}
)


class PositionSide(StrEnum):
    """The leg of a position: one per instrument in net mode, two in hedge mode."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class MarginMode(StrEnum):
    """Whether a position shares the account's margin."""

    CROSS = "cross"
    ISOLATED = "isolated"


class PositionMode(StrEnum):
    """Whether opposite fills net into one position or open a second one."""

    NET = "net"
    HEDGE = "hedge"


class TriggerKind(StrEnum):
    """What makes a conditional order fire."""

    STOP = "stop"
    TAKE = "take"
    TRAILING = "trailing"


class OffsetUnit(StrEnum):
    """How a trailing offset is measured."""

    ABSOLUTE = "absolute"
    PERCENT = "percent"


class TriggerPrice(StrEnum):
    """Which price a trigger watches."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class Trigger(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition: a `price` for stop and take, an `offset` for trailing.

    A trailing one follows from `activation` on where that is given, and from the start where not.
    """

    kind: TriggerKind
    price: Decimal | None = None
    offset: Decimal | None = None
    offset_unit: OffsetUnit = OffsetUnit.ABSOLUTE
    watches: TriggerPrice = TriggerPrice.LAST
    activation: Decimal | None = None


class ContractUnit(StrEnum):
    """What one contract counts."""

    BASE = "base"
    QUOTE = "quote"


class Instrument(Struct, frozen=True, forbid_unknown_fields=True):
    """One listed contract. Steps and limits are in price units and in contracts; None where the venue has none."""

    symbol: str
    spelling: str
    """The venue's own name of it."""
    product: str
    """`linear`, `inverse`, `future`, `option` or `spot`."""
    base: str
    quote: str
    settle: str
    price_tick: Decimal
    amount_step: Decimal
    amount_min: Decimal
    contract_size: Decimal
    contract_unit: ContractUnit
    amount_max: Decimal | None = None
    notional_min: Decimal | None = None
    expires_ns: int | None = None
    active: bool = True


class Intent(Struct, frozen=True, forbid_unknown_fields=True):
    """What the caller wants done. `intent_id` names the wish, for ever; sending it twice must not fill it twice."""

    intent_id: str
    instrument: str
    side: Side
    type: OrderType
    amount: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    """A conditional order that closes whatever the position is when it fires; `amount` is 0."""
    trigger: Trigger | None = None
    position_side: PositionSide | None = None
    """Empty in net mode."""


class OrderRef(Struct, frozen=True, forbid_unknown_fields=True):
    """Names one order: by the caller's intent, and by the venue's id once there is one."""

    instrument: str
    intent_id: str
    venue_id: str | None = None
    conditional: bool = False


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one order. `average_price` is None until something filled or while it is not known.

    A conditional order is one of its own (`ref.conditional`), with ids of its own: when it fires it ends as TRIGGERED,
    `replaced_by` the order that it became, which `replaces` it.
    """

    ref: OrderRef
    side: Side
    type: OrderType
    status: OrderStatus
    amount: Decimal
    filled: Decimal
    price: Decimal | None = None
    average_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    trigger: Trigger | None = None
    position_side: PositionSide | None = None
    expires_ns: int | None = None
    """When a good-till-date order ends."""
    updated_ns: int = 0
    replaces: str | None = None
    """Venue id of the order that this one took the place of."""
    replaced_by: str | None = None
    """Venue id of the order that took the place of this one."""
    reason: str = ""
    """The venue's word on why it ended."""


class Fill(Struct, frozen=True, forbid_unknown_fields=True):
    """One execution. `fill_id` is unique per instrument, but that an account that trades with itself has the same one
    on both orders. A fee is positive when it was paid."""

    fill_id: str
    ref: OrderRef
    side: Side
    price: Decimal
    amount: Decimal
    fee: Decimal | None
    fee_asset: str | None
    maker: bool | None
    at_ns: int
    position_side: PositionSide | None = None


class Position(Struct, frozen=True, forbid_unknown_fields=True):
    """Contracts held: `amount` is signed in net mode, and positive on both legs in hedge mode."""

    instrument: str
    side: PositionSide
    amount: Decimal
    entry_price: Decimal | None
    unrealized_pnl: Decimal | None = None
    """In the settle asset, at mark."""
    profit_rate: Decimal | None = None
    """Open profit as a fraction of what the position cost, both in the settle asset."""
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None


class Balance(Struct, frozen=True, forbid_unknown_fields=True):
    """Money of one asset: `wallet` without open profit, `available` for new orders; None for what is not told."""

    asset: str
    wallet: Decimal | None
    available: Decimal | None


class Ticker(Struct, frozen=True, forbid_unknown_fields=True):
    """Prices of one instrument now. What the venue does not tell, or could not be fetched, is None; an adapter that
    answers `ticker` sees to it that the last price is there."""

    instrument: str
    last: Decimal | None
    bid: Decimal | None = None
    ask: Decimal | None = None
    mark: Decimal | None = None
    index: Decimal | None = None
    funding_rate: Decimal | None = None
    open_interest: Decimal | None = None
    """In contracts."""
    volume_24h: Decimal | None = None
    """In contracts."""
    at_ns: int = 0


class Level(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One price of a book and the contracts waiting there."""

    price: Decimal
    amount: Decimal


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """An order book: best prices first on both sides."""

    instrument: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at_ns: int = 0


class Candle(Struct, frozen=True, forbid_unknown_fields=True):
    """Prices over [open_ns, open_ns + interval). `volume` counts contracts. `closed` is False while it may change."""

    open_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: bool


class Trade(Struct, frozen=True, forbid_unknown_fields=True):
    """One public trade. `side` is the taker's."""

    instrument: str
    trade_id: str
    price: Decimal
    amount: Decimal
    side: Side
    at_ns: int


class Funding(Struct, frozen=True, forbid_unknown_fields=True):
    """The funding rate in force and when it is next paid."""

    instrument: str
    rate: Decimal
    next_ns: int


class OpenInterest(Struct, frozen=True, forbid_unknown_fields=True):
    """Open contracts of one instrument."""

    instrument: str
    amount: Decimal
    at_ns: int


class Channel(StrEnum):
    """What can be subscribed to. `ACCOUNT` brings orders, fills, positions and balances."""

    ACCOUNT = "account"
    BOOK = "book"
    TRADES = "trades"
    TICKER = "ticker"
    CANDLES = "candles"


class StreamState(StrEnum):
    """What a stream says of itself."""

    UP = "up"
    DOWN = "down"
    GAP = "gap"
    """Something was missed; what follows cannot be trusted until `RESYNCED`."""
    RESYNCED = "resynced"


class OrderEvent(Struct, frozen=True, tag="order"):
    """The state of an order changed."""

    order: Order


class FillEvent(Struct, frozen=True, tag="fill"):
    """An order was filled, wholly or in part. Sent once per execution."""

    fill: Fill


class PositionEvent(Struct, frozen=True, tag="position"):
    """A position is now this; amount zero means that it is closed."""

    position: Position


class BalanceEvent(Struct, frozen=True, tag="balance"):
    """A balance is now this."""

    balance: Balance


class BookEvent(Struct, frozen=True, tag="book"):
    """The book is now this, whole."""

    book: Book


class TradeEvent(Struct, frozen=True, tag="trade"):
    """Somebody traded."""

    trade: Trade


class TickerEvent(Struct, frozen=True, tag="ticker"):
    """Prices changed."""

    ticker: Ticker


class CandleEvent(Struct, frozen=True, tag="candle"):
    """A candle changed or closed."""

    instrument: str
    interval: str
    candle: Candle


class StreamEvent(Struct, frozen=True, tag="stream"):
    """A channel went up or down, lost something, or is whole again. `instrument` is empty for the account."""

    channel: Channel
    state: StreamState
    instrument: str = ""
    reason: str = ""


Event = (
    OrderEvent
    | FillEvent
    | PositionEvent
    | BalanceEvent
    | BookEvent
    | TradeEvent
    | TickerEvent
    | CandleEvent
    | StreamEvent
)


class AmendManner(StrEnum):
    """How an adapter changes an order, and so what may be live meanwhile."""

    IN_PLACE = "in-place"
    PLACE_THEN_CANCEL = "place-then-cancel"
    CANCEL_THEN_PLACE = "cancel-then-place"
    NONE = "none"


class ClientIdUniqueness(StrEnum):
    """For how long a venue refuses a client id it has seen: decides whether resending can be safe."""

    OPEN_ORDERS = "open-orders"
    FOR_A_TIME = "for-a-time"
    EVER = "ever"
    NEVER = "never"
    """Any number of orders may have one: nothing is ever safe to resend."""


class AdapterKind(StrEnum):
    """What an adapter promises of the account's state.

    A `library` keeps none: the answers of its calls and the fold of its events are judged, each apart. A `managed`
    adapter promises that its own view equals the venue's within `recovery_bound_s`.
    """

    LIBRARY = "library"
    MANAGED = "managed"


class Declaration(Struct, frozen=True, forbid_unknown_fields=True):
    """What an adapter says of itself. A capability that is not named counts as missing."""

    name: str
    version: str
    kind: AdapterKind
    capabilities: dict[Capability, Support]
    request_lifetime_s: Decimal
    """How long after sending a request may still act at the venue."""
    client_id_unique: ClientIdUniqueness
    amend: AmendManner = AmendManner.NONE
    recovery_bound_s: Decimal = ZERO
    """Within this time after trouble ends the adapter's view is the venue's again; 0 for a library."""
    trailing: str = "none"
    """`native`, `software` or `none`."""


class Endpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a venue is. `origins` maps the venue's official URLs to the ones to dial.

    With `proxy` and `ca` set the adapter keeps the official URLs and reaches them through that proxy.
    """

    venue: str
    product: str
    rest: str
    ws: str
    origins: dict[str, str] = field(default_factory=dict[str, str])
    proxy: str = ""
    ca: str = ""


Credentials = dict[str, str]
"""The venue's own names for its keys (`apiKey`, `secret`, `password` …) and their values."""
