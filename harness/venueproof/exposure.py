"""What an account had at stake at every moment: heard from the engine, which tells of each change as it happens."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Acknowledged, Event, OrderChanged
from venueproof_simulators.engine.state import OrderState, Side


class ExposureWatch:
    """Counts lots of one side that were filled since it began, or that live orders can still fill."""

    def __init__(self, engine: Engine, account: str, instrument: str, side: Side) -> None:
        """Watches from now on, for as long as the engine runs."""
        self._key = (account, instrument, side)
        self._open: dict[int, int] = {}
        self._filled = self._most = 0
        for order in engine.live_orders(account, instrument):
            self._note(order, order.open_lots)
        engine.journal.listen(self._hear)

    @property
    def most_lots(self) -> int:
        """The most there was at any moment."""
        return self._most

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Acknowledged(order=order):
                    self._note(order, order.lots)
                case OrderChanged(order=order, fill=fill):
                    self._note(order, order.open_lots, fill.lots if fill else 0)
                case _:
                    pass

    def _note(self, order: OrderState, open_lots: int, filled: int = 0) -> None:
        if (order.account, order.instrument, order.side) == self._key:
            self._open[order.order_id] = open_lots
            self._filled += filled
            self._most = max(self._most, self._filled + sum(self._open.values()))
