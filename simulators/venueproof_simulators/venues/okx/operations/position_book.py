"""What became of each position since it was last flat: its id, what it cost and brought, and how it was closed."""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged
from venueproof_simulators.engine.state import FillState, MarginMode, PositionSide, PositionState

_POSITION_IDS = 1_811_000_000_000_000_000
CLOSED_IN_PART, CLOSED, LIQUIDATED = "1", "2", "3"
Key = tuple[str, str, PositionSide]


class Life(Struct):
    """One position from its opening on."""

    number: int
    account: str
    instrument: str
    side: PositionSide
    opened_ns: int
    margin_mode: MarginMode
    leverage_centi: int
    lots: int = 0
    """Signed, as it is now."""
    entry_nano_ticks: int = 0
    lots_max: int = 0
    closed_lots: int = 0
    closed_value: int = 0
    """Sum of ticks × lots of what closed."""
    pnl_atoms: int = 0
    fee_atoms: int = 0
    funding_atoms: int = 0
    liquidated: bool = False
    long: bool = True
    trade_id: int = 0
    updated_ns: int = 0

    @property
    def position_id(self) -> str:
        """`posId`."""
        return str(_POSITION_IDS + self.number)

    @property
    def realized_atoms(self) -> int:
        """`realizedPnl`: profit, fees and funding together."""
        return self.pnl_atoms - self.fee_atoms + self.funding_atoms


class PositionBook:
    """Positions that are open, and those that were."""

    def __init__(self) -> None:
        self._lives: dict[Key, Life] = {}
        self._numbers: dict[Key, int] = {}
        self.closed: dict[str, list[Life]] = {}
        """Account → lives that ended, oldest first."""

    def of(self, state: PositionState) -> Life | None:
        """The life of a position; of one that is flat the last one."""
        return self._lives.get((state.account, state.instrument, state.side))

    def ever(self, account: str) -> list[Life]:
        """Lives of an account in which something was closed, oldest first."""
        running = [life for key, life in self._lives.items() if key[0] == account and life.lots and life.closed_lots]
        return [*self.closed.get(account, ()), *running]

    def note_fill(self, fill: FillState, *, forced: bool) -> None:
        """One fill, told before the position that it leads to."""
        key = (fill.account, fill.instrument, fill.position_side)
        life = self._lives.get(key)
        if life is None or not life.lots:
            life = self._open(key, fill)
        signed = fill.lots * fill.side.sign
        closing = min(fill.lots, abs(life.lots)) if life.lots * signed < 0 else 0
        life.closed_lots += closing
        life.closed_value += closing * fill.ticks
        life.pnl_atoms += fill.realized_atoms
        life.fee_atoms += fill.fee_atoms
        life.trade_id = fill.trade_id
        life.liquidated = life.liquidated or forced

    def _open(self, key: Key, fill: FillState) -> Life:
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        life = Life(
            number=number,
            account=fill.account,
            instrument=fill.instrument,
            side=fill.position_side,
            opened_ns=fill.at_ns,
            margin_mode=MarginMode.CROSS,
            leverage_centi=0,
            long=fill.side.sign > 0,
        )
        self._lives[key] = life
        return life

    def note_position(self, state: PositionState) -> None:
        """A position is now so."""
        life = self.of(state)
        if life is None:
            return
        was, life.lots = life.lots, state.lots
        turned = was * state.lots < 0
        life.margin_mode, life.leverage_centi = state.margin_mode, state.leverage_centi
        life.updated_ns = state.updated_ns
        if state.lots and not turned:
            life.entry_nano_ticks = state.entry_nano_ticks
            life.lots_max = max(life.lots_max, abs(state.lots))
        if (was and not state.lots) or turned:
            self.closed.setdefault(state.account, []).append(life)
        if turned:
            self._turn(state, life)

    def _turn(self, state: PositionState, before: Life) -> None:
        """A net position went through zero: the old life ended, a new one began."""
        before.lots = 0
        life = Life(
            number=before.number,
            account=state.account,
            instrument=state.instrument,
            side=state.side,
            opened_ns=state.updated_ns,
            margin_mode=state.margin_mode,
            leverage_centi=state.leverage_centi,
            lots=state.lots,
            entry_nano_ticks=state.entry_nano_ticks,
            lots_max=abs(state.lots),
            long=state.lots > 0,
            trade_id=before.trade_id,
            updated_ns=state.updated_ns,
        )
        self._lives[state.account, state.instrument, state.side] = life

    def note_money(self, event: BalanceChanged) -> None:
        """Funding was paid; in hedge mode the first leg that is open bears it all."""
        if event.cause is not BalanceCause.FUNDING:
            return
        for (account, instrument, _), life in self._lives.items():
            if account == event.balance.account and instrument == event.instrument and life.lots:
                life.funding_atoms += event.change_atoms
                return
