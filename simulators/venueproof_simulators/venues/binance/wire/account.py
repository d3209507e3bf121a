"""Balances, positions and account settings as REST prints them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState, PositionState
from venueproof_simulators.host.decimals import fixed, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight, wire_ms
from venueproof_simulators.venues.binance.wire.orders import Document

NEVER = 10**18
"""Above any notional: what the venue writes where leverage is not capped by size."""


def margin_type(mode: MarginMode) -> str:
    """The venue's word for a margin mode in settings."""
    return "ISOLATED" if mode is MarginMode.ISOLATED else "CROSSED"


def amounts(balance: BalanceState) -> dict[str, Decimal]:
    """The figures of one asset from which all documents are made."""
    wallet, unrealized = money(balance.wallet_atoms), money(balance.unrealized_atoms)
    positions, orders = money(balance.initial_position_atoms), money(balance.initial_orders_atoms)
    available = money(balance.available_atoms)
    return {
        "wallet": wallet,
        "unrealized": unrealized,
        "margin": wallet + unrealized,
        "positions": positions,
        "orders": orders,
        "initial": positions + orders,
        "maintenance": money(balance.maintenance_atoms),
        "available": available,
        "withdraw": max(Decimal(0), available - max(Decimal(0), unrealized)),
    }


def asset_document(balance: BalanceState, time: VenueTime, *, update_ms: int | None = None) -> Document:
    """One asset of account v3."""
    figures = amounts(balance)
    return {
        "asset": balance.asset,
        "walletBalance": eight(figures["wallet"]),
        "unrealizedProfit": eight(figures["unrealized"]),
        "marginBalance": eight(figures["margin"]),
        "maintMargin": eight(figures["maintenance"]),
        "initialMargin": eight(figures["initial"]),
        "positionInitialMargin": eight(figures["positions"]),
        "openOrderInitialMargin": eight(figures["orders"]),
        "crossWalletBalance": eight(figures["wallet"]),
        "crossUnPnl": eight(figures["unrealized"]),
        "availableBalance": eight(figures["available"]),
        "maxWithdrawAmount": eight(figures["withdraw"]),
        "updateTime": wire_ms(time, balance.updated_ns) if update_ms is None else update_ms,
    }


def balance_document(balance: BalanceState, alias: str, time: VenueTime, *, update_ms: int | None = None) -> Document:
    """One row of balance v2 and v3."""
    figures = amounts(balance)
    return {
        "accountAlias": alias,
        "asset": balance.asset,
        "balance": eight(figures["wallet"]),
        "crossWalletBalance": eight(figures["wallet"]),
        "crossUnPnl": eight(figures["unrealized"]),
        "availableBalance": eight(figures["available"]),
        "maxWithdrawAmount": eight(figures["withdraw"]),
        "marginAvailable": True,
        "updateTime": wire_ms(time, balance.updated_ns) if update_ms is None else update_ms,
    }


_TOTALS = {
    "totalInitialMargin": "initial",
    "totalMaintMargin": "maintenance",
    "totalWalletBalance": "wallet",
    "totalUnrealizedProfit": "unrealized",
    "totalMarginBalance": "margin",
    "totalPositionInitialMargin": "positions",
    "totalOpenOrderInitialMargin": "orders",
    "totalCrossWalletBalance": "wallet",
    "totalCrossUnPnl": "unrealized",
    "availableBalance": "available",
    "maxWithdrawAmount": "withdraw",
}


def totals_document(balances: list[BalanceState]) -> Document:
    """The sums at the head of account v2 and v3; all assets here are worth one US dollar."""
    figures = [amounts(balance) for balance in balances]
    return {name: eight(sum((one[key] for one in figures), Decimal(0))) for name, key in _TOTALS.items()}


def account_position_document(
    listing: Listing, position: PositionState, margin: MarginState, time: VenueTime
) -> Document:
    """One position of account v3."""
    return {
        "symbol": listing.name,
        "positionSide": "BOTH",
        "positionAmt": listing.amount_text(position.lots),
        "unrealizedProfit": eight(money(margin.unrealized_atoms)),
        "isolatedMargin": eight(isolated_margin(position, margin)),
        "notional": eight(money(margin.notional_atoms)),
        "isolatedWallet": plain(money(position.isolated_atoms)),
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "updateTime": updated_ms(position, time),
    }


def account_position_v2_document(
    listing: Listing, position: PositionState, margin: MarginState, time: VenueTime
) -> Document:
    """One position of account v2, which lists every symbol with its leverage."""
    return {
        "symbol": listing.name,
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "unrealizedProfit": eight(money(margin.unrealized_atoms)),
        "positionInitialMargin": eight(money(margin.initial_position_atoms)),
        "openOrderInitialMargin": eight(money(margin.initial_orders_atoms)),
        "leverage": str(position.leverage),
        "isolated": position.margin_mode is MarginMode.ISOLATED,
        "entryPrice": entry_price(listing, position),
        "breakEvenPrice": break_even_price(listing, margin),
        "maxNotional": max_notional(position.leverage),
        "bidNotional": plain(money(margin.buy_orders_atoms)),
        "askNotional": plain(money(margin.sell_orders_atoms)),
        "positionSide": "BOTH",
        "positionAmt": listing.amount_text(position.lots),
        "updateTime": updated_ms(position, time),
    }


def risk_document(listing: Listing, position: PositionState, margin: MarginState, time: VenueTime) -> Document:
    """One row of positionRisk v3, which has neither leverage nor margin type."""
    return {
        "symbol": listing.name,
        "positionSide": "BOTH",
        "positionAmt": listing.amount_text(position.lots),
        "entryPrice": entry_price(listing, position),
        "breakEvenPrice": break_even_price(listing, margin),
        "markPrice": eight(listing.mark(margin.mark_nano_ticks)),
        "unRealizedProfit": eight(money(margin.unrealized_atoms)),
        "liquidationPrice": plain(listing.price(margin.liquidation_ticks)),
        "isolatedMargin": plain(isolated_margin(position, margin)),
        "notional": eight(money(margin.notional_atoms)),
        "marginAsset": listing.row.settle,
        "isolatedWallet": plain(money(position.isolated_atoms)),
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "positionInitialMargin": eight(money(margin.initial_position_atoms)),
        "openOrderInitialMargin": plain(money(margin.initial_orders_atoms)),
        "adl": 2 if position.lots else 0,
        "bidNotional": plain(money(margin.buy_orders_atoms)),
        "askNotional": plain(money(margin.sell_orders_atoms)),
        "updateTime": updated_ms(position, time),
    }


def risk_v2_document(listing: Listing, position: PositionState, margin: MarginState, time: VenueTime) -> Document:
    """One row of positionRisk v2, which lists every symbol."""
    return {
        "entryPrice": entry_price(listing, position),
        "breakEvenPrice": break_even_price(listing, margin),
        "marginType": position.margin_mode.value,
        "isAutoAddMargin": "false",
        "isolatedMargin": eight(isolated_margin(position, margin)),
        "leverage": str(position.leverage),
        "liquidationPrice": plain(listing.price(margin.liquidation_ticks)),
        "markPrice": eight(listing.mark(margin.mark_nano_ticks)),
        "maxNotionalValue": max_notional(position.leverage),
        "positionAmt": listing.amount_text(position.lots),
        "notional": eight(money(margin.notional_atoms)),
        "isolatedWallet": plain(money(position.isolated_atoms)),
        "symbol": listing.name,
        "unRealizedProfit": eight(money(margin.unrealized_atoms)),
        "positionSide": "BOTH",
        "updateTime": updated_ms(position, time),
    }


def symbol_config_document(listing: Listing, mode: MarginMode, leverage: int) -> Document:
    """One row of symbolConfig."""
    return {
        "symbol": listing.name,
        "marginType": margin_type(mode),
        "isAutoAddMargin": False,
        "leverage": leverage,
        "maxNotionalValue": max_notional(leverage),
    }


def bracket_document(listing: Listing) -> Document:
    """One row of leverageBracket: every figure is a JSON number."""
    return {
        "symbol": listing.name,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": 1,
                "initialLeverage": listing.row.leverage_max,
                "notionalCap": NEVER,
                "notionalFloor": 0,
                "maintMarginRatio": float(listing.row.maintenance),
                "cum": 0.0,
            }
        ],
    }


def max_notional(leverage: int) -> str:
    """How large a position may become at a leverage: the higher, the smaller."""
    return str(50_000_000 // leverage * 20)


def isolated_margin(position: PositionState, margin: MarginState) -> Decimal:
    """Locked in money and open profit of an isolated position; 0 under cross margin."""
    if position.margin_mode is MarginMode.CROSS:
        return Decimal(0)
    return money(position.isolated_atoms + margin.unrealized_atoms)


def entry_price(listing: Listing, position: PositionState) -> str:
    """Average entry price: `60000.0`, or `0.0` when flat."""
    price = plain(listing.mark(position.entry_nano_ticks) if position.lots else Decimal(0))
    return price if "." in price else price + ".0"


def break_even_price(listing: Listing, margin: MarginState) -> str:
    """Where closing would give back the fees; `0.0` when flat."""
    return fixed(listing.mark(margin.break_even_nano_ticks), max(1, listing.price_places))


def updated_ms(position: PositionState, time: VenueTime) -> int:
    """When it last changed; 0 when it never did."""
    return wire_ms(time, position.updated_ns) if position.updated_ns else 0
