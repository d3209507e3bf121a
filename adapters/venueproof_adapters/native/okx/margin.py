"""Which margin mode orders of an instrument are placed in: each names its own, and the venue keeps none by itself."""

from __future__ import annotations

from venueproof_contracts.model import MarginMode, Position


class Modes:
    """What was set, else the mode of the position that is held, else cross."""

    def __init__(self) -> None:
        self._set: dict[str, MarginMode] = {}
        self._held: dict[str, MarginMode] = {}

    def of(self, symbol: str) -> MarginMode:
        """The mode of the next order."""
        return self._set.get(symbol) or self._held.get(symbol) or MarginMode.CROSS

    def set(self, symbol: str, mode: MarginMode) -> None:
        """The caller wants this one."""
        self._set[symbol] = mode

    def hear(self, position: Position) -> None:
        """A position is held: what an earlier process opened is reduced in its own mode."""
        if position.margin_mode is not None and position.amount:
            self._held[position.instrument] = position.margin_mode
