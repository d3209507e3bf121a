"""What the venue streams, field by field; fields that are not used are left out.

Source: the vendor's WebSocket pages; recordings of nautilus_trader and message schemas of roq. What has no price says
0.0 here.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from venueproof_adapters.native.kraken.wire import Currency
from venueproof_contracts.model import ZERO


class Head(Struct, frozen=True):
    """What tells one frame from another."""

    event: str = ""
    feed: str = ""
    message: str = ""
    product_id: str = ""
    product_ids: list[str] = field(default_factory=list[str])


class TrailingOptions(Struct, frozen=True):
    """How a trailing order follows."""

    max_deviation: Decimal
    unit: str


class StreamedOrder(Struct, frozen=True):
    """An order: `qty` is what is left of it, 0.0 stands for no price."""

    instrument: str
    last_update_time: int
    qty: Decimal
    filled: Decimal
    type: str
    order_id: str
    direction: int
    limit_price: Decimal = ZERO
    stop_price: Decimal = ZERO
    cli_ord_id: str = ""
    reduce_only: bool = False
    signal: str = field(default="last", name="triggerSignal")
    trailing: TrailingOptions | None = field(default=None, name="trailing_stop_options")


class OrderFrame(Struct, frozen=True):
    """An order is now so, in full or by its id alone."""

    is_cancel: bool
    reason: str = ""
    order: StreamedOrder | None = None
    order_id: str = ""


class OrdersFrame(Struct, frozen=True):
    """All that is open."""

    orders: list[StreamedOrder]


class StreamedFill(Struct, frozen=True):
    """An execution."""

    instrument: str
    time: int
    price: Decimal
    buy: bool
    qty: Decimal
    order_id: str
    fill_id: str
    fill_type: str
    cli_ord_id: str = ""
    fee_paid: Decimal | None = None
    fee_currency: str | None = None


class FillsFrame(Struct, frozen=True):
    """Executions: the last ones after each subscription, new ones after that."""

    fills: list[StreamedFill]


class StreamedPosition(Struct, frozen=True):
    """A position; `balance` is signed."""

    instrument: str
    balance: Decimal
    entry_price: Decimal
    pnl: Decimal | None = None


class PositionsFrame(Struct, frozen=True):
    """All positions; one that is missing is flat."""

    positions: list[StreamedPosition]
    timestamp: int
    seq: int = 0


class StreamedWallet(Struct, frozen=True):
    """A single-collateral account."""

    unit: str
    balance: Decimal
    available: Decimal | None = None


class StreamedFlex(Struct, frozen=True):
    """The flexible account."""

    currencies: dict[str, Currency] = field(default_factory=dict[str, Currency])


class BalancesFrame(Struct, frozen=True):
    """Groups of wallets: all of them, or those that changed."""

    timestamp: int
    seq: int = 0
    futures: dict[str, StreamedWallet] = field(default_factory=dict[str, StreamedWallet])
    flex_futures: StreamedFlex = StreamedFlex()


class StreamedLevel(Struct, frozen=True):
    """One level of a book."""

    price: Decimal
    qty: Decimal


class BookSnapshot(Struct, frozen=True):
    """The whole book."""

    timestamp: int
    seq: int
    bids: list[StreamedLevel]
    asks: list[StreamedLevel]


class BookDelta(Struct, frozen=True):
    """One level that changed; nothing left removes it."""

    timestamp: int
    seq: int
    side: str
    price: Decimal
    qty: Decimal


class StreamedTrade(Struct, frozen=True):
    """A public trade."""

    uid: str
    side: str
    time: int
    qty: Decimal
    price: Decimal


class StreamedTicker(Struct, frozen=True):
    """The ticker; dated contracts have no funding."""

    time: int
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    mark: Decimal | None = field(default=None, name="markPrice")
    index: Decimal | None = None
    relative_funding_rate: Decimal | None = None
    volume: Decimal | None = None
