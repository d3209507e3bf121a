"""The engine's speed on a mix of commands, beside a bare matching core on the same mix.

Half of the commands rest, three in ten cancel, two in ten trade; two accounts, prices around which nobody else quotes.
The core has what matching needs and nothing else: a dict, a deque a level, sorted levels. The engine besides checks,
keeps margin and ledger, tells events and writes its journal.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from random import Random
from statistics import median
from time import process_time

from figure import figure
from sortedcontainers import SortedDict

from venueproof_simulators.engine.commands import Cancel, Command, OpenAccount, Place, PoolSpec
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.state import OrderKind, Side

OPERATIONS = 20_000
ROUNDS = 7
START_NS = 1_795_521_900 * 10**9
MIDDLE = 300_000
FLOOR = 0.1

Step = tuple[str, int, int, int]
"""passive | aggressive: sign, ticks, lots; cancel: order number, 0, 0."""

INSTRUMENT = Instrument(
    name="BTCUSDT",
    symbol="BTC/USDT:USDT",
    underlying="BTC",
    base="BTC",
    quote="USDT",
    settle="USDT",
    kind=ContractKind.LINEAR,
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    contract_size=Decimal(1),
    product="linear",
    ticks_max=MIDDLE + 1000,
    open_orders_max=10**6,
)
"""Its prices end far below the base price, so that the market maker has no room."""


def steps(count: int, seed: int) -> list[Step]:
    """The mix, the same for the same seed."""
    random = Random(seed)
    found: list[Step] = []
    placed = 0
    resting: list[int] = []
    for _ in range(count):
        kind = random.random()
        sign = random.choice((1, -1))
        if kind < 0.5 or not resting:
            placed += 1
            resting.append(placed)
            found.append(("passive", sign, MIDDLE - sign * random.randint(1, 50), random.randint(1, 20)))
        elif kind < 0.8:
            number = resting.pop(random.randrange(max(0, len(resting) - 400), len(resting)))
            found.append(("cancel", number, 0, 0))
        else:
            placed += 1
            found.append(("aggressive", sign, MIDDLE + sign * 50, random.randint(1, 20)))
    return found


class Order:
    """What a matching core must know of an order."""

    __slots__ = ("lots", "number", "sign", "ticks")

    def __init__(self, number: int, sign: int, ticks: int, lots: int) -> None:
        self.number = number
        self.sign = sign
        self.ticks = ticks
        self.lots = lots


class Core:
    """Price-time matching and nothing else: orders by number, a queue a level, levels sorted; it tells its fills."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.sides: dict[int, SortedDict] = {1: SortedDict(), -1: SortedDict()}
        """By sign of the resting side: ticks × −sign, so that the best level comes first, → queue."""
        self.placed = 0

    def apply(self, command: Command) -> list[tuple[int, int, int, int]]:
        """Carry out a command; returns the fills as (resting order, incoming order, ticks, lots)."""
        if isinstance(command, Cancel):
            self.cancel(command.order_id)
            return []
        assert isinstance(command, Place)
        self.placed += 1
        order = Order(self.placed, 1 if command.side is Side.BUY else -1, command.ticks, command.lots)
        fills = self.match(order)
        if order.lots:
            self.rest(order)
        return fills

    def match(self, order: Order) -> list[tuple[int, int, int, int]]:
        """Trade with the other side, best level first, then first come."""
        levels = self.sides[-order.sign]
        fills: list[tuple[int, int, int, int]] = []
        while order.lots and levels and levels.peekitem(0)[0] <= order.ticks * order.sign:
            rank, queue = levels.peekitem(0)
            while order.lots and queue:
                first = queue[0]
                lots = min(order.lots, first.lots)
                order.lots -= lots
                first.lots -= lots
                fills.append((first.number, order.number, first.ticks, lots))
                if not first.lots:
                    queue.popleft()
                    del self.orders[first.number]
            if not queue:
                del levels[rank]
        return fills

    def rest(self, order: Order) -> None:
        """Put into the book."""
        self.orders[order.number] = order
        levels, rank = self.sides[order.sign], -order.ticks * order.sign
        queue = levels.get(rank)
        if queue is None:
            queue = levels[rank] = deque()
        queue.append(order)

    def cancel(self, number: int) -> None:
        """Take out of the book, if it is there still."""
        order = self.orders.pop(number, None)
        if order is None:
            return
        levels, rank = self.sides[order.sign], -order.ticks * order.sign
        levels[rank].remove(order)
        if not levels[rank]:
            del levels[rank]


def run_core(told: list[Command]) -> Callable[[], int]:
    """A run over the bare core that returns the lots traded."""

    def run() -> int:
        core = Core()
        fills: list[tuple[int, int, int, int]] = []
        for command in told:
            fills += core.apply(command)
        return sum(lots for _, _, _, lots in fills)

    return run


def commands(mix: list[Step]) -> list[Command]:
    """The mix as commands: `ann` rests and cancels, `bob` trades."""
    found: list[Command] = []
    for kind, first, ticks, lots in mix:
        if kind == "cancel":
            found.append(Cancel("ann", "BTCUSDT", first))
        else:
            who = "ann" if kind == "passive" else "bob"
            found.append(Place(who, "BTCUSDT", Side.BUY if first > 0 else Side.SELL, OrderKind.LIMIT, lots, ticks))
    return found


def run_engine(told: list[Command]) -> Callable[[], int]:
    """A run over the engine that returns the lots traded."""

    def run() -> int:
        engine = Engine([INSTRUMENT], seed=1, start_ns=START_NS)
        for name in ("ann", "bob"):
            engine.apply(OpenAccount(name, (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**18}), START_NS)
        for number, command in enumerate(told):
            engine.apply(command, START_NS + number * 1000)
        return sum(trade.lots for trade in engine.trades("BTCUSDT", START_NS + 10**12, limit=10**6, start_ns=START_NS))

    return run


def seconds(run: Callable[[], int]) -> float:
    """How much processor time one run takes."""
    gc.collect()
    begin = process_time()
    run()
    return process_time() - begin


def row() -> dict[str, object]:
    """One line of the benchmark table; rates are commands a second, medians over rounds taken in turn."""
    told = commands(steps(OPERATIONS, seed=1))
    core, engine = run_core(told), run_engine(told)
    rounds = [(seconds(core), seconds(engine)) for _ in range(ROUNDS)]
    reference = len(told) / median(first for first, _ in rounds)
    value = len(told) / median(second for _, second in rounds)
    return figure(value, reference, FLOOR)


if __name__ == "__main__":
    print(row())
