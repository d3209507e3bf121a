"""Changing how the account trades: leverage, margin type, position mode, asset mode."""

from __future__ import annotations

from venueproof_simulators.engine.commands import SetLeverage, SetMarginMode
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, PositionSide
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.refusing import VenueError
from venueproof_simulators.venues.binance.wire.events import multi_assets_event
from venueproof_simulators.venues.binance.wire.orders import Document

DONE = {"code": 200, "msg": "success"}
_MODES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSS}


def set_leverage(call: Call) -> Document:
    """POST leverage. The value that is set already succeeds, and nobody is told."""
    listing = call.listing()
    leverage = call.parameters.integer("leverage")
    if leverage is None:
        raise VenueError("mandatory", parameter="leverage")
    if not 1 <= leverage <= listing.row.leverage_max:
        raise VenueError("leverage-invalid", leverage=leverage)
    _check_isolated(call, listing.name, leverage)
    if leverage != call.desk.engine.leverage(call.account.name, listing.name):
        command = SetLeverage(account=call.account.name, instrument=listing.name, leverage=leverage)
        _raise_refused(call, call.desk.command(command, call.time), leverage)
    return {
        "leverage": leverage,
        **listing.only_usd(maxNotionalValue=str(listing.notional_max(leverage))),
        **listing.only_coin(maxQty=str(listing.notional_max(leverage))),
        "symbol": listing.name,
    }


def _check_isolated(call: Call, instrument: str, leverage: int) -> None:
    """An isolated position's leverage can only go up."""
    engine, account = call.desk.engine, call.account.name
    position = engine.position(account, instrument, PositionSide.NET)
    isolated = position.margin_mode is MarginMode.ISOLATED
    if isolated and position.lots and leverage < engine.leverage(account, instrument):
        raise VenueError("leverage-isolated")


def set_margin_type(call: Call) -> Document:
    """POST marginType. The type that is set already is an error."""
    listing = call.listing()
    mode = call.parameters.choice("marginType", _MODES, "not-valid")
    command = SetMarginMode(account=call.account.name, instrument=listing.name, mode=mode)
    _raise_refused(call, call.desk.command(command, call.time), 0)
    return DONE


def _raise_refused(call: Call, events: list[Event], leverage: int) -> None:
    for event in events:
        if isinstance(event, Refused):
            if event.refusal is Refusal.NO_CHANGE:
                raise VenueError("margin-type-same")
            raise VenueError(call.desk.errors.for_refusal(event.refusal).key, leverage=leverage)


def position_mode(call: Call) -> Document:
    """GET positionSide/dual."""
    return {"dualSidePosition": False}


def set_position_mode(call: Call) -> Document:
    """POST positionSide/dual. One-way mode is all that this simulator offers so far: hedge mode is refused.

    An account that could change is told that this is not to be had yet; one with orders or positions meets the venue's
    usual refusals first.
    """
    wanted = call.parameters.flag("dualSidePosition")
    if wanted is None:
        raise VenueError("mandatory", parameter="dualSidePosition")
    if not wanted:
        raise VenueError("position-mode-same")
    engine, account = call.desk.engine, call.account.name
    if engine.live_orders(account):
        raise VenueError("position-mode-orders")
    if any(position.lots for position in engine.positions(account)):
        raise VenueError("position-mode-position")
    raise VenueError("not-yet")


def assets_mode(call: Call) -> Document:
    """GET multiAssetsMargin."""
    return {"multiAssetsMargin": call.account.multi_assets}


def set_assets_mode(call: Call) -> Document:
    """POST multiAssetsMargin. Told on the account's stream; margin itself goes on being counted per asset."""
    wanted = call.parameters.flag("multiAssetsMargin")
    if wanted is None:
        raise VenueError("mandatory", parameter="multiAssetsMargin")
    if wanted is call.account.multi_assets:
        raise VenueError("multi-assets-same")
    call.account.multi_assets = wanted
    call.desk.tell_account(call.account.name, multi_assets_event(wanted, call.time), call.time)
    return DONE


def fee_burn(call: Call) -> Document:
    """GET feeBurn."""
    return {"feeBurn": call.account.fee_burn}


def set_fee_burn(call: Call) -> Document:
    """POST feeBurn."""
    wanted = call.parameters.flag("feeBurn")
    if wanted is None:
        raise VenueError("mandatory", parameter="feeBurn")
    call.account.fee_burn = wanted
    return DONE
