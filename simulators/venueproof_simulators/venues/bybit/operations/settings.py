"""How an account trades: leverage, margin mode, position mode, and what happens when its connection is lost."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_simulators.engine.commands import SetLeverage, SetMarginMode, SetPositionMode
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, PositionMode
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import Grid
from venueproof_simulators.kit.refusing import VenueError, check_refused, refused
from venueproof_simulators.venues.bybit.operations.desk import ISOLATED, PORTFOLIO, REGULAR, Call
from venueproof_simulators.venues.bybit.wire.numbers import Listing

_CENTI = Grid(Decimal("0.01"))
_MODES = {REGULAR: MarginMode.CROSS, PORTFOLIO: MarginMode.CROSS, ISOLATED: MarginMode.ISOLATED}
_POSITION_MODES = {"0": PositionMode.NET, "3": PositionMode.HEDGE}
_LEVERAGE_WORDS = {
    Refusal.LEVERAGE_INVALID: "leverage-risk",
    Refusal.POSITION_TOO_LARGE: "leverage-risk",
}


def set_leverage(call: Call) -> Document:
    """POST position/set-leverage: of both sides alike; the same as before is refused."""
    listing = call.listing()
    if call.account.margin_mode == PORTFOLIO:
        raise VenueError("portfolio-leverage")
    buy, sell = (_leverage(call, name) for name in ("buyLeverage", "sellLeverage"))
    if buy != sell:
        raise VenueError("leverage-sides")
    if buy == call.engine.leverage_centi(call.account.name, listing.name):
        raise VenueError("leverage-same")
    command = SetLeverage(call.account.name, listing.name, buy)
    _check(call, call.desk.command(command, call.time), _LEVERAGE_WORDS, leverage=buy // 100)
    return {}


def _leverage(call: Call, name: str) -> int:
    centi = _CENTI.count(call.parameters.number(name))
    if centi is None or centi < 100:
        raise VenueError("leverage")
    return centi


def _check(call: Call, events: Iterable[Event], words: dict[Refusal, str], **fields: object) -> None:
    found = refused(events, call.account.name)
    if found is not None:
        raise VenueError(words.get(found.refusal) or call.desk.errors.for_refusal(found.refusal).key, **fields)


# --- margin mode ------------------------------------------------------------------------------------------------------


def set_margin_mode(call: Call) -> Document:
    """POST account/set-margin-mode: of the whole account; not while anything is open."""
    account = call.account
    wanted = call.parameters.word("setMarginMode", _MODES, "margin-mode", "")
    if not wanted:
        raise VenueError("missing", parameter="setMarginMode")
    if wanted == account.margin_mode:
        raise VenueError("margin-mode-same")
    if _MODES[wanted] is not _MODES[account.margin_mode]:
        events = call.desk.command(SetMarginMode(account.name, "", _MODES[wanted]), call.time)
        words = {Refusal.OPEN_ORDERS: "isolated-open", Refusal.OPEN_POSITION: "isolated-open"}
        check_refused(events, account.name, call.desk.errors, words)
    account.margin_mode = wanted
    account.updated_ms = call.time.wire_ms
    return {"reasons": []}


def switch_isolated(call: Call) -> Document:
    """POST position/switch-isolated: for classic accounts; a unified one sets its mode as a whole."""
    call.listing()
    raise VenueError("switch-isolated")


# --- position mode ----------------------------------------------------------------------------------------------------


def switch_mode(call: Call) -> Document:
    """POST position/switch-mode: of one symbol, or of all that are settled in a coin and have nothing open."""
    category, sent = call.category(), call.parameters
    mode = sent.choice("mode", _POSITION_MODES, "mode-value")
    if sent.has("symbol"):
        _switch(call, call.listing(), mode)
        return {}
    coin = sent.text("coin")
    listings = [one for one in call.desk.listings_of(category) if one.row.settle == coin]
    if not listings:
        raise VenueError("parameter", parameter="coin")
    failures = [failure for failure in (_try(call, listing, mode) for listing in listings) if failure is not None]
    if len(failures) == len(listings):
        raise failures[0]
    return {}


def _try(call: Call, listing: Listing, mode: PositionMode) -> VenueError | None:
    try:
        _switch(call, listing, mode)
    except VenueError as failure:
        return failure
    return None


def _switch(call: Call, listing: Listing, mode: PositionMode) -> None:
    """Of USDT perpetuals alone; the others have one leg and keep it. Raises `VenueError`."""
    if mode is PositionMode.HEDGE and not listing.hedges:
        raise VenueError("mode-symbol")
    command = SetPositionMode(call.account.name, mode, instrument=listing.name)
    check_refused(
        call.desk.command(command, call.time), call.account.name, call.desk.errors, {Refusal.NO_CHANGE: "mode-same"}
    )


# --- connection lost --------------------------------------------------------------------------------------------------


def guard(call: Call) -> Document:
    """POST order/disconnected-cancel-all: so many seconds after the last private connection is gone."""
    call.parameters.text("timeWindow")
    call.account.guard_s = call.parameters.within("timeWindow", 3, 300, 10)
    return {}
