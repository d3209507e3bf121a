"""Rate limits: what the venue refuses is not asked again at once. Manners are judged apart from results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from math import log2

from venueproof_contracts.bench import TRUTH, Refused
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Breach, Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import NS, requests_since
from venueproof_contracts.errors import RateLimited
from venueproof_contracts.model import Intent, Order

ATTEMPTS_DURING_BAN = 5
MANY = 150
"""Of the most expensive questions: more than any venue answers within a minute."""
DEEP = 1000
OWN = 80
"""Questions about the account: more than venues answer within a second that count those apart."""
TOO_MANY = {418, 429}
"""HTTP's own word for too many requests, and the one that venues have taken for a ban."""
PATIENCE_S = 180
"""A throttle lasts at most a minute; then the adapter's own pause must end as well."""


@clause(
    "RAT-010",
    "nothing is sent into a ban",
    why="Each request during a ban lengthens it: minutes become days, with open positions and no way to close them.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    powers=(TRUTH,),
    kind="rate.ban",
)
async def ban(case: Case) -> None:
    """While the venue bans the client, questions and orders raise `Banned` or `RateLimited` with the time it ends, no
    request is sent and nothing is executed; when it is over, calls work again."""
    provoked = await case.provoke()
    error = await case.expect(RateLimited, case.adapter.open_orders(case.symbol))
    case.check(error.until_ns > 0, "does not say when the ban ends")
    case.check(error.until_ns > case.bench.now_ns(), f"says that the ban ended at {error.until_ns}, which is past")
    mark = len(case.bench.wire())
    over_ns = max(error.until_ns, provoked.until_ns or 0)
    pause_s = (over_ns - case.bench.now_ns()) / NS / (ATTEMPTS_DURING_BAN + 1)
    for _ in range(ATTEMPTS_DURING_BAN):
        await case.bench.sleep(pause_s)
        await case.expect(RateLimited, case.adapter.open_orders(case.symbol))
        await case.expect(RateLimited, case.adapter.place(case.resting()))
    sent = requests_since(case, mark)
    case.check_manners(sent == 0, f"{sent} requests during the ban")
    case.check(not await case.true_orders(), "an order was placed during the ban")
    await case.bench.sleep(pause_s + 2)
    await case.rest()


@clause(
    "RAT-020",
    "a throttled client backs off",
    why="Hammering a throttled venue turns a pause of seconds into a ban.",
    capabilities={Capability.PLACE},
    kind="rate.throttle",
)
async def throttle(case: Case) -> None:
    """Told to slow down, the adapter sends ever fewer requests, and an order is placed once the venue answers again. If
    it raises and says until when, that time is to come."""
    provoked = await case.provoke()
    mark, began_ns = len(case.bench.wire()), case.bench.now_ns()
    # An order: a question may be answered from the adapter's own view, without a request that could be throttled.
    order = await _patiently(case, began_ns + PATIENCE_S * NS, case.resting())
    await case.true_order(order.ref)
    sent = requests_since(case, mark)
    # Doubling a pause of one second gives log2(1 + n) tries in n seconds; twice that, and a few, is patient enough.
    limit = 4 + 2 * log2(1 + float(provoked.settles_s))
    case.check_manners(sent <= limit, f"{sent} requests for one call throttled for {provoked.settles_s} s")


async def _patiently(case: Case, until_ns: int, intent: Intent) -> Order:
    """Place again when the adapter says that it may send, or ever later if it does not say: in good faith."""
    pause_s = 1.0
    while case.bench.now_ns() < until_ns:
        try:
            return await case.adapter.place(intent)
        except RateLimited as error:
            now_ns, told_ns = case.bench.now_ns(), error.until_ns
            case.check(told_ns == 0 or told_ns > now_ns, f"says that it may send again at {told_ns}, which is past")
            await case.bench.sleep((told_ns - now_ns) / NS if told_ns else pause_s)
            pause_s *= 2
    raise Breach(f"still throttled after {PATIENCE_S} s")


@clause(
    "RAT-030",
    "a busy adapter stays within the limits by itself",
    why="The venue says what is left after every answer; a client that does not read it is throttled, then banned.",
    capabilities={Capability.PLACE, Capability.BOOK, Capability.FILLS},
)
async def busy(case: Case) -> None:
    """However many questions are asked at once, everybody's and one's own, each is answered, or raises `RateLimited`
    with the time to come and is answered then; the venue never has to refuse one as too many, and an order is placed
    meanwhile."""
    mark = len(case.bench.wire())
    asking = [asyncio.create_task(_answered(case, partial(case.adapter.book, case.symbol, DEEP))) for _ in range(MANY)]
    asking += [asyncio.create_task(_answered(case, partial(case.adapter.fills, case.symbol, None))) for _ in range(OWN)]
    try:
        await case.bench.sleep(1)
        placed = await _patiently(case, case.bench.now_ns() + PATIENCE_S * NS, case.resting())
        await case.true_order(placed.ref)
        await asyncio.gather(*asking)
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    rows = case.bench.wire()[mark:]
    refused = sum(row.status in TOO_MANY or row.refused is Refused.HASTE for row in rows)
    case.check_manners(refused == 0, f"{refused} requests were refused for being too many")


async def _answered(case: Case, ask: Callable[[], Awaitable[object]]) -> None:
    """Ask one question until it is answered."""
    until_ns = case.bench.now_ns() + PATIENCE_S * NS
    while case.bench.now_ns() < until_ns:
        try:
            await ask()
        except RateLimited as error:
            await case.bench.sleep(max(1.0, (error.until_ns - case.bench.now_ns()) / NS))
        else:
            return
    raise Breach(f"a question was not answered within {PATIENCE_S} s")
