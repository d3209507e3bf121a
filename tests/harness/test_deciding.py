"""What is decided about an adapter without running it."""

from __future__ import annotations

from decimal import Decimal

from venueproof.runner.deciding import undeclared, unjudged
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.model import AdapterKind, ClientIdUniqueness, Declaration
from venueproof_simulators.host import discovery


def declaring(capabilities: dict[Capability, Support]) -> Declaration:
    kind, unique = AdapterKind.LIBRARY, ClientIdUniqueness.EVER
    return Declaration("some", "1", kind, capabilities, request_lifetime_s=Decimal(5), client_id_unique=unique)


def test_what_is_declared_and_asked_for_by_no_clause_is_told() -> None:
    declared = {
        Capability.TRADES: Support.FULL,
        Capability.CANDLES: Support.VERSIONED,
        Capability.TICKER: Support.FULL,
        Capability.BOOK: Support.MISSING,
    }
    declaration = declaring(declared)
    candles = [clause for clause in all_clauses() if clause.id == "CAN-010"]
    assert unjudged(declaration, candles) == ["ticker", "trades"]
    assert "ticker" not in unjudged(declaration, all_clauses())


def test_what_is_claimed_must_be_declared_for_each_product_that_the_venue_has_it_on() -> None:
    claimed = frozenset({Capability.CANDLES, Capability.GOOD_TILL_DATE})
    linear = declaring(dict.fromkeys(claimed, Support.FULL))
    manifest = discovery.manifest("binance")
    lacks_dates = declaring({Capability.CANDLES: Support.FULL})
    assert undeclared(claimed, manifest, {"linear": linear, "inverse": lacks_dates}) == []
    assert undeclared(claimed, manifest, {"linear": linear, "inverse": declaring({})}) == ["candles"]
    assert undeclared(claimed, manifest, {"linear": lacks_dates, "inverse": linear}) == ["good-till-date"]
