"""Authentication: a refused key or account is said to be one, and is not tried again."""

from __future__ import annotations

from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case, NothingToJudge
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import requests_since
from venueproof_contracts.errors import AuthFailed
from venueproof_contracts.model import Credentials

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
    """With any part of the credentials wrong, starting or the first private call raises `AuthFailed`, and nothing is
    tried again by itself."""
    if not case.credentials:
        raise NothingToJudge("the venue takes no credentials")
    for name in case.credentials:
        adapter = case.surroundings.make_adapter(spoilt(case.credentials, name))
        await case.expect(AuthFailed, _first_private_call(adapter))
        mark = len(case.bench.wire())
        await case.bench.sleep(PATIENCE_S)
        repeats = requests_since(case, mark)
        case.check(repeats <= REPEATS_MAX, f"{repeats} requests in the {PATIENCE_S} s after {name!r} was refused")
        await adapter.close()


def spoilt(credentials: Credentials, name: str) -> Credentials:
    """The credentials with one letter changed in the middle of one of them."""
    value = credentials[name]
    middle = len(value) // 2
    letter = "B" if value[middle].upper() == "A" else "A"
    return {**credentials, name: value[:middle] + letter + value[middle + 1 :]}


async def _first_private_call(adapter: Adapter) -> object:
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
