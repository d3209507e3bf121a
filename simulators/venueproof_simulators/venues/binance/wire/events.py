"""Messages of the streams: what the account hears of its orders and money, and what everybody hears of the market.

Key sets as recorded on the live and test venue in 2026; `N` and `n` are there only where something was paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_simulators.engine.events import BalanceChanged, Cause, MarginCalled, OrderChanged
from venueproof_simulators.engine.liquidation import LIQUIDATED
from venueproof_simulators.engine.matching import IMMEDIATE_OR_CANCEL, NO_LIQUIDITY, REDUCE_ONLY, SELF_TRADE
from venueproof_simulators.engine.state import (
    CandleState,
    FillState,
    MarginMode,
    MarginState,
    OrderOrigin,
    OrderState,
    PositionState,
    Side,
    TickerState,
    TimeInForce,
    TradeState,
)
from venueproof_simulators.engine.triggers import POSITION_CLOSED
from venueproof_simulators.host.decimals import fixed, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import unpadded, wire_ms
from venueproof_simulators.venues.binance.wire.account import break_even_price, entry_price, margin_type
from venueproof_simulators.venues.binance.wire.market import LevelRows, next_funding_ms, rate, turnover_text
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight, update_id
from venueproof_simulators.venues.binance.wire.orders import (
    LEGS,
    SELF_TRADE_WORDS,
    OrderNote,
    average_price,
    client_id,
    order_type,
    status,
    time_in_force,
)

EXECUTIONS: dict[Cause, str] = {
    Cause.OPENED: "NEW",
    Cause.AMENDED: "AMENDMENT",
    Cause.FILLED: "TRADE",
    Cause.CANCELED: "CANCELED",
    Cause.EXPIRED: "EXPIRED",
    Cause.REJECTED: "EXPIRED",
}
"""`x`: the venue's word for why an order changed."""

_EXPIRY_REASONS = {
    SELF_TRADE: "1",
    IMMEDIATE_OR_CANCEL: "2",
    NO_LIQUIDITY: "2",
    REDUCE_ONLY: "4",
    LIQUIDATED: "5",
    POSITION_CLOSED: "6",
}
"""The engine's reason → `er`; `0` for any other."""


def order_event(listing: Listing, changed: OrderChanged, note: OrderNote, time: VenueTime) -> Document:
    """ORDER_TRADE_UPDATE.

    Source: the vendor's pages and typed models; `si` and `ss`, which COIN-M's model leaves out, are in recorded
    messages of it, and a typed client insists on them.
    """
    order, fill, origin = changed.order, changed.fill, note.origin
    liquidated = order.origin is OrderOrigin.LIQUIDATION
    document = {
        "s": listing.name,
        "c": client_id(order),
        "S": order.side.upper(),
        "o": "LIQUIDATION" if liquidated else order_type(order, note),
        "f": time_in_force(order, note),
        "q": listing.amount_text(order.lots),
        "p": listing.plain_price(order.ticks),
        "ap": plain(average_price(listing, order)),
        "sp": unpadded(origin.stop_price) or "0",
        "x": "CALCULATED" if liquidated and fill else EXECUTIONS[changed.cause],
        "X": status(order),
        "i": order.order_id,
        "l": listing.amount_text(fill.lots if fill else 0),
        "z": listing.amount_text(order.filled_lots),
        "L": listing.plain_price(fill.ticks if fill else 0),
        **_fee(fill),
        "T": wire_ms(time, order.updated_ns),
        "t": fill.trade_id if fill else 0,
        "b": "0",
        "a": "0",
        "m": fill.maker if fill else False,
        "R": order.reduce_only,
        "wt": origin.working_type,
        "ot": origin.order_type or order.kind.upper(),
        "ps": LEGS[order.position_side],
        "cp": origin.close_position,
        **listing.only_coin(ma=listing.row.settle),
        "rp": plain(money(fill.realized_atoms)) if fill else "0",
        "pP": origin.price_protect,
        "si": 0,
        "ss": 0,
        "V": SELF_TRADE_WORDS[order.self_trade],
        "pm": note.price_match,
        **listing.only_usd(gtd=note.good_till_ms),
        "er": expiry_reason(listing, changed),
    }
    if origin.callback:
        document |= {"AP": unpadded(origin.activation), "cr": origin.callback}
    if changed.cause is Cause.AMENDED and note.modify_id is not None:
        document["M"] = str(note.modify_id)
    return {"e": "ORDER_TRADE_UPDATE", "T": document["T"], "E": time.wire_ms, "o": document}


def _fee(fill: FillState | None) -> Document:
    return {"n": plain(money(fill.fee_atoms)), "N": fill.fee_asset} if fill else {}


def expiry_reason(listing: Listing, changed: OrderChanged) -> str:
    """`er`: why the venue ended an order, `0` when it did not. The COIN-M page has a reason of its own for the rest of
    a market order.
    """
    order = changed.order
    if changed.cause is not Cause.EXPIRED:
        return "0"
    if order.reason == SELF_TRADE and order.time_in_force is TimeInForce.IOC:
        return "3"
    if order.reason == NO_LIQUIDITY and listing.inverse:
        return "9"
    return _EXPIRY_REASONS.get(order.reason, "0")


def trade_lite(listing: Listing, order: OrderState, fill: FillState, time: VenueTime) -> Document:
    """TRADE_LITE: the short form of a fill, sent before the long one. A market order has price 0.00."""
    return {
        "e": "TRADE_LITE",
        "E": time.wire_ms,
        "T": wire_ms(time, fill.at_ns),
        "s": listing.name,
        "q": listing.amount_text(order.lots),
        "p": listing.plain_price(order.ticks) if order.ticks else "0.00",
        "m": fill.maker,
        "c": client_id(order),
        "S": order.side.upper(),
        "L": listing.plain_price(fill.ticks),
        "l": listing.amount_text(fill.lots),
        "t": fill.trade_id,
        "i": order.order_id,
    }


def account_event(
    balances: list[Document], positions: list[Document], why: str, at_ns: int, time: VenueTime
) -> Document:
    """ACCOUNT_UPDATE: only what changed."""
    return {
        "e": "ACCOUNT_UPDATE",
        "T": wire_ms(time, at_ns),
        "E": time.wire_ms,
        "a": {"B": balances, "P": positions, "m": why},
    }


def balance_entry(changed: BalanceChanged, isolated_atoms: int, *, told: bool) -> Document:
    """One asset of ACCOUNT_UPDATE. `cw` leaves out what isolated positions have locked in.

    `bc` leaves out trading: it is told of transfers and funding only.
    """
    wallet_atoms = changed.balance.wallet_atoms
    return {
        "a": changed.balance.asset,
        "wb": plain(money(wallet_atoms)),
        "cw": plain(money(wallet_atoms - isolated_atoms)),
        "bc": plain(money(changed.change_atoms)) if told else "0",
    }


def position_entry(listing: Listing, position: PositionState) -> Document:
    """One position of ACCOUNT_UPDATE, every figure as of then; `pa` is "0" once it is closed."""
    isolated = position.margin_mode is MarginMode.ISOLATED
    return {
        "s": listing.name,
        "pa": listing.amount_text(position.lots) if position.lots else "0",
        "ep": entry_price(listing, position),
        "cr": plain(money(position.realized_atoms)),
        "up": plain(money(position.unrealized_atoms)),
        "mt": position.margin_mode.value,
        "iw": plain(money(position.isolated_atoms)) if isolated else "0",
        "ps": LEGS[position.side],
        "ma": listing.row.settle,
        "bep": break_even_price(listing, position),
    }


def margin_call_event(
    called: MarginCalled, rows: Iterable[tuple[Listing, PositionState, MarginState]], time: VenueTime
) -> Document:
    """MARGIN_CALL; `cw` is there only where it is about cross positions."""
    positions = [
        {
            "s": listing.name,
            "ps": LEGS[position.side],
            "pa": listing.amount_text(position.lots),
            "mt": margin_type(position.margin_mode),
            "iw": plain(money(position.isolated_atoms)),
            "mp": plain(listing.mark(margin.mark_nano_ticks)),
            "up": plain(money(position.unrealized_atoms)),
            "mm": plain(money(margin.maintenance_atoms)),
        }
        for listing, position, margin in rows
    ]
    crossed = any(row["mt"] == "CROSSED" for row in positions)
    wallet = {"cw": plain(money(called.cross_atoms))} if crossed else {}
    return {"e": "MARGIN_CALL", "E": time.wire_ms, **wallet, "p": positions}


def leverage_event(listing: Listing, leverage: int, time: VenueTime) -> Document:
    """ACCOUNT_CONFIG_UPDATE for a leverage."""
    return _config(time) | {"ac": {"s": listing.name, "l": leverage}}


def multi_assets_event(on: bool, time: VenueTime) -> Document:
    """ACCOUNT_CONFIG_UPDATE for the multi-assets switch."""
    return _config(time) | {"ai": {"j": on}}


def _config(time: VenueTime) -> Document:
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": time.wire_ms, "T": time.wire_ms}


def expired_event(key: str, time: VenueTime, *, as_text: bool) -> Document:
    """listenKeyExpired; its time is a number or, as some recordings have it, a string."""
    return {"e": "listenKeyExpired", "E": str(time.wire_ms) if as_text else time.wire_ms, "listenKey": key}


# --- the market -------------------------------------------------------------------------------------------------------


def depth_event(
    listing: Listing,
    ids: tuple[int, int, int],
    bids: LevelRows,
    asks: LevelRows,
    time: VenueTime,
) -> Document:
    """depthUpdate. `ids`: first and last update it covers, and the last one of the event before."""
    first, last, previous = map(update_id, ids)
    return {
        "e": "depthUpdate",
        "E": time.wire_ms,
        "T": time.wire_ms,
        "s": listing.name,
        "ps": listing.pair,
        "st": listing.product.number,
        "U": first,
        "u": last,
        "pu": previous,
        "b": bids,
        "a": asks,
    }


def best_event(listing: Listing, ticker: TickerState, sequence: int, time: VenueTime) -> Document:
    """bookTicker."""
    return {
        "e": "bookTicker",
        "u": update_id(sequence),
        "E": time.wire_ms,
        "T": time.wire_ms,
        "s": listing.name,
        "ps": listing.pair,
        "b": listing.tick_text(ticker.bid),
        "B": listing.amount_text(ticker.bid_lots),
        "a": listing.tick_text(ticker.ask),
        "A": listing.amount_text(ticker.ask_lots),
        "st": listing.product.number,
    }


def trade_event(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """trade: not on the vendor's page, but clients subscribe to it."""
    return {
        "e": "trade",
        "E": time.wire_ms,
        "T": wire_ms(time, trade.at_ns),
        "s": listing.name,
        "t": trade.trade_id,
        "p": listing.tick_text(trade.ticks),
        "q": listing.amount_text(trade.lots),
        "X": "MARKET",
        "m": trade.taker is Side.SELL,
    }


def aggregate_event(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """aggTrade."""
    amount = listing.amount_text(trade.lots)
    return {
        "e": "aggTrade",
        "E": time.wire_ms,
        "s": listing.name,
        "a": trade.trade_id,
        "p": listing.tick_text(trade.ticks),
        "q": amount,
        **listing.only_usd(nq=amount),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": wire_ms(time, trade.at_ns),
        "m": trade.taker is Side.SELL,
        "st": listing.product.number,
    }


def mark_event(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """markPriceUpdate."""
    index = eight(listing.mark(ticker.index_nano_ticks))
    return {
        "e": "markPriceUpdate",
        "E": time.wire_ms,
        "s": listing.name,
        "p": eight(listing.mark(ticker.mark_nano_ticks)),
        **listing.only_usd(ap=index),
        "i": index,
        "P": index,
        "r": eight(rate(ticker)),
        "T": next_funding_ms(listing, time),
        "st": listing.product.number,
    }


def day_event(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """24hrTicker."""
    day = ticker.day
    moved = ticker.last - day.open
    return {
        "e": "24hrTicker",
        "E": time.wire_ms,
        "s": listing.name,
        "ps": listing.pair,
        "p": listing.price_text(moved),
        "P": fixed(Decimal(moved * 100) / day.open if day.open else Decimal(0), 3),
        "w": fixed(
            listing.mean(day.value, day.volume_lots) if day.volume_lots else listing.price(ticker.last),
            listing.price_places,
        ),
        "c": listing.price_text(ticker.last),
        "Q": listing.amount_text(ticker.last_lots),
        "o": listing.price_text(day.open),
        "h": listing.price_text(day.high),
        "l": listing.price_text(day.low),
        "v": listing.amount_text(day.volume_lots),
        "q": fixed(listing.turnover(day.value), 8 if listing.inverse else 2),
        "O": wire_ms(time, day.open_ns),
        "C": time.wire_ms,
        "F": ticker.first_trade_id,
        "L": ticker.last_trade_id,
        "n": day.trades,
        "st": listing.product.number,
    }


_MINI_KEYS = ("E", "s", "ps", "c", "o", "h", "l", "v", "q", "st")


def mini_event(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """24hrMiniTicker."""
    whole = day_event(listing, ticker, time)
    return {"e": "24hrMiniTicker"} | {key: whole[key] for key in _MINI_KEYS}


def candle_entry(listing: Listing, candle: CandleState, interval: str, last_trade_id: int, *, closed: bool) -> Document:
    """`k` of a kline event, in the venue's order of keys: open, close, high, low."""
    first = last_trade_id - candle.trades + 1 if candle.trades else -1
    return {
        "t": candle.open_ns // 1_000_000,
        "T": candle.close_ns // 1_000_000 - 1,
        "s": listing.name,
        "i": interval,
        "f": first,
        "L": last_trade_id if candle.trades else -1,
        "o": listing.tick_text(candle.open),
        "c": listing.tick_text(candle.close),
        "h": listing.tick_text(candle.high),
        "l": listing.tick_text(candle.low),
        "v": listing.amount_text(candle.volume_lots),
        "n": candle.trades,
        "x": closed,
        "q": turnover_text(listing, candle.value),
        "V": listing.amount_text(candle.taker_buy_lots),
        "Q": turnover_text(listing, candle.taker_buy_value),
        "B": "0",
    }


def candle_event(listing: Listing, entry: Document, time: VenueTime) -> Document:
    """kline."""
    return {"e": "kline", "E": time.wire_ms, "s": listing.name, "k": entry}


def continuous_event(listing: Listing, entry: Document, time: VenueTime) -> Document:
    """continuous_kline: by pair and contract type, and without the symbol inside."""
    inner = {key: value for key, value in entry.items() if key != "s"}
    return {"e": "continuous_kline", "E": time.wire_ms, "ps": listing.pair, "ct": listing.contract_type, "k": inner}
