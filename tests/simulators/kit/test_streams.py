"""Feeds, listeners and the clocks of connections, as every venue has them."""

from __future__ import annotations

from functools import partial

from venueproof_simulators.engine.commands import OpenAccount, Place, PoolSpec
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, OrderChanged, Traded
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.facts import load_instruments
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.feeds import Channel, Documents, Feed, Feeds, Start
from venueproof_simulators.kit.listing import Listing
from venueproof_simulators.kit.market_feeds import BookChanges, ChangesFeed, TouchedFeed
from venueproof_simulators.kit.sessions import Clocks, Listeners
from venueproof_simulators.venues import binance

START_NS = 1_795_521_900 * 10**9
MS = 10**6
AnyFeed = Feed[Channel, Listing]


def at(after_ns: int) -> VenueTime:
    return VenueTime(START_NS + after_ns, START_NS + after_ns, START_NS + after_ns)


class Market:
    """An engine with one trader, and what feeds send."""

    def __init__(self) -> None:
        self.listing = Listing(load_instruments(binance.__name__)[0])
        self.engine = Engine([self.listing.instrument], seed=1, start_ns=START_NS, pace=Pace.STILL)
        assets = {self.listing.row.settle: 0}
        money = {self.listing.row.settle: 10**15}
        self.engine.apply(OpenAccount("trader", (PoolSpec("all", assets),), money), START_NS)
        self.timers = Alarms()
        self.sent: list[tuple[object, tuple[int, ...]]] = []
        self.feeds: Feeds[Channel, Listing] = Feeds(self.timers, {self.listing.name: self.listing}, self.send)

    def send(self, feed: AnyFeed, documents: Documents, sessions: tuple[int, ...], time: VenueTime) -> None:
        self.sent += [(document, sessions) for _, document in documents]

    def start(self, channel: Channel, time: VenueTime) -> Start[Channel, Listing]:
        return Start(channel, self.engine, {self.listing.name: self.listing}, time, snapshot)

    def bid(self, below_ticks: int, after_ns: int, lots: int = 0) -> None:
        best = self.engine.book(self.listing.name, 1).bids[0][0]
        order = Place(
            account="trader",
            instrument=self.listing.name,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            lots=lots or self.listing.instrument.lots_min * 100,
            ticks=best - below_ticks,
        )
        self.feeds.hear(self.engine.apply(order, at(after_ns).true_ns), at(after_ns))

    def run(self, after_ns: int) -> None:
        self.timers.run(at(after_ns).true_ns, at(after_ns))


def snapshot(feed: AnyFeed, time: VenueTime) -> Documents:
    return [("", ("snapshot", feed.engine.book(feed.listing().name, 1).sequence))]


def change(listing: Listing, changes: BookChanges, time: VenueTime) -> object:
    return ("change", changes.previous, changes.last)


def test_a_book_goes_on_from_the_snapshot_of_whoever_joined_last() -> None:
    market = Market()
    book = Channel(name="book", interval_ns=100 * MS)

    def make(time: VenueTime) -> AnyFeed:
        return ChangesFeed(market.start(book, time), change)

    begun = market.engine.book(market.listing.name, 1).sequence
    market.feeds.join("book", 1, make, at(0))
    market.bid(5, 10 * MS)
    market.feeds.join("book", 2, make, at(20 * MS))
    market.bid(6, 30 * MS)
    market.run(100 * MS)
    assert market.sent == [
        (("snapshot", begun), (1,)),
        (("change", begun, begun + 1), (1,)),
        (("snapshot", begun + 1), (2,)),
        (("change", begun + 1, begun + 2), (1, 2)),
    ]


def test_a_feed_stops_with_its_last_listener_and_its_plans_with_it() -> None:
    market = Market()
    book = Channel(name="book", interval_ns=100 * MS)
    market.feeds.join("book", 1, lambda time: ChangesFeed(market.start(book, time), change), at(0))
    market.bid(5, 10 * MS)
    assert market.timers.next_due_ns() == at(100 * MS).true_ns
    market.feeds.leave("book", 1)
    assert market.timers.next_due_ns() is None
    assert list(market.feeds) == []
    market.bid(6, 20 * MS)
    assert len(market.sent) == 1


def test_what_is_sent_at_once_waits_while_the_venue_is_closed() -> None:
    market = Market()
    book = Channel(name="book")
    market.feeds.join("book", 1, lambda time: ChangesFeed(market.start(book, time), change), at(0))
    begun = market.engine.book(market.listing.name, 1).sequence
    market.feeds.set_quiet(True, at(0))
    market.bid(5, 10 * MS)
    market.bid(6, 20 * MS)
    assert len(market.sent) == 1
    market.feeds.set_quiet(False, at(30 * MS))
    market.bid(7, 40 * MS)
    assert [said for said, _ in market.sent[1:]] == [("change", begun, begun + 2), ("change", begun + 2, begun + 3)]


def test_a_touched_feed_says_nothing_of_other_events() -> None:
    market = Market()
    names: list[str] = []

    def tell(feed: AnyFeed, touched: object, time: VenueTime) -> Documents:
        names.append("told")
        return []

    ticker = Channel(name="ticker")
    market.feeds.join("ticker", 1, lambda time: TouchedFeed(market.start(ticker, time), (Traded,), tell), at(0))
    market.bid(5, 10 * MS)
    assert names == []
    market.bid(-10_000, 20 * MS)
    assert names


class OwnOrders(Feed[Channel, Listing]):
    """Orders of an account, together."""

    def begin(self, time: VenueTime) -> None:
        self.seen: list[int] = []

    def changed(self, instrument: str, event: Event) -> bool:
        if not isinstance(event, OrderChanged):
            return False
        self.seen.append(event.order.filled_lots)
        return True

    def due(self, time: VenueTime) -> Documents:
        seen, self.seen = self.seen, []
        return [("", seen)]


def own_orders(market: Market, channel: Channel, account: str, time: VenueTime) -> OwnOrders:
    return OwnOrders(Start(channel, market.engine, {}, time, account=account))


def test_a_feed_of_an_account_tells_all_of_a_command_at_once_and_goes_on_while_the_market_stands_still() -> None:
    market = Market()
    orders = Channel(name="orders")
    for session, account in ((1, "trader"), (2, "another")):
        make = partial(own_orders, market, orders, account)
        market.feeds.join("orders", session, make, at(0), account=account)
    market.feeds.set_quiet(True, at(0))
    asks = market.engine.book(market.listing.name, 2).asks
    market.bid(-10_000, 10 * MS, lots=sum(lots for _, lots in asks))
    assert market.sent == [([0, asks[0][1], asks[0][1] + asks[1][1]], (1,))]
    market.feeds.leave("orders", 1, account="trader")
    assert [feed.account for feed in market.feeds] == ["another"]


def test_what_an_account_is_told_can_wait_for_an_interval_and_a_greeting_for_its_answer() -> None:
    market = Market()
    orders = Channel(name="orders", interval_ns=100 * MS)
    market.feeds.enter("orders", 1, partial(own_orders, market, orders, "trader"), at(0), account="trader")
    market.bid(5, 10 * MS)
    market.bid(6, 20 * MS)
    assert market.sent == []
    market.run(100 * MS)
    assert market.sent == [([0, 0], (1,))]
    book = Channel(name="book")
    market.feeds.enter("book", 1, lambda time: ChangesFeed(market.start(book, time), change), at(200 * MS))
    assert len(market.sent) == 1
    market.feeds.greet("book", 1, at(200 * MS))
    assert len(market.sent) == 2


def test_silence_ends_a_session_and_a_word_puts_it_off() -> None:
    timers, ages, ended = Alarms(), Alarms(), list[tuple[int, int]]()
    clocks = Clocks(timers, ages, lambda number, code, reason, time: ended.append((number, code)))
    clocks.expect(1, 30 * 10**9, 4004, "", at(0))
    clocks.expect(2, 30 * 10**9, 4004, "", at(0))
    clocks.expect(2, 30 * 10**9, 4004, "", at(20 * 10**9))
    timers.run(at(40 * 10**9).true_ns, at(40 * 10**9))
    assert ended == [(1, 4004)]
    timers.run(at(50 * 10**9).true_ns, at(50 * 10**9))
    assert ended == [(1, 4004), (2, 4004)]


def test_what_is_done_at_intervals_ends_with_the_session() -> None:
    timers, ages, beats = Alarms(), Alarms(), list[int]()
    clocks = Clocks(timers, ages, lambda number, code, reason, time: None)

    def beat(number: int, time: VenueTime) -> None:
        beats.append(number)
        if len(beats) == 3:
            clocks.forget(number)

    clocks.live(1, 10**9, 1000, "", at(0))
    clocks.every(1, "beat", 10**9, beat, at(0))
    for second in range(1, 6):
        timers.run(at(second * 10**9).true_ns, at(second * 10**9))
    assert beats == [1, 1, 1]
    assert timers.next_due_ns() is None
    assert ages.next_due_ns() is None


def test_listeners_are_told_in_order_and_forgotten_with_their_session() -> None:
    listeners: Listeners[tuple[str, str]] = Listeners()
    for session in (3, 1, 2):
        listeners.add(("trader", "orders"), session)
    listeners.add(("trader", "fills"), 1)
    listeners.drop_session(1)
    assert listeners.of(("trader", "orders")) == (3, 2)
    assert listeners.of(("trader", "fills")) == ()
    assert listeners.end(("trader", "orders")) == (3, 2)
    assert not listeners
