"""Balances: what is there, and what can be used."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import SetPrice
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import near
from venueproof_contracts.model import Balance, Side

ROUNDING = Decimal("1e-7")


@clause(
    "BAL-010",
    "wallet and available are the venue's",
    why="Equity taken for free margin sizes an order that is refused, or one that is liquidated.",
    capabilities={Capability.PLACE, Capability.BALANCES},
    powers=(TRUTH, SetPrice),
)
async def balance_figures(case: Case) -> None:
    """After trading at a profit, with a position open and an order resting, what is available is the venue's, and so is
    the wallet (without open profit) where it is told."""
    await case.trade(Side.BUY, times=2)
    await case.bench.do(SetPrice(case.symbol, case.passive_price(Side.SELL, 1)))
    await case.trade(Side.SELL)
    await case.rest(Side.BUY)
    await case.bench.settle()
    seen = await case.adapter.balances()
    settle = case.instrument.settle
    told, true = _of(seen, settle), _of((await case.truth()).balances, settle)
    case.check(told is not None, f"no balance in {settle}")
    if told is not None and true is not None:
        right = told.wallet is None or near(told.wallet, true.wallet, ROUNDING)
        case.check(right, f"wallet {told.wallet}, at the venue {true.wallet}")
        usable = near(told.available, true.available, ROUNDING)
        case.check(usable, f"available {told.available}, at the venue {true.available}")


def _of(balances: list[Balance] | tuple[Balance, ...], asset: str) -> Balance | None:
    return next((one for one in balances if one.asset == asset), None)
