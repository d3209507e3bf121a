"""Margin and leverage: set means set, and refused or not there is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from venueproof_contracts.actions import Operation
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case, NothingToJudge
from venueproof_contracts.clause import clause
from venueproof_contracts.errors import AdapterError, Rejected, Unsupported
from venueproof_contracts.model import MarginMode, Position, PositionMode

LEVERAGE = Decimal(7)
NEEDS = {Capability.PLACE, Capability.LEVERAGE, Capability.MARGIN_MODE, Capability.POSITIONS}


@clause(
    "MAR-010",
    "leverage and margin mode are set, and setting them again succeeds",
    why="A restart that sets what is set already must not stop the bot; a setting that did not arrive liquidates it.",
    capabilities=NEEDS,
)
async def settings(case: Case) -> None:
    """Leverage and margin mode that were set are the venue's for the next position, setting what is set already
    succeeds, and `positions()` tells them as they are where it tells them. Where cross margin has no leverage of its
    own, asking for one is `Unsupported`, and cross margin without one is set."""
    for mode in (MarginMode.CROSS, MarginMode.ISOLATED):
        for _ in range(2):
            await _set(case, mode)
    await case.trade()
    held = await case.true_position()
    case.check(held is not None, "no position at the venue")
    if held is not None:
        case.check(held.leverage in (LEVERAGE, None), f"leverage {LEVERAGE} was set, the venue has {held.leverage}")
        isolated = held.margin_mode in (MarginMode.ISOLATED, None)
        case.check(isolated, f"isolated margin was set, the venue has {held.margin_mode}")
        _check_told(case, (await case.told_legs()).get(held.side), held)


async def _set(case: Case, mode: MarginMode) -> None:
    try:
        await case.adapter.set_margin(case.symbol, mode, LEVERAGE)
    except Unsupported:
        case.check(mode is MarginMode.CROSS, f"{mode} margin was asked for with a leverage, and is unsupported")
        await case.adapter.set_margin(case.symbol, mode, None)


def _check_told(case: Case, told: Position | None, true: Position) -> None:
    case.check(told is not None, "positions() does not list the position")
    for name in ("leverage", "margin_mode"):
        seen, fact = getattr(told, name), getattr(true, name)
        case.check(seen is None or seen == fact, f"{name} {seen} is told, the venue has {fact}")


@clause(
    "MAR-020",
    "a refused setting is surfaced",
    why="A bot that believes in three times leverage trades at twenty.",
    capabilities=NEEDS,
    kind="setting.refused",
)
async def refused_setting(case: Case) -> None:
    """A change of margin mode or leverage that the venue refuses raises `Rejected` with its reason."""
    provoked = await case.provoke()
    if provoked.operation is Operation.SET_LEVERAGE:
        change = case.adapter.set_margin(case.symbol, None, provoked.leverage or LEVERAGE)
    else:
        change = case.adapter.set_margin(case.symbol, provoked.margin_mode or MarginMode.ISOLATED, None)
    error = await case.expect(Rejected, change)
    case.check_reason(error, provoked.reason)


@clause(
    "MAR-030",
    "a setting that there is not is never ignored",
    why="Told to trade at three times leverage, and told that it is done, a bot trades at the venue's fifty.",
    capabilities={Capability.PLACE},
    powers=(),
)
async def no_such_setting(case: Case) -> None:
    """Where there is no setting of leverage, margin mode or position mode, asking for one raises an error, and an order
    is placed as before."""
    settings: dict[Capability, Callable[[], Awaitable[None]]] = {
        Capability.LEVERAGE: lambda: case.adapter.set_margin(case.symbol, None, LEVERAGE),
        Capability.MARGIN_MODE: lambda: case.adapter.set_margin(case.symbol, MarginMode.ISOLATED, None),
        Capability.POSITION_MODE: lambda: case.adapter.set_position_mode(PositionMode.HEDGE),
    }
    missing = [change for capability, change in settings.items() if not case.supports(capability)]
    if not missing:
        raise NothingToJudge("there are all settings")
    for change in missing:
        await case.expect(AdapterError, change())
    await case.rest()
