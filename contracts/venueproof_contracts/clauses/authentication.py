"""Authentication: a refused key or account is said to be one, is not tried again, and does what it still may."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case, NothingToJudge
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import outcome, requests_since
from venueproof_contracts.errors import AdapterError, AuthFailed, Rejected
from venueproof_contracts.model import Balance, Credentials, Side
from venueproof_contracts.wording import words

PATIENCE_S = 120
REPEATS_MAX = 2


@clause(
    "AUT-010",
    "a wrong key or secret is AuthFailed",
    why="A wrong key taken for an outage is tried for ever: venues lock the key or ban the address for that.",
    capabilities={Capability.BALANCES},
    powers=(),
    no_start=True,
)
async def wrong_credentials(case: Case) -> None:
    """With any part of the credentials wrong that the adapter uses, starting or the first private call raises
    `AuthFailed`, and nothing is tried again by itself. A part that it does not use changes nothing."""
    if not case.credentials:
        raise NothingToJudge("the venue takes no credentials")
    refused = [name for name in case.credentials if await _refused(case, name)]
    case.check(bool(refused), "served as ever with every part of the credentials wrong in turn")


async def _refused(case: Case, name: str) -> bool:
    """Whether an adapter with this part wrong is refused, as it should be; False when it can do without."""
    adapter = case.surroundings.make_adapter(spoilt(case.credentials, name))
    try:
        balances = await _first_private_call(adapter)
    except AdapterError as error:
        case.check(isinstance(error, AuthFailed), f"raised {words(error)}, expected AuthFailed")
        mark = len(case.bench.wire())
        await case.bench.sleep(PATIENCE_S)
        repeats = requests_since(case, mark)
        case.check(repeats <= REPEATS_MAX, f"{repeats} requests in the {PATIENCE_S} s after {name!r} was refused")
        return True
    else:
        case.check(bool(balances), f"with a wrong {name!r} balances() is empty")
        return False
    finally:
        await adapter.close()


def spoilt(credentials: Credentials, name: str) -> Credentials:
    """The credentials with one letter changed in the middle of one of them."""
    value = credentials[name]
    middle = len(value) // 2
    letter = "B" if value[middle].upper() == "A" else "A"
    return {**credentials, name: value[:middle] + letter + value[middle + 1 :]}


async def _first_private_call(adapter: Adapter) -> Sequence[Balance]:
    await adapter.start()
    return await adapter.balances()


@clause(
    "AUT-020",
    "an account that is served no more is AuthFailed",
    why="A closed account taken for an outage is tried for ever, and nobody is told why nothing trades.",
    capabilities={Capability.BALANCES, Capability.PLACE},
    kind="account.restricted",
)
async def restricted_account(case: Case) -> None:
    """When the venue serves the account no more, calls raise `AuthFailed`, which says that trying again cannot help,
    nothing is executed, and nothing is tried again by itself for long."""
    await case.provoke()
    await case.expect(AuthFailed, case.adapter.balances())
    await case.expect(AuthFailed, case.adapter.place(case.resting()))
    mark = len(case.bench.wire())
    await case.bench.sleep(PATIENCE_S)
    repeats = requests_since(case, mark)
    case.check(repeats <= REPEATS_MAX, f"{repeats} requests in the {PATIENCE_S} s after the account was refused")
    case.check(not await case.true_orders(), "an order came of it")


@clause(
    "AUT-030",
    "where only closing is allowed, closing goes on",
    why="One refused entry taken for a closed account: the stop is not moved and the position not closed any more.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.REDUCE_ONLY},
    kind="account.closing-only",
)
async def closing_only(case: Case) -> None:
    """When the venue takes only what closes, an order that would open raises an error (the reason, where there is one)
    and nothing comes of it, while canceling and an order that only reduces are carried out as ever."""
    await case.trade()
    resting = await case.rest(percent=3)
    provoked = await case.provoke()
    answer = await outcome(case.adapter.place(case.resting()))
    refused = isinstance(answer, Rejected) and answer.reason is provoked.reason
    told = refused if provoked.reason else isinstance(answer, AdapterError)
    case.check(told, f"an order that would open came to {words(answer)}, the venue refused for {provoked.reason}")
    await case.adapter.cancel(resting.ref)
    await case.adapter.place(structs.replace(case.crossing(Side.SELL), reduce_only=True))
    await case.bench.settle()
    live, held = await case.true_live_orders(), await case.true_position()
    case.check(not live, f"live at the venue: {words(live)}")
    case.check(held is None, f"closed, and the venue still has {words(held)}")


@clause(
    "AUT-040",
    "a token that ended early is renewed",
    why="Venues end tokens at will: taken for a wrong key it stops all trading, with a position open.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.BALANCES},
    kind="token.expired",
)
async def ended_token(case: Case) -> None:
    """When the venue refuses the token of a login because it has ended, the adapter logs on again by itself: a
    question is answered, an order is placed once, and it can be canceled."""
    await case.provoke()
    case.check(bool(await case.adapter.balances()), "balances() is empty")
    await case.provoke()
    order = await case.rest()
    live = await case.true_live_orders()
    case.check(len(live) == 1, f"{words(order)} is {len(live)} orders at the venue")
    await case.provoke()
    await case.adapter.cancel(order.ref)
    case.check(not await case.true_live_orders(), "the order is left")
