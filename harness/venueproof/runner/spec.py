"""One case: what is to be run, and what came of it. Both cross between processes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from venueproof_contracts.model import AdapterKind
from venueproof_contracts.outcomes import Blame, Outcome
from venueproof_reports.certificate import WireRow
from venueproof_simulators.host.venue import Profile

ClockName = Literal["virtual", "real"]


class CaseSpec(Struct, frozen=True, kw_only=True):
    """One clause × adapter × venue × product × profile × seed × provocation.

    `adapter` is the name as the user gave it, `quirk` the id of the provocation's row of the register or empty,
    `mutant` the name of the mutant that the adapter is turned into or empty. The case may take `real_limit_s` real
    seconds.
    """

    adapter: str
    venue: str
    product: str
    profile: Profile
    clause: str
    quirk: str = ""
    seed: int = 1
    clock: ClockName = "virtual"
    mutant: str = ""
    real_limit_s: float = 60.0


class CaseResult(Struct, frozen=True, kw_only=True):
    """What came of one case. `at_ns` is the virtual time of the failure, `digest` the journal's.

    `blame` says what stands behind an outcome that counts against somebody, None behind any other.
    `kind` is what the adapter declares itself to be; `result` and `manners` are filled by clauses that judge both.
    """

    spec: CaseSpec
    outcome: Outcome
    message: str = ""
    blame: Blame | None = None
    at_ns: int | None = None
    wire: tuple[WireRow, ...] = ()
    refuted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    result: Outcome | None = None
    manners: Outcome | None = None
    digest: str = ""
    kind: AdapterKind | None = None
    virtual_s: float = 0.0
    wall_s: float = 0.0
