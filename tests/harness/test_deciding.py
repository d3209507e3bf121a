"""What is decided about an adapter without running it."""

from __future__ import annotations

from decimal import Decimal

from venueproof.runner.deciding import unjudged
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.model import AdapterKind, ClientIdUniqueness, Declaration


def test_what_is_declared_and_asked_for_by_no_clause_is_told() -> None:
    declared = {
        Capability.TRADES: Support.FULL,
        Capability.CANDLES: Support.VERSIONED,
        Capability.TICKER: Support.FULL,
        Capability.BOOK: Support.MISSING,
    }
    kind, unique = AdapterKind.LIBRARY, ClientIdUniqueness.EVER
    declaration = Declaration("some", "1", kind, declared, request_lifetime_s=Decimal(5), client_id_unique=unique)
    candles = [clause for clause in all_clauses() if clause.id == "CAN-010"]
    assert unjudged(declaration, candles) == ["ticker", "trades"]
    assert "ticker" not in unjudged(declaration, all_clauses())
