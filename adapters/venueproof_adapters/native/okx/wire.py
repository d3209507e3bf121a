"""What the venue sends, field by field, with the type each field really has; fields that are not used are left out.

Numbers stand in quotes, and what is absent is an empty text: such fields are `str` here, and read by `figures.figure`.
Source: the vendor's reference by way of ccxt 4.5.90, python-okx 0.4.4 and the typed models of nautilus_trader.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct, field

Ms = Decimal
"""A moment in ms since the epoch, in quotes as any number."""


class Row(Struct, rename="camel", frozen=True):
    """Base of all documents."""


# --- around everything ------------------------------------------------------------------------------------------------


class Envelope(Row, frozen=True):
    """What stands around every answer."""

    code: str
    msg: str = ""
    data: list[msgspec.Raw] = field(default_factory=list[msgspec.Raw])


class Content(Row, frozen=True):
    """The same, with the rows as they came."""

    data: msgspec.Raw = msgspec.Raw(b"[]")


class Outcome(Row, frozen=True):
    """What became of one order of a request; of any other row nothing."""

    ord_id: str = ""
    algo_id: str = ""
    s_code: str = ""
    s_msg: str = ""


class Arg(Row, frozen=True):
    """What a subscription names."""

    channel: str = ""
    inst_id: str = ""
    inst_type: str = ""


class Frame(Row, frozen=True):
    """Any message of a stream: an answer (`event`), or rows of a channel (`arg` and `data`)."""

    event: str = ""
    id: str = ""
    code: str = ""
    msg: str = ""
    arg: Arg = Arg()
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


# --- the market -------------------------------------------------------------------------------------------------------


class TimeRow(Row, frozen=True):
    """GET public/time."""

    ts: Ms


class InstrumentRow(Row, frozen=True):
    """GET public/instruments. A contract that is announced has a type, an id and a state, and no more."""

    inst_id: str
    state: str
    inst_family: str = ""
    settle_ccy: str = ""
    ct_type: str = ""
    ct_val: str = ""
    ct_mult: str = ""
    tick_sz: str = ""
    lot_sz: str = ""
    min_sz: str = ""
    max_lmt_sz: str = ""
    exp_time: str = ""


class TickerRow(Row, frozen=True):
    """GET market/ticker and channel `tickers`."""

    last: Decimal
    ask_px: str
    bid_px: str
    vol24h: Decimal
    ts: Ms


class MarkRow(Row, frozen=True):
    """GET public/mark-price and channel `mark-price`."""

    mark_px: Decimal
    ts: Ms


class IndexRow(Row, frozen=True):
    """GET market/index-tickers and channel `index-tickers`."""

    idx_px: Decimal
    ts: Ms


class FundingRow(Row, frozen=True):
    """GET public/funding-rate and channel `funding-rate`."""

    funding_rate: str
    funding_time: Ms
    ts: Ms


class OpenInterestRow(Row, frozen=True):
    """GET public/open-interest."""

    oi: Decimal
    ts: Ms


class TradeRow(Row, frozen=True):
    """GET market/trades and channel `trades-all`: one match."""

    trade_id: str
    px: Decimal
    sz: Decimal
    side: str
    ts: Ms


LevelRow = tuple[Decimal, Decimal, str, str]
"""Price, contracts, a dead field, number of orders."""


class BookRow(Row, frozen=True):
    """GET market/books and channel `books`; only the latter numbers its rows. The checksum is dead and not read."""

    asks: list[LevelRow]
    bids: list[LevelRow]
    ts: Ms
    seq_id: int = 0
    prev_seq_id: int = -1


CandleRow = tuple[Ms, Decimal, Decimal, Decimal, Decimal, Decimal, str, str, str]
"""Open time in ms, open, high, low, close, volume in contracts, in base, in quote, and `1` when it is finished."""


# --- orders -----------------------------------------------------------------------------------------------------------


class OrderRow(Row, frozen=True):
    """GET trade/order and channel `orders`; only the latter has the fee and the kind of one fill."""

    inst_id: str
    ord_id: str
    cl_ord_id: str
    px: str
    sz: Decimal
    ord_type: str
    side: str
    pos_side: str
    state: str
    acc_fill_sz: str
    avg_px: str
    reduce_only: str
    u_time: Ms
    cancel_source: str = ""
    algo_id: str = ""
    algo_cl_ord_id: str = ""
    trade_id: str = ""
    fill_px: str = ""
    fill_sz: str = ""
    fill_time: str = ""
    fill_fee: str = ""
    fill_fee_ccy: str = ""
    exec_type: str = ""


class AlgoRow(Row, frozen=True):
    """A conditional order: GET trade/order-algo, channels `orders-algo` and `algo-advance`."""

    inst_id: str
    algo_id: str
    algo_cl_ord_id: str
    ord_type: str
    state: str
    side: str
    pos_side: str
    sz: str
    close_fraction: str
    reduce_only: str
    u_time: Ms
    ord_id: str = ""
    tp_trigger_px: str = ""
    tp_trigger_px_type: str = ""
    tp_ord_px: str = ""
    sl_trigger_px: str = ""
    sl_trigger_px_type: str = ""
    sl_ord_px: str = ""
    trigger_px: str = ""
    trigger_px_type: str = ""
    ord_px: str = ""
    callback_ratio: str = ""
    callback_spread: str = ""
    active_px: str = ""
    last: str = ""
    fail_code: str = ""


class FillRow(Row, frozen=True):
    """GET trade/fills."""

    inst_id: str
    trade_id: str
    ord_id: str
    cl_ord_id: str
    bill_id: str
    fill_px: Decimal
    fill_sz: Decimal
    side: str
    pos_side: str
    exec_type: str
    fee: str
    fee_ccy: str
    fill_time: Ms


class FillUpdate(Row, frozen=True):
    """Channel `fills`: an execution without its fee, and in the field without a client id."""

    inst_id: str
    trade_id: str
    ord_id: str


# --- the account ------------------------------------------------------------------------------------------------------


class ConfigRow(Row, frozen=True):
    """GET account/config."""

    acct_lv: str
    pos_mode: str


class CoinRow(Row, frozen=True):
    """Money of one coin. Some account levels leave `availEq` empty."""

    ccy: str
    cash_bal: Decimal
    avail_eq: str = ""
    avail_bal: str = ""
    u_time: Ms = Decimal(0)


class BalanceRow(Row, frozen=True):
    """GET account/balance and channel `account`."""

    details: list[CoinRow]
    u_time: str = ""


class PositionRow(Row, frozen=True):
    """GET account/positions and channel `positions`."""

    inst_id: str
    pos_side: str
    mgn_mode: str
    pos: Decimal
    avg_px: str
    upl: str
    lever: str
    u_time: Ms
    p_time: str = ""


class LeverageRow(Row, frozen=True):
    """GET account/leverage-info, and what set-leverage echoes."""

    lever: Decimal
    mgn_mode: str = ""
    pos_side: str = ""


class ModeRow(Row, frozen=True):
    """What set-position-mode echoes."""

    pos_mode: str
