"""One instrument's trading place: book, tape, orders, base price."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from venueproof_simulators.engine.book import HalfBook, Touched
from venueproof_simulators.engine.events import BookChanged
from venueproof_simulators.engine.history import History, InverseHistory, Past
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.ledger import MAKER, STRANGERS, Ledger
from venueproof_simulators.engine.noise import draw, key
from venueproof_simulators.engine.orders import Order, Resting
from venueproof_simulators.engine.prices import BasePrice, underlying
from venueproof_simulators.engine.state import BookState, LevelState, Side, TickerState
from venueproof_simulators.engine.tape import Tape
from venueproof_simulators.engine.triggers import Conditional
from venueproof_simulators.engine.worth import NANO, Worth

_PRINT_WORTH = Decimal(500)
"""What the smallest made-up trade is worth, in quote units, unless the smallest order is worth more."""


def steps_of(instrument: Instrument, price: Decimal) -> int:
    """A price in the instrument's price steps, to the nearest; at least 1."""
    steps = price / (instrument.tick * instrument.tick_step)
    return max(1, int(steps.to_integral_value(ROUND_HALF_EVEN)))


def _print_lots(instrument: Instrument, ticks: int) -> int:
    """The unit in which made-up amounts are counted: a multiple of the lot step that an order could have."""
    if instrument.option is not None:
        return instrument.lots_min
    per_lot = instrument.lot * instrument.contract_size
    if instrument.kind is ContractKind.LINEAR:
        per_lot *= instrument.tick * ticks
    lots = max(instrument.lots_min, int(_PRINT_WORTH / per_lot))
    return -(-lots // instrument.lot_step) * instrument.lot_step


class Market:
    """The state of one instrument. Made when first needed; until somebody acts on it, it is as new at any time."""

    def __init__(
        self,
        instrument: Instrument,
        ledger: Ledger,
        base_price: BasePrice,
        past: Past,
        seed: int,
        start_ns: int,
        steps: int,
        worth: Worth,
    ) -> None:
        """`steps` of its price is where the base price is now, at which `worth` has its mark."""
        self.instrument = instrument
        self.start_ticks = steps * instrument.tick_step
        self.base_price = base_price
        self.anchor_ticks = steps_of(instrument, underlying(instrument.underlying).price) * instrument.tick_step
        """Where the path of its underlying begins; `start_ticks` is where it does itself."""
        self.shift_ticks = 0
        """What commands have added to the base price."""
        self.base = self.start_ticks
        """The base price in ticks."""
        self.mark_offset = 0
        """How far mark, `worth.mark`, is from the base price, and how far the index."""
        self.index_offset = 0
        self.worth = worth
        self.unit_lots = _print_lots(instrument, self.start_ticks)
        self.amounts_key = key("amounts", instrument.name, seed)
        listed_ns = instrument.listed_ns or underlying(instrument.underlying).listed_ns
        if instrument.option is not None:
            listed_ns = start_ns
        kind = InverseHistory if instrument.kind is ContractKind.INVERSE else History
        history = kind(instrument.name, past, listed_ns, start_ns, steps, instrument.tick_step, self.unit_lots)
        self.tape = Tape(instrument.name, history, self.start_ticks, self.worth)
        self.touched: Touched = {}
        """The levels of the book that changed since they were last told."""
        self.bids = HalfBook(Side.BUY, self.touched)
        self.asks = HalfBook(Side.SELL, self.touched)
        self.halves = {1: self.bids, -1: self.asks}
        """The side on which orders of a sign rest."""
        self.maker = ledger[MAKER].hold(instrument, self.worth)
        self.strangers = ledger[STRANGERS].hold(instrument, self.worth)
        self.quotes: dict[int, dict[int, Resting]] = {1: {}, -1: {}}
        """The market maker's quotes, by sign of the side and price."""
        self.refill_due = False
        self.blocked = False
        """The market maker left quotes out because a user's order stands where they would trade."""
        self.drift = 0
        """Counts drifts, so that a new one ends the old."""
        self.orders: dict[int, Order] = {}
        self.last_order_id = 0
        self.waiting: dict[Conditional, None] = {}
        """Conditional orders that wait for a price, in order of arrival."""
        self.open_interest_lots = instrument.open_interest_lots
        self.sequence = 0
        self.changed = False
        self.continuous = instrument.funding_continuous
        self.plain = not (self.continuous or worth.premium)
        """Whether a trade books profit and fee and nothing else."""
        self.funding_rate_ppb = instrument.funding_rate_ppb
        self.accrued = 0
        """What continuous funding has come to for one lot: the sum of value × rate × nanoseconds, until:"""
        self.accrued_ns = start_ns
        self.delivered = False
        """Whether it has expired, and at what price:"""
        self.delivered_nano_ticks = 0

    def path(self, now_ns: int) -> int:
        """The base price in ticks without what commands have added."""
        return self.base_price.ticks(self.anchor_ticks, now_ns)

    def accrued_at(self, now_ns: int) -> int:
        """What `accrued` will be at a time, if nothing changes until then."""
        return self.accrued + self.worth.lot_value * self.funding_rate_ppb * max(0, now_ns - self.accrued_ns)

    def accrue(self, now_ns: int) -> None:
        """Count continuous funding up to now: value or rate are about to change, or somebody's position is."""
        self.accrued = self.accrued_at(now_ns)
        self.accrued_ns = max(now_ns, self.accrued_ns)

    def delivery_nano_ticks(self) -> int:
        """The price at which it would be delivered now, in billionths of a tick."""
        return self.index * NANO

    def close(self, nano_ticks: int) -> None:
        """It is delivered at a price: nothing rests here any more, and nothing will."""
        self.delivered, self.delivered_nano_ticks = True, nano_ticks
        self.drift += 1
        self.open_interest_lots = 0
        for half in self.halves.values():
            for resting in [one for level in half.best_first() for one in level.queue]:
                half.remove(resting)
        self.quotes = {1: {}, -1: {}}

    @property
    def index(self) -> int:
        """The index price in ticks."""
        return max(1, self.base + self.index_offset)

    @property
    def index_price(self) -> Decimal:
        """The index price in money."""
        return self.instrument.tick * self.index

    def displace(self, mark_ticks: int, index_ticks: int) -> None:
        """Put mark and index at a distance from the base price that stays; 0 takes it away."""
        self.mark_offset = mark_ticks - self.base if mark_ticks else 0
        self.index_offset = index_ticks - self.base if index_ticks else 0
        self.rebase(self.base)

    def rebase(self, ticks: int) -> None:
        """The base price is now so; mark and index follow at their offsets."""
        self.base = ticks
        self.worth.move(max(1, ticks + self.mark_offset))

    def amount(self, number: int) -> int:
        """A made-up amount: the `number`-th draw of 1 to 16 units."""
        return self.unit_lots * (1 + draw(self.amounts_key, number) % 16)

    def take_changes(self) -> BookChanged:
        """The levels touched since the last call, each with what it holds now: nothing where it is gone."""
        levels = tuple([LevelState(level.side, level.ticks, level.lots) for level in self.touched.values()])
        self.touched.clear()
        before = self.sequence
        self.sequence = before + len(levels)
        return BookChanged(self.instrument.name, levels, before + 1, self.sequence)

    def book(self, depth: int, now_ns: int) -> BookState:
        """The best `depth` levels of each side."""
        return BookState(self.instrument.name, self.sequence, self.bids.top(depth), self.asks.top(depth), now_ns)

    def ticker(self, now_ns: int) -> TickerState:
        """Prices now and the last 24 hours."""
        instrument = self.instrument
        last = self.tape.last()
        bid, ask = (half.top(1) or ((0, 0),) for half in (self.bids, self.asks))
        day, first_id, last_id = self.tape.day(now_ns)
        return TickerState(
            instrument.name,
            last.ticks if last else self.start_ticks,
            last.lots if last else 0,
            *bid[0],
            *ask[0],
            self.worth.mark * NANO,
            self.index * NANO,
            day,
            first_id,
            last_id,
            self.open_interest_lots,
            self.funding_rate_ppb,
            now_ns,
        )
