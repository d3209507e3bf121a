"""The account: balances, positions, statement, settings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from venueproof_simulators.engine.state import (
    BalanceState,
    MarginMode,
    MarginState,
    PositionSide,
    PositionState,
    TickerState,
)
from venueproof_simulators.host.decimals import CONTEXT, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.okx.products import FUTURES_LEVEL, SWAP
from venueproof_simulators.venues.okx.wire.bills import FUNDING, subtype_of, type_of
from venueproof_simulators.venues.okx.wire.numbers import (
    Document,
    Listing,
    atoms_text,
    bill_id,
    centi_text,
    fine,
    ms,
    now_ms,
    order_id,
    ratio,
)

if TYPE_CHECKING:
    from venueproof_simulators.kit.statement import Entry
    from venueproof_simulators.venues.okx.operations.desk import Account
    from venueproof_simulators.venues.okx.operations.notes import Algo, OrderNote
    from venueproof_simulators.venues.okx.operations.position_book import Life

ZERO = Decimal(0)
_EMPTY_POSITION = (
    "posCcy",
    "usdPx",
    "interest",
    "liab",
    "liabCcy",
    "baseBal",
    "quoteBal",
    "baseBorrowed",
    "baseInterest",
    "quoteBorrowed",
    "quoteInterest",
    "spotInUseAmt",
    "spotInUseCcy",
    "clSpotInUseAmt",
    "maxSpotInUseAmt",
    "optVal",
    "pendingCloseOrdLiabVal",
    "deltaBS",
    "deltaPA",
    "gammaBS",
    "gammaPA",
    "thetaBS",
    "thetaPA",
    "vegaBS",
    "vegaPA",
    "bizRefId",
    "bizRefType",
)
"""Fields of margin trading and options, which a swap leaves empty."""


class Wealth(Struct, frozen=True):
    """A coin of an account, its price in dollars, and what part of it counts as collateral."""

    balance: BalanceState
    price: Decimal
    counts: Decimal
    updated_ns: int

    @property
    def equity(self) -> Decimal:
        """Wallet and unrealized profit."""
        return money(self.balance.wallet_atoms + self.balance.unrealized_atoms)

    @property
    def dollars(self) -> Decimal:
        """The same in dollars."""
        return CONTEXT.multiply(self.equity, self.price)


def balance_document(
    account: Account, wealth: list[Wealth], time: VenueTime, assets: frozenset[str] | None = None
) -> Document:
    """account/balance: totals of all coins, details of all or of some. Coins of nothing are left out; what concerns the
    account as a whole is empty below the level of multi-currency margin.
    """
    shown = [one for one in wealth if one.equity]
    total = sum((one.dollars for one in shown), ZERO)
    isolated = sum((one.price * money(_isolated(one.balance)) for one in shown), ZERO)
    return {
        "uTime": now_ms(time),
        "totalEq": fine(total),
        **_whole_account(account, shown),
        "isoEq": fine(isolated),
        "details": [_coin(account, one, time) for one in shown if assets is None or one.balance.asset in assets],
    }


def _isolated(balance: BalanceState) -> int:
    return balance.isolated_atoms + balance.isolated_unrealized_atoms


def _whole_account(account: Account, wealth: list[Wealth]) -> Document:
    names = ("adjEq", "availEq", "borrowFroz", "imr", "mmr", "ordFroz", "mgnRatio", "notionalUsd")
    more = ("notionalUsdForBorrow", "notionalUsdForFutures", "notionalUsdForOption", "notionalUsdForSwap", "upl")
    if account.level <= FUTURES_LEVEL:
        return dict.fromkeys((*names, *more), "")

    def summed(atoms: str) -> Decimal:
        return sum((one.price * money(int(getattr(one.balance, atoms))) for one in wealth), ZERO)

    adjusted = sum((one.dollars * one.counts for one in wealth), ZERO)
    initial = summed("initial_position_atoms") + summed("initial_orders_atoms")
    kept = summed("maintenance_atoms")
    return {
        "adjEq": fine(adjusted),
        "availEq": fine(max(ZERO, adjusted - initial)),
        "borrowFroz": "0",
        "imr": fine(initial),
        "mmr": fine(kept),
        "ordFroz": fine(summed("initial_orders_atoms")),
        "mgnRatio": ratio(adjusted, kept),
        "notionalUsd": "0",
        "notionalUsdForBorrow": "0",
        "notionalUsdForFutures": "0",
        "notionalUsdForOption": "0",
        "notionalUsdForSwap": "0",
        "upl": fine(summed("unrealized_atoms")),
    }


def _coin(account: Account, one: Wealth, time: VenueTime) -> Document:
    """A row of `details`, 45 fields."""
    balance = one.balance
    equity, frozen = one.equity, balance.initial_position_atoms + balance.initial_orders_atoms
    available = atoms_text(max(0, balance.available_atoms))
    cross = account.level > FUTURES_LEVEL
    kept = money(balance.maintenance_atoms)
    return {
        "ccy": balance.asset,
        "eq": plain(equity),
        "cashBal": atoms_text(balance.wallet_atoms),
        "availEq": available,
        "availBal": available,
        "frozenBal": atoms_text(frozen),
        "fixedBal": "0",
        "ordFrozen": atoms_text(balance.initial_orders_atoms),
        "isoEq": atoms_text(_isolated(balance)),
        "isoUpl": atoms_text(balance.isolated_unrealized_atoms),
        "isoLiab": "",
        "upl": atoms_text(balance.unrealized_atoms),
        "uplLiab": "0" if cross else "",
        "liab": "0" if cross else "",
        "crossLiab": "0" if cross else "",
        "interest": "0" if cross else "",
        "borrowFroz": "0" if cross else "",
        "maxLoan": "0" if cross else "",
        "mgnRatio": "" if cross or not kept else ratio(equity, kept),
        "imr": atoms_text(frozen),
        "mmr": atoms_text(balance.maintenance_atoms),
        "notionalLever": "0",
        "disEq": fine(CONTEXT.multiply(one.dollars, one.counts)),
        "eqUsd": fine(one.dollars),
        "coinUsdPrice": plain(one.price),
        "twap": "0",
        "stgyEq": "0",
        "rewardBal": "0",
        "smtSyncEq": "0",
        "spotCopyTradingEq": "0",
        "spotInUseAmt": "",
        "clSpotInUseAmt": "",
        "maxSpotInUseAmt": "",
        "spotIsoBal": "0",
        "spotBal": "",
        "openAvgPx": "",
        "accAvgPx": "",
        "spotUpl": "",
        "spotUplRatio": "",
        "totalPnl": "",
        "totalPnlRatio": "",
        "colBorrAutoConversion": "0",
        "collateralEnabled": False,
        "collateralRestrict": False,
        "uTime": ms(time, one.updated_ns),
    }


class Held(Struct, frozen=True):
    """A position with all that is told of it."""

    listing: Listing
    state: PositionState
    margin: MarginState
    ticker: TickerState
    life: Life | None
    rank: int
    equity_atoms: int
    """What stands behind it, profit and loss included."""
    closing: tuple[Algo, ...] = ()
    """Conditional orders that close it."""


def position_document(held: Held, time: VenueTime) -> Document:
    """A row of account/positions: signed in net mode, unsigned with its side in hedge mode."""
    listing, state, ticker = held.listing, held.state, held.ticker
    lots = state.lots if state.side is PositionSide.NET else abs(state.lots)
    isolated = state.margin_mode is MarginMode.ISOLATED
    return {
        "instType": SWAP,
        "instId": listing.name,
        "mgnMode": state.margin_mode.value,
        "posSide": state.side.value,
        "posId": held.life.position_id if held.life else "",
        "pos": listing.size_text(lots),
        "availPos": "" if state.side is PositionSide.NET else listing.size_text(abs(state.lots)),
        "avgPx": listing.nano_price(state.entry_nano_ticks) if lots else "",
        **_profit(held),
        "lever": centi_text(state.leverage_centi),
        "liqPx": listing.price_text(held.margin.liquidation_ticks) if lots else "",
        "markPx": listing.nano_price(ticker.mark_nano_ticks),
        "idxPx": listing.nano_price(ticker.index_nano_ticks),
        "last": listing.plain_price(ticker.last),
        "bePx": listing.nano_price(held.margin.break_even_nano_ticks) if lots else "",
        "imr": "" if isolated or not lots else fine(_initial(held)),
        "margin": atoms_text(state.isolated_atoms) if isolated and lots else "",
        "mgnRatio": ratio(money(held.equity_atoms), money(held.margin.maintenance_atoms)) if lots else "",
        "mmr": atoms_text(held.margin.maintenance_atoms) if lots else "",
        "notionalUsd": fine(listing.mark(ticker.mark_nano_ticks) * listing.face(abs(lots)))
        if not listing.inverse
        else fine(listing.face(abs(lots))),
        "adl": str(held.rank),
        "ccy": listing.row.settle,
        **dict.fromkeys(_EMPTY_POSITION, ""),
        **_lived(held.life),
        "closeOrderAlgo": [_closing_document(algo) for algo in held.closing],
        "tradeId": str(held.life.trade_id) if held.life else "",
        "cTime": ms(time, held.life.opened_ns) if held.life else ms(time, state.updated_ns),
        "uTime": ms(time, state.updated_ns),
        "pTime": now_ms(time),
    }


def _initial(held: Held) -> Decimal:
    """Initial margin at mark: what the position is worth over its leverage."""
    worth = abs(_worth(held.listing, held.listing.mark(held.ticker.mark_nano_ticks), held.state.lots))
    return CONTEXT.divide(worth * 100, Decimal(max(held.state.leverage_centi, 1)))


def _profit(held: Held) -> Document:
    """Unrealized profit at mark and at the last price, each with its part of the margin: that of the average price."""
    listing, state, ticker = held.listing, held.state, held.ticker
    if not state.lots:
        return dict.fromkeys(("upl", "uplRatio", "uplLastPx", "uplRatioLastPx"), "")
    at_entry = _worth(listing, listing.mark(state.entry_nano_ticks), state.lots)
    margin = CONTEXT.divide(abs(at_entry) * 100, Decimal(max(state.leverage_centi, 1)))
    upl = money(state.unrealized_atoms)
    gain = _worth(listing, listing.price(ticker.last), state.lots) - at_entry
    last = -gain if listing.inverse else gain
    return {
        "upl": plain(upl),
        "uplRatio": ratio(upl, margin),
        "uplLastPx": fine(last),
        "uplRatioLastPx": ratio(last, margin),
    }


def _worth(listing: Listing, price: Decimal, lots: int) -> Decimal:
    face = listing.face(lots)
    return CONTEXT.divide(face, price) if listing.inverse else CONTEXT.multiply(face, price)


def _lived(life: Life | None) -> Document:
    """What a position brought and cost so far."""
    if life is None:
        return {"realizedPnl": "0", "pnl": "0", "fee": "0", "fundingFee": "0", "liqPenalty": "0"}
    return {
        "realizedPnl": atoms_text(life.realized_atoms),
        "pnl": atoms_text(life.pnl_atoms),
        "fee": atoms_text(-life.fee_atoms),
        "fundingFee": atoms_text(life.funding_atoms),
        "liqPenalty": "0",
    }


def _closing_document(algo: Algo) -> Document:
    return {
        "algoId": algo.algo_id,
        "slTriggerPx": algo.stop.trigger if algo.stop else "",
        "slTriggerPxType": algo.stop.watches if algo.stop else "",
        "tpTriggerPx": algo.take.trigger if algo.take else "",
        "tpTriggerPxType": algo.take.watches if algo.take else "",
        "closeFraction": algo.close_fraction,
    }


def history_document(listing: Listing, life: Life, time: VenueTime) -> Document:
    """A row of account/positions-history."""
    kind = "3" if life.liquidated else "2" if not life.lots else "1"
    closed = Decimal(life.closed_value) / max(life.closed_lots, 1)
    return {
        "instType": SWAP,
        "instId": listing.name,
        "mgnMode": life.margin_mode.value,
        "ccy": listing.row.settle,
        "uly": listing.family,
        "posId": life.position_id,
        "posSide": life.side.value,
        "direction": "long" if life.long else "short",
        "type": kind,
        "cTime": ms(time, life.opened_ns),
        "uTime": ms(time, life.updated_ns),
        "openAvgPx": listing.nano_price(life.entry_nano_ticks),
        "closeAvgPx": fine(listing.row.tick * closed),
        "openMaxPos": listing.size_text(life.lots_max),
        "closeTotalPos": listing.size_text(life.closed_lots),
        "pnl": atoms_text(life.pnl_atoms),
        "pnlRatio": "",
        "realizedPnl": atoms_text(life.realized_atoms),
        "fee": atoms_text(-life.fee_atoms),
        "fundingFee": atoms_text(life.funding_atoms),
        "liqPenalty": "0",
        "lever": f"{Decimal(life.leverage_centi) / 100:.1f}",
        "triggerPx": "",
    }


def bill_document(
    listing: Listing | None,
    entry: Entry,
    prices: tuple[int, int],
    note: OrderNote | None,
    serial: int,
    time: VenueTime,
) -> Document:
    """A row of account/bills; `prices` are mark and index at a fill."""
    fill = entry.fill
    shown = listing if fill is not None else None
    return {
        "billId": bill_id(entry.number),
        "instType": SWAP if listing else "",
        "instId": entry.instrument,
        "ccy": entry.asset,
        "mgnMode": note.td_mode if note else "",
        "type": type_of(entry),
        "subType": subtype_of(entry),
        "bal": atoms_text(entry.balance_atoms),
        "balChg": atoms_text(entry.change_atoms),
        "posBal": "0",
        "posBalChg": "0",
        "sz": shown.size_text(fill.lots) if shown and fill else atoms_text(abs(entry.change_atoms)),
        "px": shown.plain_price(fill.ticks) if shown and fill else "",
        "pnl": atoms_text(fill.realized_atoms if fill else entry.change_atoms if type_of(entry) == FUNDING else 0),
        "fee": atoms_text(-fill.fee_atoms) if fill else "0",
        "interest": "0",
        "ordId": order_id(serial) if fill else "",
        "clOrdId": note.client_id if note else "",
        "tradeId": str(fill.trade_id) if fill else "",
        "tag": note.tag if note else "",
        "execType": ("M" if fill.maker else "T") if fill else "",
        "fillTime": ms(time, fill.at_ns) if fill else "",
        "fillIdxPx": shown.nano_price(prices[1]) if shown else "",
        "fillMarkPx": shown.nano_price(prices[0]) if shown else "",
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "from": "",
        "to": "",
        "notes": "",
        "ts": ms(time, entry.at_ns),
    }


def config_document(account: Account, level: str) -> Document:
    """account/config."""
    return {
        "uid": account.uid,
        "mainUid": account.uid,
        "acctLv": account.level,
        "acctStpMode": account.self_trade,
        "posMode": mode_word(account),
        "autoLoan": False,
        "greeksType": "PA",
        "level": level,
        "levelTmp": "",
        "ctIsoMode": "automatic",
        "mgnIsoMode": "automatic",
        "spotOffsetType": "",
        "stgyType": "0",
        "roleType": "0",
        "traderInsts": [],
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "opAuth": "0",
        "kycLv": "3",
        "label": "sim",
        "ip": "",
        "perm": "read_only,trade",
        "discountType": "0",
        "feeType": "0",
        "enableSpotBorrow": False,
        "spotBorrowAutoRepay": False,
        "settleCcy": "USDT",
        "settleCcyList": [],
        "type": "0",
    }


def mode_word(account: Account) -> str:
    """`posMode`."""
    return "long_short_mode" if account.hedged else "net_mode"
