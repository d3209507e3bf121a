"""Runs single cases of one venue in this process."""

from __future__ import annotations

from venueproof.runner.one_case import run_case
from venueproof.runner.spec import CaseResult, CaseSpec, ClockName
from venueproof_adapters.native import make_adapter
from venueproof_contracts.adapter import AdapterFactory
from venueproof_simulators.host.venue import Profile

BTC = "BTC/USDT:USDT"


def run_clause(
    clause: str,
    factory: AdapterFactory = make_adapter,
    *,
    quirk: str = "",
    profile: Profile = Profile.VENDOR,
    clock: ClockName = "virtual",
    real_limit_s: float = 30.0,
) -> CaseResult:
    """Run one clause of the suite with a factory, the native adapter's unless told."""
    spec = CaseSpec(
        adapter="mine",
        venue="binance",
        product="linear",
        profile=profile,
        clause=clause,
        quirk=quirk,
        clock=clock,
        real_limit_s=real_limit_s,
    )
    return run_case(spec, factory)
