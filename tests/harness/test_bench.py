"""The simulator's bench: every action does what it says, or the bench does not claim it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import aiohttp
import pytest
from msgspec.structs import replace

import venueproof
from venueproof.bench_simulator import SimulatorBench
from venueproof.simulation import Setting, running
from venueproof.translation.actions import TRANSLATIONS
from venueproof.virtual import RealClock
from venueproof_contracts import actions
from venueproof_contracts.actions import POWERS, DropManner, Matcher, Operation, Topic, action_name
from venueproof_contracts.bench import EXPOSURE, HOURS, TRUTH
from venueproof_contracts.case import NothingToJudge
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import (
    ContractUnit,
    Intent,
    OffsetUnit,
    OrderRef,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    Trigger,
    TriggerKind,
    TriggerPrice,
)
from venueproof_simulators.engine.commands import List
from venueproof_simulators.host.venue import IdKind, Profile

BTC = "BTC/USDT:USDT"
COIN = "BTC/USD:BTC"
Body = Callable[[SimulatorBench], Awaitable[None]]


def on_bench(body: Body, seed: int = 7, venue: str = "binance") -> None:
    async def main() -> None:
        async with venueproof.simulate(venue, seed=seed) as simulation:
            await body(simulation.bench)

    venueproof.run(main())


def buy(intent_id: str = "stranger", price: str = "59000", amount: str = "0.010") -> Intent:
    return Intent(
        intent_id=intent_id,
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        amount=Decimal(amount),
        price=Decimal(price),
    )


def test_every_action_is_translated_or_no_power() -> None:
    async def body(bench: SimulatorBench) -> None:
        translated = frozenset(action_name(kind) for kind in TRANSLATIONS)
        assert translated <= POWERS
        assert bench.powers == translated | {TRUTH, HOURS, EXPOSURE}
        assert bench.powers >= POWERS

    on_bench(body)


def conditional(trigger: Trigger, intent_id: str = "stop", **changes: object) -> Intent:
    plain = replace(buy(intent_id), side=Side.SELL, type=OrderType.MARKET, price=None, trigger=trigger)
    return replace(plain, **changes)


def test_conditional_orders_wait_fire_and_become_orders() -> None:
    async def body(bench: SimulatorBench) -> None:
        stop = Trigger(TriggerKind.STOP, price=Decimal("58000.0"), watches=TriggerPrice.MARK)
        stop_id = (await bench.do(actions.ActAsOtherClient(conditional(stop)))).order_id
        order = (await bench.truth()).order(stop_id, conditional=True)
        assert order is not None
        assert (order.status, order.trigger, order.ref) == (
            OrderStatus.WAITING,
            stop,
            OrderRef(BTC, "stop", stop_id, conditional=True),
        )
        await bench.do(actions.HoldTriggers(True))
        await bench.do(actions.TriggerOrder(BTC, stop_id))
        held = (await bench.truth()).order(stop_id, conditional=True)
        assert held is not None
        assert held.status is OrderStatus.TRIGGERING
        await bench.do(actions.HoldTriggers(False))
        truth = await bench.truth()
        fired = truth.order(stop_id, conditional=True)
        assert fired is not None
        assert fired.status is OrderStatus.TRIGGERED
        became = truth.order(fired.replaced_by or "")
        assert became is not None
        assert (became.status, became.replaces, became.filled) == (OrderStatus.FILLED, stop_id, Decimal("0.010"))
        with pytest.raises(LookupError, match="no conditional order '1' waits"):
            await bench.do(actions.TriggerOrder(BTC, stop_id))

    on_bench(body)


@pytest.mark.parametrize("unit", OffsetUnit)
def test_a_trailing_order_is_told_as_it_was_asked_for(unit: OffsetUnit) -> None:
    async def body(bench: SimulatorBench) -> None:
        trigger = Trigger(
            TriggerKind.TRAILING,
            offset=Decimal("1.5"),
            offset_unit=unit,
            activation=Decimal("61000.0"),
        )
        order_id = (await bench.do(actions.ActAsOtherClient(conditional(trigger)))).order_id
        order = (await bench.truth()).order(order_id, conditional=True)
        assert order is not None
        assert (order.trigger, order.status) == (trigger, OrderStatus.WAITING)

    on_bench(body)


def test_what_is_listed_later_is_told_with_its_expiry_and_traded() -> None:
    async def main() -> None:
        async with running(Setting(venue="binance", control=False)) as venue:
            engine, bench = venue.simulator.venue.engine, venue.bench
            expiry_ns = engine.now_ns + 86_400 * 10**9
            dated = replace(
                engine.by_symbol(BTC), name="BTCUSDT_LATER", symbol="BTC/USDT:USDT-LATER", expiry_ns=expiry_ns
            )
            venue.simulator.command(List(dated))
            assert bench.instrument(dated.symbol).expires_ns == expiry_ns
            assert bench.instrument(BTC).expires_ns is None
            order_id = (await bench.do(actions.ActAsOtherClient(replace(buy(), instrument=dated.symbol)))).order_id
            order = (await bench.truth()).order(order_id)
            assert order is not None
            assert order.ref.instrument == dated.symbol

    venueproof.run(main())


def test_legs_of_hedge_mode_are_told_apart() -> None:
    async def body(bench: SimulatorBench) -> None:
        await bench.do(actions.SetMode(PositionMode.HEDGE))
        for side, leg in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
            intent = replace(buy(leg.value), side=side, type=OrderType.MARKET, price=None, position_side=leg)
            await bench.do(actions.ActAsOtherClient(intent))
        truth = await bench.truth()
        held = {one.side: one.amount for one in truth.positions if one.amount}
        assert held == {PositionSide.LONG: Decimal("0.010"), PositionSide.SHORT: Decimal("0.010")}
        assert [order.position_side for order in truth.orders] == [PositionSide.LONG, PositionSide.SHORT]

    on_bench(body)


def test_mark_moves_alone_and_funding_is_paid_when_told() -> None:
    async def body(bench: SimulatorBench) -> None:
        await bench.do(actions.ActAsOtherClient(replace(buy(), type=OrderType.MARKET, price=None)))
        await bench.do(actions.SetMark(BTC, Decimal("61000.0"), Decimal("60500.0")))
        ticker = (await bench.market(BTC)).ticker
        assert (ticker.mark, ticker.index) == (Decimal(61000), Decimal(60500))
        assert ticker.last is not None
        assert abs(ticker.last - 60000) < 100
        truth = await bench.truth()
        [position] = [one for one in truth.positions if one.amount]
        assert position.entry_price is not None
        assert position.unrealized_pnl == (61000 - position.entry_price) * Decimal("0.010")
        before = {one.asset: one.wallet for one in truth.balances}
        await bench.do(actions.PayFunding(BTC, Decimal("0.001")))
        after = {one.asset: one.wallet for one in (await bench.truth()).balances}
        assert before["USDT"] is not None
        assert after["USDT"] == before["USDT"] - Decimal("0.61")

    on_bench(body)


def test_balances_are_those_of_the_product() -> None:
    async def body(bench: SimulatorBench) -> None:
        everything = {one.asset for one in (await bench.truth()).balances}
        bench.product = "inverse"
        coins = {one.asset for one in (await bench.truth()).balances}
        bench.product = "linear"
        assert everything == coins | {one.asset for one in (await bench.truth()).balances}
        assert "BTC" in coins
        assert "USDT" not in coins

    on_bench(body)


def test_an_inverse_position_is_told_in_contracts_and_harmonic_prices() -> None:
    async def body(bench: SimulatorBench) -> None:
        spelled = bench.instrument(COIN)
        assert (spelled.contract_unit, spelled.contract_size) == (ContractUnit.QUOTE, Decimal(100))
        assert spelled.settle == "BTC"
        for intent_id, price in (("a", "50000.0"), ("b", "40000.0")):
            intent = replace(buy(intent_id, price, "10"), instrument=COIN)
            order_id = (await bench.do(actions.ActAsOtherClient(intent))).order_id
            await bench.do(actions.FillOrder(COIN, order_id))
        truth = await bench.truth()
        [position] = [one for one in truth.positions if one.amount]
        assert (position.instrument, position.amount) == (COIN, Decimal(20))
        harmonic = 2 / (1 / Decimal(50000) + 1 / Decimal(40000))
        assert position.entry_price is not None
        assert abs(position.entry_price - harmonic) < Decimal("0.001")
        assert {order.average_price for order in truth.orders} == {Decimal(50000), Decimal(40000)}

    on_bench(body)


def test_an_order_of_somebody_else_fills_as_told() -> None:
    async def body(bench: SimulatorBench) -> None:
        order_id = (await bench.do(actions.ActAsOtherClient(buy()))).order_id
        await bench.do(actions.PartlyFill(BTC, order_id, Decimal("0.004")))
        order = (await bench.truth()).order(order_id)
        assert order is not None
        assert (order.status, order.filled, order.ref.intent_id) == (
            OrderStatus.PARTLY_FILLED,
            Decimal("0.004"),
            "stranger",
        )
        await bench.do(actions.FillOrder(BTC, order_id))
        truth = await bench.truth()
        assert [fill.amount for fill in truth.fills] == [Decimal("0.004"), Decimal("0.006")]
        assert {fill.price for fill in truth.fills} == {Decimal(59000)}
        [position] = [one for one in truth.positions if one.amount]
        assert (position.instrument, position.amount, position.entry_price) == (BTC, Decimal("0.010"), Decimal(59000))
        assert truth.live_orders() == ()

    on_bench(body)


def test_ids_are_those_of_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    def spelled(venue: object, kind: IdKind, instrument: str, number: int) -> str:
        return f"{kind.value}/{instrument}/{number}"

    async def body(bench: SimulatorBench) -> None:
        order_id = (await bench.do(actions.ActAsOtherClient(buy()))).order_id
        stop = conditional(Trigger(TriggerKind.STOP, price=Decimal(58000)))
        stop_id = (await bench.do(actions.ActAsOtherClient(stop))).order_id
        await bench.do(actions.FillOrder(BTC, order_id))
        await bench.do(actions.TriggerOrder(BTC, stop_id))
        truth = await bench.truth()
        assert order_id.startswith("order/BTCUSDT/")
        assert stop_id.startswith("conditional/BTCUSDT/")
        assert {fill.ref.venue_id for fill in truth.fills} >= {order_id}
        assert all(fill.fill_id.startswith("trade/BTCUSDT/") for fill in truth.fills)
        fired = truth.order(stop_id, conditional=True)
        assert fired is not None
        became = truth.order(fired.replaced_by or "")
        assert became is not None
        assert became.replaces == stop_id

    monkeypatch.setattr("venueproof_simulators.venues.binance.venue.BinanceVenue.spelled_id", spelled)
    on_bench(body)


def test_the_market_moves_as_told() -> None:
    async def body(bench: SimulatorBench) -> None:
        await bench.do(actions.SetPrice(BTC, Decimal("61000.0")))
        assert (await bench.market(BTC)).ticker.last == Decimal(61000)
        await bench.do(actions.Drift(BTC, Decimal("60000.0"), Decimal(10)))
        await bench.sleep(11)
        ticker = (await bench.market(BTC)).ticker
        assert ticker.mark == Decimal(60000)
        await bench.do(actions.AddLiquidity(BTC, Side.BUY, Decimal("60000.0"), Decimal("1.5")))
        best = (await bench.market(BTC)).book.bids[0]
        assert (best.price, best.amount) == (Decimal("60000.0"), Decimal("1.5"))

    on_bench(body)


def test_money_and_accounts() -> None:
    async def body(bench: SimulatorBench) -> None:
        before = {one.asset: one.wallet or Decimal(0) for one in (await bench.truth()).balances}
        await bench.do(actions.Fund("USDT", Decimal("-12.5")))
        after = {one.asset: one.wallet or Decimal(0) for one in (await bench.truth()).balances}
        assert before["USDT"] - after["USDT"] == Decimal("12.5")
        other = await bench.do(actions.NewAccount("other"))
        assert set(other.credentials) == {"apiKey", "secret", "ed25519ApiKey", "ed25519PrivateKey"}

    on_bench(body)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (actions.SetPrice("NO/SUCH:ONE", Decimal(1)), "no instrument 'NO/SUCH:ONE'"),
        (actions.SetPrice(BTC, Decimal("60000.001")), "not a multiple of"),
        (actions.SetPrice(BTC, Decimal("NaN")), "not a multiple of"),
        (actions.FillOrder(BTC, "999"), "no live order '999'"),
        (actions.Fund("USDT", Decimal("0.000000001")), "not a multiple of"),
        (actions.SwitchQuirk("no.such.row", True), "no switchable row"),
        (actions.AnswerError(Matcher(), error="no-such-key"), "no-such-key"),
    ],
)
def test_an_action_that_names_nothing_is_refused(action: actions.AnyAction, error: str) -> None:
    async def body(bench: SimulatorBench) -> None:
        with pytest.raises((LookupError, ValueError), match=error):
            await bench.do(action)

    on_bench(body)


def test_orders_are_not_rejected_for_what_a_venue_has_no_word_for() -> None:
    async def body(bench: SimulatorBench) -> None:
        with pytest.raises(LookupError, match="this venue has no error for 'position-side'"):
            await bench.do(actions.RejectOrders(Reason.POSITION_SIDE))

    on_bench(body, venue="kraken")


def test_every_message_action_becomes_a_rule() -> None:
    async def body(bench: SimulatorBench) -> None:
        match = Matcher(operation=Operation.PLACE, first=1)
        wishes: list[actions.AnyAction] = [
            actions.DelayMessage(match, Decimal(1)),
            actions.DropMessage(Matcher(topic=Topic.ORDER)),
            actions.DuplicateMessage(Matcher(topic=Topic.ORDER)),
            actions.ReorderMessages(Matcher(topic=Topic.ORDER)),
            actions.LoseRequest(match),
            actions.LoseReply(match),
            actions.AnswerError(match, reason=Reason.INSUFFICIENT_MARGIN),
            *(actions.AnswerGarbage(match, garbage) for garbage in actions.Garbage),
        ]
        ids = [(await bench.do(action)).rule_id for action in wishes]
        assert ids == list(range(1, len(ids) + 1))

    on_bench(body)


def test_time_passes_for_advance_and_for_levers() -> None:
    async def body(bench: SimulatorBench) -> None:
        began = bench.now_ns()
        await bench.do(actions.Advance(Decimal(3600)))
        assert bench.now_ns() - began == 3600 * 10**9
        for action in (
            actions.Drop(DropManner.RESET, refuse_s=Decimal(2)),
            actions.Freeze(Decimal(1)),
            actions.Hold(Topic.ORDER, Decimal(3)),
            actions.Lag(Operation.ORDER, Decimal(2)),
            actions.SkewVenueClock(500),
            actions.StepAdapterClock(-500),
            actions.ExpireCredential(),
            actions.Ban(Decimal(1)),
            actions.Maintenance(Decimal(1)),
            actions.EngineRestart(Decimal(1)),
        ):
            await bench.do(action)
        assert len(bench.deeds) == 11

    on_bench(body)


def test_settle_waits_for_what_is_pending_and_for_what_the_adapter_needs() -> None:
    async def body(bench: SimulatorBench) -> None:
        began = bench.now_ns()
        await bench.settle()
        assert bench.now_ns() - began < 10**9
        await bench.do(actions.Hold(Topic.ORDER, Decimal(5)))
        bench.recovery_bound_s = Decimal(20)
        began = bench.now_ns()
        await bench.settle()
        assert bench.now_ns() - began >= 25 * 10**9

    on_bench(body)


def test_settling_in_real_time_does_not_wait_for_what_has_passed() -> None:
    """Nothing was done, or long enough ago: there is nothing to recover from."""
    slept: list[float] = []

    class Clock(RealClock):
        ns = 10**18

        def now_ns(self) -> int:
            return self.ns

        async def sleep_ns(self, ns: int) -> None:
            self.ns += ns
            slept.append(ns / 1e9)

    async def main() -> None:
        async with venueproof.simulate("binance") as venue:
            clock = Clock()
            bench = SimulatorBench(
                venue.simulator, seed=1, profile=Profile.VENDOR, clock=clock, step_wall=None, passes_time=False
            )
            bench.recovery_bound_s = Decimal(20)
            await bench.settle()
            await bench.do(actions.SetPrice(BTC, Decimal(61000)))
            await bench.settle()
            await bench.do(actions.SetPrice(BTC, Decimal(60000)))
            await bench.sleep(15)
            await bench.settle()

    venueproof.run(main())
    assert slept == [0.1, 20, 15, 5]


def test_a_venue_that_is_served_for_days_keeps_the_last_rows_only() -> None:
    async def main() -> None:
        async with running(Setting(venue="binance", journal_rows=50)) as venue:
            for _ in range(40):
                await _ask(venue.rest_url)
            last = venue.bench.wire()
            assert len(last) == 50
            assert venue.bench.wire(len(venue.simulator.journal) - 3) == last[-3:]
            await _ask(venue.rest_url)
            assert len(venue.bench.wire()) == 50
            assert venue.bench.wire()[0] == last[2]

    venueproof.run(main())


async def _ask(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/fapi/v1/time") as reply:
        assert reply.status == 200


def test_a_name_that_means_nothing_is_a_usage_error() -> None:
    async def start(venue: str, **options: object) -> None:
        async with venueproof.simulate(venue, **options) as running:  # type: ignore[arg-type]
            running.endpoint("nope")

    for call, message in (
        (start("binanse"), "no venue is called 'binanse'; did you mean 'binance'?"),
        (start("binance", quirks=["binance.nope"]), "begin with \\+"),
        (start("binance", quirks=["+binance.nope"]), "binance has no row of that name"),
        (start("binance"), "binance has no product 'nope'"),
    ):
        with pytest.raises(venueproof.UsageError, match=message):
            venueproof.run(call)


def test_simulate_runs_in_real_time_outside_of_virtual_time() -> None:
    import asyncio

    async def main() -> frozenset[str]:
        async with venueproof.simulate("binance", tls=True, proxy=True) as venue:
            assert venue.rest_url.startswith("https://127.0.0.1:")
            assert venue.endpoint("linear").proxy.startswith("http://127.0.0.1:")
            return venue.bench.powers

    powers = asyncio.run(main())
    assert "step_adapter_clock" not in powers
    assert HOURS not in powers


def test_exposure_is_told_for_the_shortest_moment() -> None:
    async def body(bench: SimulatorBench) -> None:
        old = (await bench.do(actions.ActAsOtherClient(buy("a", amount="0.010")))).order_id
        peak = bench.watch_exposure(BTC, Side.BUY)
        other_side = bench.watch_exposure(BTC, Side.SELL)
        new = (await bench.do(actions.ActAsOtherClient(buy("b", amount="0.020")))).order_id
        await bench.do(actions.PartlyFill(BTC, new, Decimal("0.005")))
        await bench.do(actions.ExpireOrder(BTC, old))
        await bench.do(actions.ExpireOrder(BTC, new))
        assert (peak(), other_side()) == (Decimal("0.030"), Decimal(0))
        assert bench.watch_exposure(BTC, Side.BUY)() == 0

    on_bench(body)


def test_trouble_that_an_instrument_cannot_have_is_nothing_to_judge() -> None:
    async def body(bench: SimulatorBench) -> None:
        [small] = [one for one in bench.provocations("order.reject") if one.quirk.endswith("min-notional-4164")]
        assert (await bench.provoke(small, BTC)).reason is Reason.BELOW_MINIMUM
        with pytest.raises(NothingToJudge, match="no smallest worth"):
            await bench.provoke(small, "BTC/USD:BTC")

    on_bench(body)
