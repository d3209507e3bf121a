"""Options follow the index price of the contract that they are priced by, and lose time value once an hour."""

from __future__ import annotations

from functools import partial

from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import move
from venueproof_simulators.engine.option_market import HOUR_NS, OptionMarket


def follow(floor: Floor, market: Market) -> None:
    """The index price of a market moved: its options are worth something else."""
    for option in floor.options.get(market.instrument.name, ()):
        _reprice(floor, option)


def start_hours(floor: Floor) -> None:
    """Take down the time value of all options at every whole hour, for as long as one is traded."""
    if any(not option.delivered for options in floor.options.values() for option in options):
        floor.hours = True
        floor.due.add((floor.now_ns // HOUR_NS + 1) * HOUR_NS, partial(_hour, floor))


def _hour(floor: Floor) -> None:
    floor.hours = False
    for options in floor.options.values():
        for option in options:
            _reprice(floor, option)
    start_hours(floor)


def _reprice(floor: Floor, option: OptionMarket) -> None:
    """Move an option to its new price; what must be kept for it has changed even where that is the same."""
    if option.delivered:
        return
    option.option_worth.reindex(option.reference.index_price)
    for account in floor.ledger.values():
        holding = account.holdings.get(option.instrument.name)
        if holding is not None:
            holding.forget()
    step = option.instrument.tick_step
    ticks = max(step, (option.path(floor.now_ns) + option.shift_ticks) // step * step)
    if ticks != option.base:
        move(floor, option, ticks)
    else:
        floor.shake(option)
