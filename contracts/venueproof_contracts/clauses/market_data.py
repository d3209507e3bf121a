"""Ticker, funding, open interest: figures that are the venue's, or not there."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import AnswerGarbage, DelayMessage, Garbage, Matcher, Operation, PrintTrade, SetPrice
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case, NothingToJudge
from venueproof_contracts.clause import Strength, clause
from venueproof_contracts.clauses._common import NS, near
from venueproof_contracts.model import Side, Ticker

SIDE_FIGURES: dict[Operation, str] = {
    Operation.FUNDING: "funding_rate",
    Operation.OPEN_INTEREST: "open_interest",
}
SIDE_DELAY_S = 2
TRADES_APART_S = 2
"""Far enough for a venue that tells trades of one moment as one."""
RATE_DIGIT = Decimal("1e-8")
"""The last digit of a funding rate that venues print."""


@clause(
    "MKT-010",
    "ticker figures are the venue's",
    why="A mark price taken for the last price, or contracts taken for coins, sizes every order wrongly.",
    capabilities={Capability.TICKER, Capability.PLACE},
    powers=(TRUTH, SetPrice),
)
async def ticker_figures(case: Case) -> None:
    """Last, bid, ask, mark, index, funding rate, open interest and volume in a ticker are the venue's, each in its own
    unit; what the adapter does not know is None, which the last price never is."""
    await case.bench.do(SetPrice(case.symbol, case.crossing_price(case.resting().side, 3)))
    await case.trade()
    true = (await case.bench.market(case.symbol)).ticker
    seen = await case.adapter.ticker(case.symbol)
    case.check(seen.instrument == case.symbol, f"the ticker of {case.symbol} names {seen.instrument}")
    case.check(seen.last is not None, "no last price in the ticker")
    for name, within in _tolerances(case, true).items():
        figure, truth = getattr(seen, name), getattr(true, name)
        if figure is not None and truth is not None:
            case.check(near(figure, truth, within), f"{name} is {figure}, at the venue it is {truth}")


def _tolerances(case: Case, true: Ticker) -> dict[str, Decimal]:
    """Exact where the venue prints the figure in full; half a tick where it rounds; volumes move while we ask."""
    exact, rounded = Decimal(0), case.instrument.price_tick / 2
    return {
        "last": exact,
        "bid": exact,
        "ask": exact,
        "mark": rounded,
        "index": rounded,
        "funding_rate": RATE_DIGIT,
        "open_interest": case.instrument.amount_step / 2,
        "volume_24h": (true.volume_24h or Decimal(0)) / 100,
    }


@clause(
    "MKT-020",
    "a side figure that fails is None, and the ticker stands",
    why="Prices stop for want of a funding rate that the strategy does not even use.",
    capabilities={Capability.TICKER},
    powers=(AnswerGarbage,),
)
async def failing_side_figure(case: Case) -> None:
    """When funding or open interest cannot be fetched that figure is None, never zero, and the ticker is answered all
    the same. Where it comes with the ticker there is nothing that could fail."""
    judged = False
    for operation, name in SIDE_FIGURES.items():
        await case.bench.do(AnswerGarbage(Matcher(operation=operation, first=0), Garbage.HTML, 502))
        mark = len(case.bench.wire())
        ticker = await case.adapter.ticker(case.symbol)
        case.check(bool(ticker.last), f"without an answer to {operation} the ticker has no last price")
        if any(row.operation is operation for row in case.bench.wire()[mark:]):
            judged = True
            case.check(getattr(ticker, name) is None, f"{operation} failed and {name} is {getattr(ticker, name)}")
    if not judged:
        raise NothingToJudge("the ticker is answered whole by one request")


@clause(
    "MKT-030",
    "side figures are fetched side by side",
    why="Two calls one after the other double the age of a price that is traded on.",
    strength=Strength.SHOULD,
    capabilities={Capability.TICKER},
    powers=(DelayMessage,),
)
async def side_figures_in_parallel(case: Case) -> None:
    """Where a ticker needs several calls they run at the same time."""
    for operation in SIDE_FIGURES:
        await case.bench.do(DelayMessage(Matcher(operation=operation, first=0), Decimal(SIDE_DELAY_S)))
    began_ns = case.bench.now_ns()
    await case.adapter.ticker(case.symbol)
    took_ns = case.bench.now_ns() - began_ns
    case.check(took_ns < 1.5 * SIDE_DELAY_S * NS, f"took {took_ns // 1_000_000} ms with {SIDE_DELAY_S} s for each call")


@clause(
    "MKT-040",
    "the funding rate is the venue's, and its payment is to come",
    why="A rate in percent taken for a fraction makes a carry trade of what costs a hundred times as much.",
    capabilities={Capability.FUNDING},
)
async def funding_rate(case: Case) -> None:
    """`funding` tells the venue's rate as a fraction for one interval, and when it is paid next, which is to come."""
    seen = await case.adapter.funding(case.symbol)
    true = (await case.bench.market(case.symbol)).ticker.funding_rate
    case.check(seen.instrument == case.symbol, f"the funding of {case.symbol} names {seen.instrument}")
    case.check(near(seen.rate, true, RATE_DIGIT), f"the rate is {seen.rate}, at the venue it is {true}")
    case.check(seen.next_ns > case.bench.now_ns(), f"is paid next at {seen.next_ns}, which is past")


@clause(
    "MKT-050",
    "open interest is in contracts",
    why="Money or coins taken for contracts make a crowded market of an empty one.",
    capabilities={Capability.OPEN_INTEREST},
)
async def open_interest(case: Case) -> None:
    """`open_interest` tells the venue's figure in contracts."""
    seen = await case.adapter.open_interest(case.symbol)
    true = (await case.bench.market(case.symbol)).ticker.open_interest
    within = case.instrument.amount_step / 2
    case.check(near(seen.amount, true, within), f"open interest is {seen.amount}, at the venue it is {true}")


@clause(
    "MKT-060",
    "public trades come oldest first, with the taker's side",
    why="With the maker's side for the taker's, every pressure that is measured points the wrong way.",
    capabilities={Capability.TRADES},
    powers=(PrintTrade,),
)
async def public_trades(case: Case) -> None:
    """Public trades come oldest first, each once, with the venue's price and time, the amount in contracts and the side
    of the taker."""
    printed = [(Side.BUY, 1), (Side.SELL, 2), (Side.SELL, 3)]
    began_ns, expected = case.bench.now_ns(), list[tuple[Decimal, Decimal, Side]]()
    for side, times in printed:
        price = (await case.bench.market(case.symbol)).book.bids[0].price + times * case.instrument.price_tick
        await case.bench.do(PrintTrade(case.symbol, price, case.amount(times), side))
        expected.append((price, case.amount(times), side))
        await case.bench.sleep(TRADES_APART_S)
    trades = await case.adapter.trades(case.symbol)
    seen = [(one.price, one.amount, one.side) for one in trades if one.at_ns >= began_ns - NS]
    case.check(seen == expected, f"traded were {_listed(expected)}; trades() ends with {_listed(seen)}")
    times_ns = [one.at_ns for one in trades]
    case.check(times_ns == sorted(times_ns), "trades() does not ascend in time")
    case.check(len({one.trade_id for one in trades}) == len(trades), "a trade id stands there twice")


def _listed(trades: list[tuple[Decimal, Decimal, Side]]) -> str:
    return ", ".join(f"{side} {amount} at {price}" for price, amount, side in trades) or "none"
