"""Positions: one leg is signed lots and what they cost. Kept exactly, in atoms and in values."""

from __future__ import annotations

from venueproof_simulators.engine.state import PositionSide
from venueproof_simulators.engine.worth import CENTI, Worth

_SHORT = PositionSide.SHORT


class Leg:
    """One position. A net leg turns either way; a long one never goes below 0 lots, a short one never above."""

    __slots__ = (
        "called",
        "carry_atoms",
        "entry_atoms",
        "entry_nano_ticks",
        "entry_value",
        "funded",
        "funding_rest",
        "gains",
        "isolated_atoms",
        "lots",
        "realized_atoms",
        "settled_atoms",
        "side",
        "updated_ns",
        "worth",
    )

    def __init__(self, side: PositionSide, worth: Worth) -> None:
        self.side = side
        self.worth = worth
        self.lots = 0
        self.gains = 0
        """+1 where it gains when its lots are worth more, −1 where it loses; 0 when flat."""
        self.entry_atoms = 0
        self.entry_nano_ticks = 0
        """Average entry price as of the last trade that opened or added; means nothing when flat."""
        self.entry_value = 0
        """Value of the open lots at entry; for linear contracts it is rounded when a part is closed, which is why
        money is kept in atoms."""
        self.isolated_atoms = 0
        self.realized_atoms = 0
        self.settled_atoms = 0
        """What of the profit of its open lots is in the wallet already."""
        self.carry_atoms = 0
        """Fees paid minus profit realized since the position was flat."""
        self.funded = 0
        """Up to where of `Market.accrued` it has paid continuous funding."""
        self.funding_rest = 0
        """What of that was less than an atom, in parts of one."""
        self.updated_ns = 0
        self.called = False
        """A margin call was told and nothing has eased since; of isolated positions."""

    @property
    def closes(self) -> int:
        """The sign of the orders that close it whatever it holds; 0 for a net leg."""
        return 0 if self.side is PositionSide.NET else 1 if self.side is _SHORT else -1

    def trade(self, lots: int, value: int, atoms: int, leverage_centi: int) -> int:
        """Book signed `lots` that cost `atoms`; returns the profit realized, but for what was settled before.

        With a leverage the position is isolated and locks in margin for what is new; 0 locks in nothing.
        """
        held, realized = self.lots, 0
        if held * lots > 0:
            self.lots = held + lots
            self.entry_value += value
            self.entry_atoms += atoms
        else:
            realized = self._book(lots, value, atoms)
        if self.lots * lots > 0:
            self.entry_nano_ticks = self.worth.entry_nano_ticks(self.entry_value, self.entry_atoms, abs(self.lots))
            if leverage_centi:
                entered = atoms if held * lots >= 0 else self.entry_atoms
                self.isolated_atoms += -(-entered * CENTI // leverage_centi)
        return realized

    def _book(self, lots: int, value: int, atoms: int) -> int:
        """The same for a flat position, or the other way."""
        held = self.lots
        if not held:
            self.carry_atoms = 0
            self.lots, self.entry_value, self.entry_atoms = lots, value, atoms
            self.gains = self.worth.direction if lots > 0 else -self.worth.direction
            return 0
        closed = min(abs(held), abs(lots))
        closed_atoms = atoms * closed // abs(lots)
        settled = self._unsettle(closed) if self.settled_atoms else 0
        realized = (closed_atoms - self._leave(closed)) * self.gains
        self.carry_atoms -= realized
        realized -= settled
        if closed == abs(held):
            self.gains = 0
        self.realized_atoms += realized
        if closed < abs(lots):
            self._book(lots + held, value * (abs(lots) - closed) // abs(lots), atoms - closed_atoms)
        return realized

    def _unsettle(self, lots: int) -> int:
        """What was settled for `lots` (unsigned) that are about to go."""
        settled = self.settled_atoms * lots // abs(self.lots)
        self.settled_atoms -= settled
        return settled

    def settle(self, atoms: int) -> None:
        """Note that so much of the unrealized profit is in the wallet now."""
        self.settled_atoms += atoms
        self.realized_atoms += atoms

    def _leave(self, lots: int) -> int:
        """Take `lots` (unsigned) out; returns what they had cost."""
        held = abs(self.lots)
        if lots == held:
            cost, self.lots = self.entry_atoms, 0
            self.entry_atoms = self.entry_value = self.isolated_atoms = 0
            return cost
        cost = self.entry_atoms * lots // held
        self.entry_atoms -= cost
        self.entry_value -= (2 * self.entry_value * lots + held) // (2 * held)
        self.isolated_atoms -= self.isolated_atoms * lots // held
        self.lots += -lots if self.lots > 0 else lots
        return cost

    def signed_entry_atoms(self) -> int:
        """What the position cost, as money that the wallets of all accounts lack or have too much of."""
        return 0 if self.worth.premium else self.entry_atoms * self.gains + self.settled_atoms

    def unrealized_atoms(self) -> int:
        """Profit or loss at the mark price, but for what was settled."""
        worth = self.worth
        gained = abs(self.lots) * worth.lot_value * worth.numerator // worth.denominator - self.entry_atoms
        return gained * self.gains - self.settled_atoms

    def break_even_nano_ticks(self) -> int:
        """The price at which closing gives back fees paid and losses realized since it was flat; 0 when flat."""
        if not self.lots:
            return 0
        owed = self.carry_atoms * self.gains
        return self.worth.moved_nano_ticks(self.entry_value, self.entry_atoms, abs(self.lots), owed)
