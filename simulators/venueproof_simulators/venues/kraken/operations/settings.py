"""Settings: leverage and margin mode of a contract (which are one thing), profit currency, self-trade strategy."""

from __future__ import annotations

from venueproof_simulators.engine.commands import SetLeverage, SetMarginMode
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import STRATEGIES, Call
from venueproof_simulators.venues.kraken.operations.parameters import decimal, number_or_none
from venueproof_simulators.venues.kraken.wire.account import leverage_of
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing

_NOTHING: Document = {}
_PROFIT_UNITS = frozenset({"USD", "USDT", "USDC", "EUR", "GBP", "BTC", "ETH"})


def leverages(call: Call) -> Document:
    """GET leveragepreferences: contracts with a leverage of their own, which are isolated; all others are cross."""
    engine, account = call.desk.engine, call.account.name
    rows: list[Document] = []
    for one in call.listings():
        if engine.margin_mode(account, one.name) is MarginMode.ISOLATED:
            rows.append({"symbol": one.name, "maxLeverage": leverage_of(engine.position(account, one.name))})
    return {"leveragePreferences": rows}


def set_leverage(call: Call) -> Document:
    """PUT leveragepreferences: isolated at that leverage; without one, cross."""
    one = _flexible(call)
    text = number_or_none(call.parameters, "maxLeverage")
    if text is None:
        return _cross(call, one)
    centi = decimal(text) * CENTI
    if centi != int(centi):
        raise VenueError("leverage")
    before = call.desk.engine.leverage_centi(call.account.name, one.name)
    _check(call.desk.command(SetLeverage(call.account.name, one.name, int(centi)), call.time), call)
    try:
        _check(call.desk.command(SetMarginMode(call.account.name, one.name, MarginMode.ISOLATED), call.time), call)
    except VenueError:
        call.desk.command(SetLeverage(call.account.name, one.name, before), call.time)
        raise
    return _NOTHING


def clear_leverage(call: Call) -> Document:
    """DELETE leveragepreferences: cross again, with all the leverage there is."""
    return _cross(call, _flexible(call))


def _flexible(call: Call) -> Listing:
    """Only multi-collateral contracts have a margin mode: the others share what their coin's account holds."""
    one = call.listing()
    if not one.flexible:
        raise VenueError("symbol", parameter="symbol")
    return one


def _cross(call: Call, one: Listing) -> Document:
    account, most = call.account.name, one.instrument.leverage_max_centi
    _check(call.desk.command(SetMarginMode(account, one.name, MarginMode.CROSS), call.time), call)
    _check(call.desk.command(SetLeverage(account, one.name, most), call.time), call)
    return _NOTHING


def _check(events: list[Event], call: Call) -> None:
    """Raises `VenueError` when the engine refused; setting again what is set succeeds."""
    for event in events:
        if isinstance(event, Refused) and event.account == call.account.name and event.refusal is not Refusal.NO_CHANGE:
            raise VenueError(call.desk.errors.for_refusal(event.refusal).key, parameter="maxLeverage")


def profit_units(call: Call) -> Document:
    """GET pnlpreferences."""
    rows = [{"symbol": name, "pnlCurrency": unit} for name, unit in call.account.profit_units.items()]
    return {"preferences": rows}


def set_profit_unit(call: Call) -> Document:
    """PUT pnlpreferences."""
    one, unit = _flexible(call), call.parameters.text("pnlPreference").upper()
    if unit not in _PROFIT_UNITS:
        raise VenueError("not-valid", parameter="pnlPreference")
    call.account.profit_units[one.name] = unit
    return _NOTHING


def strategy(call: Call) -> Document:
    """GET self-trade-strategy."""
    return {"strategy": call.account.strategy}


def set_strategy(call: Call) -> Document:
    """PUT self-trade-strategy."""
    wanted = call.parameters.text("strategy")
    if wanted not in STRATEGIES:
        raise VenueError("not-valid", parameter="strategy")
    call.account.strategy = wanted
    return {"strategy": wanted}
