"""Snapshots of what the engine holds: orders, fills, trades, positions. Frozen; integers throughout.

An order's life, and every way through it (`STEPS` is the one table; `orders.py` makes all changes through it):

    ACKNOWLEDGED ──> OPEN ──> PARTLY_FILLED ──> FILLED
         │            │  └──────────┬─────────> CANCELED | EXPIRED
         │            └─> FILLED | CANCELED | EXPIRED
         └─> REJECTED | CANCELED
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    __hash__ = str.__hash__

    @property
    def sign(self) -> int:
        """+1 for a buy, −1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(StrEnum):
    """How an order's price is found."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may wait."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class PositionSide(StrEnum):
    """The leg a position or an order belongs to."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class PositionMode(StrEnum):
    """Whether opposite fills net into one leg, or an account holds a long and a short leg side by side."""

    NET = "net"
    HEDGE = "hedge"


class SelfTrade(StrEnum):
    """What gives way when an order would trade with another one of its own account."""

    NONE = "none"
    """Nothing: they trade."""
    EXPIRE_TAKER = "expire-taker"
    EXPIRE_MAKER = "expire-maker"
    EXPIRE_BOTH = "expire-both"


class OrderOrigin(StrEnum):
    """Who sent an order."""

    USER = "user"
    TRIGGER = "trigger"
    """A conditional order that fired."""
    LIQUIDATION = "liquidation"
    DELEVERAGING = "deleveraging"


class MarginMode(StrEnum):
    """Whether a position shares its pool's margin."""

    CROSS = "cross"
    ISOLATED = "isolated"


class OrderStatus(StrEnum):
    """Where an order is in its life."""

    ACKNOWLEDGED = "acknowledged"
    OPEN = "open"
    PARTLY_FILLED = "partly-filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    __hash__ = str.__hash__


STEPS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.ACKNOWLEDGED: frozenset(
        {
            OrderStatus.OPEN,
            OrderStatus.FILLED,
            OrderStatus.PARTLY_FILLED,
            OrderStatus.CANCELED,
            OrderStatus.EXPIRED,
            OrderStatus.REJECTED,
        }
    ),
    OrderStatus.OPEN: frozenset(
        {OrderStatus.PARTLY_FILLED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
    ),
    OrderStatus.PARTLY_FILLED: frozenset(
        {OrderStatus.PARTLY_FILLED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
    ),
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
}
"""The statuses that may follow each status."""

LIVE = frozenset({OrderStatus.OPEN, OrderStatus.PARTLY_FILLED})
"""Statuses in which an order can still fill."""


class OrderState(Struct, frozen=True, gc=False):
    """One order as it stood when this was taken. `ticks` is 0 for a market order.

    `filled_value` is the sum of ticks × lots of its fills: divided by `filled_lots` it is the average price in ticks
    of a linear contract. In hedge mode an order that closes its leg is `reduce_only`, whatever was asked.
    """

    order_id: int
    """Counts up per instrument."""
    client_id: str
    account: str
    instrument: str
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    status: OrderStatus
    ticks: int
    lots: int
    filled_lots: int
    filled_value: int
    post_only: bool
    reduce_only: bool
    position_side: PositionSide
    created_ns: int
    updated_ns: int
    reason: str = ""
    """Why it ended, for statuses that need a reason."""
    amendments: int = 0
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    origin: OrderOrigin = OrderOrigin.USER
    average_nano_ticks: int = 0
    """Average price of its fills in billionths of a tick (harmonic for inverse contracts); 0 before the first."""
    conditional_id: int = 0
    """The conditional order that it results from; 0 for none."""
    worst_ticks: int = 0
    """The worst price at which a market order trades; 0 for any."""
    oco_group: str = ""
    """What it shares with those that end when it fills or ends."""

    @property
    def open_lots(self) -> int:
        """Lots that can still fill, 0 once the order ended."""
        return self.lots - self.filled_lots if self.status in LIVE else 0


class FillState(Struct, frozen=True, gc=False):
    """One account's side of a trade. `fee_atoms` is positive when paid, negative when received."""

    trade_id: int
    """Counts up per instrument; both sides of a trade share it."""
    order_id: int
    client_id: str
    account: str
    instrument: str
    side: Side
    position_side: PositionSide
    ticks: int
    lots: int
    fee_atoms: int
    fee_asset: str
    realized_atoms: int
    maker: bool
    at_ns: int
    premium_atoms: int = 0
    """The price of an option, negative when paid: this moved in the wallet, and not `realized_atoms`."""


class TradeState(Struct, frozen=True, gc=False):
    """One public trade. `taker` is the side that crossed."""

    trade_id: int
    instrument: str
    ticks: int
    lots: int
    taker: Side
    at_ns: int


class PositionState(Struct, frozen=True, gc=False):
    """One position. `lots` is signed (negative: short); `entry_value` is the sum over open lots of ticks × lots,
    unsigned, so that the entry price in ticks is entry_value / |lots| (harmonic for inverse contracts).
    """

    account: str
    instrument: str
    side: PositionSide
    lots: int
    entry_value: int
    margin_mode: MarginMode
    leverage_centi: int
    isolated_atoms: int
    """What an isolated position has locked in; 0 under cross margin."""
    realized_atoms: int
    """All that was ever realized on it, before fees."""
    updated_ns: int
    entry_nano_ticks: int = 0
    """Average entry price in billionths of a tick. Closing a part leaves it as it is."""
    unrealized_atoms: int = 0
    """Profit or loss at the mark price, had all of it been closed when this was taken."""
    break_even_nano_ticks: int = 0
    """The price at which closing gives back the fees paid and the losses realized since the position was flat."""
    settled_atoms: int = 0
    """What of the profit of its open lots sessions have moved into the wallet: `unrealized_atoms` is the rest."""


class WalletState(Struct, frozen=True, gc=False):
    """Money of one asset in one pool, in atoms, without a word on what is tied up of it."""

    account: str
    pool: str
    asset: str
    wallet_atoms: int
    updated_ns: int


class BalanceState(Struct, frozen=True, gc=False):
    """Money of one asset in one pool, in atoms. `initial_*` is what positions and open orders tie up."""

    account: str
    pool: str
    asset: str
    wallet_atoms: int
    unrealized_atoms: int
    initial_position_atoms: int
    initial_orders_atoms: int
    maintenance_atoms: int
    available_atoms: int
    updated_ns: int
    isolated_atoms: int = 0
    """What of the wallet isolated positions have locked in; the rest stands behind the cross positions."""
    isolated_unrealized_atoms: int = 0
    """What of the unrealized profit is theirs."""
    options_atoms: int = 0
    """What the options held are worth at mark, less what those sold are. They were paid for from the wallet: equity is
    wallet, unrealized profit and this."""


class MarginState(Struct, frozen=True, gc=False):
    """What one instrument ties up of an account's money, at the mark price, in atoms of its settle asset.

    `initial_orders_atoms` is what open orders need beyond the position: the larger side counts, that is
    max(position + all buys, all sells − position) − |position|, over the leverage, the position signed. In hedge mode
    they count the larger leg with the orders that open it, and the position's own figures are those of one leg.
    """

    account: str
    instrument: str
    notional_atoms: int
    """Position at mark, signed."""
    initial_position_atoms: int
    initial_orders_atoms: int
    maintenance_atoms: int
    unrealized_atoms: int
    buy_orders_atoms: int
    """Open orders to buy at their own prices, reduce-only ones left out."""
    sell_orders_atoms: int
    mark_nano_ticks: int
    break_even_nano_ticks: int
    """The price at which closing gives back the fees paid and the losses realized since the position was flat."""
    liquidation_ticks: int
    """The price at which maintenance margin is used up, everything else standing still; 0 for none."""
    side: PositionSide = PositionSide.NET
    """The leg that the figures are of; those of orders are the instrument's."""


class LevelState(Struct, frozen=True, gc=False):
    """All that rests at one price of one side of a book; no lots where nothing does any more."""

    side: Side
    ticks: int
    lots: int


class BookState(Struct, frozen=True, gc=False):
    """Best levels first: (ticks, lots). `sequence` counts every change of the book."""

    instrument: str
    sequence: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    at_ns: int


class CandleState(Struct, frozen=True, gc=False):
    """Prices in ticks over [open_ns, open_ns + interval); `volume_lots`, `value` = what they are worth, each at the
    price of its trade (see `worth`: the sum of ticks × lots, or of lots ÷ ticks), and how much of both takers bought.
    """

    open_ns: int
    close_ns: int
    """Exclusive end of the interval."""
    open: int
    high: int
    low: int
    close: int
    volume_lots: int
    value: int
    trades: int
    taker_buy_lots: int
    taker_buy_value: int


class TickerState(Struct, frozen=True, gc=False):
    """Prices now, in ticks, and the last 24 h. Mark and index are in billionths of a tick (`*_nano_ticks`)."""

    instrument: str
    last: int
    last_lots: int
    bid: int
    bid_lots: int
    ask: int
    ask_lots: int
    mark_nano_ticks: int
    index_nano_ticks: int
    day: CandleState
    first_trade_id: int
    last_trade_id: int
    open_interest_lots: int
    funding_rate_ppb: int
    at_ns: int
