"""The trading floor: everything a command acts on, and the events it has caused so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from heapq import heappop, heappush

from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.groups import Groups
from venueproof_simulators.engine.history import Past
from venueproof_simulators.engine.instruments import Instrument, OptionTerms
from venueproof_simulators.engine.ledger import Ledger
from venueproof_simulators.engine.maker import quote
from venueproof_simulators.engine.market import Market, steps_of
from venueproof_simulators.engine.option_market import OptionMarket
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.prices import BasePrice, Pace, underlying
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.triggers import Conditional, Register
from venueproof_simulators.engine.worth import Fraction, worth_of

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
        self.instruments: dict[str, Instrument] = {}
        self.by_symbol: dict[str, Instrument] = {}
        self.seed = seed
        self.start_ns = start_ns
        self.pace = pace
        self.now_ns = start_ns
        self.from_ns = start_ns
        self.until_ns = start_ns
        """The times of the last command and of the one under way; `now_ns` runs from one to the other, job by job."""
        self.ledger = Ledger(self.price_of)
        self._priced: dict[str, str] = {}
        self._money: set[str] = set()
        for instrument in instruments:
            self._take_in(instrument)
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
        self.fired: list[Conditional | Order] = []
        """What brings other orders once the command or job under way is through: conditional orders that have fired in
        it, and orders with others attached that have ended in it with a part filled.
        """
        self._bases: dict[str, tuple[BasePrice, Past]] = {}
        self.options: dict[str, list[OptionMarket]] = {}
        """The options that follow the index price of a market, by its name. All are set up from the start."""
        self.hours = False
        """Whether a whole hour is waited for that takes down their time value."""
        for instrument in instruments:
            if instrument.option is not None:
                self.market(instrument.name)

    def _take_in(self, instrument: Instrument) -> None:
        self.instruments[instrument.name] = instrument
        self.by_symbol[instrument.symbol] = instrument
        if instrument.option is None:
            self._priced.setdefault(instrument.base, instrument.name)
            self._money.add(instrument.quote)

    def enlist(self, instrument: Instrument) -> None:
        """Take in a new instrument; its base price starts where the first one on its underlying has its index price.

        Raises `ValueError` for a name or symbol in use.
        """
        if instrument.name in self.instruments or instrument.symbol in self.by_symbol:
            raise ValueError(f"{instrument.name!r} or {instrument.symbol!r} is listed already")
        self._take_in(instrument)
        self.market(instrument.name)

    def market(self, name: str) -> Market | None:
        """The market of an instrument, set up on first use; None when it is not listed."""
        market = self.markets.get(name)
        if market is None and name in self.instruments:
            market = self.markets[name] = self._open(self.instruments[name])
        return market

    def _open(self, instrument: Instrument) -> Market:
        if instrument.option is not None:
            return self._open_option(instrument, instrument.option)
        name = instrument.underlying
        if name not in self._bases:
            self._bases[name] = (
                BasePrice(name, self.seed, self.start_ns, self.pace),
                Past(name, self.seed),
            )
        price = self._first_price(instrument)
        steps = steps_of(instrument, price)
        worth = worth_of(instrument, steps * instrument.tick_step)
        market = Market(instrument, self.ledger, *self._bases[name], self.seed, self.start_ns, steps, worth)
        market.shift_ticks = market.base - market.path(self.now_ns) if instrument.listed_ns > self.start_ns else 0
        quote(market)
        market.touched.clear()
        return market

    def _open_option(self, instrument: Instrument, terms: OptionTerms) -> OptionMarket:
        reference = self.reference(instrument, self.instruments.values())
        if reference is None:
            raise ValueError(f"option {instrument.name!r} has no contract on {instrument.underlying} to be priced by")
        market = OptionMarket(instrument, terms, reference, self.ledger, self.seed, self.now_ns)
        self.options.setdefault(reference.instrument.name, []).append(market)
        quote(market)
        market.touched.clear()
        return market

    def _first_price(self, instrument: Instrument) -> Decimal:
        """Where the base price of a market starts that is set up now: what was listed later says nothing of that."""
        if instrument.listed_ns > self.start_ns:
            earlier = [other for other in self.instruments.values() if other.listed_ns < instrument.listed_ns]
            other = self.reference(instrument, earlier)
            if other is not None:
                return other.instrument.tick * other.index
        return underlying(instrument.underlying).price

    def reference(self, instrument: Instrument, among: Iterable[Instrument]) -> Market | None:
        """The first other market on its underlying that is traded and no option's; rather one with the same money."""
        found = [
            market
            for other in among
            if other.underlying == instrument.underlying and other.option is None and other.name != instrument.name
            if (market := self.market(other.name)) is not None and not market.delivered
        ]
        order = {one: (one.instrument.settle != instrument.settle, one.instrument.expiry_ns) for one in found}
        return min(order, key=lambda one: order[one], default=None)

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
