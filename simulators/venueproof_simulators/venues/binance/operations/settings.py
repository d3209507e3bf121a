"""Changing how the account trades: leverage, margin type, position mode, asset mode."""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.engine.commands import Command, SetLeverage, SetMarginMode, SetPoolSharing, SetPositionMode
from venueproof_simulators.engine.events import Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, PositionMode
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.parameters import needed
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.wire.numbers import Listing

DONE = {"code": 200, "msg": "success"}
_MARGIN_TYPE = {Refusal.NO_CHANGE: "margin-type-same"}
_POSITION_MODE = {
    Refusal.NO_CHANGE: "position-mode-same",
    Refusal.OPEN_ORDERS: "position-mode-orders",
    Refusal.OPEN_POSITION: "position-mode-position",
}
_ASSETS_MODE = {
    Refusal.OPEN_ORDERS: "multi-assets-orders",
    Refusal.NOT_ALLOWED: "multi-assets-isolated",
    Refusal.INSUFFICIENT_MARGIN: "multi-assets-margin",
}
_MODES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSS}


def set_leverage(call: Call) -> Document:
    """POST leverage. The value that is set already succeeds, and nobody is told."""
    listing = call.listing()
    leverage = needed("leverage", call.parameters.integer("leverage"))
    if not 1 <= leverage <= listing.row.leverage_max:
        raise VenueError("leverage-invalid", leverage=leverage)
    before = call.desk.engine.leverage_centi(call.account.name, listing.name) // CENTI
    if leverage < before and _isolates(call, listing):
        raise VenueError("leverage-isolated")
    if leverage != before:
        _tell(call, SetLeverage(call.account.name, listing.name, leverage * CENTI), {})
    return {
        "leverage": leverage,
        **listing.only_usd(maxNotionalValue=str(listing.notional_max(leverage))),
        **listing.only_coin(maxQty=str(listing.notional_max(leverage))),
        "symbol": listing.name,
    }


def _isolates(call: Call, listing: Listing) -> bool:
    """Whether an isolated position is open: its leverage only goes up. Source: the vendor's code -4161."""
    engine, account = call.desk.engine, call.account.name
    held = engine.positions(account)
    isolated = engine.margin_mode(account, listing.name) is MarginMode.ISOLATED
    return isolated and any(state.lots for state in held if state.instrument == listing.name)


def set_margin_type(call: Call) -> Document:
    """POST marginType. The type that is set already is an error."""
    listing = call.listing()
    mode = call.parameters.choice("marginType", _MODES, "not-valid")
    if mode is MarginMode.ISOLATED and call.account.multi_assets and not listing.inverse:
        raise VenueError("isolated-in-multi-assets")
    _tell(call, SetMarginMode(account=call.account.name, instrument=listing.name, mode=mode), _MARGIN_TYPE)
    return DONE


def _tell(call: Call, command: Command, words: Mapping[Refusal, str]) -> None:
    """Tell the engine; `words` are keys of the errors that a setting has words of its own for. Raises `VenueError`."""
    for event in call.desk.command(command, call.time):
        if isinstance(event, Refused) and event.account == call.account.name:
            raise VenueError(words.get(event.refusal) or call.desk.errors.for_refusal(event.refusal).key)


def position_mode(call: Call) -> Document:
    """GET positionSide/dual: one setting for both products."""
    return {"dualSidePosition": call.account.hedged}


def set_position_mode(call: Call) -> Document:
    """POST positionSide/dual: of both products, and held up by orders and positions of either."""
    wanted = needed("dualSidePosition", call.parameters.flag("dualSidePosition"))
    mode = PositionMode.HEDGE if wanted else PositionMode.NET
    _tell(call, SetPositionMode(account=call.account.name, mode=mode), _POSITION_MODE)
    return DONE


def assets_mode(call: Call) -> Document:
    """GET multiAssetsMargin."""
    return {"multiAssetsMargin": call.account.multi_assets}


def set_assets_mode(call: Call) -> Document:
    """POST multiAssetsMargin: all margin assets carry all positions of USDⓈ-M futures together, or each its own."""
    wanted = needed("multiAssetsMargin", call.parameters.flag("multiAssetsMargin"))
    if wanted is call.account.multi_assets:
        raise VenueError("multi-assets-same")
    _tell(call, SetPoolSharing(account=call.account.name, pool=call.product.name, shared=wanted), _ASSETS_MODE)
    return DONE


def fee_burn(call: Call) -> Document:
    """GET feeBurn."""
    return {"feeBurn": call.account.fee_burn}


def set_fee_burn(call: Call) -> Document:
    """POST feeBurn."""
    wanted = needed("feeBurn", call.parameters.flag("feeBurn"))
    call.account.fee_burn = wanted
    return DONE
