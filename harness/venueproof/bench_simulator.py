"""The bench that is a simulator: all powers, and the truth out of the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from venueproof.exposure import ExposureWatch
from venueproof.translation import actions as translation
from venueproof.translation import truth as telling
from venueproof.translation.provoking import offered, provoked
from venueproof.translation.values import amount, to_ns
from venueproof.translation.wire import wire_row
from venueproof.virtual import Clock
from venueproof_contracts import model
from venueproof_contracts.actions import ActionResult, AnyAction, Hold
from venueproof_contracts.bench import EXPOSURE, HOURS, TRUTH, MarketTruth, Provocation, Provoked, Truth, WireRow
from venueproof_contracts.case import NothingToJudge
from venueproof_simulators.engine import state
from venueproof_simulators.engine.state import BalanceState
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import QuirkRow
from venueproof_simulators.host.provoking import NotShown
from venueproof_simulators.host.rules import rule_name
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import Profile

BOOK_LEVELS = 100
DEEDS_MAX = 1000
"""What is remembered of a venue that is served for days."""
SETTLE_STEP_NS = 100_000_000
SETTLE_LIMIT_NS = 60 * 10**9
"""A rule that no message ever meets is waited for no longer than this."""


class Deed(Struct, frozen=True):
    """An action that was carried out, for the record."""

    at_ns: int
    action: AnyAction


class SimulatorBench:
    """A running simulator as clauses, users and the control plane hold it."""

    def __init__(
        self,
        simulator: Simulator,
        *,
        seed: int,
        profile: Profile,
        clock: Clock,
        step_wall: Callable[[int], None] | None,
        passes_time: bool,
    ) -> None:
        """`step_wall` and `passes_time`: see `translation.actions.Hands`."""
        self._simulator = simulator
        self._seed = seed
        self._clock = clock
        self._passes_time = passes_time
        name = simulator.venue.manifest.name
        self.rows: Mapping[str, QuirkRow] = {row.id: row for row in discovery.quirks(name)}
        self._offered = offered(discovery.provocations(name), self.rows, profile)
        self._hands = translation.Hands(
            controls=simulator,
            clock=clock,
            step_wall=step_wall,
            passes_time=passes_time,
        )
        self._wire: list[WireRow] = []
        self._wire_seen = 0
        """Rows of the journal that were in `_wire`, or that it had forgotten before anybody asked."""
        self._touched_ns = self._trouble_until_ns = 0
        """When somebody last did something to the venue, and when what it brought about ends."""
        self.recovery_bound_s = Decimal(0)
        """What `settle` waits at least; the runner sets it to what the adapter declares."""
        self.product = ""
        """Whose balances `truth` tells; empty for all. The runner sets it to the product of the case."""
        self.deeds: deque[Deed] = deque(maxlen=DEEDS_MAX)

    @property
    def seed(self) -> int:
        """The seed of this run."""
        return self._seed

    @property
    def powers(self) -> frozenset[str]:
        """Every action that has a translation, truth and exposure, and hours where time is virtual."""
        return translation.powers(self._hands) | {TRUTH, EXPOSURE} | ({HOURS} if self._passes_time else set[str]())

    def now_ns(self) -> int:
        """True time."""
        return self._clock.now_ns()

    async def sleep(self, seconds: float) -> None:
        """Let time go by."""
        await self._clock.sleep_ns(int(seconds * 1e9))

    async def do(self, action: AnyAction) -> ActionResult:
        """Carry out one action. Raises `LookupError` or ValueError when it cannot be done as it says."""
        self._touched_ns = self.now_ns()
        self.deeds.append(Deed(self._touched_ns, action))
        if isinstance(action, Hold):
            self._expect_trouble(to_ns(action.for_s))
        return await translation.carry_out(self._hands, action)

    async def truth(self) -> Truth:
        """The account under test."""
        engine, account = self._simulator.venue.engine, self._simulator.venue.account
        words = telling.Words(engine.instruments.__getitem__, self._simulator.venue.spelled_id)
        return Truth(
            orders=(
                *(telling.order(words, one) for one in engine.orders(account)),
                *(telling.conditional(words, one) for one in engine.conditionals(account)),
            ),
            fills=tuple(telling.fill(words, one) for one in engine.fills(account)),
            positions=tuple(telling.position(words, one) for one in engine.positions(account)),
            balances=tuple(telling.balance(one) for one in self._own(engine.balances(account))),
        )

    def _own(self, balances: Sequence[BalanceState]) -> list[BalanceState]:
        """Those in the pools that the product's contracts are settled from."""
        settled = {
            one.settle for one in self._simulator.venue.engine.instruments.values() if self.product in ("", one.product)
        }
        pools = {one.pool for one in balances if one.asset in settled}
        return [one for one in balances if one.pool in pools]

    async def market(self, instrument: str) -> MarketTruth:
        """Ticker and book of one instrument. Raises `LookupError` when the venue has none of that symbol."""
        engine, one = self._simulator.venue.engine, self._hands.instrument(instrument)
        now_ns = self._simulator.time().true_ns
        return MarketTruth(
            ticker=telling.ticker(one, engine.ticker(one.name, now_ns)),
            book=telling.book(one, engine.book(one.name, BOOK_LEVELS)),
        )

    def watch_exposure(self, instrument: str, side: model.Side) -> Callable[[], Decimal]:
        """The most that is at stake on one side from now on. Raises `LookupError` for an unknown instrument."""
        one, venue = self._hands.instrument(instrument), self._simulator.venue
        watch = ExposureWatch(venue.engine, venue.account, one.name, state.Side(side.value))
        return lambda: amount(one, watch.most_lots)

    def wire(self, since: int = 0) -> list[WireRow]:
        """The journal from the `since`-th row ever written on; a venue that is served for days keeps the last ones."""
        journal = self._simulator.journal
        self._wire.extend(wire_row(row) for row in journal.rows(self._wire_seen))
        self._wire_seen = len(journal)
        del self._wire[: len(self._wire) - (len(journal) - journal.forgotten)]
        return self._wire[max(since - journal.forgotten, 0) :]

    def provocations(self, kind: str) -> list[Provocation]:
        """The venue's cases of `kind` in this profile."""
        return [one for one in self._offered if one.kind == kind]

    async def provoke(self, provocation: Provocation, instrument: str) -> Provoked:
        """Make the venue show it. Raises `LookupError` when this profile has no such case, `NothingToJudge` when the
        instrument has none."""
        if provocation not in self._offered:
            raise LookupError(f"no case {provocation.quirk!r} of {provocation.kind!r} in this profile")
        try:
            found = provoked(self._offered[provocation].code(self._simulator, instrument))
        except NotShown as error:
            raise NothingToJudge(str(error)) from error
        self._touched_ns = self.now_ns()
        self._expect_trouble(to_ns(found.settles_s))
        return found

    def _expect_trouble(self, for_ns: int) -> None:
        self._trouble_until_ns = max(self._trouble_until_ns, self.now_ns() + for_ns)

    async def settle(self) -> None:
        """Return when nothing is pending; a rule that nothing meets is waited for a minute.

        Where waiting costs real time, the time to recover counts from the last thing that was done to the venue.
        """
        limit_ns, pending = self.now_ns() + SETTLE_LIMIT_NS, False
        while self._pending() and self.now_ns() < limit_ns:
            pending = True
            await self._clock.sleep_ns(SETTLE_STEP_NS)
        now_ns = self.now_ns()
        began_ns = now_ns if pending or self._passes_time or self._simulator.largest_lag_ns() else self._touched_ns
        ends_ns = max(began_ns + self._simulator.largest_lag_ns(), self._trouble_until_ns)
        await self._clock.sleep_ns(max(ends_ns + to_ns(self.recovery_bound_s) - now_ns, SETTLE_STEP_NS))

    def _pending(self) -> bool:
        return bool(self._simulator.undelivered() or self._simulator.rulebook.open_rules())

    def instrument(self, symbol: str) -> model.Instrument:
        """A listed contract, as the venue has it. Raises `LookupError` when there is none of that symbol."""
        return telling.instrument(self._hands.instrument(symbol))

    def unmet_rules(self) -> list[str]:
        """Rules that no message met, described: the trouble that they stand for was not seen by the adapter."""
        return [rule_name(rule) for rule in self._simulator.rulebook.never_matched()]

    def faults(self) -> list[str]:
        """What broke in the simulator itself: never the adapter's doing."""
        return self._simulator.faults

    def digest(self) -> str:
        """SHA-256 over the journal, ids and ports left out."""
        return self._simulator.journal.digest()
