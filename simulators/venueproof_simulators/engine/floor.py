"""The trading floor: everything a command acts on, and the events it has caused so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush

from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.groups import Groups
from venueproof_simulators.engine.history import Past
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.ledger import Ledger
from venueproof_simulators.engine.maker import quote
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.prices import BasePrice, Pace, underlying
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.triggers import Conditional, Register
from venueproof_simulators.engine.worth import Fraction

Job = Callable[[], None]
NEVER_NS = 2**63
"""Later than any time."""


class Due:
    """What is to happen later, in order of time, then of arrival."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Job]] = []
        self._count = 0
        self.next_ns = NEVER_NS
        """When the next job is due."""

    def add(self, at_ns: int, job: Job) -> None:
        """Let `job` run at a time."""
        self._count += 1
        heappush(self._heap, (at_ns, self._count, job))
        self.next_ns = self._heap[0][0]

    def pop(self) -> tuple[int, Job]:
        """Take out the next job and its time."""
        at_ns, _, job = heappop(self._heap)
        self.next_ns = self._heap[0][0] if self._heap else NEVER_NS
        return at_ns, job


class Floor:
    """Markets, accounts, jobs that are due, the time, and the events of the command under way."""

    def __init__(self, instruments: Sequence[Instrument], seed: int, start_ns: int, pace: Pace) -> None:
        self.instruments: Mapping[str, Instrument] = {instrument.name: instrument for instrument in instruments}
        self.seed = seed
        self.start_ns = start_ns
        self.pace = pace
        self.now_ns = start_ns
        self.from_ns = start_ns
        self.until_ns = start_ns
        """The times of the last command and of the one under way; `now_ns` runs from one to the other, job by job."""
        self.ledger = Ledger(self.price_of)
        self._priced = {instrument.base: instrument.name for instrument in reversed(instruments)}
        self._money = {instrument.quote for instrument in instruments}
        self.markets: dict[str, Market] = {}
        self.due = Due()
        self.events: list[Event] = []
        self.changed: list[Market] = []
        """Markets whose books may have changed since the events were last taken."""
        self.shaken: dict[str, Market] = {}
        """Markets whose mark moved or that paid funding since positions were last looked at, by name."""
        self.insured = True
        """Whether insurance takes over what a liquidation cannot sell before others are deleveraged."""
        self.refusals: dict[str, list[Refusal]] = {}
        """Planned refusals of the next orders of an account."""
        self.orders_count = 0
        self.pending: dict[Order, None] = {}
        """Orders that are acknowledged and not decided, oldest first."""
        self.groups = Groups()
        self.conditionals = Register()
        self.fired: list[Conditional] = []
        """Conditional orders that have fired in the command or job under way."""
        self._bases: dict[str, tuple[BasePrice, Past]] = {}

    def market(self, name: str) -> Market | None:
        """The market of an instrument, set up on first use; None when it is not listed."""
        market = self.markets.get(name)
        if market is None and name in self.instruments:
            market = self.markets[name] = self._open(self.instruments[name])
        return market

    def _open(self, instrument: Instrument) -> Market:
        name = instrument.underlying
        if name not in self._bases:
            self._bases[name] = (
                BasePrice(name, self.seed, self.start_ns, self.pace),
                Past(name, self.seed),
            )
        market = Market(instrument, self.ledger, *self._bases[name], self.seed, self.start_ns)
        quote(market)
        market.touched.clear()
        return market

    def price_of(self, asset: str) -> Fraction:
        """What one of an asset is worth in dollars: 1 for what contracts are quoted in, else the index price of the
        first contract listed on it, else the price at which its history starts.
        """
        if asset in self._money:
            return 1, 1
        market = self.market(self._priced.get(asset, ""))
        if market is None:
            return underlying(asset).price.as_integer_ratio()
        return (market.instrument.tick * market.index).as_integer_ratio()

    def shake(self, market: Market) -> None:
        """Note that the mark price of a market moved, or that it paid funding."""
        self.shaken[market.instrument.name] = market
        for account in self.ledger.values():
            account.purse(market.instrument.settle).least_free = 0

    def touch(self, market: Market) -> None:
        """Note that the book of a market changes."""
        if not market.changed:
            market.changed = True
            self.changed.append(market)

    def refuse(self, account: str, instrument: str, client_id: str, refusal: Refusal, order_id: int = 0) -> None:
        """Say that a command is not carried out."""
        self.events.append(Refused(account, instrument, client_id, refusal, order_id))

    def take_events(self) -> list[Event]:
        """The events so far, and one for each book that changed."""
        events, self.events = self.events, []
        if self.changed:
            for market in self.changed:
                market.changed = False
                if market.touched:
                    events.append(market.take_changes())
            self.changed.clear()
        return events
