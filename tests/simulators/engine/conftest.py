"""An engine with two contracts and two users, and a way to tell it things one millisecond apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import Command, OpenAccount, PoolSpec
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.instruments import Instrument

from .play import BTC, START_NS

USDT = 10**8

STRICT = replace(
    BTC,
    name="STRICT",
    symbol="BTC/USDC:USDT",
    tick_step=5,
    lot_step=2,
    lots_min=4,
    lots_max=10_000,
    market_lots_max=5_000,
    ticks_min=1_000,
    ticks_max=2_000_000,
    notional_min_atoms=300 * USDT,
    price_band_ppm=50_000,
    open_orders_max=3,
)


@pytest.fixture
def start_ns() -> int:
    """When the engine starts: on a whole minute."""
    return START_NS


@pytest.fixture(scope="session")
def btc() -> Instrument:
    """A contract on bitcoin that starts at 600000 ticks; one tick of one lot is worth 10000 atoms."""
    return BTC


@pytest.fixture
def engine() -> Engine:
    """An engine in which `ann` and `bob` have 10000 USDT each."""
    engine = Engine([BTC, STRICT], seed=7, start_ns=START_NS)
    for name in ("ann", "bob"):
        engine.apply(OpenAccount(name, (PoolSpec("main", {"USDT": 0}),), {"USDT": 10_000 * USDT}), START_NS)
    return engine


@pytest.fixture
def tell(engine: Engine) -> Callable[[Command], list[Event]]:
    """Apply a command, one millisecond after the last one; all money stays where it is but for deposits."""

    def apply(command: Command) -> list[Event]:
        before = engine.totals()
        events = engine.apply(command, engine.now_ns + 1_000_000)
        assert engine.totals() == before or type(command).__name__ == "Deposit"
        return events

    return apply
