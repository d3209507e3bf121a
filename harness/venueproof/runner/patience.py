"""How long each adapter's cases may take: an adapter that hangs a few times is not waited for in full any more."""

from __future__ import annotations

from collections import Counter

import msgspec

from venueproof_contracts.outcomes import Blame

from .spec import CaseResult, CaseSpec

STOPS_MAX = 3
"""After so many cases of an adapter that were stopped for taking too long, its others get `SHORT_LIMIT_S`."""
SHORT_LIMIT_S = 5.0
"""Real seconds. In virtual time a case takes a fraction of one; in real time it may well need minutes."""


class Patience:
    """Counts the stopped cases of every adapter in one run."""

    def __init__(self) -> None:
        """Nothing was stopped yet."""
        self._stops: Counter[str] = Counter()

    def limited(self, spec: CaseSpec) -> CaseSpec:
        """The spec with the limit that holds for it by now."""
        if spec.clock == "real" or self._stops[spec.adapter] < STOPS_MAX:
            return spec
        return msgspec.structs.replace(spec, real_limit_s=min(spec.real_limit_s, SHORT_LIMIT_S))

    def learn(self, result: CaseResult, spec: CaseSpec) -> CaseResult:
        """Count a result of `spec`; one that was stopped before its time says so."""
        if result.blame is not Blame.STOPPED:
            return result
        self._stops[spec.adapter] += 1
        given_s = result.spec.real_limit_s
        if given_s >= spec.real_limit_s:
            return result
        note = f"given {given_s:g} s and not {spec.real_limit_s:g}: {STOPS_MAX} cases had been stopped before it"
        return msgspec.structs.replace(result, spec=spec, notes=(*result.notes, note))
