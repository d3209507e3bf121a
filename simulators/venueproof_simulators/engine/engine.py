"""The engine: a state machine. A command and the time go in, events come out, and everything can be read at any time.

    engine = Engine(instruments, seed=7, start_ns=start)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**12}), start)
    events = engine.apply(Place("ann", "BTCUSDT", Side.BUY, OrderKind.LIMIT, lots=10, ticks=590_000), start + 1)

It does no input or output, never sleeps and knows no venue. Time is handed in; what is due before a command (verdicts,
the market maker's refills, steps of the base price) happens first, at its own time. Whoever owns the clock waits until
`next_due_ns` and applies `Tick()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from venueproof_simulators.engine import commands as told
from venueproof_simulators.engine import (
    conditionals,
    delivery,
    following,
    liquidation,
    modes,
    payments,
    staging,
    trading,
)
from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.digest import digest
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.floor import NEVER_NS, Floor
from venueproof_simulators.engine.forgetting import Keep, forget
from venueproof_simulators.engine.instruments import Instrument, InstrumentStatus
from venueproof_simulators.engine.journal import Header, Journal, read_commands, read_header
from venueproof_simulators.engine.ledger import Holding, holding_of
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.margin import balance, margin
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.option_market import OptionMarket, OptionState
from venueproof_simulators.engine.pools import PoolState, pool_state
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import (
    BalanceState,
    BookState,
    CandleState,
    FillState,
    MarginMode,
    MarginState,
    OrderState,
    PositionMode,
    PositionSide,
    PositionState,
    TickerState,
    TradeState,
)
from venueproof_simulators.engine.triggers import Conditional
from venueproof_simulators.engine.worth import NANO

_HANDLERS: dict[type[Command], Callable[[Floor, Any], None]] = {
    told.OpenAccount: staging.open_account,
    told.Deposit: staging.deposit,
    told.Place: trading.place,
    told.Amend: trading.amend,
    told.Cancel: trading.cancel,
    told.CancelAll: trading.cancel_all,
    told.SetLeverage: modes.set_leverage,
    told.SetMarginMode: modes.set_margin_mode,
    told.SetPositionMode: modes.set_position_mode,
    told.SetPoolSharing: modes.set_pool_sharing,
    told.MoveMargin: payments.move_margin,
    told.PayFunding: payments.pay_funding,
    told.SettleFunding: payments.settle_funding,
    told.SetFundingRate: payments.set_funding_rate,
    told.SetMark: staging.set_mark,
    told.SetInsurance: staging.set_insurance,
    told.SetPrice: staging.set_price,
    told.PrintTrade: staging.print_trade,
    told.AddLiquidity: staging.add_liquidity,
    told.FillOrder: staging.fill_order,
    told.ExpireOrder: staging.expire_order,
    told.RefuseOrders: staging.refuse_orders,
    told.PlaceConditional: conditionals.place_conditional,
    told.AmendConditional: conditionals.amend_conditional,
    told.CancelConditional: conditionals.cancel_conditional,
    told.CancelAllConditional: conditionals.cancel_all_conditional,
    told.ExpireConditional: conditionals.expire_conditional,
    told.TriggerConditional: conditionals.trigger_conditional,
    told.HoldTriggers: conditionals.hold_triggers,
    told.List: delivery.list_instrument,
    told.Deliver: delivery.deliver,
    told.SettleSession: delivery.settle_session,
    told.Tick: lambda floor, command: None,
}


class UnknownInstrumentError(LookupError):
    """No instrument of this name or symbol is listed."""


class Engine:
    """All markets and accounts of one venue.

    Reads about an account raise `UnknownAccountError`, reads about an instrument `UnknownInstrumentError`; both are
    `LookupError`s. Reads change nothing that can be seen.
    """

    def __init__(self, instruments: Sequence[Instrument], *, seed: int, start_ns: int, pace: Pace = Pace.STILL) -> None:
        self._floor = Floor(instruments, seed, start_ns, pace)
        self._keep: Keep | None = None
        self._forget_ns = 0
        self.journal = Journal(Header(tuple(instruments), seed, start_ns, pace))
        for instrument in instruments:
            delivery.schedule(self._floor, instrument)
        following.start_hours(self._floor)
        staging.start_pace(self._floor)
        self._floor.take_events()

    def apply(self, command: Command, now_ns: int) -> list[Event]:
        """Let happen what is due by `now_ns`, then carry out the command; returns the events of both.

        A time before the last one counts as the last one. A refused command gives a `Refused`; a command that makes no
        sense (an account nobody opened, an unknown asset) raises `LookupError` or `ValueError` and changes nothing.
        """
        floor, due = self._floor, self._floor.due
        floor.from_ns = before_ns = floor.now_ns
        floor.until_ns = until_ns = now_ns if now_ns > before_ns else before_ns
        if due.next_ns <= until_ns:
            self._run_due()
        floor.now_ns = until_ns
        _HANDLERS[type(command)](floor, command)
        if floor.shaken:
            liquidation.review(floor)
        if floor.fired:
            conditionals.schedule(floor)
        if due.next_ns <= until_ns:
            self._run_due()
        events = floor.take_events()
        self.journal.add(until_ns, command, events)
        if self._keep is not None and until_ns >= self._forget_ns:
            self._forget_ns = until_ns + self._keep.every_ns
            forgotten = forget(floor, self._keep)
            if forgotten.orders or forgotten.conditionals:
                events.append(forgotten)
        return events

    def run_for_long(self, keep: Keep | None = None) -> None:
        """Record no more, and forget from now on what is old: for an engine that runs for days and that nobody will
        repeat.
        """
        self.journal.stop()
        self._keep = keep or Keep()

    def _run_due(self) -> None:
        floor, due = self._floor, self._floor.due
        while due.next_ns <= floor.until_ns:
            at_ns, job = due.pop()
            floor.now_ns = max(floor.now_ns, at_ns)
            job()
            if floor.shaken:
                liquidation.review(floor)
            if floor.fired:
                conditionals.schedule(floor)

    @property
    def next_due_ns(self) -> int | None:
        """When something happens by itself next; None when nothing is pending."""
        next_ns = self._floor.due.next_ns
        return None if next_ns == NEVER_NS else next_ns

    @property
    def now_ns(self) -> int:
        """The time of the last command."""
        return self._floor.now_ns

    # --- instruments ----------------------------------------------------------------------------------------------

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """All listed instruments by name."""
        return self._floor.instruments

    def by_symbol(self, symbol: str) -> Instrument:
        """The instrument of a unified symbol."""
        try:
            return self._floor.by_symbol[symbol]
        except KeyError:
            raise UnknownInstrumentError(f"no instrument with symbol {symbol!r}") from None

    def status(self, instrument: str) -> InstrumentStatus:
        """Whether an instrument is traded. What is delivered stays known."""
        market = self._floor.markets.get(instrument)
        if market is not None and market.delivered:
            return InstrumentStatus.DELIVERED
        self._market(instrument)
        return InstrumentStatus.OPEN

    def delivery_nano_ticks(self, instrument: str) -> int:
        """The price at which an instrument was delivered, or would be now, in billionths of a tick."""
        market = self._market(instrument)
        return market.delivered_nano_ticks if market.delivered else market.delivery_nano_ticks()

    def _market(self, name: str) -> Market:
        market = self._floor.market(name)
        if market is None:
            raise UnknownInstrumentError(f"no instrument {name!r}")
        return market

    # --- accounts -------------------------------------------------------------------------------------------------

    def _holding(self, account: str, instrument: str) -> Holding:
        """The holding, or an empty one that is not kept."""
        owner = self._floor.ledger[account]
        holding = owner.holdings.get(instrument)
        if holding is None:
            market = self._market(instrument)
            holding = holding_of(owner, market.instrument, market.worth)
        return holding

    def _holdings(self, account: str, instrument: str) -> list[Holding]:
        owner = self._floor.ledger[account]
        return [self._holding(account, instrument)] if instrument else list(owner.holdings.values())

    @property
    def accounts(self) -> Sequence[str]:
        """Names of the accounts that users opened."""
        return [name for name, account in self._floor.ledger.items() if account.user]

    def order(self, account: str, instrument: str, order_id: int) -> OrderState | None:
        """An order of an account, live or ended."""
        order = self._holding(account, instrument).orders.get(order_id)
        return order.state() if order else None

    def order_by_client_id(self, account: str, instrument: str, client_id: str) -> OrderState | None:
        """The newest order with a client id."""
        order = self._holding(account, instrument).by_client_id.get(client_id)
        return order.state() if order else None

    def orders(self, account: str, instrument: str = "") -> list[OrderState]:
        """All orders ever, oldest first."""
        if instrument:
            return [order.state() for order in self._holding(account, instrument).orders.values()]
        return [order.state() for order in self._floor.ledger[account].orders]

    def live_orders(self, account: str, instrument: str = "") -> list[OrderState]:
        """Orders that can still fill, oldest first."""
        live = [order for holding in self._holdings(account, instrument) for order in holding.live.values()]
        return [order.state() for order in sorted(live, key=lambda order: order.serial)]

    def conditional(self, account: str, instrument: str, conditional_id: int) -> ConditionalState | None:
        """A conditional order of an account, waiting or not."""
        found = self._floor.conditionals.by_id.get((instrument, conditional_id))
        return found.state() if found and found.command.account == account else None

    def conditional_by_client_id(self, account: str, instrument: str, client_id: str) -> ConditionalState | None:
        """The newest conditional order with a client id, on one instrument or on any (empty)."""
        found = [one for one in self._conditionals(account, instrument) if one.command.client_id == client_id]
        return found[-1].state() if found else None

    def conditionals(self, account: str, instrument: str = "") -> list[ConditionalState]:
        """All conditional orders ever, oldest first."""
        return [one.state() for one in self._conditionals(account, instrument)]

    def waiting(self, account: str, instrument: str = "") -> list[ConditionalState]:
        """Conditional orders that have not fired and not ended, oldest first."""
        waiting = self._floor.conditionals.waiting(account)
        return [one.state() for one in waiting if instrument in ("", one.command.instrument)]

    def _conditionals(self, account: str, instrument: str) -> list[Conditional]:
        ever = self._floor.conditionals.ever(account)
        return [one for one in ever if instrument in ("", one.command.instrument)]

    def fills(self, account: str, instrument: str = "") -> list[FillState]:
        """All fills, oldest first."""
        return list(self._holding(account, instrument).fills if instrument else self._floor.ledger[account].fills)

    def positions(self, account: str) -> list[PositionState]:
        """Positions on every instrument that ever had settings or a position; flat ones have no lots. In hedge mode a
        long and a short one of each.
        """
        shown = [holding for holding in self._floor.ledger[account].holdings.values() if holding.shown]
        return [holding.position(leg) for holding in shown for leg in holding.legs]

    def position(self, account: str, instrument: str, side: PositionSide = PositionSide.NET) -> PositionState:
        """One position; flat when there never was one. Raises `ValueError` for a leg that the position mode lacks."""
        holding = self._holding(account, instrument)
        return holding.position(_leg(holding, side))

    def position_mode(self, account: str, instrument: str = "") -> PositionMode:
        """Whether an account has one leg on an instrument or two; without one, on each that it never touched."""
        if instrument:
            return PositionMode.HEDGE if self._holding(account, instrument).hedged else PositionMode.NET
        return self._floor.ledger[account].mode

    def deleverage_rank(self, account: str, instrument: str, side: PositionSide = PositionSide.NET) -> int:
        """Where a position stands in the queue for auto-deleveraging: 0 for none or no profit, 4 for the first.

        By profit on the margin it took at entry: from nothing, 10 %, 50 % and 100 % on. Raises as `position`.
        """
        holding = self._holding(account, instrument)
        return liquidation.rank(holding, _leg(holding, side))

    def balances(self, account: str) -> list[BalanceState]:
        """Every asset of every pool."""
        owner = self._floor.ledger[account]
        return [balance(owner, asset, self._floor.now_ns) for asset in owner.wallets]

    def accrued_atoms(self, account: str, instrument: str, side: PositionSide = PositionSide.NET) -> int:
        """What continuous funding has accrued on a position since it was last paid, negative when the position owes it.
        Raises as `position`.
        """
        leg = _leg(self._holding(account, instrument), side)
        return payments.accrued_atoms(self._market(instrument), leg, self._floor.now_ns)

    def pools(self, account: str) -> list[PoolState]:
        """The sums of every pool, in dollars."""
        owner = self._floor.ledger[account]
        return [pool_state(owner, pool, self._floor.now_ns) for pool in owner.all_pools()]

    def margin(self, account: str, instrument: str, side: PositionSide = PositionSide.NET) -> MarginState:
        """What an instrument ties up, and its liquidation and break-even prices. Raises `ValueError` as `position`."""
        holding = self._holding(account, instrument)
        return margin(holding, _leg(holding, side))

    def leverage_centi(self, account: str, instrument: str) -> int:
        """The leverage set for an instrument, in hundredths."""
        return self._holding(account, instrument).leverage_centi

    def margin_mode(self, account: str, instrument: str = "") -> MarginMode:
        """The margin mode set for an instrument; without one, for each that was never touched."""
        if not instrument:
            return self._floor.ledger[account].margin_mode
        return self._holding(account, instrument).margin_mode

    def pool_shared(self, account: str, pool: str) -> bool:
        """Whether the assets of a pool carry its positions together. Raises `LookupError` for an unknown pool."""
        pools = {pool.name: pool for pool in self._floor.ledger[account].pools.values()}
        return pools[pool].shared

    # --- the market -----------------------------------------------------------------------------------------------

    def book(self, instrument: str, depth: int) -> BookState:
        """The best `depth` levels of each side."""
        return self._market(instrument).book(depth, self._floor.now_ns)

    def ticker(self, instrument: str, now_ns: int) -> TickerState:
        """Prices and the last 24 hours."""
        return self._market(instrument).ticker(now_ns)

    def mark_nano_ticks(self, instrument: str, now_ns: int) -> int:
        """Mark price as of the last command, in billionths of a tick; `now_ns` is for bases that move in between."""
        return self._market(instrument).worth.mark * NANO

    def mark_ticks(self, instrument: str) -> int:
        """Mark price as of the last command, in ticks."""
        return self._market(instrument).worth.mark

    def option(self, instrument: str) -> OptionState:
        """What an option is worth by its model, and how that moves. Raises `ValueError` for another instrument."""
        market = self._market(instrument)
        if not isinstance(market, OptionMarket):
            raise ValueError(f"{instrument!r} is no option")
        return market.option(self._floor.now_ns)

    def index_ticks(self, instrument: str) -> int:
        """Index price as of the last command, in ticks."""
        return self._market(instrument).index

    def trades(
        self,
        instrument: str,
        now_ns: int,
        *,
        limit: int,
        from_id: int | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> list[TradeState]:
        """Public trades, oldest first: from `from_id` on, else the first from `start_ns` on, else the newest.

        None later than `end_ns` or `now_ns`.
        """
        end_ns = now_ns if end_ns is None else min(end_ns, now_ns)
        return self._market(instrument).tape.trades(limit, from_id, start_ns, end_ns)

    def candles(
        self,
        instrument: str,
        interval: str,
        now_ns: int,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[CandleState]:
        """Candles, oldest first: the first `limit` that open from `start_ns` on, else the newest. The last may run.

        `interval` is one of `intervals.INTERVALS`, with an offset if wanted (`1d+8h`); raises `ValueError` for another.
        """
        return self._market(instrument).tape.candles(interval, now_ns, start_ns, end_ns, limit)

    # --- proofs ---------------------------------------------------------------------------------------------------

    def totals(self) -> dict[str, int]:
        """Each asset over all accounts, counterparties included; moved by `OpenAccount` and `Deposit` alone."""
        return self._floor.ledger.totals()

    def least_free_atoms(self, account: str, asset: str) -> int:
        """How much the checks take to be free at least without working it out (`ledger.Purse`): never more than is."""
        return max(0, self._floor.ledger[account].purse(asset).least_free)

    def state_digest(self) -> str:
        """SHA-256 over everything that later commands depend on and everything that can be read."""
        return digest(self, self._floor)


def _leg(holding: Holding, side: PositionSide) -> Leg:
    leg = holding.leg(side)
    if leg is None:
        raise ValueError(f"account {holding.account.name!r} is in {holding.account.mode} mode and has no {side} leg")
    return leg


def replay(journal: Journal) -> Engine:
    """Another engine that was told the same: it is in the same state, and its journal has the same digest."""
    rows = journal.rows()
    header = read_header(rows[0])
    engine = Engine(header.instruments, seed=header.seed, start_ns=header.start_ns, pace=header.pace)
    for at_ns, command in read_commands(rows[1:]):
        engine.apply(command, at_ns)
    return engine
