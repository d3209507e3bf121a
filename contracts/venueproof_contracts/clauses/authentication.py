"""Authentication: a refused key is said to be one, and is not tried again."""

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
