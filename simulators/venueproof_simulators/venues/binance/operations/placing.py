"""Which service an order goes to: COIN-M's order endpoint once took conditional orders as well, and may still do."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderState
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations import algos, orders
from venueproof_simulators.venues.binance.operations.algo_reading import AlgoRequest, read_algo
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.order_reading import CONDITIONAL
from venueproof_simulators.venues.binance.operations.orders import check_engine_window, tells_money
from venueproof_simulators.venues.binance.operations.restrictions import check_restrictions
from venueproof_simulators.venues.binance.operations.stops import stop_orders
from venueproof_simulators.venues.binance.wire.orders import order_reply
from venueproof_simulators.venues.binance.wire.stops import stop_order

OLD_STOPS = "binance.order.conditional-on-order-endpoint"
_NAMES = {"stopPrice": "triggerPrice", "activationPrice": "activatePrice", "newClientOrderId": "clientAlgoId"}
"""The order endpoint's words → those of the algo service."""
_OLD_NAMES: dict[object, str] = {new: old for old, new in _NAMES.items()}


def place(call: Call) -> Document:
    """POST order. While the register says so, COIN-M takes conditional orders too."""
    if not call.product.old_stops:
        return orders.place(call)
    if call.parameters.raw("type") in CONDITIONAL and call.desk.switches.on(OLD_STOPS):
        return _place_stop(call)
    if call.desk.notes.has_stops and (listing := call.listing_or_none()):
        _check_unused(call, call.parameters.raw("newClientOrderId"), stop_orders(call, listing, live=True))
    return orders.place(call)


def _place_stop(call: Call) -> Document:
    request = _read(call)
    check_restrictions(call, request.command)
    check_engine_window(call)
    live = call.desk.engine.live_orders(call.account.name, request.listing.name)
    _check_unused(call, request.command.client_id, live)
    stop = algos.placed(call, request, call.desk.command(request.command, call.time, request.note))
    note = call.desk.notes.stop(stop)
    return order_reply(request.listing, stop_order(stop), note, call.time, paid=tells_money(call))


def _read(call: Call) -> AlgoRequest:
    """As the algo service reads it; what is wrong is told in the order endpoint's own words."""
    renamed = call.parameters.renamed(_NAMES, {"algoType": "CONDITIONAL"})
    try:
        request = read_algo(structs.replace(call, parameters=renamed))
    except VenueError as error:
        name = error.fields.get("parameter")
        said = {"parameter": _OLD_NAMES[name]} if name in _OLD_NAMES else {}
        raise VenueError(error.key, **{**error.fields, **said}) from error
    command = structs.replace(request.command, takes_order_id=True, handover_ns=0, finish_ns=0)
    return structs.replace(request, command=command)


def _check_unused(call: Call, own_id: str | None, live: Sequence[OrderState]) -> None:
    """A client id must be that of no open order, whether it waits for a price or not."""
    if any(order.client_id == own_id for order in live):
        raise VenueError(call.desk.errors.for_refusal(Refusal.DUPLICATE_CLIENT_ID).key)
