"""What the venue sends, field by field, with the type each field really has; fields that are not used are left out.

Source: the vendor's reference and its typed SDK models (usds-futures 18.1). Numbers in quotes decode to `Decimal`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct, field


class Row(Struct, rename="camel", frozen=True):
    """Base of all documents with spelled-out names."""


class SymbolRow(Row, frozen=True):
    """One entry of `exchangeInfo.symbols`; filters differ in shape, so they are read when needed."""

    symbol: str
    contract_type: str
    delivery_date: int
    base_asset: str
    quote_asset: str
    margin_asset: str
    filters: list[dict[str, msgspec.Raw]]
    status: str = ""
    contract_status: str = ""
    """What inverse products call `status`."""
    contract_size: Decimal = Decimal(1)
    """Only inverse products have it."""


class RateLimitRow(Row, frozen=True):
    """One entry of `exchangeInfo.rateLimits`."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class ExchangeInfo(Row, frozen=True):
    """GET exchangeInfo."""

    rate_limits: list[RateLimitRow]
    symbols: list[SymbolRow]


class OrderRow(Row, frozen=True):
    """An order in any answer. Place, amend and cancel answer without `avgPrice`."""

    order_id: int
    symbol: str
    status: str
    client_order_id: str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
    time_in_force: str
    type: str
    reduce_only: bool
    side: str
    position_side: str
    update_time: int
    avg_price: Decimal | None = None
    good_till_date: int = 0
    end_reason: str = ""


class AlgoRow(Row, frozen=True):
    """A conditional order in any answer; only the answer to its placement has the terms of a trailing one."""

    algo_id: int
    client_algo_id: str
    order_type: str
    symbol: str
    side: str
    position_side: str
    time_in_force: str
    quantity: Decimal
    algo_status: str
    trigger_price: Decimal
    price: Decimal
    working_type: str
    close_position: bool
    reduce_only: bool
    update_time: int
    good_till_date: int = 0
    actual_order_id: str = ""
    activate_price: str = ""
    callback_rate: str = ""
    end_reason: str = ""


class AlgoDone(Row, frozen=True):
    """DELETE algoOrder: nothing but the ids."""

    algo_id: int


class TradeRow(Row, frozen=True):
    """One of our executions; it names the order by the venue's id only."""

    id: int
    order_id: int
    symbol: str
    side: str
    position_side: str
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    maker: bool
    time: int


class PositionRow(Row, frozen=True):
    """GET v3/positionRisk, v1 of inverse products; the former has neither leverage nor margin mode."""

    symbol: str
    position_side: str
    position_amt: Decimal
    entry_price: Decimal
    un_realized_profit: Decimal
    update_time: int
    margin_type: str = ""
    leverage: Decimal | None = None


class SettingRow(Row, frozen=True):
    """GET symbolConfig; positionRisk of inverse products, which have no such page."""

    symbol: str
    margin_type: str
    leverage: Decimal


class AccountConfigRow(Row, frozen=True):
    """GET accountConfig."""

    can_trade: bool
    multi_assets_margin: bool


class AssetRow(Row, frozen=True):
    """One asset of the account. With `updateTime` 0 its numbers mean nothing."""

    asset: str
    wallet_balance: Decimal
    available_balance: Decimal
    update_time: int


class AccountRow(Row, frozen=True):
    """GET v3/account, v1 of inverse products."""

    assets: list[AssetRow]


class DayRow(Row, frozen=True):
    """GET ticker/24hr of one symbol."""

    last_price: Decimal
    volume: Decimal
    close_time: int


class BestRow(Row, frozen=True):
    """GET ticker/bookTicker of one symbol."""

    bid_price: Decimal
    ask_price: Decimal


class PremiumRow(Row, frozen=True):
    """GET premiumIndex of one symbol."""

    mark_price: Decimal
    index_price: Decimal
    last_funding_rate: str
    """Empty for dated contracts."""
    next_funding_time: int
    time: int


class OpenInterestRow(Row, frozen=True):
    """GET openInterest."""

    open_interest: Decimal
    time: int


class DepthRow(Struct, frozen=True):
    """GET depth."""

    last_update_id: int = field(name="lastUpdateId")
    event_ms: int = field(name="E")
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class AggTradeRow(Struct, frozen=True):
    """A public trade, in GET aggTrades and in the `aggTrade` stream alike."""

    id: int = field(name="a")
    price: Decimal = field(name="p")
    amount: Decimal = field(name="q")
    at_ms: int = field(name="T")
    buyer_is_maker: bool = field(name="m")


KlineRow = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal, int, Decimal, int, Decimal, Decimal, str]
"""Open time, open, high, low, close, volume, close time, and five more."""


class CodeRow(Row, frozen=True):
    """`{"code": 200}`: a success."""

    code: int | str


class LeverageRow(Row, frozen=True):
    """POST leverage."""

    leverage: int


class ListenKeyRow(Row, frozen=True):
    """POST listenKey."""

    listen_key: str


# --- streams ------------------------------------------------------------------------------------------------------


class Head(Struct, frozen=True):
    """What tells one streamed message from another. `id`, `error` and `code` belong to replies to commands."""

    event: str = field(name="e", default="")
    symbol: str = field(name="s", default="")
    id: int | None = None
    error: dict[str, int | str] | None = None
    code: int | None = None
    msg: str = ""


class OrderUpdate(Struct, frozen=True):
    """`o` of ORDER_TRADE_UPDATE. What `OrderRow` has too is called as it is there."""

    symbol: str = field(name="s")
    client_order_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    orig_qty: Decimal = field(name="q")
    price: Decimal = field(name="p")
    avg_price: Decimal = field(name="ap")
    kind: str = field(name="x")
    status: str = field(name="X")
    order_id: int = field(name="i")
    last_amount: Decimal = field(name="l")
    executed_qty: Decimal = field(name="z")
    last_price: Decimal = field(name="L")
    update_time: int = field(name="T")
    trade_id: int = field(name="t")
    maker: bool = field(name="m")
    reduce_only: bool = field(name="R")
    position_side: str = field(name="ps")
    good_till_date: int = field(name="gtd", default=0)
    fee: Decimal | None = field(name="n", default=None)
    fee_asset: str | None = field(name="N", default=None)
    end_reason: str = field(name="er", default="0")


class OrderMessage(Struct, frozen=True):
    """ORDER_TRADE_UPDATE."""

    order: OrderUpdate = field(name="o")


class AlgoUpdate(Struct, frozen=True):
    """`o` of ALGO_UPDATE. What `AlgoRow` has too is called as it is there."""

    client_algo_id: str = field(name="caid")
    algo_id: int = field(name="aid")
    order_type: str = field(name="o")
    symbol: str = field(name="s")
    side: str = field(name="S")
    position_side: str = field(name="ps")
    time_in_force: str = field(name="f")
    quantity: Decimal = field(name="q")
    algo_status: str = field(name="X")
    trigger_price: Decimal = field(name="tp")
    price: Decimal = field(name="p")
    working_type: str = field(name="wt")
    close_position: bool = field(name="cp")
    reduce_only: bool = field(name="R")
    good_till_date: int = field(name="gtd", default=0)
    actual_order_id: str = field(name="ai", default="")
    activate_price: str = field(name="AP", default="")
    callback_rate: str = field(name="cr", default="")
    end_reason: str = field(name="rm", default="")


class AlgoMessage(Struct, frozen=True):
    """ALGO_UPDATE."""

    at_ms: int = field(name="T")
    order: AlgoUpdate = field(name="o")


class BalanceUpdate(Struct, frozen=True):
    """One of `a.B` of ACCOUNT_UPDATE."""

    asset: str = field(name="a")
    wallet: Decimal = field(name="wb")


class PositionUpdate(Struct, frozen=True):
    """One of `a.P` of ACCOUNT_UPDATE. What `PositionRow` has too is called as it is there."""

    symbol: str = field(name="s")
    position_amt: Decimal = field(name="pa")
    entry_price: Decimal = field(name="ep")
    un_realized_profit: Decimal = field(name="up")
    margin_type: str = field(name="mt")
    position_side: str = field(name="ps")
    leverage: Decimal | None = None
    """Never told."""


class AccountUpdate(Struct, frozen=True):
    """`a` of ACCOUNT_UPDATE: only what changed."""

    balances: list[BalanceUpdate] = field(name="B", default_factory=list[BalanceUpdate])
    positions: list[PositionUpdate] = field(name="P", default_factory=list[PositionUpdate])


class AccountMessage(Struct, frozen=True):
    """ACCOUNT_UPDATE."""

    at_ms: int = field(name="T")
    sent_ms: int = field(name="E")
    account: AccountUpdate = field(name="a")


class TradeLite(Struct, frozen=True):
    """TRADE_LITE: an execution without its fee, often before the full message."""

    symbol: str = field(name="s")
    trade_id: int = field(name="t")
    order_id: int = field(name="i")


class DepthUpdate(Struct, frozen=True):
    """`depthUpdate`."""

    first: int = field(name="U")
    last: int = field(name="u")
    previous: int = field(name="pu")
    at_ms: int = field(name="T")
    bids: list[tuple[Decimal, Decimal]] = field(name="b")
    asks: list[tuple[Decimal, Decimal]] = field(name="a")


class DayTicker(Struct, frozen=True):
    """`24hrTicker`."""

    at_ms: int = field(name="E")
    last: Decimal = field(name="c")
    volume: Decimal = field(name="v")


class BestPrices(Struct, frozen=True):
    """`bookTicker`."""

    at_ms: int = field(name="E")
    bid: Decimal = field(name="b")
    ask: Decimal = field(name="a")


class MarkPrice(Struct, frozen=True):
    """`markPriceUpdate`."""

    at_ms: int = field(name="E")
    mark: Decimal = field(name="p")
    index: Decimal = field(name="i")
    funding_rate: str = field(name="r")
    """Empty for dated contracts."""


class Kline(Struct, frozen=True):
    """`k` of `kline`."""

    open_ms: int = field(name="t")
    interval: str = field(name="i")
    open: Decimal = field(name="o")
    high: Decimal = field(name="h")
    low: Decimal = field(name="l")
    close: Decimal = field(name="c")
    volume: Decimal = field(name="v")
    closed: bool = field(name="x")


class KlineMessage(Struct, frozen=True):
    """`kline`."""

    kline: Kline = field(name="k")
