"""Balances, positions and account settings as REST prints them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.events import MarginMoved
from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState, PositionState
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.decimals import fixed, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight
from venueproof_simulators.venues.binance.wire.orders import LEGS


class Held(Struct, frozen=True):
    """One position with its figures, and its place in the queue for auto-deleveraging: 0 to 4, which is first."""

    position: PositionState
    margin: MarginState
    rank: int


class Purse(Struct, frozen=True):
    """One asset of an account."""

    balance: BalanceState
    update_ms: int
    """When the wallet last changed; 0 for figures that mean nothing."""


MARGIN_IN, MARGIN_OUT = 1, 2
"""`type` of a move of margin: into an isolated position, or out of it."""


def margin_type(mode: MarginMode) -> str:
    """The venue's word for a margin mode in settings."""
    return "ISOLATED" if mode is MarginMode.ISOLATED else "CROSSED"


def amounts(purse: Purse) -> dict[str, Decimal]:
    """The figures of one asset from which all documents are made."""
    balance = purse.balance
    wallet, unrealized = money(balance.wallet_atoms), money(balance.unrealized_atoms)
    positions, orders = money(balance.initial_position_atoms), money(balance.initial_orders_atoms)
    available = money(balance.available_atoms)
    cross_unrealized = unrealized - money(balance.isolated_unrealized_atoms)
    return {
        "wallet": wallet,
        "cross": wallet - money(balance.isolated_atoms),
        "cross_unrealized": cross_unrealized,
        "unrealized": unrealized,
        "margin": wallet + unrealized,
        "positions": positions,
        "orders": orders,
        "initial": positions + orders,
        "maintenance": money(balance.maintenance_atoms),
        "available": available,
        "withdraw": max(Decimal(0), available - max(Decimal(0), cross_unrealized)),
    }


def asset_document(purse: Purse) -> Document:
    """One asset of account v3."""
    figures = amounts(purse)
    return {
        "asset": purse.balance.asset,
        "walletBalance": eight(figures["wallet"]),
        "unrealizedProfit": eight(figures["unrealized"]),
        "marginBalance": eight(figures["margin"]),
        "maintMargin": eight(figures["maintenance"]),
        "initialMargin": eight(figures["initial"]),
        "positionInitialMargin": eight(figures["positions"]),
        "openOrderInitialMargin": eight(figures["orders"]),
        "crossWalletBalance": eight(figures["cross"]),
        "crossUnPnl": eight(figures["cross_unrealized"]),
        "availableBalance": eight(figures["available"]),
        "maxWithdrawAmount": eight(figures["withdraw"]),
        "updateTime": purse.update_ms,
    }


def balance_document(purse: Purse, alias: str) -> Document:
    """One row of balance v2 and v3 of USDⓈ-M futures."""
    withdraw = eight(amounts(purse)["withdraw"])
    return _balance_row(purse, alias) | {"maxWithdrawAmount": withdraw, "marginAvailable": True}


def coin_balance_document(purse: Purse, alias: str) -> Document:
    """One row of balance of COIN-M futures."""
    return _balance_row(purse, alias) | {"withdrawAvailable": eight(amounts(purse)["withdraw"])}


def _balance_row(purse: Purse, alias: str) -> Document:
    figures = amounts(purse)
    return {
        "accountAlias": alias,
        "asset": purse.balance.asset,
        "balance": eight(figures["wallet"]),
        "crossWalletBalance": eight(figures["cross"]),
        "crossUnPnl": eight(figures["cross_unrealized"]),
        "availableBalance": eight(figures["available"]),
        "updateTime": purse.update_ms,
    }


_TOTALED_ALONE = "USDT"
_TOTALS = {
    "totalInitialMargin": "initial",
    "totalMaintMargin": "maintenance",
    "totalWalletBalance": "wallet",
    "totalUnrealizedProfit": "unrealized",
    "totalMarginBalance": "margin",
    "totalPositionInitialMargin": "positions",
    "totalOpenOrderInitialMargin": "orders",
    "totalCrossWalletBalance": "cross",
    "totalCrossUnPnl": "cross_unrealized",
    "availableBalance": "available",
    "maxWithdrawAmount": "withdraw",
}


def totals_document(purses: list[Purse], *, shared: bool) -> Document:
    """The sums at the head of account v2 and v3: in dollars of all assets where they carry positions together, else
    of USDT alone. All assets here are worth one US dollar.

    Source: the vendor's account pages, which say "only for USDT asset" of the single-asset mode.
    """
    figures = [amounts(purse) for purse in purses if shared or purse.balance.asset == _TOTALED_ALONE]
    return {name: eight(sum((one[key] for one in figures), Decimal(0))) for name, key in _TOTALS.items()}


def account_position_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One position of account v3."""
    position, margin = held.position, held.margin
    return {
        "symbol": listing.name,
        "positionSide": LEGS[position.side],
        "positionAmt": listing.amount_text(position.lots),
        "unrealizedProfit": eight(money(margin.unrealized_atoms)),
        "isolatedMargin": eight(isolated_margin(position, margin)),
        "notional": eight(money(margin.notional_atoms)),
        "isolatedWallet": plain(money(position.isolated_atoms)),
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "updateTime": updated_ms(position, time),
    }


def account_position_v2_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One position of account v2, which lists every symbol with its leverage."""
    position, margin = held.position, held.margin
    return {
        "symbol": listing.name,
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "unrealizedProfit": eight(money(margin.unrealized_atoms)),
        "positionInitialMargin": eight(money(margin.initial_position_atoms)),
        "openOrderInitialMargin": eight(money(margin.initial_orders_atoms)),
        "leverage": str(position.leverage_centi // CENTI),
        "isolated": position.margin_mode is MarginMode.ISOLATED,
        "entryPrice": entry_price(listing, position),
        "maxNotional": str(listing.notional_max(position.leverage_centi // CENTI)),
        "bidNotional": plain(money(margin.buy_orders_atoms)),
        "askNotional": plain(money(margin.sell_orders_atoms)),
        "positionSide": LEGS[position.side],
        "positionAmt": listing.amount_text(position.lots),
        "updateTime": updated_ms(position, time),
    }


def account_position_socket_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One position of account.status: as in account v2, and where closing would give back the fees."""
    even = break_even_price(listing, held.margin)
    return account_position_v2_document(listing, held, time) | {"breakEvenPrice": even}


def account_position_coin_socket_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """The same of COIN-M futures, with the wallet of an isolated position."""
    wallet = plain(money(held.position.isolated_atoms))
    return account_position_coin_document(listing, held, time) | {"isolatedWallet": wallet}


def account_position_coin_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One position of the COIN-M account, which lists every symbol; money in coin."""
    position, margin = held.position, held.margin
    return {
        "symbol": listing.name,
        "positionAmt": listing.amount_text(position.lots),
        "initialMargin": eight(money(margin.initial_position_atoms + margin.initial_orders_atoms)),
        "maintMargin": eight(money(margin.maintenance_atoms)),
        "unrealizedProfit": eight(money(margin.unrealized_atoms)),
        "positionInitialMargin": eight(money(margin.initial_position_atoms)),
        "openOrderInitialMargin": plain(money(margin.initial_orders_atoms)),
        "leverage": str(position.leverage_centi // CENTI),
        "isolated": position.margin_mode is MarginMode.ISOLATED,
        "positionSide": LEGS[position.side],
        "entryPrice": entry_price(listing, position),
        "breakEvenPrice": break_even_price(listing, margin),
        "maxQty": str(listing.notional_max(position.leverage_centi // CENTI)),
        "updateTime": updated_ms(position, time),
        "notionalValue": eight(money(margin.notional_atoms)),
    }


def risk_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One row of positionRisk v3, which has neither leverage nor margin type."""
    position, margin = held.position, held.margin
    return {
        "symbol": listing.name,
        "positionSide": LEGS[position.side],
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
        "adl": held.rank,
        "bidNotional": plain(money(margin.buy_orders_atoms)),
        "askNotional": plain(money(margin.sell_orders_atoms)),
        "updateTime": updated_ms(position, time),
    }


def risk_v2_document(listing: Listing, held: Held, time: VenueTime) -> Document:
    """One row of positionRisk v2, which lists every symbol; on COIN-M futures the only one, with amounts in coin."""
    position, margin = held.position, held.margin
    notional, most = eight(money(margin.notional_atoms)), str(listing.notional_max(position.leverage_centi // CENTI))
    return {
        "entryPrice": entry_price(listing, position),
        "breakEvenPrice": break_even_price(listing, margin),
        "marginType": position.margin_mode.value,
        "isAutoAddMargin": "false",
        "isolatedMargin": eight(isolated_margin(position, margin)),
        "leverage": str(position.leverage_centi // CENTI),
        "liquidationPrice": plain(listing.price(margin.liquidation_ticks)),
        "markPrice": eight(listing.mark(margin.mark_nano_ticks)),
        **listing.only_usd(maxNotionalValue=most, notional=notional),
        **listing.only_coin(maxQty=most, notionalValue=notional),
        "positionAmt": listing.amount_text(position.lots),
        "isolatedWallet": plain(money(position.isolated_atoms)),
        "symbol": listing.name,
        "unRealizedProfit": eight(money(margin.unrealized_atoms)),
        "positionSide": LEGS[position.side],
        "updateTime": updated_ms(position, time),
    }


def quantiles(legs: Iterable[Held]) -> dict[str, int]:
    """`adlQuantile` of a symbol; its last key is another one in hedge mode, where it says nothing."""
    ranks = {LEGS[held.position.side]: held.rank for held in legs}
    return {"LONG": 0, "SHORT": 0, "BOTH" if "BOTH" in ranks else "HEDGE": 0} | ranks


def symbol_config_document(listing: Listing, mode: MarginMode, leverage: int) -> Document:
    """One row of symbolConfig."""
    return {
        "symbol": listing.name,
        "marginType": margin_type(mode),
        "isAutoAddMargin": False,
        "leverage": leverage,
        "maxNotionalValue": str(listing.notional_max(leverage)),
    }


def margin_move_document(listing: Listing, moved: MarginMoved, time: VenueTime) -> Document:
    """One row of positionMargin/history; a type of 2 says that margin was taken out."""
    return {
        "symbol": listing.name,
        "type": MARGIN_IN if moved.atoms > 0 else MARGIN_OUT,
        "deltaType": "USER_ADJUST",
        "amount": eight(money(abs(moved.atoms))),
        "asset": listing.row.settle,
        "time": wire_ms(time, moved.position.updated_ns),
        "positionSide": LEGS[moved.position.side],
    }


def bracket_document(listing: Listing) -> Document:
    """One row of leverageBracket by symbol: every figure is a JSON number."""
    return {"symbol": listing.name, "notionalCoef": 1.0, "brackets": bracket_rows(listing)}


def pair_bracket_document(listing: Listing) -> Document:
    """One row of leverageBracket by pair."""
    return {"pair": listing.pair, "brackets": bracket_rows(listing)}


def bracket_rows(listing: Listing) -> list[Document]:
    """The brackets of an instrument, bounded by quote money or by coin.

    The floor in coin has two spellings: clients read `qtyFloor`, the vendor's models `qtylFloor`.
    """
    floors = (0, *(notional_max for _, notional_max in listing.steps))
    return [
        {
            "bracket": number,
            "initialLeverage": bracket.leverage_max_centi // CENTI,
            **listing.only_usd(notionalCap=cap, notionalFloor=floor),
            **listing.only_coin(qtyCap=cap, qtyFloor=floor, qtylFloor=floor),
            "maintMarginRatio": bracket.maintenance_ppm / 1_000_000,
            "cum": float(money(bracket.cum_atoms)),
        }
        for number, (bracket, floor, cap) in enumerate(
            zip(listing.instrument.brackets, floors, floors[1:], strict=False), 1
        )
    ]


def isolated_margin(position: PositionState, margin: MarginState) -> Decimal:
    """Locked in money and open profit of an isolated position; 0 under cross margin."""
    if position.margin_mode is MarginMode.CROSS:
        return Decimal(0)
    return money(position.isolated_atoms + margin.unrealized_atoms)


def entry_price(listing: Listing, position: PositionState) -> str:
    """Average entry price: `60000.0`, or `0.0` when flat."""
    price = plain(listing.mark(position.entry_nano_ticks) if position.lots else Decimal(0))
    return price if "." in price else price + ".0"


def break_even_price(listing: Listing, state: PositionState | MarginState) -> str:
    """Where closing would give back the fees; `0.0` when flat."""
    return fixed(listing.mark(state.break_even_nano_ticks), max(1, listing.price_places))


def updated_ms(position: PositionState, time: VenueTime) -> int:
    """When it last changed; 0 when it never did."""
    return wire_ms(time, position.updated_ns) if position.updated_ns else 0
