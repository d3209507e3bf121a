"""The instruments of a venue by symbol and by the venue's spelling."""

from __future__ import annotations

from collections.abc import Iterable

from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import ContractUnit, Instrument


class Catalog:
    """What is listed. Nothing outside it is ever asked about, so that a misspelt symbol cannot read as empty."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, Instrument] = {}
        self._by_spelling: dict[str, Instrument] = {}

    def load(self, listed: Iterable[Instrument]) -> None:
        """Take over the venue's list."""
        self._by_symbol = {one.symbol: one for one in listed}
        self._by_spelling = {one.spelling: one for one in self._by_symbol.values()}

    def all(self) -> list[Instrument]:
        """Everything that is listed."""
        return list(self._by_symbol.values())

    def has(self, symbol: str) -> bool:
        """True when `symbol` is listed."""
        return symbol in self._by_symbol

    def find(self, symbol: str) -> Instrument:
        """The instrument of a unified symbol. Raises `Rejected(unknown-instrument)`."""
        found = self._by_symbol.get(symbol)
        if found is None:
            raise Rejected(Reason.UNKNOWN_INSTRUMENT, f"{symbol!r} is not listed")
        return found

    def inverse(self, symbol: str) -> bool:
        """True when contracts of `symbol` count quote money, so that prices average harmonically."""
        found = self._by_symbol.get(symbol)
        return found is not None and found.contract_unit is ContractUnit.QUOTE

    def symbol(self, spelling: str) -> str:
        """The unified symbol of the venue's spelling; the spelling itself when it is not listed (any more)."""
        found = self._by_spelling.get(spelling)
        return found.symbol if found else spelling
