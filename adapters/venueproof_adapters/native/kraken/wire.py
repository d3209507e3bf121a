"""What the venue sends, field by field; fields that are not used are left out.

Numbers are numbers on /derivatives and in streams and texts in charts and histories; both decode to `Decimal`. Source:
the vendor's reference, and recordings of nautilus_trader, Kraken.Net and ccxt.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import ZERO

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def time_ns(text: str) -> int:
    """A moment as answers of /derivatives write it. Raises `BadAnswer`."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND * 1000
    except (ValueError, TypeError):
        raise BadAnswer(f"{text[:40]!r} is no time") from None


class Row(Struct, rename="camel", frozen=True):
    """Base of what /derivatives and histories spell in camel case."""


class Timed(Row, frozen=True):
    """What every answer of /derivatives has."""

    server_time: str


# --- the market -------------------------------------------------------------------------------------------------------


class MarginLevel(Row, frozen=True):
    """One step of the margin ladder."""

    initial_margin: Decimal


class InstrumentRow(Row, frozen=True):
    """One entry of `instruments`; indices have next to nothing."""

    symbol: str
    type: str
    tradeable: bool = True
    tick_size: Decimal = ZERO
    contract_size: Decimal = ZERO
    contract_value_trade_precision: int = 0
    """Decimals of a size; less than none: sizes are multiples of ten."""
    max_position_size: Decimal | None = None
    base: str = ""
    quote: str = ""
    last_trading_time: str = ""
    is_expired: bool = False
    maker_protection_millis: int = 0
    margin_levels: list[MarginLevel] = field(default_factory=list[MarginLevel])


class Instruments(Row, frozen=True):
    """GET instruments."""

    instruments: list[InstrumentRow]


class TickerRow(Row, frozen=True):
    """GET tickers/{symbol}; what was never traded has no last price."""

    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    mark_price: Decimal | None = None
    index_price: Decimal | None = None
    funding_rate: Decimal | None = None
    """Per contract and hour, in what the contract is settled in."""
    open_interest: Decimal | None = None
    vol24h: Decimal | None = field(default=None, name="vol24h")


class TickerAnswer(Timed, frozen=True):
    """GET tickers/{symbol}."""

    ticker: TickerRow


class Levels(Row, frozen=True):
    """Both sides of a book, best first."""

    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class BookAnswer(Timed, frozen=True):
    """GET orderbook."""

    order_book: Levels


class TradeRow(Row, frozen=True):
    """One entry of GET history."""

    time: str
    price: Decimal
    size: Decimal
    side: str
    uid: str


class Trades(Row, frozen=True):
    """GET history."""

    history: list[TradeRow]


class CandleRow(Row, frozen=True):
    """One candle: its time in ms, although it was asked for in seconds."""

    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Candles(Struct, frozen=True):
    """GET charts: nothing around it."""

    candles: list[CandleRow]
    more_candles: bool = False


# --- orders -----------------------------------------------------------------------------------------------------------


class OrderDocument(Row, frozen=True):
    """An order inside an event, or in orders/status."""

    quantity: Decimal
    filled: Decimal = ZERO
    limit_price: Decimal | None = None
    order_id: str = ""
    cli_ord_id: str | None = None
    type: str = ""
    symbol: str = ""
    side: str = ""
    reduce_only: bool = False
    last_update_timestamp: str = ""
    price_trigger_options: TriggerTerms | None = None


class TriggerTerms(Row, frozen=True):
    """What an order of orders/status waits for."""

    trigger_price: Decimal
    trigger_side: str = ""
    trigger_signal: str = ""


class OrderEvent(Row, frozen=True):
    """What happened to an order at once: PLACE, EXECUTION, EDIT, CANCEL, REJECT."""

    type: str
    order: OrderDocument | None = None
    new: OrderDocument | None = None
    order_trigger: OrderDocument | None = None
    """The order, while it waits for a price."""
    amount: Decimal = ZERO
    price: Decimal = ZERO
    """Of an execution."""


class SendStatus(Struct, frozen=True):
    """What became of a placement; in a batch one of its rows."""

    status: str
    order_id: str = ""
    events: list[OrderEvent] = field(default_factory=list[OrderEvent], name="orderEvents")
    received: str = field(default="", name="receivedTime")
    tag: str = field(default="", name="order_tag")


class Sent(Timed, frozen=True):
    """POST sendorder."""

    send_status: SendStatus


class Batch(Timed, frozen=True):
    """POST batchorder."""

    batch_status: list[SendStatus]


class Edited(Timed, frozen=True):
    """POST editorder."""

    edit_status: SendStatus


class CancelStatus(Struct, frozen=True):
    """What became of a cancellation; the status of one of many does not say whether there were any."""

    status: str
    events: list[OrderEvent] = field(default_factory=list[OrderEvent], name="orderEvents")
    canceled: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]], name="cancelledOrders")


class Canceled(Timed, frozen=True):
    """POST cancelorder, cancelallorders."""

    cancel_status: CancelStatus


class OpenOrderRow(Row, frozen=True):
    """One entry of openorders."""

    order_id: str = field(name="order_id")
    symbol: str
    side: str
    order_type: str
    unfilled_size: Decimal
    filled_size: Decimal
    last_update_time: str
    cli_ord_id: str = ""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    trigger_signal: str = "last"


class OpenOrders(Row, frozen=True):
    """GET openorders."""

    open_orders: list[OpenOrderRow]


class StatusRow(Row, frozen=True):
    """One entry of orders/status."""

    order: OrderDocument
    status: str
    update_reason: str | None = None
    error: str | None = None


class Statuses(Row, frozen=True):
    """GET orders/status: what lives, or ended within the last five seconds."""

    orders: list[StatusRow]


class TriggerOptions(Row, frozen=True):
    """What an order of the histories waits for."""

    trigger_price: Decimal
    trigger_signal: str
    trigger_side: str


class PastOrder(Row, frozen=True):
    """An order as the histories have it: `quantity` is what was left of it, a price that is not there is empty."""

    uid: str
    tradeable: str
    direction: str
    quantity: Decimal
    order_type: str
    last_update_timestamp: int
    filled: Decimal = ZERO
    limit_price: str = ""
    client_id: str = ""
    reduce_only: bool = False
    trigger_options: TriggerOptions | None = None


class PastChange(Row, frozen=True):
    """What a history says of one change of an order."""

    order: PastOrder | None = None
    new_order: PastOrder | None = None
    new_order_trigger: PastOrder | None = None
    order_trigger: PastOrder | None = None
    reason: str = ""

    @property
    def now(self) -> PastOrder | None:
        """The order after it."""
        return self.new_order or self.order or self.new_order_trigger or self.order_trigger


class PastOrders(Row, frozen=True):
    """GET orders, triggers."""

    elements: list[PastOrderElement]


class PastOrderElement(Row, frozen=True):
    """One change, under its kind."""

    timestamp: int
    event: dict[str, PastChange]


class OrderData(Row, frozen=True):
    """The account's side of an execution."""

    fee: Decimal | None = None


class Execution(Row, frozen=True):
    """An execution; of the other side nothing is told but in the public history."""

    uid: str
    timestamp: int
    quantity: Decimal
    price: Decimal
    maker_order: PastOrder | None = None
    taker_order: PastOrder | None = None
    maker_order_data: OrderData | None = None
    taker_order_data: OrderData | None = None


class ExecutionEvent(Row, frozen=True):
    """Around it."""

    execution: Execution


class ExecutionElement(Row, frozen=True):
    """One element of a history of executions."""

    event: dict[str, ExecutionEvent]


class Executions(Row, frozen=True):
    """GET executions, of the account or of the market."""

    elements: list[ExecutionElement]
    continuation_token: str | None = None


class FillRow(Row, frozen=True):
    """One entry of fills, which has no fee."""

    fill_id: str = field(name="fill_id")
    symbol: str
    side: str
    order_id: str = field(name="order_id")
    size: Decimal
    price: Decimal
    fill_time: str
    fill_type: str
    cli_ord_id: str | None = None


class Fills(Row, frozen=True):
    """GET fills: the last hundred."""

    fills: list[FillRow]


# --- the account ------------------------------------------------------------------------------------------------------


class Currency(Row, frozen=True):
    """One collateral of the flexible account."""

    quantity: Decimal
    available: Decimal | None = None


class Auxiliary(Row, frozen=True):
    """Figures of a single-collateral account; `af` is free."""

    af: Decimal | None = None


class AccountRow(Row, frozen=True):
    """One account: cash, single-collateral or flexible."""

    type: str
    currency: str = ""
    balances: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    auxiliary: Auxiliary = Auxiliary()
    currencies: dict[str, Currency] = field(default_factory=dict[str, Currency])


class Accounts(Row, frozen=True):
    """GET accounts."""

    accounts: dict[str, AccountRow]


class PositionRow(Row, frozen=True):
    """One entry of openpositions; only an isolated one has a leverage."""

    side: str
    symbol: str
    price: Decimal
    size: Decimal
    unrealized_pnl: Decimal | None = None
    max_fixed_leverage: Decimal | None = None


class Positions(Row, frozen=True):
    """GET openpositions. The list is there when it is empty; without it nothing was answered."""

    open_positions: list[PositionRow]


class LeverageRow(Row, frozen=True):
    """One contract that is isolated."""

    symbol: str
    max_leverage: Decimal


class Leverages(Row, frozen=True):
    """GET leveragepreferences."""

    leverage_preferences: list[LeverageRow]
