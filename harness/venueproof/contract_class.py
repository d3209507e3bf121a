"""The base of a test class that judges an adapter with the whole suite, under pytest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import Credentials, Endpoint


class Contract:
    """Name a venue and make the adapter; pytest then has one test for every clause and case.

        class TestMine(venueproof.Contract):
            venue = "binance"

            def make_adapter(self, endpoint, credentials):
                return MyAdapter(endpoint.rest, endpoint.ws, credentials["apiKey"], credentials["secret"])

    The tests come from the suite and not from methods of this class, so none can be removed or overridden. Expected
    failures are declared in a file, `waivers`, as for `venueproof certify`: `adapter` is the name of the class there.
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
    waivers: ClassVar[str] = ""
    """A TOML file beside the module, as for `--waivers` of `venueproof certify`; empty for none."""

    def make_adapter(self, endpoint: Endpoint, credentials: Credentials) -> Adapter:
        """A fresh adapter; called once or more for every case."""
        raise NotImplementedError(f"{type(self).__name__} must define make_adapter(self, endpoint, credentials)")
