"""The engine beside a slow and obvious model, command by command."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from venueproof_simulators.engine.commands import Amend, Cancel, Command, FillOrder, Place
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.state import OrderKind, SelfTrade, Side, TimeInForce

from .play import LEVERAGE, LONELY, MARK, MIDDLE, UNIT, USERS, WEALTH, check_replay, check_sums, fresh_engine


@dataclass
class Resting:
    """An order of the model; `arrival` decides among equals."""

    number: int
    who: str
    sign: int
    ticks: int
    left: int
    filled: int
    reduce_only: bool
    arrival: int
    self_trade: SelfTrade


class Person:
    """Money and position of the model, without rounding but for fees."""

    def __init__(self) -> None:
        self.wallet = Fraction(WEALTH)
        self.lots = 0
        self.cost = Fraction(0)
        """Of the open lots, in ticks × lots."""
        self.fills = 0

    def trade(self, sign: int, ticks: int, lots: int, fee_ppm: int) -> None:
        """Book one fill, a lot at a time."""
        self.fills += 1
        self.wallet -= -(-ticks * lots * UNIT * fee_ppm // 1_000_000)
        for _ in range(lots):
            if self.lots * sign >= 0:
                self.cost += ticks
            else:
                average = self.cost / abs(self.lots)
                self.wallet -= (ticks - average) * sign * UNIT
                self.cost -= average
            self.lots += sign


class Naive:
    """Matching and margin with lists and fractions."""

    def __init__(self) -> None:
        self.people = {name: Person() for name in USERS}
        self.book: list[Resting] = []
        self.placed = 0
        self.clock = 0

    def crossing(self, sign: int, limit: int | None) -> list[Resting]:
        """What an order would meet, in order."""
        met = [o for o in self.book if o.sign == -sign and (limit is None or (limit - o.ticks) * sign >= 0)]
        return sorted(met, key=lambda o: (o.ticks * sign, o.arrival))

    def free(self, who: str, more: tuple[int, int] | None = None) -> Fraction:
        """Money left, with one more order (sign, value) or without."""
        person = self.people[who]
        mine = [(o.sign, o.ticks * o.left) for o in self.book if o.who == who and not o.reduce_only]
        mine += [more] if more else []
        position = person.lots * MARK
        bought = position + sum(value for sign, value in mine if sign > 0)
        sold = position - sum(value for sign, value in mine if sign < 0)
        margin = Fraction(max(abs(position), abs(bought), abs(sold)) * UNIT, LEVERAGE)
        profit = abs(position) - person.cost if person.lots >= 0 else person.cost - abs(position)
        return person.wallet + profit * UNIT - margin

    def work(self, order: Resting, limit: int | None, rests: bool) -> None:
        """Let an order trade; it rests if it may."""
        while order.left and (met := self.crossing(order.sign, limit)):
            if met[0].who == order.who and order.self_trade is not SelfTrade.NONE:
                if order.self_trade is not SelfTrade.EXPIRE_TAKER:
                    self.book.remove(met[0])
                if order.self_trade is not SelfTrade.EXPIRE_MAKER:
                    order.left = 0
            else:
                self.meet(order, met[0])
        if order.left and rests:
            self.clock += 1
            order.arrival = self.clock
            self.book.append(order)

    def meet(self, order: Resting, other: Resting) -> None:
        lots = min(self.able(order), self.able(other))
        for one, fee in ((order, 500), (other, 200)):
            one.left -= lots
            one.filled += lots
            self.people[one.who].trade(one.sign, other.ticks, lots, fee)
        if not other.left:
            self.book.remove(other)
        for one in (order, *self.book):
            if one.reduce_only and self.people[one.who].lots * one.sign >= 0:
                one.left = 0
        self.book = [one for one in self.book if one.left]

    def able(self, order: Resting) -> int:
        return min(order.left, abs(self.people[order.who].lots)) if order.reduce_only else order.left


class EngineAgainstModel(RuleBasedStateMachine):
    """Two users in a book of their own."""

    @initialize()
    def begin(self) -> None:
        """Start both."""
        self.engine = fresh_engine(LONELY)
        self.naive = Naive()
        self.totals = self.engine.totals()

    def tell(self, command: Command) -> list[Event]:
        """Apply a command a millisecond later."""
        events = self.engine.apply(command, self.engine.now_ns + 1_000_000)
        assert self.engine.totals() == self.totals
        return events

    @rule(
        who=st.sampled_from(USERS),
        buys=st.booleans(),
        lots=st.one_of(st.integers(1, 12), st.integers(400, 900)),
        offset=st.integers(-4, 4),
        manner=st.sampled_from(["gtc", "gtc", "gtc", "ioc", "fok", "post", "market", "worst"]),
        reduce_only=st.sampled_from([False, False, False, True]),
        self_trade=st.sampled_from(SelfTrade),
    )
    def place(
        self, who: str, buys: bool, lots: int, offset: int, manner: str, reduce_only: bool, self_trade: SelfTrade
    ) -> None:
        """A new order."""
        sign, ticks = (1 if buys else -1), MIDDLE + offset
        limit = None if manner in ("market", "worst") else ticks
        events = self.tell(
            Place(
                who,
                LONELY.name,
                Side.BUY if buys else Side.SELL,
                OrderKind.MARKET if limit is None else OrderKind.LIMIT,
                lots,
                0 if manner == "market" else ticks,
                TimeInForce(manner) if manner in ("ioc", "fok") else TimeInForce.GTC,
                post_only=manner == "post",
                reduce_only=reduce_only,
                self_trade=self_trade,
            )
        )
        refused = [event for event in events if isinstance(event, Refused)]
        order = Resting(self.naive.placed + 1, who, sign, ticks, lots, 0, reduce_only, 0, self_trade)
        may, gap = self.may(order, limit, manner)
        if abs(gap) > 100:
            assert bool(refused) is not may
        if refused:
            return
        self.naive.placed += 1
        self.naive.work(order, ticks if manner == "worst" else limit, manner in ("gtc", "post"))

    def may(self, order: Resting, limit: int | None, manner: str) -> tuple[bool, Fraction]:
        """Whether the model lets an order in, and by how much the margin decides."""
        naive, far = self.naive, Fraction(10**9)
        who, sign, lots = order.who, order.sign, order.left
        met = naive.crossing(sign, limit)
        if order.reduce_only and naive.people[who].lots * sign >= 0:
            return False, far
        if manner == "post" and met:
            return False, far
        if manner == "fok" and not self.fills(order, limit):
            return False, far
        if order.reduce_only:
            return True, far
        best = naive.crossing(sign, None)
        ticks = limit if limit is not None else MARK
        if best and (limit is None or sign < 0):
            ticks = max(ticks, best[0].ticks)
        before, after = naive.free(who), naive.free(who, (sign, ticks * lots))
        if after >= before:
            return True, far
        return after >= 0, after

    def fills(self, order: Resting, limit: int | None) -> bool:
        """Whether an order would fill whole: another model tries it."""
        naive, tried = deepcopy((self.naive, order))
        naive.work(tried, limit, rests=False)
        return tried.filled == order.left

    @rule(pick=st.integers(0, 10**6), fills=st.booleans(), lots=st.integers(0, 5))
    def end_or_fill(self, pick: int, fills: bool, lots: int) -> None:
        """Cancel one of the live orders, or let a stranger fill it."""
        if not self.naive.book:
            return
        order = self.naive.book[pick % len(self.naive.book)]
        if not fills:
            self.tell(Cancel(order.who, LONELY.name, order.number))
            self.naive.book.remove(order)
            return
        self.tell(FillOrder(LONELY.name, order.number, lots))
        able = self.naive.able(order)
        stranger = Resting(
            0, "stranger", -order.sign, order.ticks, min(lots, able) if lots else able, 0, False, 0, SelfTrade.NONE
        )
        self.naive.people["stranger"] = Person()
        self.naive.meet(stranger, order)

    @rule(
        pick=st.integers(0, 10**6),
        offset=st.one_of(st.none(), st.integers(-4, 4)),
        lots=st.integers(1, 30),
        keeps_place=st.booleans(),
    )
    def amend(self, pick: int, offset: int | None, lots: int, *, keeps_place: bool) -> None:
        """Change one of the live orders, or only its amount."""
        if not self.naive.book:
            return
        order = self.naive.book[pick % len(self.naive.book)]
        ticks = order.ticks if offset is None else MIDDLE + offset
        events = self.tell(Amend(order.who, LONELY.name, order.number, ticks, lots, keeps_place=keeps_place))
        unchanged = (ticks, lots) == (order.ticks, order.left + order.filled)
        if isinstance(events[0], Refused):
            assert unchanged or lots > order.left
            return
        assert not unchanged
        if keeps_place and ticks == order.ticks and order.filled < lots < order.left + order.filled:
            order.left = lots - order.filled
            return
        self.naive.book.remove(order)
        post_only = self.engine.orders(order.who, LONELY.name)
        crosses = bool(self.naive.crossing(order.sign, ticks))
        if lots <= order.filled or (crosses and any(o.order_id == order.number and o.post_only for o in post_only)):
            return
        order.ticks, order.left = ticks, lots - order.filled
        self.naive.work(order, ticks, rests=True)

    @invariant()
    def same_orders(self) -> None:
        """The same orders live, with the same left of them, in the same queues."""
        for who in USERS:
            live = {(o.order_id, o.ticks, o.open_lots, o.filled_lots) for o in self.engine.live_orders(who)}
            assert live == {(o.number, o.ticks, o.left, o.filled) for o in self.naive.book if o.who == who}

    @invariant()
    def same_money(self) -> None:
        """Positions are the same, and money up to an atom a fill."""
        for who in USERS:
            person, position = self.naive.people[who], self.engine.position(who, LONELY.name)
            balance, _ = self.engine.balances(who)
            assert position.lots == person.lots
            assert abs(balance.wallet_atoms - person.wallet) <= person.fills
            assert abs(balance.available_atoms - max(Fraction(0), self.naive.free(who))) <= 3 * person.fills + 3

    @invariant()
    def fills_add_up(self) -> None:
        """Fills make up orders and positions; the book is not crossed and shows what rests."""
        check_sums(self.engine, [LONELY.name])

    def teardown(self) -> None:
        """The journal repeats the run."""
        check_replay(self.engine)


EngineAgainstModel.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestEngineAgainstModel = EngineAgainstModel.TestCase
