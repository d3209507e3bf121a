"""What the venue sends, field by field, with the type each field really has; fields that are not used are left out.

Numbers are JSON numbers, with a fraction or without, and are read as they are spelled. Source: OpenAPI 2.1.1 and
recordings of 2026-05: an untriggered order lacks what it filled, and a price may be a word.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct, field

ZERO = Decimal(0)
MARKET_PRICE = "market_price"
"""What stands for the price of an order that takes any."""


class Row(Struct, frozen=True):
    """Base of all documents."""


# --- the envelope -----------------------------------------------------------------------------------------------------


class ErrorRow(Row, frozen=True):
    """`error` of an answer. `data` says what was wrong with which parameter, or is null, or is not there."""

    code: int
    message: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class ErrorData(Row, frozen=True):
    """`data` of an error."""

    reason: str = ""
    param: str = ""


class Envelope(Row, frozen=True):
    """Every answer and every streamed message; without a result in it `result` is empty."""

    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: ErrorRow | None = None
    testnet: bool = False
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Notice(Row, frozen=True):
    """`params` of a streamed message; a sign of life has no channel."""

    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    type: str = ""


class TokenRow(Row, frozen=True):
    """public/auth."""

    access_token: str
    refresh_token: str
    expires_in: int


# --- the market -------------------------------------------------------------------------------------------------------


class InstrumentRow(Row, frozen=True):
    """One entry of public/get_instruments. Combinations and spot lack some of it."""

    instrument_name: str
    kind: str
    base_currency: str
    quote_currency: str
    tick_size: Decimal
    min_trade_amount: Decimal
    expiration_timestamp: int = 0
    settlement_period: str = ""
    settlement_currency: str = ""
    counter_currency: str = ""
    strike: Decimal | None = None
    option_type: str | None = None
    is_active: bool = True
    state: str = "open"


class StatusRow(Row, frozen=True):
    """public/status: `locked` is text by the schema, and a boolean in the vendor's own sample."""

    locked: str | bool


class StatsRow(Row, frozen=True):
    """`stats` of a ticker."""

    volume: Decimal | None = None
    volume_usd: Decimal | None = None


class TickerRow(Row, frozen=True):
    """public/ticker and the ticker channel. A side without orders has price 0."""

    instrument_name: str
    timestamp: int
    stats: StatsRow
    last_price: Decimal | None
    mark_price: Decimal
    index_price: Decimal
    open_interest: Decimal
    best_bid_price: Decimal | None = None
    best_ask_price: Decimal | None = None
    current_funding: Decimal | None = None


class BookRow(Row, frozen=True):
    """public/get_order_book."""

    timestamp: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class BookUpdate(Row, frozen=True):
    """The book channel: a snapshot, or what changed since `prev_change_id`."""

    type: str
    instrument_name: str
    timestamp: int
    change_id: int
    bids: list[tuple[str, Decimal, Decimal]]
    asks: list[tuple[str, Decimal, Decimal]]
    prev_change_id: int = 0


class PublicTradeRow(Row, frozen=True):
    """A public trade. Its id is text, in digits on some instruments only; its direction the taker's."""

    trade_id: str
    instrument_name: str
    price: Decimal
    amount: Decimal
    direction: str
    timestamp: int


class PublicTrades(Row, frozen=True):
    """public/get_last_trades_by_instrument and …_and_time."""

    trades: list[PublicTradeRow]
    has_more: bool = False


class ChartRow(Row, frozen=True):
    """public/get_tradingview_chart_data: a column for each figure."""

    status: str
    ticks: list[int]
    open: list[Decimal]
    high: list[Decimal]
    low: list[Decimal]
    close: list[Decimal]
    volume: list[Decimal]
    cost: list[Decimal]


class Bar(Row, frozen=True):
    """The chart channel: one candle as it is now. Volume is in the base coin, cost in the quote currency."""

    tick: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    cost: Decimal


# --- the account ------------------------------------------------------------------------------------------------------


class OrderRow(Row, frozen=True):
    """An order of either kind in any answer or message, or an entry of the trigger history.

    A trigger order that fired goes on as an ordinary order of another id, which names it in `trigger_order_id`.
    """

    instrument_name: str
    direction: str
    order_type: str
    order_state: str
    amount: Decimal
    order_id: str | None = None
    time_in_force: str = "good_til_cancelled"
    price: float | int | str | None = None
    filled_amount: Decimal = ZERO
    average_price: Decimal | None = None
    label: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    trigger: str | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    trigger_order_id: str | None = None
    cancel_reason: str = ""
    creation_timestamp: int = 0
    last_update_timestamp: int = 0
    timestamp: int = 0
    """Of an entry of the trigger history."""

    @property
    def at_ms(self) -> int:
        """When it changed last."""
        return self.last_update_timestamp or self.timestamp


class TradeRow(Row, frozen=True):
    """One of our executions. Its id is text."""

    trade_id: str
    order_id: str
    instrument_name: str
    direction: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: str
    timestamp: int
    label: str | None = None


class Placed(Row, frozen=True):
    """private/buy, sell and edit."""

    order: OrderRow
    trades: list[TradeRow] = field(default_factory=list[TradeRow])


class Trades(Row, frozen=True):
    """private/get_user_trades_by_instrument and …_and_time."""

    trades: list[TradeRow]
    has_more: bool = False


class TriggerHistory(Row, frozen=True):
    """private/get_trigger_order_history, newest first."""

    entries: list[OrderRow]


class PositionRow(Row, frozen=True):
    """One position. `size` is in dollars of inverse contracts, in the base coin of all others."""

    instrument_name: str
    direction: str
    size: Decimal
    average_price: Decimal
    floating_profit_loss: Decimal
    leverage: Decimal | None = None


class RateRow(Row, frozen=True):
    """How many requests at once, and how many a second in the long run."""

    burst: int
    rate: int


class TradingRates(Row, frozen=True):
    """`matching_engine.trading` of the limits."""

    total: RateRow


class MatchingRates(Row, frozen=True):
    """`matching_engine` of the limits."""

    trading: TradingRates


class LimitsRow(Row, frozen=True):
    """`limits` of a summary."""

    matching_engine: MatchingRates | None = None


class SummaryRow(Row, frozen=True):
    """Money of one currency, in an answer or in its channel.

    What futures made since the last settlement is not in `balance` yet.
    """

    currency: str
    balance: Decimal
    available_funds: Decimal
    futures_session_rpl: Decimal = ZERO
    limits: LimitsRow = LimitsRow()


class Summaries(Row, frozen=True):
    """private/get_account_summaries: one for each currency, and no grand total."""

    summaries: list[SummaryRow]


class Changes(Row, frozen=True):
    """The channel user.changes: all that happened at once on one instrument."""

    instrument_name: str
    trades: list[TradeRow] = field(default_factory=list[TradeRow])
    orders: list[OrderRow] = field(default_factory=list[OrderRow])
    positions: list[PositionRow] = field(default_factory=list[PositionRow])
