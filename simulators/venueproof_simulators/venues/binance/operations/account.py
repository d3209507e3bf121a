"""Balances, positions, and what the account's settings are."""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.state import BalanceState
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.decimals import fixed
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.wire import account as wire
from venueproof_simulators.venues.binance.wire.market import rate_limit_documents
from venueproof_simulators.venues.binance.wire.numbers import Listing

STALE_ASSETS = "binance.account.stale-assets"
_AVAILABLE: Document = {"marginAvailable": True}

Shape = Callable[[Listing, wire.Held, VenueTime], Document]


def account_v3(call: Call) -> Document:
    """GET v3/account: only symbols with a position or an order."""
    purses = _purses(call)
    return {
        **wire.totals_document(purses, shared=call.account.multi_assets),
        "assets": [wire.asset_document(purse) for purse in purses],
        "positions": _positions(call, wire.account_position_document, busy_only=True),
    }


def account_v2(call: Call) -> Document:
    """GET v2/account: every symbol, with its leverage."""
    purses = _purses(call)
    return {
        "feeTier": 0,
        "feeBurn": call.account.fee_burn,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        "tradeGroupId": -1,
        **wire.totals_document(purses, shared=call.account.multi_assets),
        "assets": [wire.asset_document(purse) | _AVAILABLE for purse in purses],
        "positions": _positions(call, wire.account_position_v2_document, busy_only=False),
    }


def status(call: Call) -> Document:
    """account.status: as account v2, but for a field of each position."""
    rows = _positions(call, wire.account_position_socket_document, busy_only=False)
    return account_v2(call) | {"positions": rows}


def status_v2(call: Call) -> Document:
    """v2/account.status: as account v3, but for a field of each asset."""
    shown = account_v3(call)
    return shown | {"assets": [asset | _AVAILABLE for asset in shown["assets"]]}


def status_coin(call: Call) -> Document:
    """account.status of COIN-M futures: as its account, but for a field of each position."""
    rows = _positions(call, wire.account_position_coin_socket_document, busy_only=False)
    return account_coin(call) | {"positions": rows}


def account_coin(call: Call) -> Document:
    """GET account of COIN-M futures: every symbol, and no totals, as no two coins are worth the same."""
    return {
        "assets": [wire.asset_document(purse) for purse in _purses(call)],
        "positions": _positions(call, wire.account_position_coin_document, busy_only=False),
        "canDeposit": True,
        "canTrade": True,
        "canWithdraw": True,
        "feeTier": 0,
        "updateTime": 0,
    }


def balance(call: Call) -> list[Document]:
    """GET v2/balance and v3/balance."""
    return [wire.balance_document(purse, call.account.alias) for purse in _purses(call)]


def balance_coin(call: Call) -> list[Document]:
    """GET balance of COIN-M futures."""
    return [wire.coin_balance_document(purse, call.account.alias) for purse in _purses(call)]


def _purses(call: Call) -> list[wire.Purse]:
    desk, account = call.desk, call.account.name
    return [
        wire.Purse(balance, _update_ms(call, balance))
        for balance in desk.engine.balances(account)
        if balance.asset in call.product.money
    ]


def _update_ms(call: Call, balance: BalanceState) -> int:
    """0 for an asset that never was used, while that quirk is on: its figures mean nothing then."""
    if not balance.wallet_atoms and call.desk.switches.on(STALE_ASSETS):
        return 0
    return wire_ms(call.time, call.desk.cash.paid_ns(call.account.name, balance.asset))


def risk_v3(call: Call) -> list[Document]:
    """GET v3/positionRisk: only symbols with a position or an order, without leverage and margin type."""
    return _positions(call, wire.risk_document, busy_only=True)


def risk_v2(call: Call) -> list[Document]:
    """GET v2/positionRisk: every symbol, flat ones with time 0."""
    return _positions(call, wire.risk_v2_document, busy_only=False)


def risk_coin(call: Call) -> list[Document]:
    """GET positionRisk of COIN-M futures: every symbol, of one margin asset or pair where one is named."""
    asset, pair = call.parameters.optional("marginAsset"), call.parameters.optional("pair")
    wanted = [
        listing for listing in call.listings() if asset in {None, listing.row.settle} and pair in {None, listing.pair}
    ]
    return _positions(call, wire.risk_v2_document, busy_only=False, listings=wanted)


def _positions(call: Call, shape: Shape, *, busy_only: bool, listings: list[Listing] | None = None) -> list[Document]:
    rows: list[Document] = []
    for listing in call.listings() if listings is None else listings:
        legs = _legs(call, listing)
        if not busy_only or any(_is_busy(held) for held in legs):
            rows += [shape(listing, held, call.time) for held in legs]
    return rows


def _is_busy(held: wire.Held) -> bool:
    return bool(held.position.lots or held.margin.buy_orders_atoms or held.margin.sell_orders_atoms)


def _legs(call: Call, listing: Listing) -> list[wire.Held]:
    """The position of a symbol, in hedge mode the long and the short one."""
    engine, account, name = call.desk.engine, call.account.name, listing.name
    return [
        wire.Held(
            engine.position(account, name, leg),
            engine.margin(account, name, leg),
            engine.deleverage_rank(account, name, leg),
        )
        for leg in call.account.legs
    ]


def adl_quantiles(call: Call) -> list[Document]:
    """GET adlQuantile: only symbols with a position."""
    found = [(listing, _legs(call, listing)) for listing in call.listings()]
    return [
        {"symbol": listing.name, "adlQuantile": wire.quantiles(legs)}
        for listing, legs in found
        if any(held.position.lots for held in legs)
    ]


def symbol_config(call: Call) -> list[Document]:
    """GET symbolConfig."""
    engine, account = call.desk.engine, call.account.name
    return [
        wire.symbol_config_document(
            listing, engine.margin_mode(account, listing.name), engine.leverage_centi(account, listing.name) // CENTI
        )
        for listing in call.listings()
    ]


def account_config(call: Call) -> Document:
    """GET accountConfig."""
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": call.account.hedged,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        "tradeGroupId": -1,
    }


def leverage_brackets(call: Call) -> list[Document]:
    """GET leverageBracket: an array, with and without a symbol."""
    return [wire.bracket_document(listing) for listing in call.listings()]


def pair_brackets(call: Call) -> list[Document]:
    """GET v1/leverageBracket of COIN-M futures: one row for each pair, or for the one named."""
    pairs = {listing.pair: listing for listing in reversed(call.desk.listings_of(call.product))}
    wanted = call.pair() if call.parameters.has("pair") else list(pairs.values())[::-1]
    return [wire.pair_bracket_document(listing) for listing in wanted[: 1 if call.parameters.has("pair") else None]]


def commission_rate(call: Call) -> Document:
    """GET commissionRate."""
    listing = call.listing()
    return {
        "symbol": listing.name,
        "makerCommissionRate": fixed(listing.row.maker_fee, 6),
        "takerCommissionRate": fixed(listing.row.taker_fee, 6),
        **listing.only_usd(rpiCommissionRate=fixed(listing.row.maker_fee, 6)),
    }


def order_limits(call: Call) -> list[Document]:
    """GET rateLimit/order: the account's own order budgets."""
    return [row for row in rate_limit_documents(call.desk.limits) if row["rateLimitType"] == "ORDERS"]


def adl_risk(call: Call) -> Document | list[Document]:
    """GET symbolAdlRisk."""
    rows = [{"symbol": listing.name, "adlRisk": "low", "updateTime": call.time.wire_ms} for listing in call.listings()]
    return rows[0] if call.parameters.has("symbol") else rows


def trading_status(call: Call) -> Document:
    """GET apiTradingStatus."""
    return {"indicators": {}, "updateTime": call.time.wire_ms}
