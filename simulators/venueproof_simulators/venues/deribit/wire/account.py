"""Accounts, positions and money as JSON documents. Source: the sheet's examples and OpenAPI 2.1.1."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.state import BalanceState, MarginState, PositionState, TickerState
from venueproof_simulators.host.decimals import CONTEXT, money
from venueproof_simulators.host.facts import Limits
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.deribit.wire.market import index_price, mark_price
from venueproof_simulators.venues.deribit.wire.numbers import Listing, average_price, coins, num

_COIN_PLACES = Decimal("1e-8")
_USD_PLACES = Decimal("0.01")
_DOLLARS = frozenset({"USDC", "USDT"})
_CREATED_MS = 1687352432143


class Session(Struct):
    """What a currency made since the last settlement, in atoms. `balance` does not hold what futures made; premiums of
    options are paid at once.
    """

    futures_realized: int = 0
    options_realized: int = 0
    funding: int = 0


class Holdings(Struct, frozen=True):
    """Positions of one currency, added up. Money in atoms, deltas in coin."""

    futures_unrealized: int = 0
    options_unrealized: int = 0
    options_value: int = 0
    delta: Decimal = Decimal(0)
    deltas: Mapping[str, Decimal] = {}
    """By index."""
    greeks: Mapping[str, Decimal] = {}
    """Of options: delta, gamma, vega and theta."""


def summary_document(balance: BalanceState, session: Session, held: Holdings, limits: Limits) -> Document:
    """The account in one currency, as accounts and summaries list it."""
    document = portfolio_document(balance, session, held)
    del document["locked_balance"]
    return document | {
        "estimated_liquidation_ratio": _ratio(balance),
        "estimated_liquidation_ratio_map": {index: _ratio(balance) for index in held.deltas},
        "limits": limits_document(limits),
    }


def portfolio_document(balance: BalanceState, session: Session, held: Holdings) -> Document:
    """The account in one currency, as its channel tells it: every figure but limits and fees."""
    pending = session.futures_realized + session.funding
    realized = pending + session.options_realized
    equity = balance.wallet_atoms + held.futures_unrealized + held.options_value
    initial = balance.initial_position_atoms + balance.initial_orders_atoms
    document: Document = {
        "currency": balance.asset,
        "balance": coins(balance.wallet_atoms - pending),
        "equity": coins(equity),
        "margin_balance": coins(balance.wallet_atoms + held.futures_unrealized),
        "available_funds": coins(balance.available_atoms),
        "available_withdrawal_funds": coins(min(balance.available_atoms, max(0, balance.wallet_atoms - pending))),
        "initial_margin": coins(initial),
        "maintenance_margin": coins(balance.maintenance_atoms),
        "projected_initial_margin": coins(initial),
        "projected_maintenance_margin": coins(balance.maintenance_atoms),
        "session_upl": coins(held.futures_unrealized + held.options_unrealized),
        "session_rpl": coins(realized),
        "futures_session_upl": coins(held.futures_unrealized),
        "futures_session_rpl": coins(pending),
        "options_session_upl": coins(held.options_unrealized),
        "options_session_rpl": coins(session.options_realized),
        "total_pl": coins(held.futures_unrealized + held.options_unrealized + realized),
        "futures_pl": coins(held.futures_unrealized + pending),
        "options_pl": coins(held.options_unrealized + session.options_realized),
        "options_value": coins(held.options_value),
        **_greeks(held),
        "delta_total": _coin(held.delta),
        "delta_total_map": {index: _coin(delta) for index, delta in held.deltas.items()},
        "projected_delta_total": _coin(held.delta),
        "spot_reserve": 0.0,
        "additional_reserve": 0.0,
        "fee_balance": 0.0,
        "locked_balance": 0.0,
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
        "margin_model": "segregated_sm",
    }
    return document


def _greeks(held: Holdings) -> Document:
    greeks: Document = {f"options_{name}": _coin(held.greeks.get(name, Decimal(0))) for name in _GREEKS}
    maps: Document = {
        f"options_{name}_map": dict.fromkeys(held.deltas, greeks[f"options_{name}"]) if held.greeks else {}
        for name in _GREEKS[1:]
    }
    return greeks | maps


_GREEKS = ("delta", "gamma", "vega", "theta")


def _coin(value: Decimal) -> float:
    return num(value.quantize(_COIN_PLACES, context=CONTEXT))


def _ratio(balance: BalanceState) -> float:
    """How near a liquidation is: what must be kept over what is there."""
    equity = balance.wallet_atoms + balance.unrealized_atoms
    return round(balance.maintenance_atoms / equity, 6) if equity > 0 else 0.0


def limits_document(limits: Limits) -> Document:
    """How often an account may ask, as its summary tells it."""
    matching = limits.named("matching")
    rate = {"burst": matching.limit, "rate": matching.limit // matching.interval_s}
    credits = limits.named("credits")
    cost = limits.weights()["default"].weight
    burst = credits.limit // cost
    return {
        "limits_per_currency": False,
        "non_matching_engine": {"burst": burst, "rate": burst // credits.interval_s},
        "matching_engine": {
            "trading": {"total": rate},
            "spot": rate,
            "quotes": {"burst": 500, "rate": 500},
            "max_quotes": {"burst": 10, "rate": 10},
            "guaranteed_quotes": {"burst": 2, "rate": 2},
            "cancel_all": rate,
        },
    }


def fees_rows(listings: list[Listing]) -> list[Document]:
    """What trading costs, by index and kind."""
    rows: dict[tuple[str, str], Document] = {}
    for listing in listings:
        kind = "option" if listing.option else "perpetual" if listing.perpetual else "future"
        if (listing.index_name, kind) in rows:
            continue
        default = {"type": "fixed", "taker": num(listing.row.taker_fee), "maker": num(listing.row.maker_fee)}
        value = {"default": default, "block_trade": 0.3}
        rows[listing.index_name, kind] = {"index_name": listing.index_name, "kind": kind, "value": value}
    return list(rows.values())


def header_document(user_id: int, name: str) -> Document:
    """Who the account is: what `extended` asks for."""
    return {
        "id": user_id,
        "type": "main",
        "username": name,
        "system_name": name,
        "email": f"{name}@example.com",
        "creation_timestamp": _CREATED_MS,
        "referrer_id": None,
        "login_enabled": True,
        "security_keys_enabled": False,
        "mmp_enabled": False,
        "interuser_transfers_enabled": False,
        "self_trading_reject_mode": "cancel_maker",
        "self_trading_extended_to_subaccounts": False,
        "block_rfq_self_match_prevention": True,
    }


class PositionFacts(Struct, frozen=True):
    """What a position's document is made of besides the position. Money in atoms."""

    margin: MarginState
    ticker: TickerState
    settled: Decimal
    """The price of the last settlement."""
    realized_atoms: int
    """Since the last settlement:"""
    funding_atoms: int
    index: Decimal = Decimal(1)
    """What the underlying of an option costs."""


def position_document(listing: Listing, position: PositionState, facts: PositionFacts) -> Document:
    """One position; a flat one is all zeros. Its size is in dollars of inverse contracts, in coin of others."""
    margin, ticker = facts.margin, facts.ticker
    coin = listing.coin(position.lots, ticker.mark_nano_ticks)
    unrealized, realized = position.unrealized_atoms, facts.realized_atoms
    document: Document = {
        "instrument_name": listing.name,
        "kind": listing.kind,
        "direction": direction(position.lots),
        "size": num(listing.amount(position.lots)),
        "average_price": average_price(listing, position.entry_nano_ticks),
        "mark_price": mark_price(listing, ticker.mark_nano_ticks),
        "index_price": index_price(listing, ticker),
        "settlement_price": num(facts.settled),
        "initial_margin": coins(margin.initial_position_atoms),
        "maintenance_margin": coins(margin.maintenance_atoms),
        "open_orders_margin": coins(margin.initial_orders_atoms),
        "floating_profit_loss": coins(unrealized),
        "realized_profit_loss": coins(realized),
        "total_profit_loss": coins(unrealized + realized),
    }
    if listing.option:
        return document
    more = {
        "size_currency": _coin(coin),
        "leverage": position.leverage_centi // 100,
        "realized_funding": coins(facts.funding_atoms),
        "delta": _coin(coin),
    }
    if margin.liquidation_ticks:
        more["estimated_liquidation_price"] = num(listing.price(margin.liquidation_ticks))
    if listing.perpetual:
        more["interest_value"] = num(Decimal(ticker.funding_rate_ppb).scaleb(-9))
    return document | more


def option_position_fields(
    listing: Listing, position: PositionState, facts: PositionFacts, greeks: Mapping[str, Decimal]
) -> Document:
    """What a position in an option has besides."""
    dollars = facts.index if listing.currency == listing.row.base else Decimal(1)
    paid, gained = listing.mark(position.entry_nano_ticks), money(position.unrealized_atoms)
    return {
        "index_price": num(facts.index),
        "average_price_usd": num((paid * dollars).quantize(_USD_PLACES, context=CONTEXT)),
        "floating_profit_loss_usd": num((gained * dollars).quantize(_USD_PLACES, context=CONTEXT)),
        **{name: _coin(value) for name, value in greeks.items()},
    }


def direction(lots: int) -> str:
    """`buy`, `sell`, or `zero` where there is none."""
    return "buy" if lots > 0 else "sell" if lots < 0 else "zero"


class LogRow(Struct, frozen=True):
    """One row of the transaction log, as the desk keeps it. Money in atoms."""

    number: int
    kind: str
    at_ns: int
    currency: str
    change: int
    balance: int
    cashflow: int = 0
    commission: int = 0
    instrument: str = ""
    side: str = "-"
    amount: float | None = None
    price: float | None = None
    position: float | None = None
    order_id: str | None = None
    trade_id: str | None = None
    interest: int | None = None


def log_document(row: LogRow, user_id: int, name: str, timestamp: int) -> Document:
    """A row of the transaction log; what does not apply is null."""
    return {
        "id": row.number,
        "user_seq": row.number,
        "user_id": user_id,
        "username": name,
        "type": row.kind,
        "timestamp": timestamp,
        "currency": row.currency,
        "change": coins(row.change),
        "cashflow": coins(row.cashflow),
        "balance": coins(row.balance),
        "equity": coins(row.balance),
        "commission": coins(row.commission),
        "price": row.price,
        "position": row.position,
        "amount": row.amount,
        "side": row.side,
        "instrument_name": row.instrument or None,
        "order_id": row.order_id,
        "trade_id": row.trade_id,
        "interest_pl": None if row.interest is None else coins(row.interest),
        "info": None,
    }
