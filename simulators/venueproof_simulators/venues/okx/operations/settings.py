"""How an account trades: leverage for each margin mode, position mode, account level, margin of a position."""

from __future__ import annotations

import re
from decimal import Decimal

from venueproof_simulators.engine.commands import MoveMargin, SetLeverage, SetPoolSharing, SetPositionMode
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, PositionMode
from venueproof_simulators.kit.refusing import VenueError, check_refused
from venueproof_simulators.venues.okx.operations.account import legs_of
from venueproof_simulators.venues.okx.operations.desk import Call
from venueproof_simulators.venues.okx.operations.order_reading import LEGS, MODES, read_leg
from venueproof_simulators.venues.okx.products import LEVELS, MULTI_LEVEL, POOL
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, centi_text

Rows = list[Document]
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?")
_POSITION_MODES = {"net_mode": PositionMode.NET, "long_short_mode": PositionMode.HEDGE}
_ATOMS = re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?")
_LEVERAGE_WORDS = {Refusal.POSITION_TOO_LARGE: "leverage-margin"}


# --- leverage ---------------------------------------------------------------------------------------------------------


def set_leverage(call: Call) -> Rows:
    """POST account/set-leverage: of one margin mode; the same again is a success."""
    mode = call.parameters.choice("mgnMode", MODES, "not-valid")
    listing = call.listing()
    centi = _read_leverage(call, listing)
    leg = call.parameters.option("posSide", LEGS, "not-valid", None)
    legs = _legs(call, mode, None if leg is None else leg.value)
    _check_orders(call, listing, mode, centi, legs)
    _tell_engine(call, listing, mode, centi, legs)
    for name in legs:
        call.account.leverages[listing.name, mode.value, name] = centi
    lever = centi_text(centi)
    rows = [{"lever": lever, "mgnMode": mode.value, "instId": listing.name, "posSide": name} for name in legs]
    return [{**row, "posSide": "" if row["posSide"] == "net" else row["posSide"]} for row in rows]


def _legs(call: Call, mode: MarginMode, leg: str | None) -> tuple[str, ...]:
    """Whose leverage is to be set: isolated margin in hedge mode has one for each leg, and must name it."""
    own = legs_of(call.account, mode)
    if len(own) == 1:
        return own
    if leg is None:
        raise VenueError("missing", parameter="posSide")
    if leg not in own:
        raise VenueError("not-valid", parameter="posSide")
    return (leg,)


def _read_leverage(call: Call, listing: Listing) -> int:
    text = call.parameters.text("lever")
    if not _NUMBER.fullmatch(text):
        raise VenueError("not-valid", parameter="lever")
    centi = Decimal(text) * 100
    if centi != int(centi) or centi < 100:
        raise VenueError("leverage-minimum", least=1)
    if centi > listing.instrument.leverage_max_centi:
        raise VenueError("leverage-maximum")
    return int(centi)


def _check_orders(call: Call, listing: Listing, mode: MarginMode, centi: int, legs: tuple[str, ...]) -> None:
    """With orders of isolated margin waiting, its leverage stays. Raises `VenueError`."""
    same = all(call.account.leverage_centi(listing, mode.value, leg) == centi for leg in legs)
    if same or mode is MarginMode.CROSS:
        return
    desk, name = call.desk, call.account.name
    live = desk.engine.live_orders(name, listing.name)
    if any(desk.keep.order((one.instrument, one.order_id)).td_mode == mode.value for one in live):
        raise VenueError("leverage-orders")


def _tell_engine(call: Call, listing: Listing, mode: MarginMode, centi: int, legs: tuple[str, ...]) -> None:
    """What trades in that mode has the leverage at once; the other mode's comes with its next order."""
    desk, account = call.desk, call.account.name
    if desk.engine.margin_mode(account, listing.name) is mode:
        command = SetLeverage(account, listing.name, centi, tuple(LEGS[name] for name in legs))
        events = desk.command(command, call.time)
        check_refused(events, account, desk.errors, _LEVERAGE_WORDS)


# --- modes ------------------------------------------------------------------------------------------------------------


def set_position_mode(call: Call) -> Rows:
    """POST account/set-position-mode: of the whole account; the same again is a success."""
    mode = call.parameters.choice("posMode", _POSITION_MODES, "not-valid")
    if call.account.hedged is not (mode is PositionMode.HEDGE):
        events = call.desk.command(SetPositionMode(call.account.name, mode), call.time)
        check_refused(events, call.account.name, call.desk.errors)
    return [{"posMode": str(call.parameters.raw("posMode"))}]


def set_account_level(call: Call) -> Rows:
    """POST account/set-account-level: only while nothing is open."""
    level = call.parameters.text("acctLv")
    if level not in LEVELS:
        raise VenueError("not-valid", parameter="acctLv")
    desk, name = call.desk, call.account.name
    if desk.engine.live_orders(name) or desk.engine.waiting(name):
        raise VenueError("mode-orders")
    if any(state.lots for state in desk.engine.positions(name)):
        raise VenueError("mode-position")
    shared = level >= MULTI_LEVEL
    if desk.engine.pool_shared(name, POOL) is not shared:
        check_refused(desk.command(SetPoolSharing(name, POOL, shared), call.time), name, desk.errors)
    call.account.level = level
    return [{"acctLv": level}]


# --- margin -----------------------------------------------------------------------------------------------------------


def move_margin(call: Call) -> Rows:
    """POST account/position/margin-balance: into an isolated position, or out of it."""
    listing = call.listing()
    leg = read_leg(call.account, call.parameters)
    sign = call.parameters.choice("type", {"add": 1, "reduce": -1}, "not-valid")
    text = call.parameters.text("amt")
    if not _ATOMS.fullmatch(text):
        raise VenueError("not-valid", parameter="amt")
    atoms = int(Decimal(text).scaleb(8))
    command = MoveMargin(call.account.name, listing.name, leg, sign * atoms)
    check_refused(call.desk.command(command, call.time), call.account.name, call.desk.errors, _MARGIN_WORDS)
    centi = call.desk.engine.leverage_centi(call.account.name, listing.name)
    return [
        {
            "instId": listing.name,
            "posSide": leg.value,
            "amt": text,
            "ccy": listing.row.settle,
            "type": str(call.parameters.raw("type")),
            "leverage": centi_text(centi),
        }
    ]


_MARGIN_WORDS = {Refusal.NO_POSITION: "margin-position"}
