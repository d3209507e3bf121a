"""The base of a test class that judges an adapter with the whole suite, under pytest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import Credentials, Endpoint


class Contract:
    """Name a venue and make the adapter; pytest then has one test for every clause and case.

        class TestMine(venueproof.Contract):
            venue = "binance"

            def make_adapter(self, endpoint, credentials):
                return MyAdapter(endpoint.rest, endpoint.ws, credentials["apiKey"], credentials["secret"])

    The tests come from the suite and not from methods of this class, so none can be removed or overridden. An expected
    failure is declared in `waived`, with its reason; it fails when the clause passes again.
    """

    venue: ClassVar[str] = ""
    products: ClassVar[Sequence[str]] = ()
    """Only these; empty for all of the venue."""
    profiles: ClassVar[Sequence[Literal["vendor", "field"]]] = ("vendor", "field")
    seeds: ClassVar[Sequence[int]] = (1,)
    claim: ClassVar[Literal["core", "trading", "full"]] = "core"
    """Within it a clause that the adapter does not support is a failure, else a skip."""
    clauses: ClassVar[str] = ""
    """As `--clause` of `venueproof certify`; empty for all."""
    clock: ClassVar[Literal["virtual", "real"]] = "virtual"
    through_proxy: ClassVar[bool] = False
    """True for an adapter that keeps the venue's production URLs."""
    waived: ClassVar[Mapping[str, str]] = {}
    """Clause, or one test of it by its name (`ORD-030[linear-vendor]`) → why its failure is accepted for now."""

    def make_adapter(self, endpoint: Endpoint, credentials: Credentials) -> Adapter:
        """A fresh adapter; called once or more for every case."""
        raise NotImplementedError(f"{type(self).__name__} must define make_adapter(self, endpoint, credentials)")
