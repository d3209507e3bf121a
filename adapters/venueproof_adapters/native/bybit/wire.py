"""The venue's documents, as far as they are read. Nearly every figure is a text, and "" where there is none.

Source: the vendor's V5 pages; rows of the stream have the names of the REST rows but where it is said.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct, field

# --- envelopes --------------------------------------------------------------------------------------------------------


class Envelope(Struct, rename="camel"):
    """Every reply."""

    ret_code: int
    ret_msg: str = ""
    result: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"{}"))


class Rows(Struct, rename="camel"):
    """A page of a list."""

    rows: list[msgspec.Raw] = field(name="list")
    next_page_cursor: str = ""


class Nothing(Struct):
    """A result that says nothing."""


# --- the market -------------------------------------------------------------------------------------------------------


class TimeRow(Struct, rename="camel"):
    """GET market/time."""

    time_nano: Decimal


class PriceFilter(Struct, rename="camel"):
    """Steps of the price."""

    tick_size: Decimal


class LotFilter(Struct, rename="camel"):
    """Steps of the amount: base coin, or dollars of inverse contracts."""

    min_order_qty: Decimal
    max_order_qty: Decimal
    qty_step: Decimal
    min_notional_value: str = ""


class InstrumentRow(Struct, rename="camel"):
    """GET market/instruments-info. `delivery_time` is "0" of perpetual contracts."""

    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    settle_coin: str
    price_filter: PriceFilter
    lot_size_filter: LotFilter
    delivery_time: Decimal = Decimal(0)


class TickerRow(Struct, rename="camel"):
    """GET market/tickers, and the stream, which tells after its snapshot what changed only."""

    symbol: str
    last_price: str = ""
    bid1_price: str = ""
    ask1_price: str = ""
    mark_price: str = ""
    index_price: str = ""
    funding_rate: str = ""
    next_funding_time: str = ""
    open_interest: str = ""
    volume24h: str = field(default="", name="volume24h")


class BookRow(Struct):
    """GET market/orderbook, and the stream: amounts "0" end a level there."""

    s: str
    b: list[tuple[Decimal, Decimal]]
    a: list[tuple[Decimal, Decimal]]
    u: int
    ts: int = 0


class TradeRow(Struct, rename="camel"):
    """GET market/recent-trade. `side` is the taker's."""

    exec_id: str
    price: Decimal
    size: Decimal
    side: str
    time: Decimal


class StreamedTrade(Struct):
    """publicTrade."""

    i: str
    p: Decimal
    v: Decimal
    S: str
    T: int
    s: str


class KlineRow(Struct, array_like=True):
    """GET market/kline. Volume is in contracts: base coin, or dollars of inverse ones; turnover is not read."""

    start: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class StreamedKline(Struct):
    """kline: an object, whose keys come in another order than the columns of the list."""

    start: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    confirm: bool


# --- orders -----------------------------------------------------------------------------------------------------------


class OrderIds(Struct, rename="camel"):
    """What order/create, amend and cancel answer: that the request came in."""

    order_id: str
    order_link_id: str = ""


class BatchRows(Struct):
    """The result of a batch."""

    rows: list[OrderIds] = field(name="list")


class BatchNote(Struct):
    """What became of one order of a batch."""

    code: int
    msg: str = ""


class BatchNotes(Struct):
    """What became of each order of a batch, in their order."""

    rows: list[BatchNote] = field(name="list")


class Batch(Struct, rename="camel"):
    """The reply to a batch: which orders were refused stands beside the result."""

    result: BatchRows
    ret_ext_info: BatchNotes


class OrderRow(Struct, rename="camel"):
    """GET order/realtime and order/history, and the stream, which adds the category."""

    symbol: str
    order_id: str
    side: str
    order_type: str
    order_status: str
    qty: Decimal
    created_time: Decimal
    updated_time: Decimal
    cum_exec_qty: Decimal = Decimal(0)
    order_link_id: str = ""
    price: str = ""
    avg_price: str = ""
    time_in_force: str = ""
    position_idx: int = 0
    reduce_only: bool = False
    close_on_trigger: bool = False
    stop_order_type: str = ""
    trigger_price: str = ""
    trigger_direction: int = 0
    trigger_by: str = ""
    reject_reason: str = ""
    cancel_type: str = ""
    category: str = ""


class ExecutionRow(Struct, rename="camel"):
    """GET execution/list, and the stream, which adds the category. Funding and the like are executions too."""

    symbol: str
    order_id: str
    exec_id: str
    exec_type: str
    side: str
    exec_price: Decimal
    exec_qty: Decimal
    exec_time: Decimal
    exec_fee: str = ""
    fee_currency: str = ""
    order_link_id: str = ""
    is_maker: bool = False
    category: str = ""


# --- the account ------------------------------------------------------------------------------------------------------


class PositionRow(Struct, rename="camel"):
    """GET position/list, and the stream, which calls the average price `entryPrice`. Flat: an empty side."""

    symbol: str
    position_idx: int
    side: str
    size: Decimal
    updated_time: str = ""
    avg_price: str = ""
    entry_price: str = ""
    leverage: str = ""
    unrealised_pnl: str = ""
    trailing_stop: str = ""
    category: str = ""


class CoinRow(Struct, rename="camel"):
    """Money of one coin."""

    coin: str
    wallet_balance: str
    equity: str = ""
    usd_value: str = ""
    total_position_im: str = field(default="", name="totalPositionIM")
    total_order_im: str = field(default="", name="totalOrderIM")
    locked: str = ""
    bonus: str = ""


class WalletRow(Struct, rename="camel"):
    """GET account/wallet-balance, and the stream. What is available is told in dollars, and not of isolated margin."""

    coin: list[CoinRow]
    total_available_balance: str = ""


class Wallets(Struct):
    """GET account/wallet-balance."""

    rows: list[WalletRow] = field(name="list")


class AccountInfo(Struct, rename="camel"):
    """GET account/info."""

    margin_mode: str
    unified_margin_status: int


class KeyInfo(Struct):
    """GET user/query-api. `uta`: 1 of unified accounts."""

    uta: int = 0


# --- streams ----------------------------------------------------------------------------------------------------------


class Frame(Struct):
    """Every frame: an answer to a request, or a topic's message."""

    topic: str = ""
    type: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str = ""
    ts: int = 0
    creation_time: int = field(default=0, name="creationTime")
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"[]"))


class TradeFrame(Struct):
    """Every frame of the trade connection."""

    op: str = ""
    req_id: str = field(default="", name="reqId")
    ret_code: int = field(default=0, name="retCode")
    ret_msg: str = field(default="", name="retMsg")
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"{}"))
    ret_ext_info: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"{}"), name="retExtInfo")
    header: dict[str, str] = field(default_factory=dict[str, str])
