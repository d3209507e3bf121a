"""Frames of the feeds: what is streamed of the market and of an account.

Source: the vendor's WebSocket pages; recordings of nautilus_trader and message schemas of roq. Prices have at least one
decimal here, and what has no price says 0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.state import (
    BalanceState,
    BookState,
    FillState,
    MarginMode,
    OrderState,
    OrderStatus,
    Side,
    TickerState,
    TradeState,
)
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.decimals import CONTEXT, money
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.kraken.wire.account import Flexible, Held, flexible_sums
from venueproof_simulators.venues.kraken.wire.market import (
    HOUR_NS,
    absolute_rate,
    change_percent,
    relative_rate,
    turnover,
)
from venueproof_simulators.venues.kraken.wire.numbers import (
    ZERO,
    Document,
    Listing,
    coins,
    floating,
    mark,
    rounded,
    size,
    trade_uid,
)
from venueproof_simulators.venues.kraken.wire.orders import OPEN_TYPES, limit_ticks, signal

_PPM = Decimal(10_000)
"""Parts per million in a percent."""


# --- the market -------------------------------------------------------------------------------------------------------


def ticker(one: Listing, state: TickerState, time: VenueTime) -> Document:
    """The ticker; dated contracts have a maturity and no funding."""
    return {
        "time": time.wire_ms,
        "product_id": one.name,
        **_funding(one, state, time),
        "feed": "ticker",
        "bid": _price(one, state.bid),
        "ask": _price(one, state.ask),
        "bid_size": size(one, state.bid_lots),
        "ask_size": size(one, state.ask_lots),
        "volume": size(one, state.day.volume_lots),
        "dtm": _days(one, time),
        "leverage": f"{one.row.leverage_max}x",
        "index": floating(mark(one, state.index_nano_ticks)),
        "premium": _premium(state),
        "last": _price(one, state.last),
        "change": change_percent(state),
        "suspended": False,
        "tag": one.tag,
        "pair": one.pair,
        "openInterest": size(one, state.open_interest_lots),
        "markPrice": floating(mark(one, state.mark_nano_ticks)),
        "maturityTime": one.expiry_ms,
        "post_only": False,
        "volumeQuote": floating(turnover(one, state.day)),
        "open": _price(one, state.day.open),
        "high": _price(one, state.day.high),
        "low": _price(one, state.day.low),
    }


def ticker_lite(one: Listing, state: TickerState, time: VenueTime) -> Document:
    """The short ticker."""
    return {
        "feed": "ticker_lite",
        "product_id": one.name,
        "bid": _price(one, state.bid),
        "ask": _price(one, state.ask),
        "change": change_percent(state),
        "premium": _premium(state),
        "volume": size(one, state.day.volume_lots),
        "tag": one.tag,
        "pair": one.pair,
        "dtm": _days(one, time),
        "maturityTime": one.expiry_ms,
        "volumeQuote": floating(turnover(one, state.day)),
    }


def _funding(one: Listing, state: TickerState, time: VenueTime) -> Document:
    if not one.perpetual:
        return {}
    absolute, relative = absolute_rate(one, state.funding_rate_ppb, state), relative_rate(state.funding_rate_ppb)
    next_ns = (time.wire_ns // HOUR_NS + 1) * HOUR_NS
    return {
        "funding_rate": absolute,
        "funding_rate_prediction": absolute,
        "relative_funding_rate": relative,
        "relative_funding_rate_prediction": relative,
        "next_funding_rate_time": next_ns // 1_000_000,
    }


def _price(one: Listing, ticks: int) -> Decimal:
    return floating(one.price(ticks)) if ticks else ZERO


def _days(one: Listing, time: VenueTime) -> int:
    return max(0, (one.expiry_ms - time.wire_ms) // 86_400_000) if one.expiry_ms else 0


def _premium(state: TickerState) -> Decimal:
    """How far mark is from the index, in percent."""
    ahead = Decimal(100 * (state.mark_nano_ticks - state.index_nano_ticks))
    return rounded(CONTEXT.divide(ahead, Decimal(state.index_nano_ticks)), 1)


def trade_object(one: Listing, trade: TradeState, seed: int, time: VenueTime) -> Document:
    """A trade; inside a snapshot as well."""
    return {
        "feed": "trade",
        "product_id": one.name,
        "uid": trade_uid(seed, one.name, trade.trade_id),
        "side": trade.taker.value,
        "type": "fill",
        "seq": trade.trade_id,
        "time": wire_ms(time, trade.at_ns),
        "qty": size(one, trade.lots),
        "price": floating(one.price(trade.ticks)),
    }


def trade_snapshot(one: Listing, trades: Sequence[TradeState], seed: int, time: VenueTime) -> Document:
    """The last trades, newest first."""
    rows = [trade_object(one, trade, seed, time) for trade in reversed(trades)]
    return {"feed": "trade_snapshot", "product_id": one.name, "trades": rows}


def book_snapshot(one: Listing, book: BookState, seq: int, time: VenueTime) -> Document:
    """The whole book, and the number that the next change follows."""
    return {
        "feed": "book_snapshot",
        "product_id": one.name,
        "timestamp": time.wire_ms,
        "seq": seq,
        "tickSize": None,
        "bids": [_level(one, *level) for level in book.bids],
        "asks": [_level(one, *level) for level in book.asks],
    }


def _level(one: Listing, ticks: int, lots: int) -> Document:
    return {"price": floating(one.price(ticks)), "qty": size(one, lots)}


def book_change(one: Listing, side: Side, level: tuple[int, int], seq: int, time: VenueTime) -> Document:
    """One level of the book is now so; nothing left removes it."""
    ticks, lots = level
    return {
        "feed": "book",
        "product_id": one.name,
        "side": side.value,
        "seq": seq,
        "price": floating(one.price(ticks)),
        "qty": size(one, lots),
        "timestamp": time.wire_ms,
    }


def heartbeat(time: VenueTime) -> Document:
    """A sign of life."""
    return {"feed": "heartbeat", "time": time.wire_ms}


# --- orders -----------------------------------------------------------------------------------------------------------


def order_object(one: Listing, order: OrderState, uid: str, client_id: str | None, time: VenueTime) -> Document:
    """An order: `qty` is what is left of it."""
    left = 0 if order.status is OrderStatus.FILLED else order.lots - order.filled_lots
    return {
        "instrument": one.name,
        "time": wire_ms(time, order.created_ns),
        "last_update_time": wire_ms(time, order.updated_ns),
        "qty": floating(one.amount(left)),
        "filled": floating(one.amount(order.filled_lots)),
        "limit_price": _price(one, limit_ticks(order)),
        "stop_price": ZERO,
        "type": "limit",
        "order_id": uid,
        **_named(client_id),
        "direction": 0 if order.side is Side.BUY else 1,
        "reduce_only": order.reduce_only,
    }


def trigger_object(one: Listing, stop: ConditionalState, uid: str, client_id: str | None, time: VenueTime) -> Document:
    """An order that waits; one at market has no limit price."""
    document: Document = {
        "instrument": one.name,
        "time": wire_ms(time, stop.created_ns),
        "last_update_time": wire_ms(time, stop.updated_ns),
        "qty": floating(one.amount(stop.lots)),
        "filled": ZERO,
        "limit_price": _price(one, stop.ticks),
        "stop_price": _price(one, stop.trigger_ticks),
        "type": OPEN_TYPES[stop.trigger],
        "order_id": uid,
        **_named(client_id),
        "direction": 0 if stop.side is Side.BUY else 1,
        "reduce_only": stop.reduce_only,
        "triggerSignal": signal(stop.watches),
    }
    if stop.trigger is TriggerKind.TRAILING:
        document["trailing_stop_options"] = _trailing(one, stop)
    return document


def _trailing(one: Listing, stop: ConditionalState) -> Document:
    if stop.callback_ticks:
        return {"max_deviation": floating(one.price(stop.callback_ticks)), "unit": "QUOTE_CURRENCY"}
    return {"max_deviation": floating(Decimal(stop.callback_ppm) / _PPM), "unit": "PERCENT"}


def _named(client_id: str | None) -> Document:
    return {} if client_id is None else {"cli_ord_id": client_id}


def orders_snapshot(feed: str, account: str, orders: Sequence[Document]) -> Document:
    """All that is open."""
    return {"feed": f"{feed}_snapshot", "account": account, "orders": list(orders)}


def order_frame(feed: str, order: Document, reason: str, *, removed: bool = False) -> Document:
    """An order is now so, in full."""
    return {"feed": feed, "order": order, "is_cancel": removed, "reason": reason}


def removal_frame(feed: str, uid: str, reason: str) -> Document:
    """An order is gone; nothing more is said of it."""
    return {"feed": feed, "order_id": uid, "is_cancel": True, "reason": reason}


# --- fills ------------------------------------------------------------------------------------------------------------


def fill_object(
    one: Listing,
    fill: FillState,
    order: OrderState | None,
    uids: tuple[str, str],
    client_id: str | None,
    kind: str,
    time: VenueTime,
) -> Document:
    """A fill; `uids` are those of the trade and of the order."""
    left = 0 if order is None else order.open_lots
    return {
        "instrument": one.name,
        "time": wire_ms(time, fill.at_ns),
        "price": floating(one.price(fill.ticks)),
        "seq": fill.trade_id,
        "buy": fill.side is Side.BUY,
        "qty": floating(one.amount(fill.lots)),
        "remaining_order_qty": floating(one.amount(left)),
        "order_id": uids[1],
        **_named(client_id),
        "fill_id": uids[0],
        "fill_type": kind,
        "fee_paid": coins(fill.fee_atoms),
        "fee_currency": fill.fee_asset,
        "taker_order_type": _kind(order) if not fill.maker else "market",
        "order_type": _kind(order),
    }


def _kind(order: OrderState | None) -> str:
    return "market" if order is not None and not order.ticks else "limit"


def fills_snapshot(account: str, fills: Sequence[Document]) -> Document:
    """The last fills."""
    return {"feed": "fills_snapshot", "account": account, "fills": list(fills)}


def fills_frame(account: str, fills: Sequence[Document]) -> Document:
    """Fills as they happen, in a list of one."""
    return {"feed": "fills", "username": account, "fills": list(fills)}


# --- positions --------------------------------------------------------------------------------------------------------


def positions_frame(account: str, held: Sequence[Document], seq: int, time: VenueTime) -> Document:
    """All positions there are; one that was closed is not among them."""
    return {
        "feed": "open_positions",
        "account": account,
        "positions": list(held),
        "seq": seq,
        "timestamp": time.wire_ms,
    }


def position_object(held: Held, index_nano_ticks: int, unit: str, equity: Decimal, time: VenueTime) -> Document:
    """A position; `balance` is signed, `equity` is what stands behind it."""
    one, position, margin = held.listing, held.position, held.margin
    worth = abs(money(margin.notional_atoms))
    cost = money(margin.initial_position_atoms)
    document: Document = {
        "instrument": one.name,
        "balance": floating(one.amount(position.lots)),
        "pnl": coins(margin.unrealized_atoms),
        "entry_price": floating(held.entry),
        "mark_price": floating(mark(one, margin.mark_nano_ticks)),
        "index_price": floating(mark(one, index_nano_ticks)),
        "liquidation_threshold": floating(one.price(margin.liquidation_ticks)) if margin.liquidation_ticks else ZERO,
        "effective_leverage": rounded(CONTEXT.divide(worth, equity)) if equity > 0 else ZERO,
        "return_on_equity": rounded(CONTEXT.divide(100 * money(margin.unrealized_atoms), cost)) if cost else ZERO,
        "unrealized_funding": floating(money(held.funding_atoms)),
        "initial_margin": coins(margin.initial_position_atoms),
        "initial_margin_with_orders": coins(margin.initial_position_atoms + margin.initial_orders_atoms),
        "maintenance_margin": coins(margin.maintenance_atoms),
        "pnl_currency": unit,
        "fill_time": wire_ms(time, position.updated_ns),
    }
    if position.margin_mode is MarginMode.ISOLATED:
        document["max_fixed_leverage"] = rounded(CONTEXT.divide(Decimal(position.leverage_centi), Decimal(CENTI)), 2)
    return document


# --- balances ---------------------------------------------------------------------------------------------------------


def futures_object(one: Listing, held: BalanceState, funding_atoms: int) -> Document:
    """A single-collateral account."""
    return {
        "name": f"F-{one.coin.upper()}:{one.row.quote}",
        "pair": f"{one.coin.upper()}/{one.row.quote}",
        "unit": one.coin.upper(),
        "portfolio_value": coins(held.wallet_atoms + held.unrealized_atoms),
        "balance": coins(held.wallet_atoms),
        "maintenance_margin": coins(held.maintenance_atoms),
        "initial_margin": coins(held.initial_position_atoms + held.initial_orders_atoms),
        "available": coins(held.available_atoms),
        "unrealized_funding": floating(money(funding_atoms)),
        "pnl": coins(held.unrealized_atoms),
    }


def flexible_object(account: Flexible, held: Sequence[Held]) -> Document:
    """The multi-collateral account, and the same figures of what is isolated and what is cross."""
    sums = {name: coins(atoms) for name, atoms in flexible_sums(account).items()}
    isolated = {one.listing.name: _margins(one) for one in held if one.position.isolated_atoms}
    figures = _figures(sums)
    worth = sum((abs(one.margin.notional_atoms) for one in held if not one.position.isolated_atoms), 0)
    equity = money(account.sums.discounted_atoms)
    lever = rounded(CONTEXT.divide(money(worth), equity)) if equity > 0 else ZERO
    return {
        "currencies": {state.asset: _currency(state, cut) for state, cut in account.currencies},
        **figures,
        "isolated": isolated,
        "cross": {**figures, "effective_leverage": lever},
    }


def _figures(sums: dict[str, Decimal]) -> Document:
    return {
        "balance_value": sums["balance"],
        "portfolio_value": sums["portfolio"],
        "collateral_value": sums["collateral"],
        "initial_margin": sums["with_orders"],
        "initial_margin_without_orders": sums["initial"],
        "maintenance_margin": sums["maintenance"],
        "pnl": sums["pnl"],
        "unrealized_funding": sums["funding"],
        "total_unrealized": sums["total"],
        "total_unrealized_as_margin": sums["total"],
        "margin_equity": sums["equity"],
        "available_margin": sums["available"],
    }


def _margins(held: Held) -> Document:
    margin = held.margin
    return {
        "initial_margin": coins(margin.initial_position_atoms + margin.initial_orders_atoms),
        "initial_margin_without_orders": coins(margin.initial_position_atoms),
        "maintenance_margin": coins(margin.maintenance_atoms),
        "pnl": coins(margin.unrealized_atoms),
        "unrealized_funding": coins(held.funding_atoms),
        "total_unrealized": coins(margin.unrealized_atoms + held.funding_atoms),
        "total_unrealized_as_margin": coins(margin.unrealized_atoms + held.funding_atoms),
    }


def _currency(held: BalanceState, haircut: Decimal) -> Document:
    value = coins(held.wallet_atoms)
    return {
        "quantity": value,
        "value": value,
        "collateral_value": rounded(value * (1 - haircut)),
        "available": coins(held.available_atoms),
        "haircut": rounded(haircut),
        "conversion_spread": rounded(haircut),
    }


def balances_frame(feed: str, account: str, groups: Document, seq: int, time: VenueTime) -> Document:
    """Wallets, each group in full."""
    return {"feed": feed, "account": account, "seq": seq, "timestamp": time.wire_ms, **groups}
