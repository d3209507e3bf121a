"""Balances: what is there, and what can be used."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import PayFunding, SetPrice
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
    """After trading at a profit, with a position open and an order resting, what is available in each asset that is
    told is the venue's, and so is the wallet (without open profit) where it is told."""
    await case.trade(Side.BUY, times=2)
    await case.bench.do(SetPrice(case.symbol, case.passive_price(Side.SELL, 1)))
    await case.trade(Side.SELL)
    await case.rest(Side.BUY)
    await case.bench.settle()
    seen = await case.adapter.balances()
    settle = case.instrument.settle
    case.check(_of(seen, settle) is not None, f"no balance in {settle}")
    for true in (await case.truth()).balances:
        if (told := _of(seen, true.asset)) is not None:
            right = told.wallet is None or near(told.wallet, true.wallet, ROUNDING)
            case.check(right, f"{true.asset} wallet {told.wallet}, at the venue {true.wallet}")
            usable = near(told.available, true.available, ROUNDING)
            case.check(usable, f"{true.asset} available {told.available}, at the venue {true.available}")


def _of(balances: list[Balance] | tuple[Balance, ...], asset: str) -> Balance | None:
    return next((one for one in balances if one.asset == asset), None)


FUNDING_RATE = Decimal("0.001")
PROMPT_S = 10


@clause(
    "BAL-020",
    "funding reaches the balance",
    why="Funding comes without an order: a bot that learns of money from fills alone is off by it every eight hours.",
    capabilities={Capability.PLACE, Capability.BALANCES, Capability.STREAM_BALANCES},
    powers=(TRUTH, PayFunding),
)
async def funding_payment(case: Case) -> None:
    """After a funding payment the wallet that events and `balances()` tell is the venue's, where they tell of it."""
    await case.listen()
    await case.trade(Side.BUY, times=2)
    await case.bench.sleep(PROMPT_S)
    settle = case.instrument.settle
    before = _of((await case.truth()).balances, settle)
    await case.bench.do(PayFunding(case.symbol, FUNDING_RATE))
    true = _of((await case.truth()).balances, settle)
    paid = before is not None and true is not None and before.wallet != true.wallet
    case.check(paid, "the venue booked no funding")

    def right(told: Balance | None) -> bool:
        if told is None or true is None:
            return False
        return told.wallet is None or near(told.wallet, true.wallet, ROUNDING)

    await case.wait_for(lambda: right(case.fold.balances.get(settle)), PROMPT_S)
    heard = case.fold.balances.get(settle)
    case.check(right(heard), f"wallet in events {heard and heard.wallet}, at the venue {true and true.wallet}")
    told = _of(await case.adapter.balances(), settle)
    case.check(right(told), f"wallet {told and told.wallet}, at the venue {true and true.wallet}")
