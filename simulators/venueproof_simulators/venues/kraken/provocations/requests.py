"""Trouble with what is asked and with settings: fills told oddly, answers without what they should hold, limits."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import AddLiquidity, Place
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import NotShown, provocation
from venueproof_simulators.host.rules import Delay, Direction, Duplicate, Match, Rewrite, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, mark_of, on_tick
from venueproof_simulators.venues.kraken.routes.gateway import RESTRICTED
from venueproof_simulators.venues.kraken.streams.account import FILLS_FIRST

_LATE_S = 2
_THROTTLED_S = 5
_TOO_LOW = Decimal(2)
_WORTH = 300_000
"""A position of so many dollars cannot be carried at a leverage of two by what an account starts with."""


fill_twice = provocation("fill.duplicate", "kraken.ws.fill-dedup")(shown.next_fill(Duplicate(), "fill told twice"))
fill_late = provocation("fill.delayed", "kraken.ws.event-order", either=True)(
    shown.next_fill(Delay(_LATE_S * SECOND_NS), "fill told late", quirk=FILLS_FIRST, settles_s=_LATE_S)
)


@provocation("error.inside-success", "kraken.positions.missing-list")
def positions_missing(controls: Controls, symbol: str) -> Provoked:
    """The next answer about positions lacks their list."""
    match = Match(Direction.REQUEST, operation="positions")
    controls.add_rule(Rule(match, Rewrite('"openPositions"', '"positionsOpen"'), "list of positions missing"))
    return Provoked(operation="positions")


candles_in_order = provocation("list.order", "kraken.charts.seconds-in-ms-out")(shown.candles)
throttled = provocation("rate.throttle", "kraken.rate.cost-budget", either=True)(shown.throttled(_THROTTLED_S))
restricted = provocation("account.restricted", "kraken.account.region-restricted", either=True)(
    shown.switched(RESTRICTED)
)


@provocation("setting.refused", "kraken.leverage.reject-surfaced")
def leverage_too_low(controls: Controls, symbol: str) -> Provoked:
    """There is a position that the money does not do for at a low leverage."""
    instrument = instrument_of(controls, symbol)
    if instrument.product != "linear":
        raise NotShown(f"{symbol} has no leverage of its own")
    _hold(controls, instrument)
    return Provoked(reason="insufficient-margin", operation="set_leverage", leverage=_TOO_LOW)


def _hold(controls: Controls, instrument: Instrument) -> None:
    """Another program of the account buys from a stranger."""
    mark = mark_of(controls, instrument)
    ticks = int(on_tick(instrument, mark) / instrument.tick)
    lots = int(_WORTH / mark / instrument.lot)
    controls.command(AddLiquidity(instrument.name, Side.SELL, ticks, lots))
    controls.command(
        Place(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            lots=lots,
            ticks=ticks,
            client_id="by-hand",
        )
    )
